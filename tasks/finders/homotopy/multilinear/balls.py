"""A multilinear form in ball arithmetic, with the couplings as exact doubles."""

from collections.abc import Sequence
from typing import Any

import flint
import numpy as np
from jaxtyping import Float

from morsecensus.tasks.finders.homotopy.ball_homotopy import BallHomotopy, column
from morsecensus.tasks.finders.homotopy.balls import Matrix
from morsecensus.tasks.systems.multilinear.tables import NOTHING, Tables


class FormBalls:
    """Value and derivatives of grad H at points of real or complex balls.

    Args:
        kind: ``flint.arb_mat`` or ``flint.acb_mat``.
    """

    def __init__(self, tensor: Float[np.ndarray, "..."], kind: type) -> None:
        self.kind, self.tables = kind, Tables(tensor.shape)
        found = self.tables.hessian(tensor)
        self.blocks = [self._matrix(found.entries, shape) for shape in found.shapes.tolist()]
        self.firsts = [(shape[1], shape[3]) for shape in found.shapes.tolist()]
        self.places = self.tables.hessian_places.tolist()

    def _matrix(self, entries: Float[np.ndarray, " entries"], shape: list[int]) -> Matrix:
        rows, columns, first = shape[:3]
        block = entries[first : first + rows * columns].reshape(rows, columns)
        return self.kind([[flint.arb(float(entry)) for entry in row] for row in block])

    def jet(self, x: Sequence[Any]) -> tuple[list[Any], list[list[Any]]]:
        """grad H and Hess H."""
        n, tables = len(x), self.tables
        monomials = list(x)
        for parent, variable in tables.recurrence[: max(tables.parents - n, 0)].tolist():
            monomials.append(monomials[parent] * x[variable])
        entries: list[Any] = []
        for block, (columns, first) in zip(self.blocks, self.firsts, strict=True):
            met = [flint.arb(1)] if first == NOTHING else monomials[first : first + columns]
            source = self.kind([[entry] for entry in met])
            entries += (block * source).entries()
        packed = [flint.arb(0)] * (n * (n + 1) // 2)
        for place, entry in zip(self.places, entries, strict=True):
            packed[place] = entry
        rows = [[packed[max(a, b) * (max(a, b) + 1) // 2 + min(a, b)] for b in range(n)] for a in range(n)]
        image = (self.kind(rows) * self.kind([[entry] for entry in x])).entries()
        return [entry / (tables.factors - 1) for entry in image], rows


class FormHomotopy(BallHomotopy):
    """F(x, t) = t g(x) + (1-t) c g_0(x) - x; see `multilinear.series`."""

    def __init__(
        self, start: Float[np.ndarray, "..."], target: Float[np.ndarray, "..."], weight: complex
    ) -> None:
        self.start, self.target = FormBalls(start, flint.acb_mat), FormBalls(target, flint.acb_mat)
        self.weight = flint.acb(weight)

    def parts(self, y: Sequence[Any], t: Any) -> tuple[Any, Any, Any]:
        (g0, h0), (g, h) = self.start.jet(y), self.target.jet(y)
        share = (1 - t) * self.weight
        force = [t * one + share * two - v for one, two, v in zip(g, g0, y, strict=True)]
        drive = [one - self.weight * two for one, two in zip(g, g0, strict=True)]
        rows = [
            [t * one + share * two for one, two in zip(*pair, strict=True)]
            for pair in zip(h, h0, strict=True)
        ]
        for a, row in enumerate(rows):
            row[a] -= 1
        return column(force), flint.acb_mat(rows), column(drive)
