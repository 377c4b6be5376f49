"""One Gaussian field of covariance N xi in R^N for any N, drawn as it is looked at; the law is exact.

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

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.dynamics.fields.base import SpanFullError, Vector
from morsecensus.tasks.dynamics.fields.features import (
    Explicit,
    Features,
    Orthonormal,
    Terms,
    norm,
    of_point,
    of_slope,
)
from morsecensus.tasks.dynamics.fields.frame import Frame, Rows
from morsecensus.tasks.dynamics.fields.packing import (
    Joins,
    explicit_bytes,
    joins,
    most_directions,
    packed_size,
    room_for,
    table,
)

Coordinates = Float[np.ndarray, " d"]


class Summand:
    """A field and what is known of it.

    Args:
        terms: degrees and coefficients of its covariance.
        tolerance: relative length of what is neglected of a look.
        memory: bytes that it may take.
    """

    def __init__(
        self, terms: Terms, frame: Frame, draw: np.random.Generator, tolerance: float, memory: float
    ) -> None:
        self.terms, self.frame, self.draw, self.tolerance = terms, frame, draw, tolerance
        self.degrees = tuple(k for k, _ in terms)
        self.memory = memory
        self.room = room_for(1)
        self.span = Rows(frame)
        self.seen = Rows(frame)
        self.basis = Orthonormal(self.degrees)
        self.explicit = Explicit(self.degrees, self.room)

    @property
    def dimension(self) -> int:
        return self.span.count

    def look(self, x: Vector) -> tuple[float, Vector]:
        """sqrt(N) times the energy per spin, and times the gradient over sqrt(N), at x."""
        c = self._enter(x)
        inside, gradient = self._observe(of_point(self.terms, c, self.room))
        energy = sum(float(c @ part) / k for k, part in zip(self.degrees, inside, strict=True))
        return energy, gradient

    def hessian_product(self, x: Vector, u: Vector) -> Vector:
        """sqrt(N) times Hess u: a look at another vector over the features, so it is exact too."""
        self._enter(x)
        v = self._enter(u)
        c = self._coordinates(x)
        return self._observe(of_slope(self.terms, c, v, self.room))[1]

    def _coordinates(self, x: Vector) -> Coordinates:
        return self.span.matrix @ x[: self.frame.known]

    def _enter(self, x: Vector) -> Coordinates:
        """Take x into the span, and return its coordinates there."""
        rest = x.copy()
        self.span.off(rest)
        length, whole = float(np.linalg.norm(rest)), float(np.linalg.norm(x))
        if self.dimension < self.frame.n and length > self.tolerance * whole:
            rest /= length
            self.span.off(rest)
            self._extend(rest / np.linalg.norm(rest))
        return self._coordinates(x)

    def _extend(self, f: Vector) -> None:
        """Make the slab of a direction explicit, and draw what has that direction twice or oftener."""
        self._make_room()
        slab = [self.draw.standard_normal(packed_size(self.dimension, k - 1)) for k in self.degrees]
        known = self.seen.matrix @ f[: self.frame.known]
        self.basis.add_combination(slab, known - self.basis.coefficients(slab))
        self.explicit.append(slab, self._joined(), self.draw)
        self.span.append(f)

    def _joined(self) -> list[tuple[Joins, np.ndarray] | None]:
        """What says where the entries of a new direction stand; nothing for degree 1."""
        return [
            (joins(k - 2, self.room), table(k - 1, self.room).repeats) if k > 1 else None
            for k in self.degrees
        ]

    def _make_room(self) -> None:
        d = self.dimension + 1
        if explicit_bytes(self.degrees, d) + self.basis.bytes > self.memory:
            most = most_directions(self.degrees, self.memory)
            raise SpanFullError(
                f"{d} directions and {self.basis.count} looks, of {most} at most, are too many"
            )
        if d > self.room:
            self.room = min(room_for(d), self.frame.n)
            self.explicit.make_room(self.room)

    def _observe(self, phi: Features) -> tuple[list[Coordinates], Vector]:
        """Products of the field with features, for all directions at once: in the span for each degree, and
        altogether."""
        inside = self.explicit.products(phi)
        outside = self._outside(phi)
        outside[: self.frame.known] += sum(inside) @ self.span.matrix
        return inside, outside

    def _outside(self, phi: Features) -> Vector:
        """The part that is orthogonal to the span; phi is used up."""
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
