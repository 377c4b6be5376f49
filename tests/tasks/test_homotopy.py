"""The homotopy finder where the answer is known by hand, against multistart and theory, and sabotaged."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import special_ortho_group

from analysis.kac_rice import FiniteN
from tasks.block import describe, run_block
from tasks.covariance import Covariance
from tasks.homotopy.algebra import contract, factorise, multiply_symmetric, solve
from tasks.homotopy.books import (
    directions,
    distinct,
    enumerate_solutions,
    group,
    missing_conjugates,
    start_weights,
    troubled,
)
from tasks.homotopy.certify import certify_points, separated
from tasks.homotopy.finder import (
    cubic_system,
    enumerate_landscape,
    is_real,
    path_count,
    real_points,
    recall,
)
from tasks.homotopy.paths import TrackerSettings, follow
from tasks.homotopy.sampled import (
    agree,
    clopper_pearson,
    estimate_number,
    estimate_recall,
    sample_solutions,
)
from tasks.homotopy.simd import LANES, aligned
from tasks.homotopy.system import CubicSystem
from tasks.homotopy.tracker import ARRIVED, TOO_LONG
from tasks.landscapes.base import build
from tasks.landscapes.spin import MixedSpin
from tasks.ledger import COMPLETE, ENUMERATED, OPEN, PATHS_OPEN, assess_enumeration
from tasks.multistart import evidence_of, multistart
from tasks.options import HomotopyOptions, MultistartOptions

OPTIONS = HomotopyOptions()
CUBIC = Covariance.parse("q^3")


def lanes(values):
    buffer = aligned(2 * len(values))
    buffer.reshape(-1, 2, LANES)[:, 0] = values.real
    buffer.reshape(-1, 2, LANES)[:, 1] = values.imag
    return buffer


def unpacked(buffer, rows):
    view = buffer.reshape(-1, 2, LANES)[:rows]
    return view[:, 0] + 1j * view[:, 1]


def complex_normal(rng, *shape):
    return rng.standard_normal(shape) + 1j * rng.standard_normal(shape)


def pure(n, landscape=0, xi="q^3"):
    model = build("pspin", {"xi": xi}, n)
    return model, model.sample(5, landscape)


def diagonal(n, rotation):
    return CubicSystem(np.einsum("ia,ib,ic->abc", rotation, rotation, rotation))


def residual(system, solutions):
    x = solutions[:, : system.n]
    mu = solutions[:, system.n :] if not system.homogeneous else np.ones((len(x), 1))
    force = np.einsum("abc,pb,pc->pa", system.cubic, x, x) - mu * x
    if system.linear is not None:
        force = force + x @ system.linear
    if system.field is not None:
        force = force + system.field
    return np.abs(force).max()


@pytest.mark.parametrize("n", [1, 2, 7, 12])
def test_algebra_of_lanes_equals_numpy(n):
    rng = np.random.default_rng(n)
    full = complex_normal(rng, n, n, LANES)
    full = full + full.transpose(1, 0, 2)
    x = complex_normal(rng, n, LANES)
    packed, vector = lanes(full[np.tril_indices(n)]), lanes(x)
    image = aligned(2 * n)
    multiply_symmetric(packed, n, vector, 0, image)
    np.testing.assert_allclose(unpacked(image, n), np.einsum("abl,bl->al", full, x), atol=1e-12)
    factorise(packed, n, aligned(2 * n))
    solve(packed, n, vector, 0)
    expected = np.stack([np.linalg.solve(full[..., lane], x[:, lane]) for lane in range(LANES)], axis=1)
    np.testing.assert_allclose(unpacked(vector, n), expected, rtol=1e-9, atol=1e-10)
    matrix = rng.standard_normal((8, n))
    image = aligned(16)
    contract(matrix, lanes(x), image)
    np.testing.assert_allclose(unpacked(image, 8), matrix @ x, atol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 6])
@pytest.mark.parametrize("rotated", [False, True])
def test_diagonal_form_has_its_closed_form_points(n, rotated):
    rotation = special_ortho_group.rvs(n, random_state=n) if rotated else np.eye(n)
    enumeration = enumerate_solutions(diagonal(n, rotation), ("diagonal", n), OPTIONS)
    assert enumeration.complete
    expected = np.array([bits for bits in itertools.product([0, 1], repeat=n) if any(bits)]) @ rotation
    found = np.real(enumeration.solutions)
    assert np.abs(np.imag(enumeration.solutions)).max() < 1e-10
    distance = np.linalg.norm(found[:, None] - expected[None], axis=-1)
    assert sorted(distance.argmin(axis=1)) == list(range(2**n - 1))
    assert distance.min(axis=1).max() < 1e-10


@pytest.mark.parametrize("xi", ["q^3", "0.5*q^2+0.5*q^3", "q^1+q^3", "0.2*q^1+0.3*q^2+0.5*q^3"])
def test_every_path_ends_at_another_solution(xi):
    n = 6
    model, couplings = pure(n, xi=xi)
    system = cubic_system(model, couplings)
    enumeration = enumerate_solutions(system, ("all", xi), OPTIONS)
    expected = model.complex_points // (2 if xi == "q^3" else 1)
    assert len(enumeration.solutions) == expected == path_count(model)
    assert enumeration.complete
    assert enumeration.missing_conjugates == 0
    assert residual(system, enumeration.solutions) < 1e-9


@pytest.mark.parametrize(("xi", "n"), [("q^3", 5), ("q^3", 8), ("0.5*q^2+0.5*q^3", 5), ("0.4*q^1+q^3", 5)])
def test_multistart_and_homotopy_agree_point_by_point(xi, n):
    for instance in range(4):
        model, couplings = pure(n, instance, xi)
        census = enumerate_landscape(model, couplings, 5, instance, OPTIONS).census
        other = multistart(model, couplings, 5, instance, MultistartOptions(starts_per_round=1024))
        assert (census.ledger.status, census.ledger.reason) == (COMPLETE, ENUMERATED)
        assert other.ledger.status == COMPLETE
        ours, theirs = census.points()[0], other.points()[0]
        np.testing.assert_allclose(ours.points, theirs.points, atol=1e-9)
        assert list(ours.index) == list(theirs.index)
        assert recall(other.classes.points, census.classes.points, model.parity).all()


def test_a_path_depends_on_nothing_but_itself():
    system = cubic_system(*pure(6))
    weights = start_weights(6, "alone")
    together = follow(system, weights, np.arange(63), TrackerSettings())
    order = np.random.default_rng(0).permutation(63)
    shuffled = follow(system, weights, order, TrackerSettings())
    alone = follow(system, weights, np.array([17]), TrackerSettings())
    assert np.array_equal(together.endpoints[order], shuffled.endpoints)
    assert np.array_equal(together.steps[order], shuffled.steps)
    assert np.array_equal(together.endpoints[17], alone.endpoints[0])


def test_threads_change_nothing():
    system = cubic_system(*pure(7))
    one = enumerate_solutions(system, ("threads",), OPTIONS)
    two = enumerate_solutions(system, ("threads",), replace(OPTIONS, threads=2))
    assert np.array_equal(one.solutions, two.solutions)


def test_start_forms_agree_on_the_solutions():
    system = cubic_system(*pure(7))
    one, two = (enumerate_solutions(system, ("form", k), OPTIONS).solutions for k in range(2))
    assert len(distinct(np.concatenate([one, two]), 7)) == len(one) == 127


@pytest.fixture(scope="module")
def tracked():
    system = cubic_system(*pure(6))
    return system, follow(system, start_weights(6, "book"), np.arange(63), TrackerSettings())


def test_honest_books_have_no_trouble(tracked):
    assert not troubled(tracked[1], 6).any()


def test_a_path_that_jumped_is_caught_with_its_twin(tracked):
    endpoints = tracked[1].endpoints.copy()
    endpoints[5] = endpoints[40] * (1 + 1e-11)
    assert list(np.flatnonzero(troubled(replace(tracked[1], endpoints=endpoints), 6))) == [5, 40]
    assert len(distinct(endpoints, 6)) == 62


def test_a_failed_or_blunt_path_is_caught(tracked):
    status, accuracy = tracked[1].status.copy(), tracked[1].accuracy.copy()
    status[7] = TOO_LONG
    accuracy[9, 0] = 1e-6
    assert list(np.flatnonzero(troubled(replace(tracked[1], status=status, accuracy=accuracy), 6))) == [7, 9]


def test_a_lost_complex_solution_misses_its_conjugate(tracked):
    endpoints = tracked[1].endpoints
    assert missing_conjugates(endpoints, 6) == 0
    imaginary = np.linalg.norm(directions(endpoints, 6)[:, 6:], axis=1)
    lost = int(imaginary.argmax())
    assert missing_conjugates(np.delete(endpoints, lost, axis=0), 6) == 1
    moved = endpoints.copy()
    moved[lost] *= 1 + 1e-4j
    assert missing_conjugates(moved, 6) == 2


def test_groups_are_by_distance_alone():
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((200, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = group(np.concatenate([vectors, vectors[50:60] + 1e-10, vectors[:5] + 1e-5]))
    assert labels.max() + 1 == 205
    assert list(labels[200:210]) == list(labels[50:60])


def test_paths_that_fail_leave_the_landscape_open():
    model, couplings = pure(5)
    hurried = HomotopyOptions(most_steps=8, attempts=1, rounds=1)
    result = enumerate_landscape(model, couplings, 5, 0, hurried)
    assert not result.enumeration.complete
    assert len(result.enumeration.open_paths) > 0
    assert result.census.ledger.status == OPEN
    # One more attempt with room to breathe closes what was open.
    retried = enumerate_landscape(model, couplings, 5, 0, replace(hurried, attempts=2))
    assert retried.enumeration.retries == len(result.enumeration.open_paths)
    assert retried.census.ledger.reason == ENUMERATED


def test_reckless_steps_are_repaired():
    """Paths do jump when a step may miss by a tenth and the series is short; the books still close."""
    model, couplings = pure(11)
    system = cubic_system(model, couplings)
    reckless = HomotopyOptions(order=3, aim=0.05, largest=0.1)
    first = follow(system, start_weights(11, "x", 0), np.arange(2047), TrackerSettings(3, 0.05, 0.1))
    assert troubled(first, 11).any()
    enumeration = enumerate_solutions(system, ("x",), reckless)
    assert enumeration.retries > 0
    assert enumeration.complete


def test_an_open_book_is_no_complete_ledger():
    model, couplings = pure(5)
    census = enumerate_landscape(model, couplings, 5, 0, OPTIONS).census
    ledger = assess_enumeration(evidence_of(model, census.classes), False)
    assert (ledger.status, ledger.reason) == (OPEN, PATHS_OPEN)
    assert math.isinf(ledger.overall.chao1_upper)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_mean_counts_are_those_of_kac_rice(n):
    count = 200
    model = MixedSpin(CUBIC, n)
    counts = np.array(
        [
            enumerate_landscape(model, model.sample(2, i), 2, i, OPTIONS).census.ledger.points_by_index
            for i in range(count)
        ]
    )
    # Indices k and n - 1 - k are equal by symmetry: 12 numbers in all, two-sided at 1e-3 together.
    half = counts[:, : (n + 1) // 2]
    spread = np.maximum(half.std(axis=0, ddof=1), 0.3) / math.sqrt(count)
    deviation = (half.mean(axis=0) - FiniteN(CUBIC, n).by_index()[: half.shape[1]]) / spread
    assert np.abs(deviation).max() < 4.1
    # The same test notices one class of minima lost in every other landscape.
    if n == 6:
        robbed = half.mean(axis=0) - np.array([1 / 2, 0, 0])
        assert np.abs((robbed - FiniteN(CUBIC, n).by_index()[:3]) / spread).max() > 4.1


def test_blocks_take_the_finder_by_name():
    spec = {
        "model": "pspin",
        "parameters": {"xi": "q^3", "field": 0.0},
        "n": 5,
        "seed": 1,
        "finder": "homotopy",
        "finder_options": {},
        "block_size": 3,
        "positions": True,
        "spectra": False,
    }
    block = run_block(spec, 2)
    again = run_block(spec, 2)
    assert (block["landscape"]["status"] == COMPLETE).all()
    assert list(block["landscape"]["outcomes"].sum(axis=1)) == [31] * 3
    for table in block:
        assert all(
            np.array_equal(block[table][key], again[table][key], equal_nan=True) for key in block[table]
        )
    plan = describe(spec)
    assert plan["rows_bound"] == 3 * 62
    assert len(block["point"]["energy"]) <= plan["rows_bound"]


@pytest.mark.parametrize(
    ("xi", "n", "message"),
    [("q^4", 4, "degree 4"), ("q^2", 4, "degree 2"), ("q^3", 24, "16777215 paths.*multistart")],
)
def test_what_can_not_be_enumerated_is_refused_with_its_cost(xi, n, message):
    model = build("pspin", {"xi": xi}, n)
    with pytest.raises(ValueError, match=message):
        enumerate_landscape(model, {}, 1, 0, OPTIONS)


@pytest.mark.parametrize("change", [{"order": 2}, {"aim": 0.5}, {"rounds": 0}])
def test_bad_options_are_refused(change):
    with pytest.raises(ValueError, match="allowed"):
        HomotopyOptions(**change)


def test_statuses_of_honest_paths(tracked):
    assert (tracked[1].status == ARRIVED).all()


@pytest.mark.parametrize("xi", ["q^3", "0.2*q^1+0.3*q^2+0.5*q^3"])
def test_every_real_point_is_certified(xi):
    model, couplings = pure(6, 2, xi)
    points = enumerate_landscape(model, couplings, 5, 2, OPTIONS).census.classes.points
    certificates = certify_points(model, couplings, points.points)
    assert certificates.proven.all()
    assert list(certificates.index) == list(points.index)
    assert separated(points.points, certificates, model.parity).all()


def test_forged_and_perturbed_points_get_no_certificate():
    model, couplings = pure(5)
    points = enumerate_landscape(model, couplings, 5, 0, OPTIONS).census.classes.points.points
    rng = np.random.default_rng(0)
    nowhere = rng.standard_normal((20, 5))
    nowhere *= math.sqrt(5) / np.linalg.norm(nowhere, axis=1, keepdims=True)
    assert not certify_points(model, couplings, nowhere).proven.any()
    moved = points + 1e-3 * rng.standard_normal(points.shape)
    assert not certify_points(model, couplings, moved).proven.any()
    # A box around a point of another landscape holds nothing.
    assert not certify_points(model, model.sample(5, 1), points).proven.any()


def test_one_point_listed_twice_is_not_separated():
    model, couplings = pure(5)
    points = enumerate_landscape(model, couplings, 5, 0, OPTIONS).census.classes.points.points
    twice = np.concatenate([points, -points[:1] * (1 + 1e-12)])
    certificates = certify_points(model, couplings, twice)
    assert list(np.flatnonzero(~separated(twice, certificates, -1))) == [0, len(points)]
    assert separated(points, certify_points(model, couplings, points), -1).all()


def test_a_degenerate_point_is_flagged():
    """x_1^3 alone: its critical points with x_1 = 0 fill a sphere."""
    model = MixedSpin(CUBIC, 3)
    cubic = np.zeros((3, 3, 3))
    cubic[0, 0, 0] = 1.0
    couplings = {"degree_3": cubic.reshape(9, 3)}
    points = math.sqrt(3) * np.eye(3)
    assert list(certify_points(model, couplings, points).proven) == [True, False, False]


def test_a_sample_of_all_paths_is_the_census():
    system = cubic_system(*pure(6))
    sample = sample_solutions(system, 10**6, ("whole",), OPTIONS)
    assert list(sample.paths) == list(range(63))
    assert sample.resolved.all()
    assert sample.jumps == 0
    estimate = estimate_number(sample, is_real(sample.endpoints, 6))
    assert estimate.estimate == len(
        real_points(enumerate_solutions(system, ("w",), OPTIONS).solutions, system)
    )


def test_sampled_counts_are_unbiased_and_covered():
    errors, covered = [], 0
    for instance in range(40):
        system = cubic_system(*pure(7, instance))
        truth = len(real_points(enumerate_solutions(system, (instance,), OPTIONS).solutions, system))
        sample = sample_solutions(system, 48, (instance,), OPTIONS)
        estimate = estimate_number(sample, is_real(sample.endpoints, 7))
        errors.append(estimate.estimate - truth)
        covered += estimate.lower <= truth <= estimate.upper
    spread = np.std(errors, ddof=1) / math.sqrt(len(errors))
    assert abs(np.mean(errors)) < 3.5 * spread
    assert covered >= 36
    # An estimator that loses every fifth real endpoint is noticed.
    assert abs(np.mean(errors) - 0.2 * 40) > 3.5 * spread


def test_recall_is_read_off_a_sample():
    model, couplings = pure(8)
    system = cubic_system(model, couplings)
    whole = enumerate_landscape(model, couplings, 5, 0, OPTIONS).census.classes.points
    sample = sample_solutions(system, 200, ("recall",), OPTIONS)
    points = real_points(sample.endpoints, system)
    assert estimate_recall(whole, points, -1).estimate == 1
    assert estimate_recall(whole, points, -1, unresolved=5).lower < estimate_recall(whole, points, -1).lower
    half = whole.take(np.arange(0, len(whole.index), 2))
    estimate = estimate_recall(half, points, -1)
    assert estimate.lower < 0.5 < estimate.upper < 1


def test_disagreement_between_runs_is_unresolved(tracked):
    endpoints = tracked[1].endpoints.copy()
    endpoints[[3, 4]] = endpoints[[4, 3]]
    other = replace(tracked[1], endpoints=endpoints)
    assert list(np.flatnonzero(~agree(tracked[1], other, 6))) == [3, 4]


def test_exact_interval_is_that_of_the_tables():
    np.testing.assert_allclose(clopper_pearson(0, 10), (0, 1 - 0.025**0.1), rtol=1e-12)
    np.testing.assert_allclose(clopper_pearson(10, 10), (0.025**0.1, 1), rtol=1e-12)
    assert clopper_pearson(0, 0) == (0.0, 1.0)


def test_landscapes_with_an_unknown_number_of_solutions_are_refused():
    with pytest.raises(ValueError, match="got 'distinct'"):
        path_count(build("distinct", {"p": 3}, 4))
