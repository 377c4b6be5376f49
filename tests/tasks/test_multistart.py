"""Multistart on landscapes that can be solved by hand, its statuses, and what its results may not depend
on."""

import itertools
import math
import pickle
from dataclasses import replace

import jax
import numpy as np
import pytest
from scipy.stats import special_ortho_group

from morsecensus.tasks.block import describe, run_block
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.finders.found import add_hits, nothing_found
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.multistart.descent import descend
from morsecensus.tasks.finders.multistart.rounds import AHEAD, elsewhere, is_worth_sending, search_piece
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.geometry.manifolds import ProductOfSpheres
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.landscapes.spin import MixedSpin
from morsecensus.tasks.measurables.words import (
    COMPLETE,
    CONVERGED,
    MAX_ITERATIONS,
    NOT_FINITE,
    OUTCOMES,
    STALLED,
    UNINFORMATIVE,
)
from morsecensus.tasks.points.classify import classify
from morsecensus.tasks.points.converge import converge
from morsecensus.tasks.points.deduplicate import bucket, match_known, same_point
from morsecensus.tasks.points.newton import refine
from morsecensus.tasks.points.newton_lanes import arrive
from morsecensus.tasks.systems.symmetric import multi_indices

QUICK = MultistartOptions(starts_per_round=512)
CUBIC = Covariance.parse("q^3")


def spec(**changes):
    base = {
        "model": "pspin",
        "parameters": {"xi": "q^3", "field": 0.0},
        "n": 4,
        "seed": 1,
        "finder": "multistart",
        "finder_options": {"starts_per_round": 256},
        "block_size": 2,
        "positions": True,
        "spectra": True,
    }
    return base | changes


@pytest.mark.parametrize("n", [2, 3, 6])
def test_two_body_landscape_has_the_eigenvectors(n):
    landscape = build("pspin", {"xi": "q^2"}, n)
    couplings = landscape.sample(4, 0)
    matrix = np.asarray(landscape.jet(couplings, np.ones(n)).hessian) / 2
    eigenvalues, vectors = np.linalg.eigh(matrix)
    census = multistart(landscape, couplings, 4, 0, QUICK)
    points, _ = census.points()
    assert census.ledger.status == COMPLETE
    np.testing.assert_allclose(points.energy, np.repeat(eigenvalues, 2), atol=1e-13)
    assert list(points.index) == list(np.repeat(np.arange(n), 2))
    overlap = np.abs(points.points[::2] @ vectors) / math.sqrt(n)
    np.testing.assert_allclose(overlap, np.eye(n), atol=1e-9)
    gaps = 2 * (eigenvalues[None, :] - eigenvalues[:, None])
    for k in range(n):
        np.testing.assert_allclose(points.spectrum[2 * k], np.delete(gaps[k], k), atol=1e-12)


def _diagonal_cubic(n, rotation):
    """H = sum_i (rotation x)_i^3 / n: the most real critical points that a cubic can have."""
    indices = multi_indices(n, 3)
    full = np.einsum("ia,ib,ic->abc", rotation, rotation, rotation) / n
    return {"degree_3": MixedSpin(CUBIC, n).pack(full[tuple(indices.T)], 3)}


@pytest.mark.parametrize("rotated", [False, True])
def test_diagonal_cubic_attains_the_bound(rotated):
    n = 4
    rotation = special_ortho_group.rvs(n, random_state=3) if rotated else np.eye(n)
    landscape = MixedSpin(CUBIC, n)
    census = multistart(landscape, _diagonal_cubic(n, rotation), 1, 0, QUICK)
    points, _ = census.points()
    assert len(points.energy) == landscape.complex_points == 2 * (2**n - 1)
    expected = []
    for size in range(1, n + 1):
        # On a subset of this size all coordinates are sqrt(n/size); off it they are 0.
        energy = size * (n / size) ** 1.5 / n**2
        for sign, index in ((1, n - size), (-1, size - 1)):
            expected += [(sign * energy, index)] * math.comb(n, size)
    energies, indices = (np.array(column) for column in zip(*sorted(expected), strict=True))
    np.testing.assert_allclose(points.energy, energies, atol=1e-13)
    for energy in np.unique(energies.round(9)):
        found = points.index[np.abs(points.energy - energy) < 1e-9]
        assert sorted(found) == sorted(indices[np.abs(energies - energy) < 1e-9])
    np.testing.assert_allclose(points.radial_derivative, 3 * points.energy, atol=1e-12)


def test_three_distinct_indices_at_three_spins_always_give_fourteen_points():
    landscape = build("distinct", {"p": 3}, 3)
    for instance in range(3):
        census = multistart(landscape, landscape.sample(1, instance), 1, instance, QUICK)
        assert census.ledger.points_by_index.tolist() == [4, 6, 4]


def test_a_new_landscape_on_a_product_of_spheres_needs_no_change_of_the_finder(bilinear):
    landscape = bilinear
    couplings = landscape.sample(1, 0)
    census = multistart(landscape, couplings, 1, 0, QUICK)
    points, _ = census.points()
    singular = np.linalg.svd(couplings, compute_uv=False) * math.sqrt(12) / 7
    np.testing.assert_allclose(points.energy, np.sort(np.repeat([singular, -singular], 2)), atol=1e-12)
    assert census.ledger.status == COMPLETE
    assert census.ledger.parity_check == UNINFORMATIVE
    assert census.ledger.morse_sum == landscape.manifold.euler_characteristic == 0


@pytest.mark.parametrize(
    ("xi", "field", "n"),
    [("q^3", 0.0, 5), ("q^4", 0.0, 4), ("0.5*q^2+0.5*q^3", 0.7, 5), ("0.5*q^2+0.5*q^3", 3.0, 4)],
)
def test_every_stored_point_is_critical(xi, field, n):
    landscape = build("pspin", {"xi": xi, "field": field}, n)
    couplings = landscape.sample(9, 1)
    census = multistart(landscape, couplings, 9, 1, QUICK)
    points, classes = census.points()
    assert census.ledger.status == COMPLETE
    assert census.classes.hits[classes].min() >= QUICK.min_hits
    gradient = jax.vmap(lambda x: landscape.manifold.project(x, landscape.jet(couplings, x).gradient))
    assert np.linalg.norm(gradient(points.points), axis=1).max() < 1e-12 * math.sqrt(n)
    np.testing.assert_allclose((points.points**2).sum(axis=1), n, rtol=1e-14)
    assert (np.diff(points.energy) >= 0).all()
    assert (points.index == (points.spectrum < 0).sum(axis=1)).all()
    values = jax.vmap(lambda x: landscape.value(couplings, x))(points.points)
    np.testing.assert_allclose(values, n * points.energy, atol=1e-12)


def _starts(n, count, seed=0):
    return ProductOfSpheres((n,)).random_points(np.random.default_rng(seed), count)


@pytest.mark.parametrize("newton", [refine, arrive])
def test_every_way_to_end_is_an_outcome(newton):
    landscape = MixedSpin(CUBIC, 6)
    couplings = landscape.sample(1, 0)
    starts = _starts(6, 128)
    whole = np.asarray(newton(landscape, couplings, starts, 40, 0.5).outcomes)
    assert set(whole) <= {CONVERGED, MAX_ITERATIONS}
    assert (whole == CONVERGED).mean() > 0.5
    cut = np.asarray(newton(landscape, couplings, starts, 1, 0.5).outcomes)
    assert (cut == MAX_ITERATIONS).mean() > 0.9
    broken = {"degree_3": np.full_like(couplings["degree_3"], np.nan)}
    assert (np.asarray(newton(landscape, broken, starts, 40, 0.5).outcomes) == NOT_FINITE).all()
    # So large that round-off alone keeps the gradient above the tolerance of the model's scale.
    huge = {"degree_3": couplings["degree_3"] * 1e9}
    assert STALLED in np.asarray(newton(landscape, huge, starts, 40, 0.5).outcomes)
    assert len(OUTCOMES) == 4


@pytest.mark.parametrize("newton", [refine, arrive])
def test_results_do_not_depend_on_the_order_of_the_starts(newton):
    landscape = MixedSpin(CUBIC, 6)
    couplings = landscape.sample(1, 0)
    starts = _starts(6, 256)
    order = np.random.default_rng(1).permutation(256)
    plain = newton(landscape, couplings, starts, 40, 0.5)
    mixed = newton(landscape, couplings, starts[order], 40, 0.5)
    np.testing.assert_array_equal(np.asarray(plain.outcomes)[order], mixed.outcomes)
    converged = np.asarray(mixed.outcomes) == CONVERGED
    np.testing.assert_allclose(
        np.asarray(plain.points)[order][converged], np.asarray(mixed.points)[converged], atol=1e-11
    )


def test_critical_points_where_a_leading_minor_vanishes_are_hit_as_often():
    """Of few couplings: x = +-e_i is critical, and the diagonal of the Hessian is zero there."""
    landscape = build("distinct", {"p": 3}, 5)
    couplings = normalised(landscape, landscape.sample(2, 1))[0]
    starts = landscape.random_starts(np.random.default_rng(1), 2048)
    ours, lanes = (
        converge(landscape, couplings, starts, 20, 0.5),
        arrive(landscape, couplings, starts, 20, 0.5),
    )
    theirs = refine(landscape, couplings, starts, 20, 0.5)

    def at_axes(points, outcomes):
        ended = np.abs(np.asarray(points)[np.asarray(outcomes) == CONVERGED])
        return (ended > 5**0.5 - 1e-6).sum(axis=0)

    expected = at_axes(theirs.points, theirs.outcomes)
    assert (expected > 10).all()
    np.testing.assert_allclose(at_axes(*ours), expected, rtol=0.1)
    # Control: the lanes alone lose nearly all of some.
    assert (at_axes(lanes.points, lanes.outcomes) < 0.2 * expected).any()


def test_rounds_that_are_searched_elsewhere_give_the_same_census():
    """Pieces carry keys, not couplings; rounds beyond the one that closed the ledger are dropped."""
    cell = spec(n=5, seed=3)
    landscape = build(cell["model"], cell["parameters"], cell["n"])
    couplings = landscape.sample(3, 7)
    options = MultistartOptions(starts_per_round=64, max_rounds=30)
    sent = []

    def scatter(name, arguments):
        assert name == "morsecensus.tasks.finders.multistart.rounds:search_piece"
        sent.extend(arguments)
        assert len(pickle.dumps(arguments)) < 1000 * len(arguments)
        return [search_piece(argument) for argument in reversed(arguments)][::-1]

    plain = multistart(landscape, couplings, 3, 7, options)
    spread = multistart(landscape, couplings, 3, 7, options, elsewhere(cell, 7, scatter))
    assert 1 < plain.rounds == spread.rounds < len(sent) < options.max_rounds
    assert len(sent) % AHEAD == 0
    (one, owner), (other, other_owner) = plain.points(), spread.points()
    np.testing.assert_array_equal(one.points, other.points)
    np.testing.assert_array_equal(one.spectrum, other.spectrum)
    np.testing.assert_array_equal(owner, other_owner)
    np.testing.assert_array_equal(plain.classes.hits, spread.classes.hits)
    np.testing.assert_array_equal(plain.outcomes, spread.outcomes)


def test_only_rounds_that_take_a_second_travel():
    landscape = MixedSpin(CUBIC, 8)
    assert not is_worth_sending(landscape, MultistartOptions())
    assert is_worth_sending(landscape, MultistartOptions(starts_per_round=2**17))


def test_one_compilation_serves_a_cell():
    landscape = MixedSpin(CUBIC, 3)
    multistart(landscape, landscape.sample(1, 0), 1, 0, QUICK)
    before = refine._cache_size(), descend._cache_size()
    again = MixedSpin(Covariance.parse("q^3"), 3)
    multistart(again, again.sample(1, 1), 1, 1, QUICK)
    assert (refine._cache_size(), descend._cache_size()) == before


def test_descent_reaches_minima_and_climbs_to_maxima():
    landscape = MixedSpin(CUBIC, 8)
    couplings = landscape.sample(1, 0)
    starts = _starts(8, 64)
    signs = np.repeat([1.0, -1.0], 32)
    ends = descend(landscape, couplings, starts, signs, np.full(64, 10**6), 1e-7, 5000)
    assert np.asarray(ends.gradient_norm).max() <= 1e-7
    found = classify(landscape, couplings, np.asarray(ends.points), landscape.hessian_variation(couplings))
    assert (found.index[:32] == 0).all()
    assert (found.index[32:] == 7).all()
    still = descend(landscape, couplings, starts, signs, np.zeros(64, dtype=int), 1e-7, 10)
    np.testing.assert_array_equal(still.points, starts)


@pytest.fixture(scope="module")
def solved():
    landscape = MixedSpin(CUBIC, 7)
    couplings = landscape.sample(2, 0)
    census = multistart(landscape, couplings, 2, 0, QUICK)
    return landscape, couplings, census.classes


def test_deduplication_joins_noisy_copies_and_only_those(solved):
    landscape, couplings, classes = solved
    truth = classes.points.points
    rng = np.random.default_rng(5)
    rows = rng.integers(0, len(truth), 2000)
    copies = truth[rows] * rng.choice([-1.0, 1.0], (2000, 1)) + 1e-12 * rng.standard_normal((2000, 7))
    variation = landscape.hessian_variation(couplings)
    found, lost = add_hits(landscape, couplings, variation, nothing_found(landscape), copies)
    again = found.points
    assert (lost, len(found.sets)) == (0, 0)
    assert sorted(again.hits) == sorted(np.bincount(rows))
    np.testing.assert_allclose(
        np.sort(again.points.energy**2), np.sort(classes.points.energy**2)[np.unique(rows)]
    )


def test_kantorovich_merges_what_buckets_leave_apart(solved):
    landscape, couplings, classes = solved
    variation = landscape.hessian_variation(couplings)
    truth = classes.points.points
    coarse = np.concatenate([truth, truth + 1e-6])
    assert len(bucket(coarse)[0]) == 2 * len(truth)
    found = classify(landscape, couplings, coarse, variation)
    labels = same_point(found, landscape.flips)
    np.testing.assert_array_equal(labels[: len(truth)], labels[len(truth) :])
    assert len(set(labels)) == len(truth)
    np.testing.assert_array_equal(
        match_known(coarse, classes.points, landscape.flips), np.tile(np.arange(len(truth)), 2)
    )
    # Negative control: balls that are too large would join different points.
    loose = replace(found, uniqueness_radius=np.full(len(coarse), 2.0))
    assert len(set(same_point(loose, landscape.flips))) < len(truth)


def test_uniqueness_balls_are_disjoint(solved):
    classes = solved[2]
    unit = classes.points.points / math.sqrt(7)
    both = np.concatenate([unit, -unit])
    radii = np.tile(classes.points.uniqueness_radius, 2)
    for i, j in itertools.combinations(range(len(both)), 2):
        assert np.linalg.norm(both[i] - both[j]) > max(radii[i], radii[j])
    assert (classes.points.existence_radius < 1e-12).all()


def test_a_block_is_a_pure_function_and_landscapes_do_not_share_anything():
    first, again = run_block(spec(), 1), run_block(spec(), 1)
    for table in ("landscape", "point"):
        for name, column in first[table].items():
            assert column.tobytes() == again[table][name].tobytes(), name
    wider = run_block(spec(block_size=4), 0)
    np.testing.assert_array_equal(wider["landscape"]["n_points"][2:], first["landscape"]["n_points"])
    rows = wider["point"]["slot"] >= 2
    np.testing.assert_array_equal(wider["point"]["energy"][rows], first["point"]["energy"])


def test_a_block_keeps_to_what_was_described():
    described = describe(spec())
    result = run_block(spec(), 0)
    assert len(result["point"]["energy"]) <= described["rows_bound"] == 2 * 30
    assert result["point"]["position"].shape[1] == described["sizes"]["component"]
    assert result["point"]["spectrum"].shape[1] == described["sizes"]["eigenvalue"]
    assert result["landscape"]["points_by_index"].shape[1] == described["sizes"]["morse_index"]
    counts = np.bincount(result["point"]["slot"], minlength=2)
    np.testing.assert_array_equal(counts, result["landscape"]["n_points"])


@pytest.mark.parametrize(
    ("option", "value"),
    [("starts_per_round", 100), ("max_rounds", 0), ("max_step", 2.0), ("min_hits", 0), ("min_hits", 1)],
)
def test_options_say_what_is_allowed(option, value):
    with pytest.raises(ValueError, match=f"{option}: got {value}, allowed"):
        MultistartOptions(**{option: value})
    assert MultistartOptions(min_hits=2).min_hits == 2
