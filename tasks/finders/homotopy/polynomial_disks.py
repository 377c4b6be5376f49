"""grad H and Hess H of a polynomial at many complex disks at once, with the couplings as exact doubles."""

import numpy as np

from morsecensus.tasks.finders.homotopy.disks import ROUNDING, Disks, joined
from morsecensus.tasks.systems import symmetric
from morsecensus.tasks.systems.monomials import recurrence, triangle
from morsecensus.tasks.systems.polynomial import PolynomialSystem


class PolynomialDisks:
    """Derivatives of the H of a `PolynomialSystem`; compare `balls.BallSystem`."""

    def __init__(self, system: PolynomialSystem) -> None:
        self.n = system.n
        self.second = {d: self._second(system, d) for d in system.tensors if d > 1}
        self.field = system.tensors.get(1)
        self.places = triangle(system.n)
        self.table = recurrence(system.n, max(self.second) - 2)

    def _second(self, system: PolynomialSystem, degree: int) -> Disks:
        """The packed Hessian of one degree as a matrix, monomials by pairs: entries times whole numbers."""
        entries, factors = system.hessian_table(degree)
        matrix = (entries * factors).T
        return Disks(matrix.astype(complex), 2 * ROUNDING * np.abs(matrix))

    def _monomials(self, x: Disks) -> dict[int, Disks]:
        """By degree, as far as the Hessian needs them; shape (points, monomials)."""
        n, most = self.n, max(self.second) - 2
        found = {0: Disks.exact(np.ones((len(x.mid), 1))), 1: x}
        first, pairs = 0, n * (n + 1) // 2
        higher: Disks | None = None
        for degree in range(2, most + 1):
            size = symmetric.packed_size(n, degree)
            parent, variable = self.table[first : first + size].T
            source = x if first < pairs or higher is None else higher
            found[degree] = source[:, parent] * x[:, variable]
            higher = found[degree] if higher is None else joined([higher, found[degree]])
            first += size
        return found

    def jet(self, x: Disks) -> tuple[Disks, Disks]:
        """Gradients, shape (points, n), and Hessians, shape (points, n, n)."""
        low = self._monomials(x)
        count = len(x.mid)
        field = np.zeros(self.n) if self.field is None else self.field
        gradient = Disks.exact(np.tile(field, (count, 1)))
        hessian = Disks.exact(np.zeros((count, self.n, self.n)))
        for degree, second in self.second.items():
            part = (low[degree - 2] @ second)[:, self.places]
            gradient += (part @ x[:, :, None])[:, :, 0].over(degree - 1)
            hessian += part
        return gradient, hessian
