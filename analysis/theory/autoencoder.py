"""Critical points of a linear autoencoder of one hidden layer with offsets, in closed form.

x -> W_2 (W_1 x + b_1) + b_2 with half the mean squared error, inputs of covariance C with eigenvalues v_1 >
... > v_d > 0. The offsets make the mean error zero and leave 1/2 |W_2 W_1 C^{1/2} - C^{1/2}|^2, so critical
points are those of a factorised landscape of two layers with singular values v^{1/2} (P. Baldi and K. Hornik,
Neural Networks 2 (1989) 53): one set for each S of at most as many eigenvalues as there are hidden units, of
loss 1/2 sum_{j not in S} v_j. With s = |S| of k units the Hessian has s^2 + 2 s (k - s) zeros, GL(k) and the
units that are free, and k more, for b_1 may be moved against b_2; index as in
`analysis.theory.models.factorised.manifolds`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.models.factorised.manifolds import Architecture, critical_manifolds, total

MOST_SETS = 100_000
"""Critical sets that are listed."""


@dataclass(frozen=True)
class CriticalLosses:
    """All critical sets, by loss; shape (sets,) each."""

    loss: NDArray[np.float64]
    index: NDArray[np.int64]
    nullity: NDArray[np.int64]


def critical_losses(variances: NDArray[np.float64], units: int) -> CriticalLosses | None:
    """The critical sets; None where eigenvalues are equal or zero, or sets more than `MOST_SETS`.

    Args:
        variances: eigenvalues of the covariance of the inputs, descending.
        units: hidden ones.
    """
    values = np.asarray(variances, dtype=np.float64)
    shape = Architecture(len(values), units)
    if total(shape) > MOST_SETS or (np.diff(values) >= 0).any() or not values.min() > 0:
        return None
    sets = critical_manifolds(shape, np.sqrt(values))
    sizes = np.array([len(one.chosen) for one in sets])
    nullity = sizes**2 + 2 * sizes * (units - sizes) + units
    return CriticalLosses(
        np.array([one.loss for one in sets]), np.array([one.index for one in sets]), nullity
    )
