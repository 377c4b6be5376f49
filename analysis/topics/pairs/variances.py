"""Sample variances of the numbers of critical points, with errors, against the variance of the two-point
formula.

If mu and V are the exact mean and variance of a landscape's count C, ``(C - mu)^2 - V`` has mean zero:
Hotelling's T^2 over landscapes tests all kinds at once (see `analysis.agreement.residuals`). Landscapes are
the independent units.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from morsecensus.analysis.agreement.null_law import Reference
from morsecensus.analysis.agreement.residuals import TestResult, hotelling, independent_indices
from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.estimates.counts import computed_counts
from morsecensus.analysis.theory.two_point.kinds import Kind, every_index


def sample_variance(values: ArrayLike) -> tuple[Floats, Floats]:
    """Unbiased variance over the first axis and its standard error, nan for fewer than four values.

    The error is ``sqrt((m4 - s^4 (L-3)/(L-1)) / L)`` with m4 the fourth central moment: of any law, not of a
    Gaussian one (A. Mood, F. Graybill, D. Boes, Introduction to the Theory of Statistics, section VI.2.3).
    """
    sample = np.asarray(values, dtype=np.float64)
    size = len(sample)
    if size < 4:
        unknown = np.full(sample.shape[1:], np.nan)
        return (sample.var(axis=0, ddof=1) if size > 1 else unknown), unknown
    centred = sample - sample.mean(axis=0)
    variance = np.sum(centred**2, axis=0) / (size - 1)
    fourth = np.mean(centred**4, axis=0)
    return variance, np.sqrt(np.maximum(fourth - variance**2 * (size - 3) / (size - 1), 0.0) / size)


def count_kinds(n: int) -> tuple[Kind, ...]:
    """All points, and those of each index."""
    return every_index(n)


def counts_of(cell: Cell) -> Floats:
    """Numbers of points of each landscape that was computed: all, and by index, shape (landscapes, 1 + N)."""
    by_index = computed_counts(cell).astype(np.float64)
    return np.concatenate([by_index.sum(axis=1, keepdims=True), by_index], axis=1)


def variance_test(
    cell: Cell, means: ArrayLike, variances: ArrayLike, errors: ArrayLike | None = None
) -> TestResult:
    """Test the variances of all points and of each index jointly.

    Args:
        cell: any, with or without positions.
        means: exact, in the order of `count_kinds`, shape (1 + N,).
        variances: expected, of the same shape.
        errors: their standard errors, taken as independent; None if exact.

    Mirror images, of an odd model, count once.
    """
    covariance = cell.theory.isotropic
    odd = covariance is not None and covariance.is_odd
    kept = np.concatenate([[0], 1 + independent_indices(cell.n, odd)])
    residue = (counts_of(cell) - np.asarray(means))[:, kept] ** 2 - np.asarray(variances)[kept]
    reference = None if errors is None else Reference(np.diag(np.asarray(errors)[kept] ** 2))
    note = "all points, and each index"
    return hotelling("variances of the counts", residue, reference, note=note)


def poisson_variances(kinds: Sequence[Kind], means: Floats, n: int, parity: int) -> Floats:
    """Variances if independent points (symmetric pairs, if there is a parity) were thrown: a negative
    control.

    Args:
        kinds: in which no energies matter.
        means: of the numbers, shape (K,).
        n: number of spins N.
        parity: -1, +1 or 0: what x -> -x does to H.
    """
    own_mirror = np.array([kind.index is None or 2 * kind.index == n - 1 for kind in kinds])
    pairs = (parity > 0) | ((parity < 0) & own_mirror)
    return means * np.where(pairs, 2.0, 1.0)
