"""Power of the tests of `agreement.residuals` against a stated alternative, and the sample that it takes."""

from collections.abc import Callable

import numpy as np
from scipy.stats import f as fisher
from scipy.stats import kstest, ncf

from morsecensus.analysis.agreement.residuals import LEVEL, whiten
from morsecensus.analysis.dataset.batches import Floats

MOST_LANDSCAPES = 10**9


def hotelling_power(shift: Floats, covariance: Floats, landscapes: int, level: float = 0.05) -> float:
    """Probability that `hotelling` rejects at ``level`` if the residual's mean is ``shift``.

    Noncentral F with noncentrality L d^T S^{-1} d (Anderson, section 5.4); 0 where the test can't be made.

    Args:
        shift: the alternative, shape (d,).
        covariance: of one landscape's residual, shape (d, d).
        landscapes: L.
        level: size of the test.
    """
    whitener = whiten(covariance)
    dof = len(whitener)
    if dof == 0 or landscapes <= dof:
        return 0.0
    noncentrality = landscapes * float(np.sum((whitener @ shift) ** 2))
    threshold = fisher.isf(level, dof, landscapes - dof)
    if noncentrality < 1e-9:  # scipy's series returns -0.95 at exactly 0
        return level
    if noncentrality > 1e4:  # beyond any doubt, and beyond the series that scipy sums
        return 1.0
    return float(ncf.sf(threshold, dof, landscapes - dof, noncentrality))


def detectable(
    direction: Floats, covariance: Floats, landscapes: int, level: float = LEVEL, power: float = 0.9
) -> float | None:
    """Smallest multiple of an alternative's direction that `hotelling` rejects with the given power.

    Args:
        direction: change of the residual's mean per unit of the alternative, shape (d,).
        covariance: of one landscape's residual, shape (d, d).
        landscapes: L.
        level: size of the test.
        power: wanted.

    Returns:
        None where no multiple up to 1000 will do.
    """
    low, high = 0.0, 1000.0
    if hotelling_power(high * direction, covariance, landscapes, level) < power:
        return None
    while high - low > 1e-3 * high:
        middle = np.sqrt(low * high) if low else high / 8
        found = hotelling_power(middle * direction, covariance, landscapes, level) >= power
        low, high = (low, middle) if found else (middle, high)
        if high < 1e-9:
            break
    return float(high)


def supremum_power(
    shift: Floats,
    covariance: Floats,
    landscapes: int,
    level: float = 0.05,
    draws: int = 2000,
    seed: int = 0,
) -> float:
    """The same for `supremum_test`, simulated; ``draws`` is the number of maxima under either law."""
    values, vectors = np.linalg.eigh(covariance / landscapes)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    null, other = np.random.default_rng(seed).standard_normal((2, draws, len(values))) @ root.T
    threshold = np.quantile(np.max(np.abs(null), axis=1), 1 - level)
    return float(np.mean(np.max(np.abs(other + shift), axis=1) > threshold))


def uniformity_power(
    noncentrality: float,
    dof: int,
    landscapes: int,
    cells: int,
    level: float = 0.05,
    draws: int = 500,
    seed: int = 0,
) -> float:
    """Probability that `uniformity_test` rejects if each cell's T^2 has this noncentrality, simulated."""
    rng = np.random.default_rng(seed)
    drawn = rng.noncentral_f(dof, landscapes - dof, noncentrality, size=(draws, cells))
    p_values = fisher.sf(drawn, dof, landscapes - dof)
    return float(np.mean([kstest(row, "uniform").pvalue < level for row in p_values]))


def landscapes_needed(power_of: Callable[[int], float], power: float = 0.9) -> int | None:
    """Fewest landscapes at which a power function reaches ``power``; None if more than `MOST_LANDSCAPES`.

    Args:
        power_of: power as a function of the number of landscapes, increasing.
        power: wanted, between 0 and 1.
    """
    high = 4
    while power_of(high) < power:
        high *= 2
        if high > MOST_LANDSCAPES:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(middle) >= power else (middle, high)
    return high
