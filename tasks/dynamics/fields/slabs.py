"""Gaussian fields in R^N for any N, drawn as they are looked at: what is known outside of a span.

Notation. S is the span of the points looked at, Q its orthonormal basis (rows, in the coordinates of a
`Frame`), d its dimension. Of the field's coefficients those with all indices in S are explicit; for a
direction i orthogonal to S those with i once are the *slab* of i, a standard normal vector over the features
(`features`); those with two indices outside S were never seen. A look at x in S with coordinates c shows
<Phi(c), slab_i> for all i at once, a vector of R^N orthogonal to S. With B_1..B_r an orthonormal basis of the
features looked at, slab_i = sum_s B_s U_s.i + (1 - P_B) G_i: U_s is known, G_i is standard normal and unseen.
So a new look, Phi = sum_s a_s B_s + rho B_{r+1}, shows sum_s a_s U_s + rho U_{r+1}, U_{r+1} drawn fresh.

Looks are never inverted, for Phi(x_s).Phi(x_t) is singular to rounding after some thirty steps: B is kept
orthonormal by two passes of Gram-Schmidt. A look with rho below the tolerance adds nothing to B, and what it
would add to the gradient is neglected; so the dimension follows the numerical rank of a trajectory. Likewise
a point that leaves S by less than the tolerance is looked at where it would be in S.

The conditioning is Bolthausen's (Comm. Math. Phys. 325 (2014) 333); for a step of an algorithm as here see
arXiv:2210.06591. What is added is that no N-dimensional vector is kept.
"""

import math

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.dynamics.fields.base import Vector
from morsecensus.tasks.dynamics.fields.features import Features, Orthonormal, norm
from morsecensus.tasks.dynamics.fields.frame import Frame, Rows

Coordinates = Float[np.ndarray, " d"]


class Slabs:
    """The span of one field in one space, and its slabs as far as looks have shown them.

    Args:
        tolerance: relative length of what is neglected of a look.
    """

    def __init__(self, frame: Frame, draw: np.random.Generator, tolerance: float) -> None:
        self.frame, self.draw, self.tolerance = frame, draw, tolerance
        self.span, self.seen = Rows(frame), Rows(frame)
        self.basis = Orthonormal()

    @property
    def dimension(self) -> int:
        return self.span.count

    def coordinates(self, x: Vector) -> Coordinates:
        return self.span.matrix @ x[: self.frame.known]

    def beyond(self, x: Vector) -> Vector | None:
        """The direction in which x leaves the span; None if it doesn't by more than the tolerance."""
        if self.dimension == self.frame.n:
            return None
        rest = x.copy()
        self.span.off(rest)
        length, whole = math.sqrt(rest @ rest), math.sqrt(x @ x)
        if length <= self.tolerance * whole:
            return None
        rest /= length
        self.span.off(rest)
        return rest / math.sqrt(rest @ rest)

    def drawn(self, f: Vector, sizes: list[int]) -> Features:
        """The slab of a direction, over features of these sizes."""
        slab = [self.draw.standard_normal(size) for size in sizes]
        known = self.seen.matrix @ f[: self.frame.known]
        self.basis.add_combination(slab, known - self.basis.coefficients(slab))
        return slab

    def outside(self, phi: Features) -> Vector:
        """Products of the features with the slabs of all directions orthogonal to the span; uses phi up."""
        if self.dimension == self.frame.n:
            return np.zeros(self.frame.size)
        size = norm(phi)
        a = self._take_off(phi)
        if norm(phi) <= self.tolerance * size:
            return self._combination(a)
        a += self._take_off(phi)
        rho = norm(phi)
        self.basis.append([part / rho for part in phi])
        fresh = self.frame.normal(self.draw)
        self.span.off(fresh)
        outside = self._combination(a) + rho * fresh
        self.seen.append(fresh)
        return outside

    def _take_off(self, phi: Features) -> Float[np.ndarray, " count"]:
        a = self.basis.coefficients(phi)
        self.basis.add_combination(phi, -a)
        return a

    def _combination(self, a: Float[np.ndarray, " count"]) -> Vector:
        """sum_s a_s U_s off the span, which has grown since."""
        found = np.zeros(self.frame.size)
        if self.frame.known > self.dimension:
            found[: self.frame.known] = a @ self.seen.matrix
            self.span.off(found)
        return found
