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


def _most_below(count: int, level: float) -> int:
    """Largest w with P(sum of a random subset of 1, ..., count <= w) at most the level; -1 if none is."""
    law = np.ones(1)
    for rank in range(1, count + 1):
        longer = np.zeros(len(law) + rank)
        longer[: len(law)] += law / 2
        longer[rank:] += law / 2
        law = longer
    return int(np.searchsorted(np.cumsum(law), level * (1 + 1e-12), side="right")) - 1
