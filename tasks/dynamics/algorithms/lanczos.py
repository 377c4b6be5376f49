"""The Riemannian Hessian seen through its products: Krylov spaces, and a lowest eigenvalue with a bound.

Lanczos with every vector orthogonalised against all before, twice. From a uniform start, k products in n
dimensions leave, with probability at least 1 - q, the lowest Ritz value above the lowest eigenvalue by at
most s^2 times the width of the spectrum, s = log(1.648 sqrt(n)/q)/(2k - 1) (J. Kuczynski and H. Wozniakowski,
SIAM J. Matrix Anal. Appl. 13 (1992) 1094). The residual of a Ritz value alone bounds nothing from below: some
eigenvalue is near, and it need not be the lowest.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.dynamics.fields.base import Field, Vector

MISSED = 1e-9
"""Probability that the bound on a lowest eigenvalue fails."""
EXHAUSTED = 1e-11
"""Of a new Krylov vector relative to the spectrum: below it the space is invariant."""


class Krylov(NamedTuple):
    """An orthonormal basis as rows, and the operator in it, tridiagonal."""

    basis: Float[np.ndarray, "steps size"]
    diagonal: Float[np.ndarray, " steps"]
    beside: Float[np.ndarray, " steps"]
    """Next to the diagonal; the last entry leads out of the space, 0 if it is invariant."""

    def eigen(self) -> tuple[Float[np.ndarray, " steps"], Float[np.ndarray, "steps steps"]]:
        """Ritz values, and Ritz vectors in the basis as columns."""
        beside = self.beside[:-1]
        matrix = np.diag(self.diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
        values, vectors = np.linalg.eigh(matrix)
        return values, vectors


def krylov(product: Callable[[Vector], Vector], start: Vector, most: int) -> Krylov:
    """The space of start, A start, A^2 start, ... of at most so many dimensions."""
    basis, diagonal, beside = [start / np.linalg.norm(start)], [], []
    while True:
        image = product(basis[-1])
        diagonal.append(float(basis[-1] @ image))
        held = np.array(basis)
        for _ in range(2):
            image = image - (held @ image) @ held
        length = float(np.linalg.norm(image))
        scale = max(map(abs, diagonal + beside))
        beside.append(length if length > EXHAUSTED * scale else 0.0)
        if len(basis) == most or beside[-1] == 0:
            return Krylov(held, np.array(diagonal), np.array(beside))
        basis.append(image / length)


class Lowest(NamedTuple):
    """A lowest eigenvalue: not below it is the true one, and by at most ``error`` it is lower."""

    value: float
    error: float
    vector: Vector


def lowest_eigenvalue(field: Field, x: Vector, gradient: Vector, start: Vector, most: int) -> Lowest:
    """Of the Riemannian Hessian at x.

    Args:
        start: a vector that is uniform on a sphere around 0 in R^N, such as `Field.noise`.
        most: products; with as many as the manifold has dimensions the value is exact.
    """
    space = krylov(
        lambda u: field.tangent_product(x, gradient, u), field.project(x, start), min(most, field.rank)
    )
    values, vectors = space.eigen()
    steps = len(values)
    width = float(values[-1] - values[0])
    exact = steps == field.rank or space.beside[-1] == 0
    share = (math.log(1.648 * math.sqrt(field.rank) / MISSED) / (2 * steps - 1)) ** 2
    # The Ritz values miss as much of the width at the other end.
    beyond = width * share / (1 - 2 * share) if share < 0.5 else math.inf
    error = EXHAUSTED * max(abs(values)) if exact else beyond
    return Lowest(float(values[0]), float(error), vectors[:, 0] @ space.basis)


def spectrum(field: Field, x: Vector, gradient: Vector) -> Float[np.ndarray, " rank"]:
    """All eigenvalues of the Riemannian Hessian at x, by as many products: with couplings."""
    axes = np.eye(field.size)
    tangent = np.array([field.project(x, axis) for axis in axes])
    # The projector's eigenvectors of eigenvalue 1 are a basis of the tangent space.
    basis = np.linalg.eigh(tangent)[1][:, field.size - field.rank :].T
    images = np.array([field.tangent_product(x, gradient, u) for u in basis])
    matrix = basis @ images.T
    return np.linalg.eigvalsh((matrix + matrix.T) / 2)
