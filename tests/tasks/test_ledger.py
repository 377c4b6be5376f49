"""The ledger: checks on sets that are whole and on sets that were sabotaged, and the calibration of its
estimates."""

import math

import numpy as np
import pytest

from morsecensus.tasks.measurables.words import (
    BOUND_EXCEEDED,
    CLOSED,
    COMPLETE,
    DEGENERATE,
    ENUMERATED,
    FAIL,
    FAILED,
    MORSE_SUM,
    OPEN,
    PASS,
    PATHS_OPEN,
    REASONS,
    UNCERTIFIED,
    UNINFORMATIVE,
)
from morsecensus.tasks.points.ledger import Evidence, Orbits, assess, assess_enumeration, estimate_unseen


def evidence(index, parity, dimension, complex_points, hits=None, degenerate=None):
    index = np.asarray(index, dtype=int)
    return Evidence(
        np.full(len(index), 9) if hits is None else np.asarray(hits),
        index,
        np.zeros(len(index), dtype=int) if degenerate is None else np.asarray(degenerate),
        2 if parity else 1,
        parity < 0,
        dimension,
        2 if dimension % 2 == 0 else 0,
        complex_points,
    )


# p = 3 on S^4: 11 classes with one index of each pair; the points have indices k and 4 - k.
ODD_N = [0, 0, 1, 1, 1, 1, 2, 2, 2, 4, 3]
# p = 3 on S^3: 9 classes.
EVEN_N = [0, 0, 1, 1, 1, 1, 2, 2, 3]


def test_whole_set_closes():
    ledger = assess(evidence(ODD_N, -1, 4, 62), 3)
    assert (ledger.status, ledger.reason) == (COMPLETE, CLOSED)
    assert (ledger.bound_check, ledger.parity_check, ledger.morse_check) == (PASS, PASS, PASS)
    assert list(ledger.points_by_index) == [3, 5, 6, 5, 3]
    assert ledger.morse_sum == 2
    assert (ledger.coverage_by_index == 1).all()
    assert (ledger.coverage_lower_by_index < 1).all()
    # Three hits' worth of doubt (the Poisson limit of no singleton) among 9 hits of each class of an index.
    expected = 1 - 2.9957 / (9 * np.array([3, 5, 3, 5, 3]))
    np.testing.assert_allclose(ledger.coverage_lower_by_index, expected, rtol=1e-4)


def test_each_single_loss_is_noticed():
    for whole, dimension, bound in ((ODD_N, 4, 62), (EVEN_N, 3, 30)):
        for lost in range(len(whole)):
            ledger = assess(evidence(np.delete(whole, lost), -1, dimension, bound), 3)
            assert ledger.status == OPEN
            assert ledger.parity_check == FAIL


def test_morse_sum_that_symmetry_forces_is_uninformative():
    whole = assess(evidence(EVEN_N, -1, 3, 30), 3)
    robbed = assess(evidence(EVEN_N[2:], -1, 3, 30), 3)
    assert whole.morse_check == robbed.morse_check == UNINFORMATIVE
    assert whole.morse_sum == robbed.morse_sum == 0


def test_morse_sum_notices_what_parity_can_not():
    ledger = assess(evidence(np.delete(ODD_N, [0, 6]), -1, 4, 62), 3)
    assert ledger.parity_check == PASS
    assert ledger.morse_check == FAIL
    assert ledger.status == OPEN


def test_a_lost_birth_death_pair_leaves_only_the_statistics():
    ledger = assess(evidence(np.delete(ODD_N, [0, 2]), -1, 4, 62), 3)
    assert (ledger.morse_check, ledger.parity_check) == (PASS, PASS)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"hits": [1] + [9] * 10}, OPEN),
        ({"degenerate": [1] + [0] * 10}, OPEN),
        ({"complex_points": 20}, FAILED),
    ],
)
def test_what_keeps_a_landscape_open(changes, status):
    arguments = {"index": ODD_N, "parity": -1, "dimension": 4, "complex_points": 62} | changes
    assert assess(evidence(**arguments), 3).status == status


def test_nothing_found_is_a_failure():
    assert assess(evidence([], -1, 4, 62, hits=np.zeros(0, int)), 3).status == FAILED


def test_no_symmetry_and_even_symmetry_count_points_alike():
    plain = assess(evidence([0, 0, 1, 1], 0, 1, 12), 3)
    even = assess(evidence([0, 1], 1, 1, 8), 3)
    assert list(plain.points_by_index) == list(even.points_by_index) == [2, 2]
    assert plain.status == even.status == COMPLETE


def _species_trial(rng, probabilities, draws):
    counts = rng.multinomial(draws, probabilities)
    return estimate_unseen(counts), probabilities[counts > 0].sum(), (counts > 0).sum()


def test_coverage_is_unbiased_and_its_limit_holds():
    rng = np.random.default_rng(0)
    probabilities = rng.lognormal(0, 1.2, 150)
    probabilities /= probabilities.sum()
    trials = [_species_trial(rng, probabilities, 400) for _ in range(400)]
    error = np.array([estimate.coverage - true for estimate, true, _ in trials])
    assert abs(error.mean()) < 4 * error.std() / 20
    held = np.mean([estimate.coverage_lower <= true for estimate, true, _ in trials])
    assert held > 0.93


def test_chao1_reduces_the_error_and_is_biased_low():
    rng = np.random.default_rng(1)
    probabilities = rng.lognormal(0, 1.2, 150)
    probabilities /= probabilities.sum()
    trials = [_species_trial(rng, probabilities, 300) for _ in range(300)]
    estimates = np.array([estimate.chao1 for estimate, _, _ in trials])
    seen = np.array([observed for _, _, observed in trials])
    spread = estimates.std() / math.sqrt(len(trials))
    assert seen.mean() < estimates.mean() - 4 * spread
    assert estimates.mean() < 150 - 4 * spread
    for estimate, _, observed in trials:
        assert observed <= estimate.chao1_lower <= estimate.chao1 <= estimate.chao1_upper


def test_interval_without_singletons_still_has_an_upper_end():
    few, many = estimate_unseen(np.full(20, 2)), estimate_unseen(np.full(20, 9))
    assert few.chao1 == many.chao1 == 20
    assert few.chao1_upper > 21
    assert 20 <= many.chao1_upper < 20.1


def test_chao1_and_its_interval_by_hand():
    """Colwell et al. 2012, eq. 9 and its variance, written out for 10 classes hit 22 times."""
    hits = np.array([1, 1, 1, 1, 2, 2, 3, 3, 4, 4])
    found = estimate_unseen(hits)
    assert (found.singletons, found.doubletons) == (4, 2)
    # (n - 1)/n f1 (f1 - 1) / (2 (f2 + 1)) = 21/22 * 4 * 3 / 6
    unseen = 21 / 11
    assert found.chao1 == pytest.approx(10 + unseen)
    assert found.coverage == pytest.approx(1 - 4 / 22)
    a = 21 / 22
    variance = a * 4 * 3 / 6 + a**2 * 4 * 7**2 / 36 + a**2 * 4**2 * 2 * 3**2 / (4 * 3**4)
    factor = math.exp(1.959964 * math.sqrt(math.log(1 + variance / unseen**2)))
    assert found.chao1_lower == pytest.approx(10 + unseen / factor, rel=1e-6)
    assert found.chao1_upper == pytest.approx(10 + unseen * factor, rel=1e-6)
    # Esty's limit: f1 + 1.645 sqrt(f1 (1 - f1/n) + 2 f2); the Poisson limit of 4 singletons is 9.15
    esty = 4 + 1.644854 * math.sqrt(4 * (1 - 4 / 22) + 4)
    assert found.coverage_lower == pytest.approx(1 - max(esty, 9.15352) / 22, rel=1e-5)


def test_a_class_hit_min_hits_times_was_hit_often_enough():
    for rare, status in ((2, OPEN), (3, COMPLETE), (4, COMPLETE)):
        ledger = assess(evidence(ODD_N, -1, 4, 62, hits=[9, 9, rare] + [9] * 8), 3)
        assert ledger.status == status
        # the class is of index 1, and of 3 by its mirror image
        assert list(ledger.closed_by_index) == [True, rare >= 3, True, rare >= 3, True]


def test_reasons_have_their_words():
    assert (REASONS[ENUMERATED], REASONS[PATHS_OPEN], REASONS[UNCERTIFIED]) == (
        "enumerated",
        "paths_open",
        "uncertified",
    )


def test_a_bound_may_be_reached_or_unknown_or_beyond_doubles():
    # all 22 complex points are real
    reached = assess(evidence(ODD_N, -1, 4, 22), 3)
    assert (reached.bound_check, reached.bound, reached.status) == (PASS, 22, COMPLETE)
    assert assess(evidence(ODD_N, -1, 4, 20), 3).bound_check == FAIL
    assert assess(evidence(ODD_N, -1, 4, 4002), 3).bound == 4002
    assert assess(evidence(ODD_N, -1, 4, 10**400 + 2), 3).bound == math.inf
    unknown = assess(evidence(ODD_N, -1, 4, None), 3)
    assert unknown.bound == math.inf
    assert unknown.bound_check == unknown.parity_check == UNINFORMATIVE
    assert unknown.status == COMPLETE


def test_one_degenerate_class_takes_parity_and_morse_sum_their_meaning():
    ledger = assess(evidence(ODD_N, -1, 4, 62, degenerate=[1] + [0] * 10), 3)
    assert ledger.parity_check == ledger.morse_check == UNINFORMATIVE
    assert ledger.reason == DEGENERATE
    # it is in no number
    assert list(ledger.points_by_index) == [2, 5, 6, 5, 2]


def test_an_index_is_closed_only_where_the_blame_can_lie_elsewhere():
    robbed = np.delete(ODD_N, [0, 6])
    blameless = assess(evidence(robbed, -1, 4, 62), 3)
    assert blameless.reason == MORSE_SUM
    assert not blameless.closed_by_index.any()
    # one class of index 1 was hit once: indices 1 and 3 may lack points
    doubted = assess(evidence(robbed, -1, 4, 62, hits=[9, 1] + [9] * 7), 3)
    assert list(doubted.closed_by_index) == [True, False, True, False, True]
    degenerate = assess(evidence(ODD_N, -1, 4, 62, hits=[9, 9, 1] + [9] * 8, degenerate=[1] + [0] * 10), 3)
    assert not degenerate.closed_by_index.any()


@pytest.mark.parametrize(
    ("odd", "points", "weight"), [(True, [2, 4, 2], [2, 4, 2]), (False, [4, 4, 0], [4] * 3)]
)
def test_classes_of_four_points(odd, points, weight):
    """On a surface: half of an odd class has the mirrored index, except in the middle."""
    hits = np.array([1, 7])
    ledger = assess(Evidence(hits, np.array([0, 1]), np.zeros(2, int), 4, odd, 2, 0, 100), 3)
    assert list(ledger.points_by_index) == points
    assert ledger.scale == 4
    for index, mine in enumerate([hits[:1], hits[1:], hits[:1] if odd else hits[:0]]):
        estimate = estimate_unseen(mine)
        assert ledger.chao1_by_index[index] == weight[index] * estimate.chao1
        assert ledger.chao1_lower_by_index[index] == weight[index] * estimate.chao1_lower
        assert ledger.chao1_upper_by_index[index] == weight[index] * estimate.chao1_upper


@pytest.mark.parametrize(
    ("quotient", "euler", "check"),
    [
        ([0, 0, 0], 2, PASS),
        ([0, 1, 0], 2, PASS),
        ([1, -1, 1], 2, FAIL),
        ([0, 0, 0], 0, FAIL),
        ([-1, 0, 0], 0, FAIL),
    ],
)
def test_manifolds_need_their_euler_characteristic_and_every_morse_inequality(quotient, euler, check):
    """A minimum and a maximum, and a circle between them, which adds nothing; a degenerate Hessian along an
    orbit is no reason not to count it."""
    orbits = Orbits(np.array([1, 0, 1]), np.array(quotient))
    found = Evidence(np.full(3, 9), np.array([0, 1, 2]), np.zeros(3, int), 1, False, 2, euler, None, orbits)
    ledger = assess(found, 3)
    assert ledger.morse_sum == 2
    assert ledger.morse_check == check
    assert ledger.status == (COMPLETE if check == PASS else OPEN)
    flat = Evidence(np.full(3, 9), np.array([0, 1, 2]), np.array([0, 1, 0]), 1, False, 2, 2, None, orbits)
    assert list(flat.points_by_index()) == [1, 1, 1]


def test_nothing_hit_says_nothing():
    found = estimate_unseen(np.zeros(3, int))
    assert math.isnan(found.coverage)
    assert (found.coverage_lower, found.chao1, found.chao1_lower, found.chao1_upper) == (0, 0, 0, math.inf)
    assert (found.singletons, found.doubletons) == (0, 0)


def test_less_than_one_unseen_is_still_extrapolated():
    """Two singletons, no doubleton: (n - 1)/n f1 (f1 - 1) / 2 = 11/12."""
    found = estimate_unseen(np.array([1, 1, 5, 5]))
    unseen = 11 / 12
    variance = unseen + (11 / 12) ** 2 * 2 * 3**2 / 4
    factor = math.exp(1.959964 * math.sqrt(math.log(1 + variance / unseen**2)))
    assert found.chao1 == pytest.approx(4 + unseen)
    assert found.chao1_lower == pytest.approx(4 + unseen / factor, rel=1e-6)
    assert found.chao1_upper == pytest.approx(4 + unseen * factor, rel=1e-6)


def test_where_doubletons_are_many_the_spread_is_esty_s():
    hits = np.array([1] * 12 + [2] * 30)
    # the Poisson limit of 12 singletons, 19.44, is below
    esty = 12 + 1.644854 * math.sqrt(12 * (1 - 12 / 72) + 60)
    assert esty > 25
    assert estimate_unseen(hits).coverage_lower == pytest.approx(1 - esty / 72, rel=1e-6)


@pytest.mark.parametrize("hits", [[2, 2, 2, 3], [1, 2, 3, 9], [3, 4, 4, 5, 8], [2] * 400])
def test_the_interval_without_extrapolation_by_hand(hits):
    """Colwell et al. 2012, eqs. 10 and 11: each class with i hits stands for exp(-i) with none."""
    found = estimate_unseen(np.array(hits))
    size, total = len(hits), sum(hits)
    p = math.fsum(math.exp(-h) for h in hits) / size
    variance = math.fsum(math.exp(-h) - math.exp(-2 * h) for h in hits)
    variance -= math.fsum(h * math.exp(-h) for h in hits) ** 2 / total
    spread = 1.959964 * math.sqrt(variance)
    assert found.chao1 == size
    assert found.chao1_lower == pytest.approx(max(size, (size - spread) / (1 - p)), rel=1e-6)
    assert found.chao1_upper == pytest.approx((size + spread) / (1 - p), rel=1e-6)


def test_an_enumeration_doesn_t_ask_for_hits():
    ledger = assess_enumeration(evidence(ODD_N, -1, 4, 62, hits=[0] * 11), True)
    assert (ledger.status, ledger.reason) == (COMPLETE, ENUMERATED)
    assert ledger.closed_by_index.all()
    assert (ledger.coverage_by_index == 1).all()
    assert (ledger.coverage_lower_by_index == 1).all()
    for estimates in (ledger.chao1_by_index, ledger.chao1_lower_by_index, ledger.chao1_upper_by_index):
        assert list(estimates) == [3, 5, 6, 5, 3]
    overall = ledger.overall
    assert (overall.coverage, overall.coverage_lower) == (1, 1)
    assert overall.chao1 == overall.chao1_lower == overall.chao1_upper == 11
    assert (overall.singletons, overall.doubletons) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "whole", "certified", "status", "reason"),
    [
        ({}, True, False, OPEN, UNCERTIFIED),
        ({}, False, True, OPEN, PATHS_OPEN),
        ({}, False, False, OPEN, PATHS_OPEN),
        ({"degenerate": [1] + [0] * 10}, True, False, OPEN, DEGENERATE),
        ({"degenerate": [1] + [0] * 10}, False, True, OPEN, PATHS_OPEN),
        ({"complex_points": 20}, True, True, FAILED, BOUND_EXCEEDED),
        ({"complex_points": 20}, False, True, FAILED, BOUND_EXCEEDED),
    ],
)
def test_what_keeps_an_enumeration_open(changes, whole, certified, status, reason):
    arguments = {"index": ODD_N, "parity": -1, "dimension": 4, "complex_points": 62} | changes
    ledger = assess_enumeration(evidence(**arguments), whole, certified)
    assert (ledger.status, ledger.reason) == (status, reason)
    assert not ledger.closed_by_index.any()
    ends = (ledger.chao1_upper_by_index, ledger.overall.chao1_upper)
    assert all(np.isinf(end).all() and np.all(end > 0) for end in ends) == (not whole)
    assert np.isnan(ledger.coverage_by_index).all() == math.isnan(ledger.overall.coverage) == (not whole)
    assert (ledger.coverage_lower_by_index == whole).all()
