"""Limits of a proportion against binomial tails summed term by term."""

import math

import numpy as np
import pytest

from morsecensus.tasks.proportions import interval, lower_limit, upper_limit


def at_least(successes, trials, share):
    """P(X >= successes), term by term."""
    terms = (math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(trials + 1))
    return math.fsum(term for k, term in enumerate(terms) if k >= successes)


@pytest.mark.parametrize("level", [0.6, 0.95, 0.999])
@pytest.mark.parametrize(("successes", "trials"), [(1, 1), (3, 50), (7, 40), (39, 40), (40, 40)])
def test_at_the_limits_what_was_seen_has_the_chance_of_the_tail(successes, trials, level):
    low = float(lower_limit(successes, trials, level))
    assert at_least(successes, trials, low) == pytest.approx(1 - level, rel=1e-10)
    high = float(upper_limit(trials - successes, trials, level))
    assert 1 - at_least(trials - successes + 1, trials, high) == pytest.approx(1 - level, rel=1e-10)
    assert low == pytest.approx(1 - high, rel=1e-12)
    both = interval(successes, trials, 2 * level - 1)
    assert both[0] == pytest.approx(low, rel=1e-12)


@pytest.mark.parametrize("trials", [1, 8, 30])
def test_intervals_hold_the_truth_as_often_as_they_say(trials):
    """Exactly, for shares on a grid; the interval from the normal law (a control) doesn't."""
    counts = np.arange(trials + 1)
    low, high = interval(counts, trials)
    spread = 1.96 * np.sqrt(counts / trials * (1 - counts / trials) / trials)
    held, held_by_normal = [], []
    for share in np.linspace(0.001, 0.999, 331):
        chance = np.array([math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in counts])
        held.append(chance[(low <= share) & (share <= high)].sum())
        held_by_normal.append(chance[np.abs(counts / trials - share) <= spread].sum())
    assert min(held) >= 0.95
    assert min(held_by_normal) < 0.5


def test_nothing_and_everything():
    assert [float(end) for end in interval(0, 0)] == [0, 1]
    assert float(lower_limit(0, 9)) == 0
    assert float(upper_limit(9, 9)) == 1
    np.testing.assert_allclose(interval(0, 10), (0, 1 - 0.025**0.1), rtol=1e-12)
    # -log(0.05) / trials, where doubles can't hold 1 - p
    assert float(upper_limit(0, 10**12)) == pytest.approx(-math.log(0.05) * 1e-12, rel=1e-9)


def test_limits_are_those_at_95_percent_unless_said_otherwise():
    assert lower_limit(3, 50) == lower_limit(3, 50, 0.95) < lower_limit(3, 50, 0.6)
    assert upper_limit(3, 50) == upper_limit(3, 50, 0.95) > upper_limit(3, 50, 0.6)
    assert interval(3, 50) == interval(3, 50, 0.95) == (lower_limit(3, 50, 0.975), upper_limit(3, 50, 0.975))


def test_arrays_broadcast():
    counts, trials = np.array([[0], [3]]), np.array([3, 10, 0])
    wanted = [[float(upper_limit(c, t)) for t in trials] for c in counts[:, 0]]
    np.testing.assert_array_equal(upper_limit(counts, trials), wanted)
    assert wanted[0][2] == 1
