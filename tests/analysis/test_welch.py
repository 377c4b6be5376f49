"""Scores of differences of means that rest on a few runs."""

import numpy as np
import pytest
from scipy.stats import norm, ttest_ind

from morsecensus.analysis.estimates.welch import normal_score


def scores(draw, counts):
    one, other = (draw.standard_normal(count) for count in counts)
    errors = tuple(float(own.std(ddof=1) / np.sqrt(len(own))) for own in (one, other))
    z = float((other.mean() - one.mean()) / np.hypot(*errors))
    return z, normal_score(z, errors, counts), ttest_ind(other, one, equal_var=False).pvalue


def test_scores_have_the_p_values_of_scipy():
    draw = np.random.default_rng(1)
    for counts in ((2, 3), (5, 5), (40, 7)):
        plain, ours, p = scores(draw, counts)
        assert 2 * norm.sf(abs(ours)) == pytest.approx(p)
        assert abs(ours) < abs(plain)
        assert ours * plain > 0


def test_equal_means_are_rarely_told_apart():
    """Gaussian runs, 3 each: |z| > 2 in 4.6% or fewer (Welch's test is careful); errors as they are, 11%."""
    draw = np.random.default_rng(2)
    plain, ours, _ = np.abs([scores(draw, (3, 3)) for _ in range(2000)]).T
    assert (ours > 2).mean() < 0.046 + 3 * np.sqrt(0.046 / 2000)
    assert (plain > 2).mean() > 0.09


def test_nothing_is_said_of_what_is_unknown():
    assert normal_score(None, (0.1, 0.1), (3, 3)) is None
    assert normal_score(1.0, (0.0, 0.0), (3, 3)) is None
    assert normal_score(-50.0, (0.1, 0.1), (40_000, 40_000)) == pytest.approx(-37, abs=1)
