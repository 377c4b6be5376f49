"""Confidence limits of a binomial proportion: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404.

The lower limit is the probability p at which as many successes or more have the chance 1 - level. That tail
is a regularised incomplete beta function, P(X >= s) = I_p(s, trials - s + 1), so the limit is its inverse;
the upper limit likewise. They hold at least as often as they say, whatever p.

`scipy.special` only: `scipy.stats` has the same numbers and takes a second to import, in every worker.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

Floats = NDArray[np.float64]


def lower_limit(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> Floats:
    """One-sided lower limit at this level, 0 without successes. Arguments broadcast; so does the result."""
    hits, tried = _numbers(successes, trials)
    some = hits > 0
    # Without successes the function has no value; it is asked about one, and the answer dropped.
    asked = np.where(some, hits, 1.0)
    return np.where(some, betaincinv(asked, np.maximum(tried - asked, 0.0) + 1, 1 - level), 0.0)


def upper_limit(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> Floats:
    """One-sided upper limit at this level, 1 where all trials are successes, and without trials."""
    hits, tried = _numbers(successes, trials)
    some = hits < tried
    return np.where(some, betaincinv(hits + 1, np.where(some, tried - hits, 1.0), level), 1.0)


def interval(successes: ArrayLike, trials: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Two-sided interval, each tail with half of 1 - level; (0, 1) without trials."""
    one_sided = (1 + level) / 2
    return lower_limit(successes, trials, one_sided), upper_limit(successes, trials, one_sided)


def _numbers(successes: ArrayLike, trials: ArrayLike) -> tuple[Floats, Floats]:
    hits, tried = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    return hits, tried
