"""The ledger: checks on sets that are whole and on sets that were sabotaged, and the calibration of its
estimates."""

import math

import numpy as np
import pytest

from morsecensus.tasks.ledger import (
    CLOSED,
    COMPLETE,
    FAIL,
    FAILED,
    OPEN,
    PASS,
    UNINFORMATIVE,
    Evidence,
    assess,
    estimate_unseen,
)


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
