"""Where a symmetric law is centred: Hodges and Lehmann's estimate, with Wilcoxon's interval of signed ranks.

Of n differences all means of two, a difference with itself too, are Walsh averages. Their median is the
estimate. If the law is symmetric, whatever it is, the number of those above its centre is distributed as the
sum of a random subset of 1, ..., n, so that ranks of the ordered averages bound the centre at an exact level
(M. Hollander and D. A. Wolfe, Nonparametric Statistical Methods, section 3.3). A few runs that ended in
another basin move neither much.
"""

import math

import numpy as np

from morsecensus.analysis.arrays import Floats


def centre(differences: Floats, level: float) -> tuple[float, float, float]:
    """Estimate, and the ends of an interval that misses the centre with probability ``level`` at most;
    infinite where so few differences have none."""
    i, j = np.triu_indices(len(differences))
    averages = np.sort((differences[i] + differences[j]) / 2)
    estimate = float(np.median(averages)) if len(averages) else math.nan
    below = _most_below(len(differences), level / 2)
    if below < 0:
        return estimate, -math.inf, math.inf
    return estimate, float(averages[below]), float(averages[-1 - below])


def centre_in_units(differences: Floats, units: Floats, level: float) -> tuple[float, float, float]:
    """How many units the differences are centred at, c of differences - c units, with an interval likewise.

    Each difference has a unit of its own, which may be as noisy: c is in the interval unless signed ranks of
    differences - c units reject the centre 0. Where two units add up to more than 0, the Walsh average of two
    of these is above 0 as long as c is below the ratio of the sums, so that ranks of these ratios bound c;
    other pairs may be on either side.
    """
    i, j = np.triu_indices(len(differences))
    above, below = differences[i] + differences[j], units[i] + units[j]
    known = below > 0
    ratios = np.sort(above[known] / below[known])
    estimate = float(np.median(ratios)) if len(ratios) else math.nan
    rank = _most_below(len(differences), level / 2) - int((~known).sum())
    if rank < 0:
        return estimate, -math.inf, math.inf
    return estimate, float(ratios[rank]), float(ratios[-1 - rank])


def _most_below(count: int, level: float) -> int:
    """Largest w with P(sum of a random subset of 1, ..., count <= w) at most the level; -1 if none is."""
    law = np.ones(1)
    for rank in range(1, count + 1):
        longer = np.zeros(len(law) + rank)
        longer[: len(law)] += law / 2
        longer[rank:] += law / 2
        law = longer
    return int(np.searchsorted(np.cumsum(law), level * (1 + 1e-12), side="right")) - 1
