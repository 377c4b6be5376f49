"""Tests of agreement between a sample of landscapes and an exact law, and of a study's p-values together.

Everything rests on one fact: if a vector r of a landscape (counts minus exact counts, sums over its points of
a function minus its exact mean, ...) has mean zero under the exact law, then Hotelling's

    T^2 = L m^T S^{-1} m,    (L - d) / (d (L - 1)) T^2 ~ F(d, L - d),

with m the mean and S the sample covariance of r over L landscapes (T. W. Anderson, An Introduction to
Multivariate Statistical Analysis, section 5.2), where r is Gaussian; `analysis.agreement.null_law` is what
holds where it isn't. Landscapes are independent; points of one are not, and need not be. Directions in which
r can't vary (a Morse sum, a symmetry) are left out, never inverted; so are those that few landscapes carry
(`analysis.agreement.rare`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import lsq_linear
from scipy.stats import kstest
from scipy.stats import t as student

from morsecensus.analysis.agreement.null_law import TAIL, NullLaw, Reference, null_law
from morsecensus.analysis.agreement.rare import SINGULAR, Counted, rare_p_value, split_directions
from morsecensus.analysis.dataset.batches import Floats, Moments

LEVEL = 0.01
"""Of a study as a whole, after Holm's correction; and what is said to be seen is rejected at this level."""
RARE = 25.0
"""Points expected in all landscapes together below which an index isn't tested. Arbitrary."""
RARE_SHARE = 0.05
"""Of a test's level, for the directions that hardly any landscape carries. Arbitrary."""
FEWEST = 10
"""A test needs this many landscapes more than it has dimensions. Arbitrary."""


@dataclass(frozen=True)
class TestResult:
    """Outcome of one test.

    Attributes:
        name: what was tested.
        statistic: T^2, or the largest deviation in standard units; nan if not testable.
        dof: dimensions tested; 0 where the statistic has none.
        p_value: of the points found, None if not testable.
        p_missing: the largest p-value that any allowed set of missed points gives; p_value if none may be.
        landscapes: the sample size.
        note: why it isn't testable, or what was left out.
    """

    __test__ = False  # pytest: not a test class, whatever its name says

    name: str
    statistic: float
    dof: int
    p_value: float | None
    p_missing: float | None
    landscapes: int
    note: str = ""


def not_testable(name: str, landscapes: int, note: str) -> TestResult:
    """A result without a p-value."""
    return TestResult(name, float("nan"), 0, None, None, landscapes, note)


def hotelling(
    name: str,
    rows: Floats,
    reference: Reference | None = None,
    missing: Floats | None = None,
    counted: Counted | None = None,
    note: str = "",
) -> TestResult:
    """Test that a landscape's residual vector has mean zero.

    Args:
        name: of the result.
        rows: the residuals, d components of order 1 (counts, or sums in standard deviations), shape
            (landscapes, d).
        reference: errors of a sampled theory; None where it is exact.
        missing: how far the mean may be off because of points not found, shape (2, d): lowest (<= 0) and
            highest (>= 0) shift to the truth.
        counted: what residuals of counts are bounded by; without it nothing can be said of directions that
            hardly any landscape carries.
        note: passed on.
    """
    count = len(rows)
    if count < 2:
        return not_testable(name, count, "one landscape has no spread")
    frequent, rare = split_directions(rows)
    least = None if missing is None or not np.any(missing != 0) else missing
    dof = frequent.shape[1]
    if rare.matter:
        text = f"{rare.basis.shape[1]} of {rows.shape[1]} directions vary in {rare.carriers} landscapes only"
        note = f"{note}; {text}" if note else text
    p_rare, p_rare_missing = (rare_p_value(rare, count, counted, reference, box) for box in (None, least))
    if count < dof + FEWEST:
        return not_testable(name, count, f"needs {dof + FEWEST} landscapes")
    if dof == 0:
        if p_rare is None or least is not None:  # a search that found nothing says nothing
            return not_testable(name, count, "nothing varies" if rare.carriers == 0 else note)
        return TestResult(name, float("nan"), 0, p_rare, p_rare_missing, count, note)
    statistic, lowest, law = _squared_distance(rows, frequent, reference, least)
    p_value = _either(law.tail(statistic), p_rare)
    return TestResult(name, statistic, dof, p_value, _either(law.tail(lowest), p_rare_missing), count, note)


def _squared_distance(
    rows: Floats, frequent: Floats, reference: Reference | None, missing: Floats | None
) -> tuple[float, float, NullLaw]:
    """T^2 in the frequent directions, its smallest value over what may be missing, and its law."""
    error = None if reference is None else reference.seen_through(frequent.T)
    covariance = np.atleast_2d(np.cov((rows @ frequent).T)) / len(rows)
    whitener = whiten(covariance if error is None else covariance + error.covariance) @ frequent.T
    mean = rows.mean(axis=0)
    statistic = float(np.sum((whitener @ mean) ** 2))
    seen = None if reference is None else reference.seen_through(whitener)
    least = statistic if missing is None else _least_statistic(whitener, mean, missing)
    return statistic, least, null_law(rows @ whitener.T, seen)


def _either(distance: float, frequency: float | None) -> float:
    """One p-value of two, by Bonferroni; the test of rare directions, which seldom has power, gets little."""
    if frequency is None:
        return distance
    return min(1.0, distance / (1 - RARE_SHARE), frequency / RARE_SHARE)


def whiten(covariance: Floats, floor: float = 0.0) -> Floats:
    """W with W C W^T = 1 on the directions that vary, shape (directions, d).

    Args:
        covariance: shape (d, d).
        floor: a component with this variance or less doesn't vary.
    """
    variance = np.diag(covariance)
    varies = variance > floor
    sd = np.sqrt(np.where(varies, variance, 1.0))
    correlation = np.where(np.outer(varies, varies), covariance / np.outer(sd, sd), 0.0)
    values, vectors = np.linalg.eigh(correlation)
    kept = values > SINGULAR
    return (vectors[:, kept] / np.sqrt(values[kept])).T / sd


def _least_statistic(whitener: Floats, mean: Floats, missing: Floats) -> float:
    """Smallest T^2 of mean + shift over all allowed shifts."""
    low, high = missing
    free = high > low
    fixed = whitener @ mean
    # lsq_linear refuses infinite boxes of zero width; anything beyond 1e9 standard errors is unbounded
    if not np.isfinite(low[free]).all() or not np.isfinite(high[free]).all():
        low, high = np.nan_to_num(low, neginf=-1e12), np.nan_to_num(high, posinf=1e12)
    found = lsq_linear(whitener[:, free], -fixed, bounds=(low[free], high[free]), max_iter=200)
    return float(np.sum((fixed + whitener[:, free] @ found.x) ** 2))


def independent_indices(n: int, odd: bool) -> NDArray[np.intp]:
    """Morse indices whose counts aren't mirror images: all N, or k <= (N-1)/2 for odd xi."""
    return np.arange((n + 1) // 2 if odd else n)


def mean_counts_test(
    counts: ArrayLike,
    expected: ArrayLike,
    *,
    parity: int,
    missing: ArrayLike | None = None,
    orbit: int | None = None,
    covariance: Floats | None = None,
    most: float = np.inf,
    levels: int | None = None,
) -> TestResult:
    """Joint test of mean counts by index against those of theory; see `usable_indices` for which.

    Args:
        counts: shape (landscapes, known).
        expected: means in theory, shape (known,).
        parity: -1 if a sign change turns H into -H, +1 if sign changes leave H alone, 0 without symmetry.
        missing: most that each mean may be too low, shape (known,).
        orbit: points that sign changes relate; 1 or 2 if None, by the parity.
        covariance: of ``expected``, where it was sampled, shape (known, known).
        most: points that a landscape can have; with it a law that hardly any landscape departs from can be
            tested, see `analysis.agreement.rare`.
        levels: number of indices, where only the lowest are known.
    """
    values, exact = np.asarray(counts, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    kept = usable_indices(exact, len(values), parity, orbit, levels)
    if not len(kept):
        return not_testable("counts by index", len(values), "too few points expected")
    room = None if missing is None else np.asarray(missing, dtype=np.float64)[kept]
    box = None if room is None else np.stack([np.zeros(len(kept)), room])
    note = f"indices {_listed(kept)}"
    reference = None if covariance is None else Reference(covariance[np.ix_(kept, kept)])
    counted = Counted(exact[kept], most)
    return hotelling("counts by index", values[:, kept] - exact[kept], reference, box, counted, note)


def usable_indices(
    expected: Floats, landscapes: int, parity: int, orbit: int | None = None, levels: int | None = None
) -> NDArray[np.intp]:
    """The indices that can be tested jointly: independent, frequent, and free of the Morse constraint.

    For odd xi indices k and N-1-k are mirror images. The alternating sum of the counts is the Euler
    characteristic in every complete landscape, so one index, the last of them, is left out; T^2 doesn't
    depend on which. (For odd xi at even N symmetry alone makes it zero, and it constrains nothing here.) Rare
    indices have means far from Gaussian. Which ones are left out depends on the expectation, not on the data.
    Where only the lowest of so many ``levels`` are known, their sum is free.
    """
    known = len(expected)
    n = known if levels is None else levels
    kept = independent_indices(n, parity < 0)
    kept = kept[kept < known]
    # every landscape has a minimum and a maximum, with their images: that doesn't vary
    size = 2 if parity > 0 else 1
    if orbit is not None:
        size = orbit // 2 if parity < 0 else orbit
    certain = np.where((kept == 0) | (kept == n - 1), size, 0)
    frequent = kept[(expected[kept] - certain) * landscapes >= RARE * size]
    constrained = known == n and not (parity < 0 and n % 2 == 0)
    # rare indices share the constraint: what it leaves free is as far from Gaussian as they are
    return frequent[:-1] if constrained else frequent


def _listed(kept: NDArray[np.intp]) -> str:
    return ", ".join(str(k) for k in kept)


def supremum_test(
    name: str,
    moments: Moments,
    extra_covariance: Floats | None = None,
    missing: float = 0.0,
    draws: int = 2000,
    seed: int = 0,
) -> TestResult:
    """Kolmogorov-Smirnov test for clustered points: largest deviation of an empirical distribution function.

    The residual of a landscape is ``sum over its points of (1{x <= g} - F(g))`` on a grid g. Under the null
    the mean residual is a Gaussian process with the covariance that the landscapes show; its largest modulus
    is simulated (a multiplier bootstrap over landscapes with Gaussian multipliers), over a standard deviation
    that so few landscapes know no better than Student's t does: at 11 a normal law rejects twice too often
    at 1%. Beyond the last draws the tail is Student's, stretched to fit there, so that no p-value has a floor
    that Holm's correction would keep above the level.

    Args:
        name: of the result.
        moments: of the residuals on the grid.
        extra_covariance: of the mean, from a sampled reference.
        missing: most points that a mean landscape may lack: each moves a residual by at most 1.
        draws: simulated maxima.
        seed: of the draws.
    """
    if moments.count < FEWEST + 1:
        return not_testable(name, moments.count, f"needs {FEWEST + 1} landscapes")
    covariance = moments.covariance / moments.count
    if extra_covariance is not None:
        covariance = covariance + extra_covariance
    # the process relative to its largest standard deviation: a pure number to print
    widest = int(np.argmax(np.diag(covariance)))
    unit = float(np.sqrt(covariance[widest, widest]))
    if unit == 0:
        return not_testable(name, moments.count, "nothing varies")
    # the landscapes' part of that variance is known with L - 1 degrees of freedom, the theory's exactly
    part = float(moments.covariance[widest, widest]) / moments.count / unit**2
    scatter = (moments.count - 1) / max(part, 1e-6) ** 2
    maxima = _maxima(covariance, scatter, draws, seed) / unit
    largest = float(np.max(np.abs(moments.mean))) / unit
    least = max(0.0, largest - missing / unit)
    p_value, p_missing = (_tail(maxima, scatter, value) for value in (largest, least))
    return TestResult(name, largest, 0, p_value, p_missing, moments.count)


def _maxima(covariance: Floats, scatter: float, draws: int, seed: int) -> Floats:
    """Simulated maxima over an estimated standard deviation of ``scatter`` degrees of freedom, increasing."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(seed)
    drawn = np.max(np.abs(rng.standard_normal((draws, len(values))) @ root.T), axis=1)
    return np.sort(drawn / np.sqrt(rng.chisquare(scatter, draws) / scatter))


def _tail(maxima: Floats, scatter: float, value: float) -> float:
    """Share of the maxima from a value on; beyond the last ones Student's tail, stretched to fit there."""
    size = len(maxima)
    above = size - int(np.searchsorted(maxima, value))
    if above >= TAIL:
        return (above + 1) / (size + 1)
    usual = float(student.isf(TAIL / size / 2, scatter))
    return float(2 * student.sf(value * usual / float(maxima[-TAIL]), scatter))


def uniformity_test(p_values: Sequence[float | None]) -> TestResult:
    """Kolmogorov-Smirnov test that independent p-values are uniform: one for each set of couplings, for cells
    that share some (a field sweep) move together: `analysis.topics.verdicts.measure.independent_p_values`."""
    known = [p for p in p_values if p is not None and not math.isnan(p)]
    name = "p-values uniform over cells"
    if len(known) < 5:
        return not_testable(name, len(known), "needs 5 cells without common couplings")
    found = kstest(known, "uniform")
    p_value = float(found.pvalue)
    return TestResult(name, float(found.statistic), 0, p_value, p_value, len(known))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjusted p-values (Scand. J. Statist. 6 (1979) 65): reject where they are below the level. One
    that isn't known, None or nan, is none and says nothing of the others."""
    known = [(p, number) for number, p in enumerate(p_values) if p is not None and not math.isnan(p)]
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, number) in enumerate(sorted(known)):
        running = max(running, min(1.0, (len(known) - rank) * p))
        adjusted[number] = running
    return adjusted
