"""Lanczos tridiagonalisation with full reorthogonalisation, and the spectral measure that it gives.

A symmetric A and a unit vector v have the measure sum_i (v.u_i)^2 delta(l - l_i). After m products its Gauss
quadrature has the eigenvalues of the tridiagonal matrix as nodes and the squares of the *first* components of
its eigenvectors as weights (G. H. Golub and J. H. Welsch, Math. Comp. 23 (1969) 221); moments 0 to 2m - 1 are
exact. For Gaussian v the mean is the spectral density.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh_tridiagonal

Vector = Float[np.ndarray, " n"]


@dataclass(frozen=True)
class Quadrature:
    """Nodes in ascending order, shape (m,): ``weights`` add up to 1; a node is within its ``residuals`` of an
    eigenvalue."""

    nodes: Vector
    weights: Vector
    residuals: Vector


def tridiagonal(product: Callable[[Vector], Vector], start: Vector, steps: int) -> tuple[Vector, Vector]:
    """Diagonal and what is below it, (m,) and (m,), m <= steps; the last entry below leads out of the space
    that was seen, so m is less than steps where that is invariant.

    Args:
        product: of the matrix with a vector.
        steps: products, at most the dimension.
    """
    basis = np.empty((steps, len(start)))
    diagonal, below = np.zeros(steps), np.zeros(steps)
    basis[0] = start / np.linalg.norm(start)
    for k in range(steps):
        rest = np.array(product(basis[k]))
        scale = np.linalg.norm(rest)
        diagonal[k] = basis[k] @ rest
        for _ in range(2):  # once leaves what rounding made of it, twice is enough (W. Kahan, B. N. Parlett)
            rest -= basis[: k + 1].T @ (basis[: k + 1] @ rest)
        below[k] = np.linalg.norm(rest)
        if below[k] <= 1e-12 * scale:
            return diagonal[: k + 1], below[: k + 1]
        if k + 1 < steps:
            basis[k + 1] = rest / below[k]
    return diagonal, below


def quadrature(product: Callable[[Vector], Vector], start: Vector, steps: int) -> Quadrature:
    """The measure of a symmetric matrix and a start."""
    diagonal, below = tridiagonal(product, start, steps)
    nodes, vectors = eigh_tridiagonal(diagonal, below[:-1])
    # the last components become as small as one likes; products of doubles don't
    rounding = np.finfo(np.float64).eps * np.abs(nodes).max()
    return Quadrature(nodes, vectors[0] ** 2, np.maximum(below[-1] * np.abs(vectors[-1]), rounding))
