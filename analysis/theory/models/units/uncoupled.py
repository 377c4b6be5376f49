"""Units that don't see each other: points of H are tuples of points of one unit, landscape by landscape.

So there are N^K of them, with indices that add up. Means over landscapes need moments of the numbers of one
unit: the first is exact, the second is var + mean^2, which the formula of Kac and Rice at two points gives.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.two_point.kinds import every_index
from morsecensus.analysis.theory.two_point.pairs import count_pairs

MOST_UNITS = 2


@dataclass(frozen=True, eq=False)
class Uncoupled:
    """Mean numbers of critical points at coupling 0.

    Attributes:
        total, total_se: all of them; the error is 0 where exact.
        by_index, se: the same for each index, shape (K (n - 1) + 1,).
    """

    total: float
    total_se: float
    by_index: NDArray[np.float64]
    se: NDArray[np.float64]


def uncoupled(model: FiniteN, units: int) -> Uncoupled:
    """K = 1 or 2 units without coupling.

    Raises:
        ValueError: more units, whose third moments aren't known; or a pure 2-spin, whose pairs aren't.
    """
    if units > MOST_UNITS:
        raise ValueError(
            f"units: got {units} at coupling 0, allowed: up to {MOST_UNITS}, for moments above the second of "
            "the number of points aren't known"
        )
    if units == 1:
        counts = model.by_index()
        return Uncoupled(model.total(), 0.0, counts, np.zeros_like(counts))
    pairs = count_pairs(model, every_index(model.n))
    covariance, error = pairs.covariance()
    second = covariance + np.outer(pairs.means, pairs.means)
    levels = range(2 * (model.n - 1) + 1)
    # Row and column 0 are of all points; an antidiagonal holds the pairs whose indices sum to one number.
    flipped, errors = second[1:, 1:][:, ::-1], error[1:, 1:][:, ::-1]
    sums = np.array([np.trace(flipped, offset=model.n - 1 - k) for k in levels])
    # Bins of one sample: errors of different pairs of indices are at most fully correlated.
    bounds = np.array([np.trace(errors, offset=model.n - 1 - k) for k in levels])
    return Uncoupled(float(second[0, 0]), float(error[0, 0]), sums, bounds)
