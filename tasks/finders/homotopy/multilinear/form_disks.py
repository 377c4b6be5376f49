"""grad H and Hess H of a multilinear form at many complex disks at once, the couplings as exact doubles."""

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.finders.homotopy.disks import Disks, joined
from morsecensus.tasks.systems.monomials import triangle
from morsecensus.tasks.systems.multilinear.tables import NOTHING, Tables


class FormDisks:
    """Derivatives of sum T_{k_1...k_r} x_{1,k_1} ... x_{r,k_r}; compare `multilinear.balls.FormBalls`."""

    def __init__(self, tensor: Float[np.ndarray, "..."]) -> None:
        self.tables = Tables(tensor.shape)
        found = self.tables.hessian(tensor)
        self.blocks = []
        for rows, columns, first, monomial, _ in found.shapes.tolist():
            block = found.entries[first : first + rows * columns].reshape(rows, columns)
            self.blocks.append((Disks.exact(block.T), monomial, columns))
        n = sum(tensor.shape)
        packed = np.full(n * (n + 1) // 2, -1)
        packed[self.tables.hessian_places] = np.arange(len(self.tables.hessian_places))
        # Pairs within one factor have no entry: they take a zero that stands behind all others.
        self.places = packed[triangle(n)]

    def _monomials(self, x: Disks) -> Disks:
        n, tables = x.mid.shape[1], self.tables
        found = x
        for s in tables.sets:
            if len(s) == 1 or len(s) > tables.factors - 2:
                continue
            first = tables.first[s] - n
            count = int(np.prod([tables.sizes[i] for i in s]))
            parent, variable = tables.recurrence[first : first + count].T
            found = joined([found, found[:, parent] * x[:, variable]])
        return found

    def jet(self, x: Disks) -> tuple[Disks, Disks]:
        """Gradients, shape (points, n), and Hessians, shape (points, n, n)."""
        monomials, count = self._monomials(x), len(x.mid)
        parts = []
        for block, first, columns in self.blocks:
            met = (
                Disks.exact(np.ones((count, 1)))
                if first == NOTHING
                else monomials[:, first : first + columns]
            )
            parts.append(met @ block)
        entries = joined([*parts, Disks.exact(np.zeros((count, 1)))])
        hessian = entries[:, self.places]
        return (hessian @ x[:, :, None])[:, :, 0].over(self.tables.factors - 1), hessian
