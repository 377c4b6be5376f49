"""All complex critical points for p = 2, where no path is needed: eigenvalues know them.

H = x.S x + b.x has (B - mu) x = -b with B = 2 S. Without b these are the eigenvectors of S. With b, mu solves
b.(B - mu)^{-2} b = n, so (B - mu)^2 y = b (b.y)/n for y = (B - mu)^{-2} b: a quadratic eigenvalue problem
with 2n eigenvalues (Gander, Golub and von Matt, Linear Algebra Appl. 114 (1989) 815).
"""

import numpy as np
from jaxtyping import Complex, Float

from morsecensus.tasks.systems import symmetric


def solve(
    n: int, quadratic: Float[np.ndarray, " packed"], field: Float[np.ndarray, " n"] | None
) -> Complex[np.ndarray, "solutions unknowns"]:
    """The n eigenvectors, one of each sign; with a field the 2n points and their multipliers.

    Args:
        quadratic: the packed symmetric matrix S.
    """
    matrix = 2 * quadratic[symmetric.unpacking(n)]
    if field is None:
        return np.linalg.eigh(matrix)[1].T.astype(complex)
    one = np.eye(n)
    pencil = np.block([[matrix, -one], [-np.outer(field, field) / n, matrix]])
    mu = np.linalg.eigvals(pencil).astype(complex)
    shifted = matrix[None] - mu[:, None, None] * one[None]
    x = np.linalg.solve(shifted, np.broadcast_to(-field, (len(mu), n))[..., None])[..., 0]
    x, mu = _newton(matrix, field, x, mu)
    return np.concatenate([x, mu[:, None]], axis=1)


def _newton(
    matrix: Float[np.ndarray, "n n"],
    field: Float[np.ndarray, " n"],
    x: Complex[np.ndarray, "solutions n"],
    mu: Complex[np.ndarray, " solutions"],
) -> tuple[Complex[np.ndarray, "solutions n"], Complex[np.ndarray, " solutions"]]:
    """Two steps: the eigenvalues of the pencil carry the rounding of its larger norm."""
    n = len(matrix)
    for _ in range(2):
        jacobian = np.zeros((len(x), n + 1, n + 1), dtype=complex)
        jacobian[:, :n, :n] = matrix - mu[:, None, None] * np.eye(n)
        jacobian[:, :n, n] = jacobian[:, n, :n] = -x
        force = x @ matrix + field - mu[:, None] * x
        norm = (n - np.sum(x**2, axis=1)) / 2
        step = np.linalg.solve(jacobian, -np.concatenate([force, norm[:, None]], axis=1)[..., None])[..., 0]
        x, mu = x + step[:, :n], mu + step[:, n]
    return x, mu
