"""Products of a band of rows with a triangular matrix, and guesses of its next rows."""

import numpy as np

from morsecensus.analysis.theory.dynamics.kernels import Floats

CHUNK = 256
"""Columns of a product at a time: the zeros of a triangle are left out but for a half of 256 x 256."""


def triangle_times(rows: Floats, lower: Floats) -> Floats:
    """sum_s rows[i, s] lower[j, s], with lower[j, s] = 0 for s > j; shapes (b, n), (n, n), (b, n)."""
    found = np.empty_like(rows)
    for j in range(0, rows.shape[1], CHUNK):
        end = min(j + CHUNK, rows.shape[1])
        np.matmul(rows[:, :end], lower[j:end, :end].T, out=found[:, j:end])
    return found


def product_with_triangle(rows: Floats, lower: Floats) -> Floats:
    """sum_s rows[i, s] lower[s, j], with lower[s, j] = 0 for s < j; shapes (b, n), (n, n), (b, n)."""
    found = np.empty_like(rows)
    for j in range(0, rows.shape[1], CHUNK):
        end = min(j + CHUNK, rows.shape[1])
        np.matmul(rows[:, j:], lower[j:, j:end], out=found[:, j:end])
    return found


def guess_rows(values: Floats, first: int, last: int) -> None:
    """Extend a symmetric or lower triangular matrix of two times by rows first .. last - 1: along diagonals
    where both times move together, along columns where only one of them moves far from the other. Its
    diagonal is one. Values above the diagonal are mirrored if the matrix has any.
    """
    symmetric = first > 1 and values[0, 1] != 0.0
    for i in range(first, last):
        near = i // 2
        values[i, :near] = 2 * values[i - 1, :near] - values[i - 2, :near] if i > 3 else values[i - 1, :near]
        values[i, near + 1 : i + 1] = values[i - 1, near:i]
        values[i, near] = values[i - 1, max(near - 1, 0)] if i > 1 else values[0, 0]
        if i > 3:  # along diagonals too, where there are two values before
            values[i, near + 2 : i + 1] += values[i - 1, near + 1 : i] - values[i - 2, near : i - 1]
        values[i, i] = 1.0
        if symmetric:
            values[:i, i] = values[i, :i]
