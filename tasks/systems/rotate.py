"""Rows times a real matrix, each row's bits a function of that row alone."""

import numpy as np
from jaxtyping import Complex, Float


def rotate(
    points: Complex[np.ndarray, "rows n"], matrix: Float[np.ndarray, "n n"]
) -> Complex[np.ndarray, "rows n"]:
    """``points @ matrix``. BLAS rounds a row differently in batches of different sizes, and so may products
    of complex numbers in vector units; those of doubles don't."""
    parts = np.ascontiguousarray(points, dtype=np.complex128).view(np.float64).reshape(*points.shape, 2)
    total = np.zeros((len(points), matrix.shape[1], 2))
    for row, weights in zip(np.moveaxis(parts, 1, 0), matrix, strict=True):
        total += row[:, None, :] * weights[None, :, None]
    return np.ascontiguousarray(total).view(np.complex128)[:, :, 0]
