"""All complex critical points for p = 2, where no path is needed: eigenvalues know them.

H = x.S x + b.x has (B - mu) x = -b with B = 2 S. Without b these are the eigenvectors of S. With b, mu solves
b.(B - mu)^{-2} b = n, so (B - mu)^2 y = b (b.y)/n for y = (B - mu)^{-2} b: a quadratic eigenvalue problem
with 2n eigenvalues (Gander, Golub and von Matt, Linear Algebra Appl. 114 (1989) 815). An eigenvector v of B
that b is orthogonal to has its eigenvalue as a double one there, and B - mu no inverse; x has +-t v, to be of
length sqrt n.
"""

import contextlib

import numpy as np
from jaxtyping import Complex, Float, Int

from morsecensus.tasks.systems import symmetric

NOTHING = 8 * np.finfo(np.float64).eps
"""What rounding leaves of a product that is 0, relative to its factors and their length."""
NEAR = 1e-6
"""Relative length of the last Newton step above which there is no solution."""


def solve(
    n: int, quadratic: Float[np.ndarray, " packed"], field: Float[np.ndarray, " n"] | None
) -> Complex[np.ndarray, "solutions unknowns"]:
    """The n eigenvectors, one of each sign; with a field the 2n points and their multipliers. Rows that
    aren't found are nan, and some points may be there twice then.

    Args:
        quadratic: the packed symmetric matrix S.
    """
    matrix = 2 * quadratic[symmetric.unpacking(n)]
    if field is None:
        return np.linalg.eigh(matrix)[1].T.astype(complex)
    values, vectors = np.linalg.eigh(matrix)
    along = field @ vectors
    # What rounding leaves of 0. An ordinary field is far from it along every eigenvector.
    size = max(float(np.linalg.norm(field)), float(np.abs(values).max()) * np.sqrt(n))
    coupled = np.abs(along) > NOTHING * n * size
    if coupled.all():
        x, mu = _shifted(n, matrix, field)
    else:
        z, mu = _shifted(n, np.diag(values[coupled]), along[coupled])
        x, more = _orthogonal(n, values, np.where(coupled, along, 0.0), np.flatnonzero(~coupled))
        x = np.concatenate([z @ vectors[:, coupled].T, x @ vectors.T])
        mu = np.concatenate([mu, more])
    x, mu = _newton(matrix, field, x, mu)
    if not np.isfinite(x).all():  # a field that is nearly orthogonal to an eigenvector
        y, more = _orthogonal(n, values, along, np.arange(n))
        y, more = _newton(matrix, field, y @ vectors.T, more, steps=5)
        x, mu = np.concatenate([x, y]), np.concatenate([mu, more])
    return np.concatenate([x, mu[:, None]], axis=1)


def _shifted(
    n: int, matrix: Float[np.ndarray, "m m"], field: Float[np.ndarray, " m"]
) -> tuple[Complex[np.ndarray, "solutions m"], Complex[np.ndarray, " solutions"]]:
    """The 2m points of length sqrt n, for a field along all m eigenvectors."""
    m = len(field)
    if m == 0:
        return np.zeros((0, 0), dtype=complex), np.zeros(0, dtype=complex)
    one = np.eye(m)
    pencil = np.block([[matrix, -one], [-np.outer(field, field) / n, matrix]])
    mu = np.linalg.eigvals(pencil).astype(complex)
    shifted = matrix[None] - mu[:, None, None] * one[None]
    return _solved(shifted, np.broadcast_to(-field, (len(mu), m))), mu


def _orthogonal(
    n: int, values: Float[np.ndarray, " n"], along: Float[np.ndarray, " n"], rows: Int[np.ndarray, " rows"]
) -> tuple[Complex[np.ndarray, "solutions n"], Complex[np.ndarray, " solutions"]]:
    """Two points for each of some eigenvectors, without what the field has along it, as coordinates along
    eigenvectors."""
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.where(along == 0, 0.0, -along / (values - values[rows, None])).astype(complex)
        x[np.arange(len(rows)), rows] = 0.0
        rest = np.sqrt(n - np.sum(x**2, axis=1))
    both = np.concatenate([x, x])
    both[np.arange(len(both)), np.tile(rows, 2)] = np.concatenate([rest, -rest])
    both[~np.isfinite(both).all(axis=1)] = np.nan
    return both, np.tile(values[rows], 2).astype(complex)


def _solved(
    matrices: Complex[np.ndarray, "solutions m m"], right: Complex[np.ndarray, "solutions m"]
) -> Complex[np.ndarray, "solutions m"]:
    """Each row's solution; nan for a matrix that has no inverse."""
    try:
        return np.linalg.solve(matrices, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        found = np.full(right.shape, np.nan, dtype=complex)
        for row, matrix in enumerate(matrices):
            with contextlib.suppress(np.linalg.LinAlgError):
                found[row] = np.linalg.solve(matrix, right[row])
        return found


def _newton(
    matrix: Float[np.ndarray, "n n"],
    field: Float[np.ndarray, " n"],
    x: Complex[np.ndarray, "solutions n"],
    mu: Complex[np.ndarray, " solutions"],
    steps: int = 2,
) -> tuple[Complex[np.ndarray, "solutions n"], Complex[np.ndarray, " solutions"]]:
    """Two steps: the eigenvalues of the pencil carry the rounding of its larger norm. Where the last is no
    small one nothing was found, and x is nan."""
    n = len(matrix)
    step = np.zeros((len(x), n + 1), dtype=complex)
    for _ in range(steps):
        jacobian = np.zeros((len(x), n + 1, n + 1), dtype=complex)
        jacobian[:, :n, :n] = matrix - mu[:, None, None] * np.eye(n)
        jacobian[:, :n, n] = jacobian[:, n, :n] = -x
        force = x @ matrix + field - mu[:, None] * x
        norm = (n - np.sum(x**2, axis=1)) / 2
        step = _solved(jacobian, -np.concatenate([force, norm[:, None]], axis=1))
        x, mu = x + step[:, :n], mu + step[:, n]
    near = np.linalg.norm(step[:, :n], axis=1) <= NEAR * np.linalg.norm(x, axis=1)
    return np.where(near[:, None], x, np.nan), mu
