"""Mean Euler characteristic of {H/N >= u} over the landscapes of a cell against the exact formula.

A landscape's curve is chi(u) = sum over its critical points at or above u of (-1)^(N-1-index), a step
function. The curve of {H/N <= u} says nothing new: in a complete landscape it is chi(sphere) - (-1)^(N-1)
chi(u) but at the critical energies themselves.

Three tests.

* Where events are frequent, one supremum over all levels of |mean - exact| / standard error. Its law is the
  bootstrap's: landscapes are drawn again with replacement, and the same studentised supremum is taken about
  the mean found (bootstrap-t; P. Hall, The Bootstrap and Edgeworth Expansion, 1992, section 3.4).
* At the extremes the set is empty or one small cap (a pair of caps for even H) in almost all landscapes. The
  number of landscapes where it isn't empty is binomial with the exact mean characteristic (half of it) as
  its probability, up to the square of it; the number of caps is Poisson to the same order.
* The supremum sees any departure and none very well. An error of the couplings' variance by a factor s turns
  chi(u) into chi(u/sqrt s): the curve's change in that direction, weighted by least squares, measures s.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, poisson

from morsecensus.analysis.agreement.coupling_scale import CouplingScale
from morsecensus.analysis.agreement.exact import parity
from morsecensus.analysis.agreement.rare import NO_VARIANCE
from morsecensus.analysis.agreement.residuals import TestResult, not_testable, whiten
from morsecensus.analysis.dataset.batches import Batch, Floats, Moments, reduce_points
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.estimates.counts import estimate_counts
from morsecensus.analysis.theory.kac_rice.euler import mean_characteristic_above
from morsecensus.analysis.theory.limits.roots import find_root
from morsecensus.tasks.covariance import Covariance

LEVELS = 61
"""Of the grid. Neighbours are nearly one number where it is finer. Arbitrary."""
EVENTS = 10.0
"""Expected in all landscapes beyond a level of the supremum test."""
EXTREME = 5.0
"""Expected in all landscapes beyond the level of the exact test. Arbitrary, below EVENTS."""
SCALE_LEVELS = 11
LANDSCAPES_PER_LEVEL = 8
"""Below so many the covariance between levels isn't known well enough to be inverted. Arbitrary."""
DRAWS = 2000
BAND = 0.95
_DRAW_CELLS = 2**23
_STEP = 1e-3


@dataclass(frozen=True, eq=False)
class EulerCurve:
    """The mean curve of a cell at levels that have enough events on both sides.

    Attributes:
        levels: energies per spin, ascending.
        mean: of chi{H/N >= u} over landscapes; error: its standard error.
        exact: the formula.
        missing: points that a mean landscape may lack: each moves the mean by at most 1.
        band: half-width of a simultaneous confidence band at 95%, ``missing`` included.
        maxima: bootstrapped suprema of |mean - exact|/error, sorted.
        landscapes: how many.
    """

    levels: Floats
    mean: Floats
    error: Floats
    exact: Floats
    missing: float
    band: Floats
    maxima: Floats
    landscapes: int

    @property
    def result(self) -> TestResult:
        """The supremum test."""
        gap = np.abs(self.mean - self.exact)
        found = float(np.max(gap / self.error))
        least = float(np.max(np.maximum(gap - self.missing, 0.0) / self.error))
        draws = len(self.maxima)
        p, p_missing = ((1 + np.sum(self.maxima >= value)) / (draws + 1) for value in (found, least))
        return TestResult("Euler curve", found, 0, float(p), float(p_missing), self.landscapes)


def extreme_level(covariance: Covariance, n: int, landscapes: int, events: float) -> float:
    """Level above which so many components are expected in all landscapes together, from the top.

    Near the top every component is a cap about one maximum, and the exact curve falls monotonically.
    """
    reach = 12 * np.sqrt(covariance.x0 / n) + 4 * np.sqrt(covariance.x0)
    grid = np.linspace(reach, -reach, 2001)
    enough = landscapes * mean_characteristic_above(covariance, n, grid) >= events
    if not enough.any():
        raise ValueError(f"landscapes: got {landscapes}; too few for {events:g} events at any level")
    first = int(np.argmax(enough))
    return find_root(
        lambda u: landscapes * float(mean_characteristic_above(covariance, n, u)) - events,
        grid[first],
        grid[first - 1],
    )


def curves_of(cell: Cell, levels: Floats, *, above: bool = True) -> Floats:
    """chi{H/N >= u} (or <= u) of each landscape, shape (landscapes, levels).

    Args:
        cell: with its dataset.
        levels: energies per spin, ascending.
        above: super- or sublevel sets.
    """
    top = cell.n - 1  # the function may travel to a worker, the cell should not

    def function(batch: Batch) -> Floats:
        index = batch.columns["index"].astype(np.int64)
        odd = (top - index if above else index) % 2 == 1
        sign = np.where(odd, -1.0, 1.0)
        # A point counts at all levels before its slot (above), or from its slot on (below).
        slot = np.searchsorted(levels, batch.columns["energy"], side="right" if above else "left")
        sums = batch.per_landscape(slot, len(levels) + 1, sign)
        return np.cumsum(sums[:, ::-1], axis=1)[:, -2::-1] if above else np.cumsum(sums, axis=1)[:, :-1]

    return np.concatenate(list(reduce_points(cell.dataset, ["energy", "index"], function)))


def euler_curve(cell: Cell, seed: int = 0, draws: int = DRAWS) -> EulerCurve | None:
    """Measure the curve of a cell and bootstrap its law; None without a formula or with too few landscapes.

    All landscapes of the cell enter; what they may lack is in ``missing``.
    """
    covariance, count = cell.theory.isotropic, cell.landscapes
    if covariance is None or count < 2 * EVENTS:
        return None
    top = extreme_level(covariance, cell.n, count, EVENTS * _caps(cell))
    levels = np.linspace(-top, top, LEVELS)
    curves = curves_of(cell, levels)
    exact = mean_characteristic_above(covariance, cell.n, levels)
    varies = np.ptp(curves, axis=0) > 0
    if not varies.any():
        return None
    curves, exact, levels = curves[:, varies], exact[varies], levels[varies]
    mean = curves.mean(axis=0)
    error = curves.std(axis=0, ddof=1) / np.sqrt(count)
    maxima = np.sort(bootstrap_maxima(curves, seed, draws))
    missing = float(estimate_counts(cell)["missing"].values.sum())
    band = np.quantile(maxima, BAND) * error + missing
    return EulerCurve(levels, mean, error, exact, missing, band, maxima, count)


def bootstrap_maxima(values: Floats, seed: int = 0, draws: int = DRAWS) -> Floats:
    """Studentised suprema of the mean of resampled rows about the mean of all, shape (draws,).

    Args:
        values: one row for each landscape, shape (landscapes, levels).
        seed: of the draws.
        draws: how many; the smallest p-value is 1/(draws + 1).
    """
    rng, count = np.random.default_rng(seed), len(values)
    centred = values - values.mean(axis=0)
    square = centred**2
    at_once = max(1, _DRAW_CELLS // count)
    maxima = []
    for start in range(0, draws, at_once):
        size = min(at_once, draws - start)
        weight = rng.multinomial(count, np.full(count, 1 / count), size).astype(np.float64)
        mean = weight @ centred / count
        variance = np.maximum(weight @ square / count - mean**2, 0.0) / (count - 1)
        # A level where a draw has no event has no error of its own either.
        z = np.divide(np.abs(mean), np.sqrt(variance), out=np.zeros_like(mean), where=variance > 0)
        maxima.append(z.max(axis=1))
    return np.concatenate(maxima)


def _caps(cell: Cell) -> int:
    """Caps that come together at the top: two for H(-x) = H(x)."""
    return 2 if parity(cell) > 0 else 1


def curve_scale(cell: Cell, levels: int = SCALE_LEVELS) -> CouplingScale | None:
    """Variance of the couplings over the stated one, from the mean curve alone; None as for `euler_curve`.

    Weighted least squares on the direction d chi/d variance. The best weights need the covariance between
    levels; so that they can't follow what the same landscapes happen to show, each half of the landscapes is
    weighed by the covariance of the other half. A point not found biases it: it is for cells that lack none
    (see `EulerCurve.missing`).
    """
    covariance, count = cell.theory.isotropic, cell.landscapes
    if covariance is None or count < 2 * LANDSCAPES_PER_LEVEL * levels:
        return None
    top = extreme_level(covariance, cell.n, count, EVENTS * _caps(cell))
    grid = np.linspace(-top, top, levels)

    def exact(variance: float) -> Floats:
        return mean_characteristic_above(covariance, cell.n, grid / variance**0.5)

    slope = (exact(1 + _STEP) - exact(1 - _STEP)) / (2 * _STEP)
    residual = curves_of(cell, grid) - exact(1.0)
    halves = residual[: count // 2], residual[count // 2 :]
    shift = np.concatenate([_shifts(halves[1], halves[0], slope), _shifts(halves[0], halves[1], slope)])
    return CouplingScale(1 + float(shift.mean()), float(shift.std(ddof=1)) / count**0.5, count - 1)


def _shifts(learn: Floats, judge: Floats, slope: Floats) -> Floats:
    """Estimates of the variance's shift by each landscape of ``judge``, weights from ``learn``."""
    whitener = whiten(Moments.of(learn).covariance, floor=NO_VARIANCE)
    weight = whitener.T @ (whitener @ slope)
    return judge @ weight / (weight @ slope)


@dataclass(frozen=True, eq=False)
class ExtremeTest:
    """Caps beyond a level where few are expected, against exact laws.

    Attributes:
        level: energy per spin; ``above``: whether {H/N >= level} or {H/N <= level} is meant.
        expected: caps in all landscapes (pairs of caps for even H).
        caps: found; poisson: its two-sided p-value.
        landscapes: with any cap; binomial: the p-value of their number.
    """

    level: float
    above: bool
    expected: float
    caps: float
    poisson: float
    landscapes: int
    binomial: float


def extreme_tests(cell: Cell, events: float = EXTREME) -> list[ExtremeTest]:
    """Test both ends; the top alone for odd H, whose bottom is its mirror image."""
    covariance, count = cell.theory.isotropic, cell.landscapes
    if covariance is None or count < 2 * EVENTS:
        return []
    level = extreme_level(covariance, cell.n, count, events * _caps(cell))
    return [_extreme(cell, level, above) for above in ((True,) if parity(cell) < 0 else (True, False))]


def _extreme(cell: Cell, level: float, above: bool) -> ExtremeTest:
    # {H/N <= -level} has the law of {H/N >= level}.
    at, together = level if above else -level, _caps(cell)
    curve = curves_of(cell, np.array([at]), above=above)[:, 0]
    covariance = cell.theory.isotropic
    assert covariance is not None
    caps = float(curve.sum()) / together
    share = float(mean_characteristic_above(covariance, cell.n, level)) / together
    hit, expected = int(np.count_nonzero(curve)), share * cell.landscapes
    return ExtremeTest(
        at,
        above,
        expected,
        caps,
        poisson_p_value(caps, expected),
        hit,
        float(binomtest(hit, cell.landscapes, min(share, 1.0)).pvalue),
    )


def poisson_p_value(found: float, expected: float) -> float:
    """Two-sided: twice the smaller tail, at most 1."""
    return float(min(1.0, 2 * min(poisson.cdf(found, expected), poisson.sf(found - 1, expected))))


def joint_test(curves: list[EulerCurve]) -> TestResult:
    """One supremum over the levels of all cells of different N, which are independent.

    Each cell's law is its bootstrap's; the largest of them has the product of the distribution functions.
    """
    name, count = "Euler curves of all cells", sum(curve.landscapes for curve in curves)
    if not curves:
        return not_testable(name, 0, "no curve")

    def p_value(of: Callable[[EulerCurve], float | None]) -> float:
        # The smallest of the cells' p-values, each uniform: Sidak's correction is exact for independent ones.
        smallest = min(p for p in map(of, curves) if p is not None)
        return float(-np.expm1(len(curves) * np.log1p(-smallest)))

    largest = max(curve.result.statistic for curve in curves)
    p, p_missing = p_value(lambda c: c.result.p_value), p_value(lambda c: c.result.p_missing)
    return TestResult(name, largest, 0, p, p_missing, count)
