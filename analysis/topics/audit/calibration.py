"""Are the ledger's estimates right? Good-Turing's coverage and Chao1 against enumerated landscapes.

The true coverage of a cell is the chance that a further start which converges ends at a point that the cell
has. The chances come from the hits of a *reference*: the cell of the same landscapes with the most starts.
Cells of one study may share starts (keys depend on the landscape and the round, not on the budget): of the
mass that a cell misses, the reference then sees too little by at most the share of its own starts that it
has in common with the cell. So cells with more than a tenth of the reference's starts get no true coverage.
"""

from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.topics.audit.matching import Joined
from morsecensus.tasks.proportions import interval

MOST_SHARED = 0.1


@dataclass(frozen=True, eq=False)
class CoverageCheck:
    """Good-Turing's coverage against the true one.

    ``estimated`` and ``true`` by landscape, shape (landscapes,); ``error``: mean of estimated - true, with
    its standard error ``error_se``; ``held``: share of landscapes whose lower 95% limit is one, with its own
    95% interval (Clopper and Pearson).
    """

    estimated: Floats
    true: Floats
    error: float
    error_se: float
    held: float
    held_interval: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Calibration:
    """Estimates of one cell against the truth; means over landscapes with standard errors.

    ``found_ratio`` and ``chao_ratio``: points found, and Chao1, over the true number; ``inside``: share of
    landscapes whose 95% interval of Chao1 holds the truth, with its own 95% interval (Clopper and Pearson).
    ``coverage`` is None without a reference.
    """

    landscapes: int
    found_ratio: float
    found_ratio_se: float
    chao_ratio: float
    chao_ratio_se: float
    inside: float
    inside_interval: tuple[float, float]
    coverage: CoverageCheck | None


def calibrate(joined: Joined, reference: Joined | None) -> Calibration | None:
    """Hold the estimates of a cell against the truth; None if no landscape has any point."""
    points = joined.truth.sums()
    joined = joined.only(joined.truth.ids[points > 0])
    truth = joined.truth.sums()
    count = len(truth)
    if not count:
        return None
    found, found_se = mean_and_error(joined.truth.sums(joined.found.astype(np.float64)) / truth)
    chao, chao_se = mean_and_error(joined.column("chao1") / truth)
    inside = int(np.sum((joined.column("chao1_lower") <= truth) & (truth <= joined.column("chao1_upper"))))
    return Calibration(
        count,
        float(found),
        float(found_se),
        float(chao),
        float(chao_se),
        inside / count,
        _limits(inside, count),
        None if reference is None else check_coverage(joined, reference),
    )


def check_coverage(joined: Joined, reference: Joined) -> CoverageCheck | None:
    """Coverage over the landscapes of both; None if they share too many starts, or nothing was hit."""
    hit = reference.truth.ids[reference.truth.sums(reference.hits.astype(np.float64)) > 0]
    ids = np.intersect1d(joined.truth.ids, hit)
    cell, other = joined.only(ids), reference.only(ids)
    if not len(ids) or (cell.column("n_starts") > MOST_SHARED * other.column("n_starts")).any():
        return None
    hits = other.hits.astype(np.float64)
    true = cell.truth.sums(hits * cell.found) / cell.truth.sums(hits)
    # nothing hit: no estimate of the coverage, which is zero, and so is its limit
    estimated = np.nan_to_num(cell.column("coverage"))
    error, error_se = mean_and_error(estimated - true)
    held = int(np.sum(cell.column("coverage_lower") <= true + 1e-12))
    share, limits = held / len(ids), _limits(held, len(ids))
    return CoverageCheck(estimated, true, float(error), float(error_se), share, limits)


def _limits(count: int, trials: int) -> tuple[float, float]:
    low, high = interval(count, trials)
    return float(low), float(high)
