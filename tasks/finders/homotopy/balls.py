"""A polynomial system in ball arithmetic, with the couplings as exact doubles.

python-flint is imported here, and by the files that work with these balls.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import flint
import numpy as np
from jaxtyping import Float

from morsecensus.tasks.systems import symmetric
from morsecensus.tasks.systems.monomials import recurrence, triangle
from morsecensus.tasks.systems.polynomial import PolynomialSystem

Matrix = Any  # flint's real and complex matrices have the same methods


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work with so many bits."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def real_matrix(values: Float[np.ndarray, "rows columns"]) -> flint.arb_mat:
    """Doubles as exact numbers."""
    return flint.arb_mat([[flint.arb(float(value)) for value in row] for row in values])


class BallSystem:
    """Value and derivatives of grad H at points of real or complex balls.

    Args:
        kind: ``flint.arb_mat`` or ``flint.acb_mat``.

    The precision must be set before the system is built: products of couplings and multiplicities are exact
    from 64 bits on.
    """

    def __init__(self, system: PolynomialSystem, kind: type) -> None:
        self.n, self.kind = system.n, kind
        self.second = {d: self._second(system, d) for d in system.tensors if d > 1}
        self.field = system.tensors.get(1)
        self.places = triangle(system.n).tolist()
        self.table = [tuple(row) for row in recurrence(system.n, max(self.second) - 2).tolist()]

    def _second(self, system: PolynomialSystem, degree: int) -> Matrix:
        """The packed Hessian of one degree, from monomials of two degrees less."""
        entries, weights = system.hessian_table(degree)
        factors = weights.tolist()
        return self.kind(
            [
                [flint.arb(float(entry)) * factor for entry, factor in zip(row, factors, strict=True)]
                for row in entries
            ]
        )

    def _monomials(self, x: Sequence[Any]) -> dict[int, list[Any]]:
        """By degree, as far as the Hessian needs them."""
        n, most = self.n, max(self.second) - 2
        found: dict[int, list[Any]] = {0: [flint.arb(1)], 1: list(x)}
        higher: list[Any] = []
        pairs = n * (n + 1) // 2
        for row, (parent, variable) in enumerate(self.table):
            higher.append((x[parent] if row < pairs else higher[parent]) * x[variable])
        first = 0
        for degree in range(2, most + 1):
            size = symmetric.packed_size(n, degree)
            found[degree] = higher[first : first + size]
            first += size
        return found

    def jet(self, x: Sequence[Any]) -> tuple[list[Any], list[list[Any]]]:
        """grad H and Hess H."""
        low = self._monomials(x)
        column = self.kind([[entry] for entry in x])
        gradient = self.kind(self.n, 1) if self.field is None else self.kind([[float(b)] for b in self.field])
        total: list[list[Any]] = []
        for degree, second in self.second.items():
            packed = (second * self.kind([[entry] for entry in low[degree - 2]])).entries()
            rows = [[packed[place] for place in row] for row in self.places]
            gradient += (self.kind(rows) * column) / (degree - 1)
            total = _sum(total, rows) if total else rows
        return gradient.entries(), total


def _sum(one: list[list[Any]], two: list[list[Any]]) -> list[list[Any]]:
    pairs = zip(one, two, strict=True)
    return [[a + b for a, b in zip(*rows, strict=True)] for rows in pairs]
