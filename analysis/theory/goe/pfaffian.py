"""Pfaffians of many skew-symmetric matrices at once.

Elimination by Parlett and Reid with partial pivoting: a congruence brings A to tridiagonal form, two rows at
a time, and ``Pf(P A P^T) = det(P) Pf(A)``. See M. Wimmer, arXiv:1102.3440.
"""

import numpy as np
from numpy.typing import NDArray

# Doubles of a batch that are worked on together: 1 MiB stays in a core's cache.
_BATCH_ENTRIES = 2**17


def pfaffian(matrices: NDArray) -> NDArray:
    """The Pfaffian of each skew-symmetric matrix in a stack.

    Args:
        matrices: shape (batch, n, n), n even; only skew-symmetry makes the answer meaningful, it isn't
        checked.

    Returns:
        shape (batch,).
    """
    batch, n, _ = matrices.shape
    if n % 2:
        raise ValueError(
            f"pfaffian: got matrices of odd order {n}; allowed is even; border them with one row"
        )
    size = max(1, _BATCH_ENTRIES * 8 // max(1, n * n * matrices.itemsize))
    return np.concatenate([_eliminate(matrices[at : at + size]) for at in range(0, max(batch, 1), size)])


def _eliminate(matrices: NDArray) -> NDArray:
    work = np.array(matrices)
    batch, n, _ = work.shape
    lanes = np.arange(batch)
    result = np.ones(batch, dtype=work.dtype)
    for k in range(0, n, 2):
        pivot = k + 1 + np.argmax(np.abs(work[:, k + 1 :, k]), axis=1)
        _swap(work, lanes, k + 1, pivot)
        result *= np.where(pivot == k + 1, 1, -1) * work[:, k, k + 1]
        if k + 2 < n:
            head = work[:, k, k + 1]
            # A zero pivot means a zero Pfaffian, already in the product: any finite multiplier will do.
            tau = work[:, k, k + 2 :] / np.where(head == 0, 1, head)[:, None]
            column = work[:, k + 2 :, k + 1]
            update = tau[:, :, None] * column[:, None, :]
            work[:, k + 2 :, k + 2 :] += update - update.transpose(0, 2, 1)
    return result


def _swap(work: NDArray, lanes: NDArray[np.intp], row: int, pivot: NDArray[np.intp]) -> None:
    """Exchange rows and columns ``row`` and ``pivot`` of each matrix, in place."""
    kept = work[:, row, :].copy()
    work[:, row, :] = work[lanes, pivot, :]
    work[lanes, pivot, :] = kept
    kept = work[:, :, row].copy()
    work[:, :, row] = work[lanes, :, pivot]
    work[lanes, :, pivot] = kept
