"""Partite landscapes by homotopy: the tracker against einsum, counts against Friedland and Ottaviani, points
against singular vectors and multistart, books that must not close, proofs, and means against exact theory."""

import itertools
import math
from dataclasses import replace

import flint
import numpy as np
import pytest

from morsecensus.analysis.theory.models.partite.finite_n import FinitePartite
from morsecensus.tasks.block import describe, run_block
from morsecensus.tasks.finders.choose import choose
from morsecensus.tasks.finders.homotopy import extended
from morsecensus.tasks.finders.homotopy.balls import precision
from morsecensus.tasks.finders.homotopy.books import enumerate_solutions
from morsecensus.tasks.finders.homotopy.census import enumerate_landscape, recall
from morsecensus.tasks.finders.homotopy.certify import certify_points
from morsecensus.tasks.finders.homotopy.cost import path_count
from morsecensus.tasks.finders.homotopy.distinctness import distinct, missing_conjugates
from morsecensus.tasks.finders.homotopy.multilinear import series
from morsecensus.tasks.finders.homotopy.multilinear.balls import FormBalls
from morsecensus.tasks.finders.homotopy.multilinear.monodromy import start_form, tensor_with_tuple
from morsecensus.tasks.finders.homotopy.paths import TrackerSettings, _buffers, follow
from morsecensus.tasks.finders.homotopy.pieces import elsewhere, follow_piece
from morsecensus.tasks.finders.homotopy.sampled_census import sampled_homotopy
from morsecensus.tasks.finders.homotopy.start import with_start
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import HomotopyOptions, MultistartOptions, SampledHomotopyOptions
from morsecensus.tasks.landscapes.partite import Partite
from morsecensus.tasks.measurables.words import COMPLETE, ENUMERATED, OPEN, PATHS_OPEN
from morsecensus.tasks.runtime.simd_wide import LANES
from morsecensus.tasks.systems.multilinear.count import singular_tuples
from morsecensus.tasks.systems.multilinear.system import MultilinearSystem, Start

OPTIONS = HomotopyOptions()
FAST = HomotopyOptions(certify="none")
SHAPES = [(2, 2, 2), (3, 3, 3), (2, 3, 4), (2, 2, 5), (4, 2, 2), (2, 2, 2, 2), (2, 3, 2, 3), (2,) * 5]


def gradient(tensor, x):
    """grad H by einsum, for real or complex x."""
    letters = "abcdefg"[: tensor.ndim]
    parts = np.split(x, np.cumsum(tensor.shape)[:-1])
    found = []
    for i, letter in enumerate(letters):
        others = [j for j in range(tensor.ndim) if j != i]
        formula = ",".join([letters, *(letters[j] for j in others)]) + "->" + letter
        found.append(np.einsum(formula, tensor, *(parts[j] for j in others)))
    return np.concatenate(found)


def tensor_of(sizes, seed=1):
    return np.random.default_rng(seed).standard_normal(sizes)


@pytest.mark.parametrize("sizes", [(2, 3, 2), (3, 2, 4), (2, 3, 2, 2), (2, 2, 3, 2, 2)])
def test_power_series_solve_the_homotopy(sizes):
    """The residual of the series cut at order k is of order k + 1: halving h divides it by 2^{k+1}."""
    start = tensor_with_tuple(sizes)
    np.testing.assert_allclose(gradient(start.tensor, start.solutions[0]), start.solutions[0], atol=1e-14)
    target, weights, order = tensor_of(sizes) / 3, np.array([0.3 + 0.9j]), 6
    system = MultilinearSystem(target, start)
    n, packed = system.n, system.packed(weights)
    buffers = _buffers(system, order, np.float64)
    rows, y, work, room, t = buffers.series, buffers.y, buffers.work, buffers.room, buffers.t
    x = system.starts(weights, np.arange(1))[0]
    y.reshape(n, 2, LANES)[:] = np.stack([x.real, x.imag], axis=1)[..., None]
    t[:] = 0.0
    series.correct(packed, n, y, t, work)
    assert np.abs(work[3]).max() < 1e-13  # the start is a solution
    rows[: 2 * LANES * n] = y
    series.expand(packed, n, order, t, work, rows, room, buffers.unit)
    found = rows.reshape(order + 1, n, 2, LANES)[..., 3]
    # Each coefficient back from the coordinates in which paths are followed.
    coefficients = system.untracked(found[:, :, 0] + 1j * found[:, :, 1])

    def residual(h, k):
        z = sum(coefficients[j] * h**j for j in range(k + 1))
        tensor = h * target + (1 - h) * weights[0] * start.tensor
        return np.abs(gradient(tensor, z) - z).max()

    h = 0.02 / np.abs(coefficients[1]).max()
    for k in range(1, order):
        rate = math.log2(residual(2 * h, k) / residual(h, k))
        assert rate == pytest.approx(k + 1, abs=0.5)


@pytest.mark.parametrize("sizes", [(3, 4), (2, 3, 4), (2, 3, 2, 3)])
def test_derivatives_in_balls_are_the_landscapes(sizes):
    landscape = Partite(sizes)
    couplings = landscape.sample(7, 0)
    x = landscape.manifold.random_points(np.random.default_rng(1), 1)[0]
    jet = landscape.jet(couplings, x)
    with precision(96):
        g, h = FormBalls(couplings, flint.arb_mat).jet([flint.arb(v) for v in x])
        np.testing.assert_allclose([float(v) for v in g], jet.gradient, atol=1e-13)
        np.testing.assert_allclose([[float(v) for v in row] for row in h], jet.hessian, atol=1e-13)


@pytest.mark.parametrize("sizes", SHAPES)
def test_monodromy_finds_as_many_tuples_as_there_are(sizes):
    """The count is Friedland and Ottaviani's; a real tensor's tuples are closed under conjugation, which
    monodromy doesn't use."""
    start = start_form(sizes)
    system = MultilinearSystem(start.tensor)
    assert len(start.solutions) == singular_tuples(sizes) == system.paths
    for x in start.solutions:
        np.testing.assert_allclose(gradient(start.tensor, x), x, atol=1e-9 * np.abs(x).max())
    assert len(distinct(start.solutions, system)) == len(start.solutions)
    assert missing_conjugates(start.solutions, system) == 0


@pytest.mark.parametrize("sizes", SHAPES)
def test_every_tensor_of_a_shape_has_as_many(sizes):
    for seed in range(3):
        system = with_start(MultilinearSystem(tensor_of(sizes, seed)))
        found = enumerate_solutions(system, ("count", seed), OPTIONS)
        assert found.complete
        assert len(found.solutions) == singular_tuples(sizes)
        for x in found.solutions:
            np.testing.assert_allclose(gradient(system.tensor, x), x, atol=1e-9 * np.abs(x).max())


def test_scalings_are_one_class():
    start = start_form((2, 2, 2, 2))
    system, x = MultilinearSystem(start.tensor), start.solutions
    flipped = x * np.repeat([-1, 1, -1, 1], 2)
    both = np.concatenate([x, flipped, 1j * x * np.repeat([1, 1, 1, -1], 2)])
    for y in both:
        np.testing.assert_allclose(gradient(start.tensor, y), y, atol=1e-9 * np.abs(y).max())
    assert len(distinct(both, system)) == len(x)


@pytest.mark.parametrize("sizes", [(3, 3), (5, 2)])
def test_two_factors_have_the_singular_vectors(sizes):
    landscape = Partite(sizes)
    couplings = landscape.sample(4, 0)
    left, singular, right = np.linalg.svd(couplings, full_matrices=False)
    census = enumerate_landscape(landscape, couplings, 4, 0, OPTIONS).census
    assert census.ledger.reason == ENUMERATED
    assert path_count(landscape) == min(sizes) == len(census.classes.hits)
    assert (census.certified_radius > 0).all()
    scale = math.sqrt(math.prod(sizes)) / sum(sizes)
    order = np.argsort(-np.abs(census.classes.points.energy))
    np.testing.assert_allclose(np.abs(census.classes.points.energy[order]), scale * singular, atol=1e-13)
    expected = np.concatenate([math.sqrt(sizes[0]) * left.T, math.sqrt(sizes[1]) * right], axis=1)
    np.testing.assert_allclose(np.abs(census.classes.points.points[order]), np.abs(expected), atol=1e-12)


def test_diagonal_tensor_has_its_closed_form_tuples():
    """e_1 e_1 e_1 + e_2 e_2 e_2: its two terms, and four classes with all components of size 1/sqrt 2."""
    landscape = Partite((2, 2, 2))
    tensor = np.zeros((2, 2, 2))
    tensor[0, 0, 0] = tensor[1, 1, 1] = 1
    census = enumerate_landscape(landscape, landscape.scaled(tensor), 1, 0, OPTIONS).census
    assert (census.ledger.status, census.ledger.reason) == (COMPLETE, ENUMERATED)
    assert list(census.ledger.points_by_index) == [8, 16, 16, 8]
    assert census.books.paths == census.books.distinct == 6


@pytest.mark.parametrize("sizes", [(3, 3, 3), (2, 3, 4), (2, 2, 2, 2)])
def test_multistart_and_homotopy_agree_point_by_point(sizes):
    landscape = Partite(sizes)
    for instance in range(2):
        couplings = landscape.sample(5, instance)
        census = enumerate_landscape(landscape, couplings, 5, instance, OPTIONS).census
        other = multistart(landscape, couplings, 5, instance, MultistartOptions())
        assert (census.ledger.status, census.ledger.reason) == (COMPLETE, ENUMERATED)
        assert other.ledger.status == COMPLETE
        ours, theirs = census.points()[0], other.points()[0]
        np.testing.assert_allclose(ours.points, theirs.points, atol=1e-8)
        assert list(ours.index) == list(theirs.index)
        assert recall(other.classes.points, census.classes.points, landscape.flips).all()
        assert (census.certified_radius > 0).all()


def test_forged_points_get_no_proof():
    landscape = Partite((2, 3, 3))
    couplings = landscape.sample(5, 0)
    census = enumerate_landscape(landscape, couplings, 5, 0, OPTIONS).census
    true = census.classes.points
    system = landscape.polynomial_system(couplings)
    proofs = certify_points(system, true.points)
    assert proofs.proven.all()
    # Signs of eigenvalues in doubles, and of Gershgorin's discs after a congruence in balls.
    assert list(proofs.index) == list(true.index)
    nowhere = landscape.manifold.random_points(np.random.default_rng(0), 10)
    forged = certify_points(system, nowhere)
    # What Newton's method in balls finds from there, if anything, lies elsewhere.
    assert (np.abs(forged.points - nowhere).max(axis=1)[forged.proven] > 1e-6).all()
    # The tensor of another landscape has other points.
    other = certify_points(landscape.polynomial_system(landscape.sample(5, 1)), true.points)
    assert (np.abs(other.points - true.points).max(axis=1)[other.proven] > 1e-6).all()


def test_paths_that_fail_leave_the_landscape_open():
    landscape = Partite((3, 3, 3))
    couplings = landscape.sample(5, 0)
    hurried = HomotopyOptions(most_steps=18, attempts=1, rounds=1, max_extended=0)
    result = enumerate_landscape(landscape, couplings, 5, 0, hurried)
    assert 0 < len(result.enumeration.open_paths) == result.census.books.unresolved
    assert (result.census.ledger.status, result.census.ledger.reason) == (OPEN, PATHS_OPEN)
    # One more attempt with room to breathe closes what was open.
    retried = enumerate_landscape(landscape, couplings, 5, 0, replace(hurried, attempts=2))
    assert retried.enumeration.retries == len(result.enumeration.open_paths)
    assert retried.census.ledger.reason == ENUMERATED


def test_extended_precision_follows_the_same_paths():
    system = with_start(MultilinearSystem(tensor_of((2, 3, 2))))
    weights, rows = system.start("extended"), np.arange(4)
    doubles = follow(system, weights, rows, TrackerSettings()).endpoints
    np.testing.assert_allclose(extended.follow(system, weights, rows).endpoints, doubles, atol=1e-10)


@pytest.mark.parametrize("wrong", ["one lost", "one twice"])
def test_books_stay_open_if_the_start_form_lacks_a_tuple(wrong):
    """Negative control: one start solution less, and one that is there twice in its place."""
    sizes = (3, 3, 3)
    whole = start_form(sizes)
    fewer = whole.solutions[:-1]
    if wrong == "one twice":
        fewer = np.concatenate([fewer, fewer[:1]])
    landscape = Partite(sizes)
    couplings = landscape.sample(5, 0)
    system = MultilinearSystem(couplings, Start(whole.tensor, fewer))
    once = enumerate_solutions(system, ("lost",), replace(OPTIONS, rounds=1, attempts=2))
    assert not once.complete
    assert len(once.solutions) == once.expected - 1
    assert len(once.open_paths) > 0
    # Another c pairs starts and ends in another way: what was lost is found, and what is lost now was found.
    assert enumerate_solutions(system, ("lost",), replace(OPTIONS, rounds=2, attempts=2)).complete


def test_mean_numbers_are_exact_theory_s():
    """Seed 3 is arbitrary; the error of the theory's own sampling is added."""
    sizes, landscapes = (2, 2, 2), 200
    landscape = Partite(sizes)
    dimension = landscape.manifold.dimension
    counts = np.zeros((landscapes, dimension + 1))
    for i in range(landscapes):
        census = enumerate_landscape(landscape, landscape.sample(3, i), 3, i, FAST).census
        assert census.ledger.reason == ENUMERATED
        counts[i] = census.ledger.points_by_index
    theory = FinitePartite(sizes).by_index()
    error = np.sqrt(counts.var(axis=0, ddof=1) / landscapes + theory.error**2)
    assert (np.abs(counts.mean(axis=0) - theory.mean) < 3.3 * error).all()
    # Negative control: a finder that loses a tenth would be seen.
    assert (np.abs(0.9 * counts.mean(axis=0) - theory.mean) > 3.3 * error).any()


def test_pieces_and_threads_give_the_same_bits():
    landscape = Partite((3, 3, 3))
    spec = {"model": "partite", "parameters": {"sizes": "1,1,1"}, "n": 3, "seed": 5}
    source = ("partite", (("sizes", "1,1,1"),), 3, 5, 2)
    system = with_start(landscape.polynomial_system(landscape.sample(5, 2)))
    weights, settings = system.start("pieces"), TrackerSettings()
    whole = follow(system, weights, np.arange(37), settings)
    parts = [follow_piece((source, weights, rows, settings)) for rows in np.array_split(np.arange(37), 3)]
    np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), whole.endpoints)
    again = elsewhere(spec, 2, lambda name, pieces: [])(weights, np.arange(37), settings)
    np.testing.assert_array_equal(again.endpoints, whole.endpoints)
    start_form.cache_clear()
    fresh = with_start(landscape.polynomial_system(landscape.sample(5, 2)))
    np.testing.assert_array_equal(follow(fresh, weights, np.arange(37), settings).endpoints, whole.endpoints)


def test_a_block_has_its_columns():
    spec = {
        "model": "partite",
        "parameters": {"sizes": "1,1,1"},
        "n": 2,
        "seed": 1,
        "finder": "homotopy",
        "finder_options": {},
        "block_size": 3,
        "positions": True,
        "spectra": False,
    }
    assert describe(spec)["rows_bound"] == 3 * 48
    block = run_block(spec, 0)
    assert (block["landscape"]["n_paths"] == 6).all()
    assert (block["landscape"]["n_distinct"] == 6).all()
    assert (block["landscape"]["n_certified"] == block["landscape"]["n_points"]).all()
    assert (block["point"]["certified_radius"] > 0).all()
    again = run_block(spec, 0)
    for table, columns in block.items():
        for name, values in columns.items():
            np.testing.assert_array_equal(values, again[table][name])


def test_a_sample_of_all_paths_counts_all_points():
    landscape = Partite((3, 3, 3))
    couplings = landscape.sample(5, 0)
    census = sampled_homotopy(landscape, couplings, 5, 0, SampledHomotopyOptions(starts_per_round=1024))
    number = [interval.estimate for interval in census.sample.number_by_index]
    assert number == list(census.ledger.points_by_index)
    assert census.sample.number.estimate == census.ledger.points_by_index.sum()
    assert census.sample.recall.estimate == 1


def test_the_plan_enumerates_while_it_pays():
    assert [choose(Partite((n,) * 3))[0] for n in (2, 3, 4)] == ["homotopy"] * 3
    assert [choose(Partite((n,) * 3))[0] for n in (7, 8, 50)] == ["multistart"] * 3
    assert choose(Partite((30, 70)))[0] == "homotopy"
    with pytest.raises(ValueError, match="takes 1621 paths; allowed: at most 1000"):
        enumerate_landscape(Partite((5,) * 3), None, 0, 0, HomotopyOptions(max_paths=1000))


def test_the_order_of_the_factors_does_not_matter():
    """Of a tuple of value s, scaled to grad H(x) = x, every factor has x_i.x_i = s^-2, a complex number."""
    tensor, squares = tensor_of((2, 3, 4)), []
    for order in itertools.permutations(range(3)):
        system = with_start(MultilinearSystem(np.transpose(tensor, order).copy()))
        found = enumerate_solutions(system, ("turned", *order), OPTIONS)
        assert found.complete
        first = found.solutions[:, : system.spheres[0]]
        squares.append(np.sort(np.abs(np.sum(first**2, axis=1))))
    np.testing.assert_allclose(squares[1:], np.tile(squares[0], (5, 1)), rtol=1e-9)
