"""The homotopy finder where the answer is known by hand, against multistart and against theory."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import special_ortho_group

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.tasks.block import describe, run_block
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.finders.choose import choose
from morsecensus.tasks.finders.homotopy.books import enumerate_solutions
from morsecensus.tasks.finders.homotopy.census import enumerate_landscape, real_points, recall
from morsecensus.tasks.finders.homotopy.cost import path_count
from morsecensus.tasks.finders.homotopy.ends import is_real
from morsecensus.tasks.finders.homotopy.survey import elsewhere, survey_piece
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import HomotopyOptions, MultistartOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.spin import MixedSpin
from morsecensus.tasks.measurables.words import COMPLETE, ENUMERATED, OPEN, PATHS_OPEN
from morsecensus.tasks.points.census import evidence_of
from morsecensus.tasks.points.ledger import assess_enumeration
from morsecensus.tasks.systems import symmetric
from morsecensus.tasks.systems.polynomial import PolynomialSystem

OPTIONS = HomotopyOptions()
FAST = HomotopyOptions(certify="none")


def diagonal(n, degree, rotation):
    """sum_a (r_a . x)^p/p: after the rotation, x_a^{p-1} = x_a."""
    indices = symmetric.multi_indices(n, degree)
    return PolynomialSystem(n, {degree: np.prod(rotation[:, indices], axis=2).sum(axis=0) / degree})


def closed_form(n, degree):
    """Real solutions of x_a^{p-1} = mu x_a up to a common factor: components 0, and up to signs (even p)
    equal ones."""
    signs = (0, 1) if degree % 2 else (-1, 0, 1)
    rows = [row for row in itertools.product(signs, repeat=n) if any(row)]
    return np.array([row for row in rows if next(filter(None, row)) > 0], dtype=float)


@pytest.mark.parametrize("degree", [3, 4, 5, 6])
@pytest.mark.parametrize("rotated", [False, True])
def test_diagonal_form_has_its_closed_form_points(degree, rotated):
    n = 6 if degree == 3 else 4 if degree == 4 else 3
    rotation = special_ortho_group.rvs(n, random_state=n) if rotated else np.eye(n)
    system = diagonal(n, degree, rotation)
    enumeration = enumerate_solutions(system, ("diagonal", n), OPTIONS)
    assert enumeration.complete
    expected = closed_form(n, degree) @ rotation
    expected *= math.sqrt(n) / np.linalg.norm(expected, axis=1, keepdims=True)
    found = real_points(enumeration.solutions, system)
    assert len(found) == len(expected)
    apart = [np.linalg.norm(found[:, None] - s * expected[None], axis=-1) for s in (1, -1)]
    distance = np.minimum(*apart)
    assert sorted(distance.argmin(axis=1)) == list(range(len(expected)))
    assert distance.min(axis=1).max() < 1e-10


@pytest.mark.parametrize("field", [0.0, 0.5, 5.0])
def test_two_spins_are_eigenvectors(field):
    n = 7
    model = build("pspin", {"xi": "q^2", "field": field}, n)
    for instance in range(5):
        couplings = model.sample(5, instance)
        result = enumerate_landscape(model, couplings, 5, instance, OPTIONS)
        assert result.census.ledger.reason == ENUMERATED
        found = multistart(model, couplings, 5, instance, MultistartOptions())
        np.testing.assert_allclose(result.census.points()[0].points, found.points()[0].points, atol=1e-8)
        if field:
            assert result.enumeration.found == 2 * n
            continue
        assert list(result.census.ledger.points_by_index) == [2] * n
        energies = np.linalg.eigvalsh(model.tensors(couplings)[2][symmetric.unpacking(n)])
        np.testing.assert_allclose(result.census.points()[0].energy[::2], energies, atol=1e-12)


def test_eigenvalues_are_the_limit_of_paths(instance_of):
    """Another route for p = 2 with a field: a mixture whose cubic part vanishes; 2(2^N - 1 - N) of its points
    go to infinity."""
    n = 4
    system = instance_of(n, xi="q^1+q^2")[2]
    cubic = np.random.default_rng(1).standard_normal(symmetric.packed_size(n, 3))
    truth = enumerate_solutions(system, (), OPTIONS).solutions[:, :n]
    worst = []
    for strength in (1e-3, 1e-4):
        weak = PolynomialSystem(n, {**system.tensors, 3: strength * cubic})
        found = enumerate_solutions(weak, ("weak",), OPTIONS)
        assert found.complete
        gap = np.linalg.norm(truth[:, None] - found.solutions[None, :, :n], axis=-1)
        worst.append(gap.min(axis=1).max())
    assert worst[1] < 0.2 * worst[0] < 0.01


@pytest.mark.parametrize(
    ("xi", "n"),
    [
        ("q^3", 5),
        ("q^3", 8),
        ("q^4", 5),
        ("q^5", 4),
        ("q^6", 4),
        ("0.5*q^2+0.5*q^3", 5),
        ("0.4*q^1+q^3", 5),
        ("q^2+q^4", 4),
        ("0.5*q^1+q^2+q^4", 4),
        ("q^1+q^3+q^5", 3),
    ],
)
def test_multistart_and_homotopy_agree_point_by_point(xi, n, instance_of):
    for instance in range(3):
        model, couplings, system = instance_of(n, instance, xi)
        result = enumerate_landscape(model, couplings, 5, instance, OPTIONS)
        assert result.enumeration.found == path_count(model)
        assert path_count(model) == model.complex_points // (2 if system.homogeneous else 1)
        census = result.census
        other = multistart(model, couplings, 5, instance, MultistartOptions(starts_per_round=1024))
        assert (census.ledger.status, census.ledger.reason) == (COMPLETE, ENUMERATED)
        assert other.ledger.status == COMPLETE
        ours, theirs = census.points()[0], other.points()[0]
        np.testing.assert_allclose(ours.points, theirs.points, atol=1e-9)
        assert list(ours.index) == list(theirs.index)
        assert recall(other.classes.points, census.classes.points, model.flips).all()
        assert (census.certified_radius > 0).all()


def test_paths_that_fail_leave_the_landscape_open(instance_of):
    model, couplings, _ = instance_of(5)
    hurried = HomotopyOptions(most_steps=8, attempts=1, rounds=1, max_extended=0)
    result = enumerate_landscape(model, couplings, 5, 0, hurried)
    assert not result.enumeration.complete
    assert len(result.enumeration.open_paths) == result.census.books.unresolved > 0
    assert (result.census.ledger.status, result.census.ledger.reason) == (OPEN, PATHS_OPEN)
    # One more attempt with room to breathe closes what was open.
    retried = enumerate_landscape(model, couplings, 5, 0, replace(hurried, attempts=2))
    assert retried.enumeration.retries == len(result.enumeration.open_paths)
    assert retried.census.ledger.reason == ENUMERATED
    # So does extended precision alone.
    slowly = enumerate_landscape(model, couplings, 5, 0, replace(hurried, max_extended=31))
    assert slowly.enumeration.extended == len(result.enumeration.open_paths)
    assert slowly.census.ledger.reason == ENUMERATED


def test_an_open_book_is_no_complete_ledger(instance_of):
    model, couplings, _ = instance_of(5)
    census = enumerate_landscape(model, couplings, 5, 0, FAST).census
    ledger = assess_enumeration(evidence_of(model, census.classes), False)
    assert (ledger.status, ledger.reason) == (OPEN, PATHS_OPEN)
    assert math.isinf(ledger.overall.chao1_upper)


@pytest.mark.parametrize(("degree", "n"), [(3, 2), (3, 3), (3, 4), (3, 5), (3, 6), (4, 2), (4, 3), (4, 4)])
def test_mean_counts_are_those_of_kac_rice(degree, n):
    count = 200
    covariance = Covariance.pure(degree)
    model = MixedSpin(covariance, n)
    counts = np.array(
        [
            enumerate_landscape(model, model.sample(2, i), 2, i, FAST).census.ledger.points_by_index
            for i in range(count)
        ]
    )
    # Indices k and n - 1 - k are equal in law: some 20 numbers in all, two-sided at 1e-3 together. For odd p
    # they are equal in each landscape.
    half = counts[:, : (n + 1) // 2] if degree == 3 else counts
    exact = FiniteN(covariance, n).by_index()[: half.shape[1]]
    spread = np.maximum(half.std(axis=0, ddof=1), 0.3) / math.sqrt(count)
    deviation = (half.mean(axis=0) - exact) / spread
    assert np.abs(deviation).max() < 4.1
    # The same test notices one class of minima lost in every other landscape.
    if n >= 4:
        robbed = half.mean(axis=0) - np.eye(len(exact))[0] * (1 / 2 if degree == 3 else 1)
        assert np.abs((robbed - exact) / spread).max() > 4.1


def spec_of(finder, **changes):
    return {
        "model": "pspin",
        "parameters": {"xi": "q^3", "field": 0.0},
        "n": 5,
        "seed": 1,
        "finder": finder,
        "finder_options": {},
        "block_size": 3,
        "positions": True,
        "spectra": False,
    } | changes


@pytest.mark.parametrize("finder", ["homotopy", "sampled-homotopy"])
def test_blocks_take_the_finder_by_name(finder):
    spec = spec_of(finder)
    block, again = run_block(spec, 2), run_block(spec, 2)
    landscapes = block["landscape"]
    assert (landscapes["status"] == COMPLETE).all()
    assert list(landscapes["n_paths"]) == list(landscapes["n_distinct"]) == [31] * 3
    for table in block:
        assert all(
            np.array_equal(block[table][key], again[table][key], equal_nan=True) for key in block[table]
        )
    plan = describe(spec)
    assert len(block["point"]["energy"]) <= plan["rows_bound"]
    if finder == "homotopy":
        assert plan["rows_bound"] == 3 * 62
        assert list(landscapes["n_certified"]) == list(landscapes["n_points"])
        assert (block["point"]["certified_radius"] > 0).all()
        return
    # All 31 paths were sampled, so the estimates are the truth, and multistart has it all.
    assert list(landscapes["sampled_points"]) == list(landscapes["n_points"])
    assert np.array_equal(landscapes["sampled_points_by_index"], landscapes["points_by_index"])
    assert list(landscapes["recall"]) == [1] * 3
    assert (block["point"]["sample_hits"] == 1).all()


def test_pieces_on_other_workers_change_nothing(instance_of, monkeypatch):
    model, couplings, _ = instance_of(6)
    monkeypatch.setattr("morsecensus.tasks.finders.homotopy.survey.WORTH", 10)
    monkeypatch.setattr("morsecensus.tasks.finders.homotopy.survey.LEAST", 5)
    sent = []

    def scatter(name, pieces, done):
        assert name == "morsecensus.tasks.finders.homotopy.survey:survey_piece"
        sent.extend(pieces)
        for place, piece in reversed(list(enumerate(pieces))):
            done(place, survey_piece(piece))

    spec = spec_of("homotopy", n=6, seed=5)
    whole = enumerate_landscape(model, couplings, 5, 3, FAST)
    apart = enumerate_landscape(model, couplings, 5, 3, FAST, elsewhere(spec, 3, scatter))
    assert len(sent) > 10
    # The couplings are made from their key: those of instance 3, not those that were given.
    other = model.sample(5, 3)
    truth = enumerate_landscape(model, other, 5, 3, FAST)
    assert np.array_equal(apart.enumeration.solutions, truth.enumeration.solutions)
    assert not np.array_equal(apart.enumeration.solutions, whole.enumeration.solutions)


@pytest.mark.parametrize(
    ("xi", "n", "message"),
    [
        ("q^3", 24, "16777215 paths.*sampled-homotopy or multistart"),
        ("q^4", 15, "7174453 paths"),
        ("q^2+q^3", 22, "8388606 paths"),
    ],
)
def test_what_can_not_be_enumerated_is_refused_with_its_cost(xi, n, message):
    model = build("pspin", {"xi": xi}, n)
    with pytest.raises(ValueError, match=message):
        enumerate_landscape(model, {}, 1, 0, OPTIONS)


@pytest.mark.parametrize("change", [{"order": 2}, {"aim": 0.5}, {"rounds": 0}, {"max_extended": -1}])
def test_bad_options_are_refused(change):
    with pytest.raises(ValueError, match="allowed"):
        HomotopyOptions(**change)


def test_landscapes_with_an_unknown_number_of_solutions_are_refused():
    with pytest.raises(ValueError, match="got 'distinct'"):
        path_count(build("distinct", {"p": 3}, 4))


def test_the_finder_is_chosen_by_cost():
    chosen = {n: choose(build("pspin", {"xi": "q^3"}, n)) for n in (4, 10, 20, 40)}
    assert [finder for finder, _ in chosen.values()] == ["homotopy"] * 2 + ["sampled-homotopy"] * 2
    assert "1023 paths" in chosen[10][1]
    assert "starts" in chosen[20][1]
    assert choose(build("distinct", {"p": 3}, 6))[0] == "multistart"


def test_real_classes_are_real_up_to_a_phase(instance_of):
    system = instance_of(4, xi="q^4")[2]
    solutions = enumerate_solutions(system, ("phase",), OPTIONS).solutions
    real = is_real(solutions, system)
    assert np.abs(solutions[real].imag).max() < 1e-6
    assert 0 < real.sum() < len(real)
    turned = solutions * np.exp(0.7j)
    assert np.array_equal(is_real(turned, system), real)
