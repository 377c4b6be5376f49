"""Is {H/N <= u} one piece? Components, the share of low minima that lie with the lowest, and probabilities.

All planned landscapes enter the limits: those without a tree with the least and the most that they can hold
(see `analysis.topics.topology.trees.forest`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.topics.topology.trees.forest import Forest
from morsecensus.tasks.proportions import interval

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Curve:
    """A mean over landscapes at each level, nan where there is none.

    ``mean`` and ``se`` are of the landscapes with a tree; the mean over all planned ones is in [low, high].
    """

    mean: Floats
    se: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Proportion:
    """A probability at each level, nan without landscapes.

    ``share`` is that of the landscapes with a tree, and ``of`` are their numbers; the share of all planned
    ones is in [low, high]. [lower, upper] is a 95% interval (Clopper and Pearson) that covers both limits.
    """

    share: Floats
    of: Ints
    low: Floats
    high: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, eq=False)
class Connectedness:
    """Of {H/N <= u} in a cell.

    Attributes:
        levels: u, energies per spin, ascending.
        components: mean beta_0(u).
        with_lowest: mean share of the minima at or below u in the global minimum's component, over the
            landscapes that have a minimum there.
        connected: probability of one component where the set isn't empty.
        up_to_sign: the same with x and -x made one; None where H isn't even.
    """

    levels: Floats
    components: Curve
    with_lowest: Curve
    connected: Proportion
    up_to_sign: Proportion | None


def connectedness(forest: Forest, levels: Floats) -> Connectedness:
    """Estimate all curves of a cell."""
    there = forest.counts_below(forest.energy, levels)
    pieces = there - forest.counts_below(forest.escape, levels)
    lowest = forest.counts_below(forest.barrier, levels)
    shares = np.divide(lowest, there, out=np.full(there.shape, np.nan), where=there > 0)
    others, fewest, most = _unresolved(forest, levels)
    one = (pieces == 1, most == 1, (fewest == 1) & (others > 0))
    up_to_sign = None
    if forest.even:
        # Two components that hold a global minimum each are one up to the sign.
        apart = (pieces == 2) & (forest.twins_meet[:, None] > levels)
        up_to_sign = _proportion(
            forest, there > 0, (one[0] | apart), others > 0, ((most <= 2) & (others > 0), fewest <= 2)
        )
    return Connectedness(
        levels,
        _components(forest, pieces, fewest, most),
        _with_lowest(forest, shares, others, fewest, most),
        _proportion(forest, there > 0, one[0], others > 0, one[1:]),
        up_to_sign,
    )


def _unresolved(forest: Forest, levels: Floats) -> tuple[Ints, Ints, Ints]:
    """Minima at or below each level, and fewest and most components, shape (unresolved, levels) each."""
    rows = [
        (np.searchsorted(one.minima, levels, side="right"), *one.components(levels))
        for one in forest.unresolved
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3, len(levels))
    return table[:, 0], table[:, 1], table[:, 2]


def _components(forest: Forest, pieces: Ints, fewest: Ints, most: Ints) -> Curve:
    mean, se = mean_and_error(pieces.astype(np.float64))
    low = (pieces.sum(axis=0) + fewest.sum(axis=0)) / forest.planned
    # A component holds a minimum.
    blank = forest.blank * forest.cell.most_points if forest.blank else 0.0
    high = (pieces.sum(axis=0) + most.sum(axis=0) + blank) / forest.planned
    return Curve(mean, se, low, high)


def _with_lowest(forest: Forest, shares: Floats, others: Ints, fewest: Ints, most: Ints) -> Curve:
    """Of m minima in at least b components at most m - b + 1 are with the lowest, and it is itself one."""
    known = np.isfinite(shares)
    count, total = known.sum(axis=0), np.where(known, shares, 0.0).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / count
        square = (np.where(known, shares - mean, 0.0) ** 2).sum(axis=0)
        se = np.where(count > 1, np.sqrt(square / (count - 1) / count), np.nan)
        held = np.maximum(others, 1)
        least = np.where(others > 0, np.where(most == 1, 1.0, 1 / held), 0.0).sum(axis=0)
        best = np.where(others > 0, (others - fewest + 1) / held, 0.0).sum(axis=0)
        size = count + (others > 0).sum(axis=0)
        low = (total + least) / (size + forest.blank)
        high = (total + best + forest.blank) / (size + forest.blank)
    return Curve(mean, se, low, high)


def _proportion(
    forest: Forest,
    there: NDArray[np.bool_],
    yes: NDArray[np.bool_],
    others: NDArray[np.bool_],
    sure: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> Proportion:
    """Share of ``yes`` among landscapes that are ``there``; ``others`` are there, and yes if ``sure[0]``,
    and no if not ``sure[1]``."""
    of, found = there.sum(axis=0), (there & yes).sum(axis=0)
    size, blank = of + others.sum(axis=0), forest.blank
    least = found + (others & sure[0]).sum(axis=0)
    best = found + (others & sure[1]).sum(axis=0) + blank
    with np.errstate(invalid="ignore", divide="ignore"):
        share, low, high = found / of, least / (size + blank), best / (size + blank)
    any_there = size + blank > 0
    lower = np.where(any_there, interval(least, size + blank)[0], np.nan)
    upper = np.where(any_there, interval(best, size + blank)[1], np.nan)
    return Proportion(share, of, low, high, lower, upper)


@dataclass(frozen=True)
class Onset:
    """Levels of a cell, energies per spin: mean over trees, standard error, spread over landscapes.

    ``low`` and ``high`` bound the mean over all planned landscapes; nan where some are blank.
    """

    mean: float
    se: float
    sd: float
    low: float
    high: float


def onset(forest: Forest) -> Onset:
    """From which level {H/N <= u} is one component for good."""
    ends = np.array([one.joined for one in forest.unresolved]).reshape(-1, 2).sum(axis=0)
    low, high = (forest.joined.sum() + ends) / max(forest.planned, 1)
    if forest.blank:
        low = high = np.nan
    return _onset(forest.joined, float(low), float(high))


def onset_of(values: Floats) -> Onset:
    """Of any level of the known trees, without limits."""
    return _onset(values, float("nan"), float("nan"))


def _onset(values: Floats, low: float, high: float) -> Onset:
    mean, se = mean_and_error(values)
    sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return Onset(float(mean), float(se), sd, low, high)
