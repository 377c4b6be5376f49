"""The completeness ledger of one landscape: what must be there, what was found, and how sure we are.

Checks compare the points found with what topology and algebra demand of all of them:

* `bound`: no more points than complex critical points.
* `parity`: complex critical points come in conjugate pairs, so the number of real classes (points, with their
  images under the landscape's sign changes) has the parity of the number of complex classes. A finder that
  uses x -> -x makes the number of *points* even whatever it missed; the number of *classes* still informs.
* `morse_sum`: sum over the points of (-1)^index = Euler characteristic. For H(-x) = -H(x) on a manifold of
  odd dimension the sum is 0 whatever was missed, so it is uninformative there. Of critical manifolds C the
  sum is of (-1)^index chi(C), which says nothing of those with chi(C) = 0; so the equivariant Morse
  inequalities are asked for as well, where all manifolds are nondegenerate in the sense of Bott.

Estimates come from how often independent starts hit each class: Good-Turing coverage, and Chao's lower bound
for the number of species with its log-normal interval (Chao 1987; Colwell et al. 2012,
doi:10.1093/jpe/rtr044, eqs. 9-11). Starts don't reach all classes alike, so Chao1 is biased low: it is a
warning, not a count.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import gammaincinv, ndtri

from morsecensus.tasks.measurables.words import (
    BOUND_EXCEEDED,
    CLOSED,
    COMPLETE,
    DEGENERATE,
    ENUMERATED,
    FAIL,
    FAILED,
    FEW_HITS,
    MORSE_SUM,
    NOTHING_FOUND,
    OPEN,
    PARITY,
    PASS,
    PATHS_OPEN,
    UNCERTIFIED,
    UNINFORMATIVE,
)

CONFIDENCE = 0.95
_Z = float(ndtri((1 + CONFIDENCE) / 2))


@dataclass(frozen=True)
class Orbits:
    """What is known of classes that are critical manifolds, the orbits of a compact group.

    Attributes:
        euler_characteristic: of each, shape (classes,).
        quotient: Q of the equivariant Morse inequalities, see `tasks.geometry.symmetry.ContinuousSymmetry`.
    """

    euler_characteristic: Int[np.ndarray, " classes"]
    quotient: Int[np.ndarray, " degrees"]


@dataclass(frozen=True)
class StratumSum:
    """The Morse sum of one stratum of a permutation symmetry (`tasks.points.strata`).

    Attributes:
        partition: sizes of the blocks of equal units, descending.
        total: sum of (-1)^index of the restricted function over the points found there.
        expected: the Euler characteristic of the stratum.
    """

    partition: tuple[int, ...]
    total: int
    expected: int


@dataclass(frozen=True)
class Evidence:
    """What a finder saw of one landscape. A class is a point with its images under sign changes.

    Attributes:
        hits: independent hits of each class, shape (classes,).
        index: Morse index of one member of each class, shape (classes,).
        degenerate: 1 where a class is a point with a singular Hessian, or a continuous set of them, shape
            (classes,). Such a class has no index that topology could count, and no number in a mean: the
            counts are of the others.
        orbit: points in a class, see `tasks.geometry.symmetry`.
        odd: whether half of the points of a class are at -E, with mirrored index.
        dimension: of the manifold.
        euler_characteristic: of the manifold.
        complex_points: number of complex critical points, None if unknown.
        orbits: where classes are manifolds.
        most_points: no landscape has more isolated ones; ``complex_points`` if None.
        multiplicity: points in each class, shape (classes,), where they differ; ``orbit`` if None.
        strata: what must hold on each of them; empty where there are none.
    """

    hits: Int[np.ndarray, " classes"]
    index: Int[np.ndarray, " classes"]
    degenerate: Int[np.ndarray, " classes"]
    orbit: int
    odd: bool
    dimension: int
    euler_characteristic: int
    complex_points: int | None
    orbits: Orbits | None = None
    most_points: int | None = None
    multiplicity: Int[np.ndarray, " classes"] | None = None
    strata: tuple[StratumSum, ...] = ()

    def morse_sum(self) -> int:
        """Sum of (-1)^index chi over all classes that have an index, with all their points."""
        signs = (-1) ** np.arange(self.dimension + 1)
        if self.orbits is None:
            return int(self.points_by_index() @ signs)
        return int(signs[self.index] @ self.orbits.euler_characteristic)

    @property
    def counted(self) -> Bool[np.ndarray, " classes"]:
        """Classes that have a number: nondegenerate points; of manifolds, all."""
        return self.degenerate == 0 if self.orbits is None else np.ones(len(self.hits), dtype=bool)

    def points_by_index(self) -> Int[np.ndarray, " index"]:
        """Number of nondegenerate points of each index, all signs counted."""
        index, levels = self.index[self.counted], self.dimension + 1
        if self.multiplicity is not None and not self.odd:
            weights = self.multiplicity[self.counted]
            return np.bincount(index, weights, levels).astype(np.int64)
        counts = np.bincount(index, minlength=levels)
        return (counts + counts[::-1]) * (self.orbit // 2) if self.odd else counts * self.orbit

    def members(self, index: int) -> np.ndarray:
        """Classes that hold a point of this index."""
        mask = self.index == index
        mask = mask | (self.index == self.dimension - index) if self.odd else mask
        return mask & self.counted


@dataclass(frozen=True)
class Estimate:
    """Unseen-species estimates from hit counts, in units of classes."""

    coverage: float
    """Good-Turing: estimated probability that a new hit falls on a known class; nan without hits."""
    coverage_lower: float
    """95% lower limit: the lower of Esty's normal limit and the one from the Poisson limit of the
    singletons."""
    chao1: float
    chao1_lower: float
    chao1_upper: float
    singletons: int
    doubletons: int


def estimate_unseen(hits: Int[np.ndarray, " classes"]) -> Estimate:
    """Coverage and Chao1 from the number of hits of each class (classes without hits are ignored)."""
    hits = hits[hits > 0]
    observed, total = len(hits), int(hits.sum())
    f1, f2 = int((hits == 1).sum()), int((hits == 2).sum())
    if observed == 0:
        return Estimate(math.nan, 0.0, 0.0, 0.0, math.inf, 0, 0)
    # Esty (Ann. Stat. 11 (1983) 905) gives the spread where singletons are many; where they are few, theirs
    # is Poisson's.
    # The upper limit of a Poisson mean of which f1 came: P(X <= f1) = Q(f1 + 1, mean) = 1 - CONFIDENCE.
    poisson = float(gammaincinv(f1 + 1, CONFIDENCE))
    esty = f1 + float(ndtri(CONFIDENCE)) * math.sqrt(f1 * (1 - f1 / total) + 2 * f2)
    lower = max(0.0, 1 - max(poisson, esty) / total)
    a = (total - 1) / total
    unseen = a * f1 * (f1 - 1) / (2 * (f2 + 1))
    if unseen > 0:
        variance = (
            unseen
            + a**2 * f1 * (2 * f1 - 1) ** 2 / (4 * (f2 + 1) ** 2)
            + a**2 * f1**2 * f2 * (f1 - 1) ** 2 / (4 * (f2 + 1) ** 4)
        )
        factor = math.exp(_Z * math.sqrt(math.log1p(variance / unseen**2)))
        interval = (observed + unseen / factor, observed + unseen * factor)
    else:
        # Nothing to extrapolate from: each class with i hits stands for exp(-i) of its like with none.
        missed = np.exp(-hits.astype(float))
        p = min(float(missed.mean()), 0.5)
        variance = float((missed - missed**2).sum() - (hits * missed).sum() ** 2 / total)
        spread = _Z * math.sqrt(max(variance, 0.0))
        interval = (max(observed, (observed - spread) / (1 - p)), (observed + spread) / (1 - p))
    return Estimate(1 - f1 / total, lower, observed + unseen, *interval, f1, f2)


@dataclass(frozen=True)
class Ledger:
    """The verdict on one landscape. Estimates are in points of the whole manifold, all signs counted."""

    status: int
    reason: int
    bound_check: int
    parity_check: int
    morse_check: int
    morse_sum: int
    bound: float
    overall: Estimate
    points_by_index: Int[np.ndarray, " index"]
    coverage_by_index: Float[np.ndarray, " index"]
    coverage_lower_by_index: Float[np.ndarray, " index"]
    chao1_by_index: Float[np.ndarray, " index"]
    chao1_lower_by_index: Float[np.ndarray, " index"]
    chao1_upper_by_index: Float[np.ndarray, " index"]
    closed_by_index: Bool[np.ndarray, " index"]
    """Whether nothing speaks against having all points of this index: each class was hit often enough, and
    what keeps the landscape open can be blamed on other indices."""
    scale: float = field(default=1)
    """Points per class, or their mean: multiply `overall` by it to count points."""
    strata: tuple[StratumSum, ...] = ()


def _verdict(holds: bool) -> int:
    return PASS if holds else FAIL


def _check_parity(evidence: Evidence) -> int:
    # A degenerate point is as many complex ones as its multiplicity says, and that isn't known.
    if evidence.complex_points is None or evidence.degenerate.any():
        return UNINFORMATIVE
    classes = evidence.complex_points // evidence.orbit
    return _verdict((classes - len(evidence.hits)) % 2 == 0)


def _check_morse_sum(evidence: Evidence, total: int) -> int:
    if evidence.odd and evidence.dimension % 2:
        return UNINFORMATIVE
    # The index of a degenerate point or manifold doesn't say what it adds.
    if evidence.degenerate.any():
        return UNINFORMATIVE
    holds = total == evidence.euler_characteristic
    holds = holds and all(stratum.total == stratum.expected for stratum in evidence.strata)
    if evidence.orbits is None:
        return _verdict(holds)
    return _verdict(holds and bool((evidence.orbits.quotient >= 0).all()))


def _judge(evidence: Evidence, checks: dict[str, int], min_hits: int) -> tuple[int, int]:
    if len(evidence.hits) == 0:
        return FAILED, NOTHING_FOUND
    if checks["bound"] == FAIL:
        return FAILED, BOUND_EXCEEDED
    if evidence.degenerate.any():
        return OPEN, DEGENERATE
    if checks["morse_sum"] == FAIL:
        return OPEN, MORSE_SUM
    if checks["parity"] == FAIL:
        return OPEN, PARITY
    if evidence.hits.min() < min_hits:
        return OPEN, FEW_HITS
    return COMPLETE, CLOSED


def _blames_some(reason: int, often: Bool[np.ndarray, " index"]) -> bool:
    """Whether what keeps a landscape open can be blamed on indices with rarely hit classes."""
    return reason == CLOSED or (reason in (FEW_HITS, MORSE_SUM, PARITY) and not often.all())


def assess(evidence: Evidence, min_hits: int) -> Ledger:
    """Run all checks and estimates.

    Args:
        min_hits: a class that was hit less often than this leaves the landscape open: where one class was
            hit once or twice, another of the same kind may have been hit never.
    """
    by_index = evidence.points_by_index()
    morse_sum = evidence.morse_sum()
    most = evidence.complex_points if evidence.most_points is None else evidence.most_points
    # Too large for a float is as good as no bound.
    bound = math.inf if most is None or most > 10**300 else float(most)
    checks = {
        "bound": UNINFORMATIVE if most is None else _verdict(by_index.sum() <= bound),
        "parity": _check_parity(evidence),
        "morse_sum": _check_morse_sum(evidence, morse_sum),
    }
    status, reason = _judge(evidence, checks, min_hits)
    members = [evidence.members(k) for k in range(evidence.dimension + 1)]
    estimates = [estimate_unseen(evidence.hits[mine]) for mine in members]
    often = np.array([evidence.hits[mine].min(initial=min_hits) >= min_hits for mine in members])
    # Points of index k per class that holds one: half of them, unless -E has the same index.
    middle = np.arange(evidence.dimension + 1) * 2 == evidence.dimension
    weight = np.where(middle | (not evidence.odd), evidence.orbit, evidence.orbit // 2)
    scale: float = evidence.orbit
    if evidence.multiplicity is not None and not evidence.odd and evidence.counted.any():
        classes = np.array([mine.sum() for mine in members])
        weight = np.where(classes > 0, by_index / np.maximum(classes, 1), weight)
        scale = float(evidence.multiplicity[evidence.counted].mean())
    return Ledger(
        status,
        reason,
        checks["bound"],
        checks["parity"],
        checks["morse_sum"],
        morse_sum,
        bound,
        estimate_unseen(evidence.hits[evidence.counted]),
        by_index,
        np.array([e.coverage for e in estimates]),
        np.array([e.coverage_lower for e in estimates]),
        weight * np.array([e.chao1 for e in estimates]),
        weight * np.array([e.chao1_lower for e in estimates]),
        weight * np.array([e.chao1_upper for e in estimates]),
        often & _blames_some(reason, often),
        scale,
        evidence.strata,
    )


def assess_enumeration(evidence: Evidence, whole: bool, certified: bool = True) -> Ledger:
    """The ledger of a finder that counts solutions instead of hits: the checks are the same, the statistics
    of hits say nothing.

    Args:
        whole: as many distinct complex solutions were found as a generic landscape has, with their
            conjugates.
        certified: no real point lacks a proof that was asked for.
    """
    ledger = assess(evidence, 0)
    status, reason = ledger.status, ledger.reason
    if status == COMPLETE:
        status, reason = (COMPLETE, ENUMERATED) if certified else (OPEN, UNCERTIFIED)
    if not whole and status != FAILED:
        status, reason = OPEN, PATHS_OPEN
    classes = float(evidence.counted.sum())
    by_index = ledger.points_by_index.astype(float)
    above = 0.0 if whole else math.inf
    sure = 1.0 if whole else 0.0
    return replace(
        ledger,
        status=status,
        reason=reason,
        overall=Estimate(sure if whole else math.nan, sure, classes, classes, classes + above, 0, 0),
        coverage_by_index=np.full(len(by_index), sure if whole else math.nan),
        coverage_lower_by_index=np.full(len(by_index), sure),
        chao1_by_index=by_index,
        chao1_lower_by_index=by_index,
        chao1_upper_by_index=by_index + above,
        closed_by_index=np.full(len(by_index), status == COMPLETE),
    )
