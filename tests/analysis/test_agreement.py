"""The tests of agreement keep their size under the null and reject what is wrong; their power is as said."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, kstest, norm

from morsecensus.analysis.agreement.power import (
    detectable,
    hotelling_power,
    landscapes_needed,
    supremum_power,
    uniformity_power,
)
from morsecensus.analysis.agreement.rare import Counted
from morsecensus.analysis.agreement.residuals import (
    holm,
    hotelling,
    mean_counts_test,
    supremum_test,
    uniformity_test,
    usable_indices,
    whiten,
)
from morsecensus.analysis.dataset.batches import Moments

EXACT = np.array([4.0, 7.375, 8.75, 7.375, 4.0])
"""By index, N = 5, odd: 2 * 4 - 2 * 7.375 + 8.75 = 2, the Morse sum."""
REPEATS, FEWER = 400, 150


def odd_counts(rng, size):
    """Counts whose means are EXACT, with the symmetry and the Morse sum of an odd landscape at N = 5."""
    first = 1 + rng.poisson(3.0, size)
    second = first - 1 + rng.poisson(4.375, size)
    middle = 2 - 2 * first + 2 * second
    return np.stack([first, second, middle, second, first], axis=1).astype(float)


def mixed_counts(rng, size):
    """No symmetry: only the alternating sum (2 at N = 5) is fixed; means EXACT."""
    first, second, fourth, last = (
        rng.poisson(mean, size) + shift for mean, shift in ((3, 1), (7.375, 0), (7.375, 0), (3, 1))
    )
    middle = 2 - first + second + fourth - last
    return np.stack([first, second, middle, fourth, last], axis=1).astype(float)


def assert_level(rejected, repeats, level=0.05):
    assert binomtest(int(rejected), repeats, level).pvalue > 1e-3, rejected / repeats


@pytest.mark.parametrize("repeats", [FEWER, REPEATS])
@pytest.mark.parametrize(("draw", "parity", "dof"), [(odd_counts, -1, 2), (mixed_counts, 0, 4)])
def test_counts_keep_their_size(draw, parity, dof, repeats):
    """Of 150 samples 18 are too many: with probability 99.6% if one in five is rejected."""
    rng = np.random.default_rng(1)
    found = [mean_counts_test(draw(rng, 120), EXACT, parity=parity) for _ in range(repeats)]
    assert {result.dof for result in found} == {dof}
    p_values = np.array([result.p_value for result in found])
    assert_level(np.sum(p_values < 0.05), repeats)
    assert kstest(p_values, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(("draw", "parity"), [(odd_counts, -1), (mixed_counts, 0)])
def test_lost_points_are_noticed(draw, parity):
    """Negative control: one point in six is lost."""
    rng = np.random.default_rng(2)
    lossy = rng.binomial(np.maximum(draw(rng, 300), 0).astype(int), 5 / 6).astype(float)
    assert mean_counts_test(lossy, EXACT, parity=parity).p_value < 1e-4


def test_the_wrong_index_split_is_noticed_at_the_right_total():
    """Negative control: totals agree on average, the split by index doesn't."""
    rng = np.random.default_rng(3)
    wrong = EXACT + np.array([0.4, 0.4, -1.6, 0.4, 0.4])
    assert wrong.sum() == pytest.approx(EXACT.sum())
    assert mean_counts_test(mixed_counts(rng, 300), wrong, parity=0).p_value < 1e-4


def test_the_constraint_is_left_out_whichever_index_goes():
    rng = np.random.default_rng(4)
    counts = mixed_counts(rng, 200)
    found = mean_counts_test(counts, EXACT, parity=0)
    for dropped in range(5):
        kept = np.delete(np.arange(5), dropped)
        other = hotelling("", counts[:, kept] - EXACT[kept])
        assert other.statistic == pytest.approx(found.statistic, rel=1e-6)
    # all five: the singular direction isn't inverted
    whole = hotelling("", counts - EXACT)
    assert whole.dof == 4
    assert whole.statistic == pytest.approx(found.statistic, rel=1e-6)


def test_which_indices_are_tested():
    assert list(usable_indices(np.full(4, 9.0), 100, -1)) == [0, 1]
    assert list(usable_indices(np.full(5, 9.0), 100, -1)) == [0, 1]
    assert list(usable_indices(np.full(4, 9.0), 100, 1)) == [0, 1, 2]
    assert list(usable_indices(np.full(5, 9.0), 100, 0)) == [0, 1, 2, 3]
    # a strong field leaves a minimum and a maximum: what is certain isn't tested
    assert list(usable_indices(np.array([1.001, 0.001, 0.001, 1.001]), 100, 0)) == []
    assert mean_counts_test(np.ones((100, 2)), [1.0, 1.0], parity=0).p_value is None


def test_what_is_certain_or_rare_is_not_tested():
    """25 points beyond those that all landscapes have make an index frequent."""
    # a minimum and a maximum are certain, points between are not; the last index is left out
    assert list(usable_indices(np.array([1.25, 0.25, 0.25, 1.25]), 100, 0)) == [0, 1, 2]
    assert list(usable_indices(np.array([1.24, 0.25, 0.25, 1.25]), 100, 0)) == [1, 2]
    assert list(usable_indices(np.array([1.25, 0.24, 0.25, 1.24]), 100, 0)) == [0]
    # pairs of one index: two are certain, and twice as many points are as many classes
    assert list(usable_indices(np.array([2.5, 0.5, 0.5, 2.5]), 100, 1)) == [0, 1, 2]
    assert list(usable_indices(np.array([2.49, 0.49, 0.5, 2.49]), 100, 1)) == []
    # orbits of eight, half of each at -E; at even N nothing is left out
    assert list(usable_indices(np.array([4.5, 0.5, 0.5, 4.5]), 200, -1, 8)) == [0, 1]
    assert list(usable_indices(np.array([4.49, 0.49, 0.49, 4.49]), 200, -1, 8)) == []
    assert list(usable_indices(np.array([8.99, 1.0, 8.99]), 200, 1, 8)) == []
    assert list(usable_indices(np.array([9.0, 1.0, 9.0]), 200, 1, 8)) == [0, 1]


def test_a_component_that_does_not_vary_is_left_out_of_the_whitening():
    np.testing.assert_allclose(np.abs(whiten(np.diag([4.0, 0.0]))), [[0.5, 0]])
    np.testing.assert_allclose(np.abs(whiten(np.diag([4.0, 0.25]), 0.25)), [[0.5, 0]])
    covariance = np.array([[2.0, 0.6], [0.6, 1.0]])
    whitener = whiten(covariance)
    np.testing.assert_allclose(whitener @ covariance @ whitener.T, np.eye(2), atol=1e-12)


def test_rare_directions_get_a_twentieth_of_the_level():
    """Bonferroni, from the tests of either kind alone."""
    first = np.random.default_rng(12).normal(size=(100, 1))
    rows = np.full((100, 1), -0.5)
    rows[:2] = 2.5
    rare = hotelling("", rows, counted=Counted(np.array([1.5]), 6.0))
    counted = Counted(np.array([5.0, 1.5]), 6.0)
    for shift, split in ((0.05, "rare"), (0.6, "distance"), (0.17, "either")):
        frequent = hotelling("", first - first.mean() + shift)
        both = hotelling("", np.hstack([first - first.mean() + shift, rows]), counted=counted)
        assert both.dof == 1
        parts = frequent.p_value / 0.95, rare.p_value / 0.05
        assert both.p_value == pytest.approx(min(1.0, *parts), rel=1e-6), split
        assert both.note == "1 of 2 directions vary in 2 landscapes only"
    assert hotelling("", first - first.mean()).p_value == pytest.approx(1.0)


def test_to_miss_nothing_is_to_have_searched():
    rows = np.full((100, 1), -0.5)
    rows[:2] = 2.5
    counted = Counted(np.array([1.5]), 6.0)
    strict = hotelling("", rows, counted=counted)
    assert strict.p_value is not None
    nothing = hotelling("", rows, missing=np.zeros((2, 1)), counted=counted)
    assert nothing.p_value == nothing.p_missing == strict.p_value
    assert hotelling("", rows, missing=np.array([[0.0], [0.5]]), counted=counted).p_value is None


def test_an_unbounded_lack_on_either_side_excuses_what_lies_there():
    rows = np.random.default_rng(13).normal(size=(80, 2)) + np.array([1.0, -1.0])
    sides = [([0.0, 0.0], [np.inf, np.inf]), ([-np.inf, -np.inf], [0.0, 0.0]), ([-np.inf] * 2, [np.inf] * 2)]
    up, down, both = (hotelling("", rows, missing=np.array(side)).p_missing for side in sides)
    assert both > 0.99
    # one component of two stays where it is
    for one in (up, down):
        assert one < 1e-6
    assert hotelling("", rows).p_value <= min(up, down)


def test_constant_and_few_landscapes_are_not_testable():
    rng = np.random.default_rng(5)
    assert hotelling("", rng.normal(size=(12, 3))).p_value is None
    assert hotelling("", rng.normal(size=(13, 3))).dof == 3
    assert hotelling("", rng.normal(size=(12, 3))).dof == 0
    assert supremum_test("", Moments.of(rng.normal(size=(10, 3)))).p_value is None
    assert supremum_test("", Moments.of(rng.normal(size=(11, 3)))).dof == 0
    assert supremum_test("", Moments.of(rng.normal(size=(11, 3)))).p_value is not None
    assert hotelling("", np.zeros((50, 3))).note == "nothing varies"
    assert hotelling("", rng.normal(size=(1, 3))).p_value is None
    assert "needs 13" in hotelling("", rng.normal(size=(8, 3))).note


def test_missing_points_can_excuse_a_rejection_only_as_far_as_they_go():
    rng = np.random.default_rng(6)
    counts = mixed_counts(rng, 300)
    lossy = counts.copy()
    lossy[:60] *= 0.5  # a fifth of the landscapes lack half of their points
    missing = (counts - lossy).mean(axis=0)
    strict = mean_counts_test(lossy, EXACT, parity=0, missing=np.zeros(5))
    assert strict.p_value == strict.p_missing < 1e-6
    lenient = mean_counts_test(lossy, EXACT, parity=0, missing=missing)
    assert lenient.p_value == strict.p_value
    assert lenient.p_missing > 0.05
    # a tenth of that is no excuse, and too many points never have one
    assert mean_counts_test(lossy, EXACT, parity=0, missing=missing / 10).p_missing < 1e-4
    assert mean_counts_test(counts * 1.3, EXACT, parity=0, missing=np.full(5, 9.0)).p_missing < 1e-4
    unknown = np.full(5, np.inf)
    assert mean_counts_test(lossy, EXACT, parity=0, missing=unknown).p_missing > 0.5


GRID = np.linspace(0.1, 0.9, 9)


def clustered(rng, size, spread=0.35):
    """Uniform points, correlated within a landscape; shape (landscapes, 6) and the residuals on GRID."""
    shared = rng.random((size, 1))
    own = rng.random((size, 6))
    points = np.where(rng.random((size, 6)) < spread, shared, own)
    return points, np.stack([(points <= g).sum(axis=1) - 6 * g for g in GRID], axis=1)


def test_supremum_keeps_its_size_where_points_are_correlated():
    rng = np.random.default_rng(7)
    clusters, naive = 0, 0
    for repeat in range(REPEATS):
        points, residuals = clustered(rng, 100)
        result = supremum_test("", Moments.of(residuals), draws=300, seed=repeat)
        clusters += result.p_value < 0.05
        naive += kstest(points.ravel(), "uniform").pvalue < 0.05
    assert_level(clusters, REPEATS)
    # the control: points taken as independent reject far too often
    assert naive / REPEATS > 0.12


def test_supremum_notices_another_law():
    rng = np.random.default_rng(8)
    points, _ = clustered(rng, 150)
    residuals = np.stack([(points**1.4 <= g).sum(axis=1) - 6 * g for g in GRID], axis=1)
    result = supremum_test("", Moments.of(residuals))
    assert result.p_value < 0.005
    assert supremum_test("", Moments.of(residuals), missing=6.0).p_missing > 0.5


def test_supremum_keeps_its_size_with_eleven_landscapes():
    """Of residuals that move together, where it is Student's test: a normal law rejects 2.7% at 1%."""
    rng, repeats = np.random.default_rng(12), 1500
    shape = np.linspace(1.0, 0.5, 9)
    found = [
        supremum_test("", Moments.of(rng.standard_normal((11, 1)) * shape), draws=500, seed=repeat)
        for repeat in range(repeats)
    ]
    p_values = np.array([each.p_value for each in found])
    for level in (0.01, 0.05):
        assert binomtest(int(np.sum(p_values < level)), repeats, level).pvalue > 1e-3


def test_supremum_can_reject_beside_any_number_of_other_tests():
    """2000 draws are no floor of 1/2001: Holm's correction of three such tests would never pass 0.01."""
    rng = np.random.default_rng(13)
    _, residuals = clustered(rng, 400)
    shift = residuals.std(axis=0) / 20  # one standard error
    found = [supremum_test("", Moments.of(residuals + k * shift)) for k in (0, 2, 3, 4, 6, 8)]
    p_values = [each.p_value for each in found]
    assert p_values == sorted(p_values, reverse=True)
    assert p_values[-1] < 1e-9
    # at least the tail of one Gaussian
    for each in found[3:]:
        assert each.p_value > 2 * norm.sf(each.statistic)
    many = [supremum_test("", Moments.of(residuals + 3 * shift), draws=draws) for draws in (2000, 200_000)]
    # on the safe side of what a hundred times as many draws say
    assert 0.8 < many[0].p_value / many[1].p_value < 6


def test_uniformity_of_p_values():
    rng = np.random.default_rng(9)
    rejected = sum(uniformity_test(list(rng.random(20))).p_value < 0.05 for _ in range(REPEATS))
    assert_level(rejected, REPEATS)
    assert uniformity_test(list(rng.random(30) ** 3)).p_value < 1e-3
    # too good to be true is wrong too
    assert uniformity_test(list(0.9 + 0.1 * rng.random(20))).p_value < 1e-3
    assert uniformity_test([0.1, None, 0.3]).p_value is None


def test_holm_by_hand():
    assert holm([math.nan, 1e-6, 0.5]) == [None, pytest.approx(2e-6), 0.5]
    assert holm([0.01, None, 0.04, 0.03]) == [
        pytest.approx(0.03),
        None,
        pytest.approx(0.06),
        pytest.approx(0.06),
    ]


@pytest.mark.parametrize("repeats", [FEWER, pytest.param(REPEATS, marks=pytest.mark.soak)])
def test_power_is_the_fraction_of_rejections(repeats):
    rng = np.random.default_rng(10)
    covariance = np.array([[2.0, 0.8], [0.8, 1.0]])
    shift, size = np.array([0.25, 0.1]), 60
    root = np.linalg.cholesky(covariance)
    rejected = sum(
        hotelling("", rng.normal(size=(size, 2)) @ root.T + shift).p_value < 0.05 for _ in range(repeats)
    )
    power = hotelling_power(shift, covariance, size)
    assert 0.1 < power < 0.9
    assert binomtest(rejected, repeats, power).pvalue > 1e-3
    assert hotelling_power(np.zeros(2), covariance, size) == pytest.approx(0.05)


def test_power_of_the_supremum_is_the_fraction_of_rejections():
    rng = np.random.default_rng(11)
    _, many = clustered(rng, 20000)
    covariance, size = np.cov(many.T), 80
    shift = 6 * 0.06 * np.sin(np.pi * GRID)
    rejected = 0
    for repeat in range(REPEATS):
        _, residuals = clustered(rng, size)
        rejected += supremum_test("", Moments.of(residuals + shift), draws=300, seed=repeat).p_value < 0.05
    power = supremum_power(shift, covariance, size)
    assert 0.15 < power < 0.95
    assert abs(rejected / REPEATS - power) < 0.09
    assert supremum_power(0 * shift, covariance, size) == pytest.approx(0.05, abs=0.02)


def test_power_of_uniformity():
    assert uniformity_power(0.0, 3, 100, 20) == pytest.approx(0.05, abs=0.04)
    assert uniformity_power(2.0, 3, 100, 20) < uniformity_power(6.0, 3, 100, 20)
    assert uniformity_power(6.0, 3, 100, 20) > 0.9


def test_landscapes_needed_and_detectable_departures():
    covariance, direction = np.diag([2.0, 1.0]), np.array([1.0, 1.0])

    def power_of(size):
        return hotelling_power(0.1 * direction, covariance, size, 0.01)

    needed = landscapes_needed(power_of, 0.9)
    assert power_of(needed) >= 0.9 > power_of(needed - 1)
    assert detectable(direction, covariance, needed) == pytest.approx(0.1, rel=0.01)
    assert landscapes_needed(lambda size: 0.05) is None
    assert detectable(0 * direction, covariance, 100) is None
