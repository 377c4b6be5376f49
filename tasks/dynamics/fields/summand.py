"""One Gaussian field of covariance N xi in R^N for any N, drawn as it is looked at; the law is exact.

`slabs` has the derivation. Here the slabs are symmetric tensors, one for each degree, and the explicit part
is a sum of symmetric tensors over the span (`features.Explicit`).
"""

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.dynamics.fields.base import SpanFullError, Vector
from morsecensus.tasks.dynamics.fields.features import Explicit, Features, Terms, of_point, of_slope
from morsecensus.tasks.dynamics.fields.frame import Frame
from morsecensus.tasks.dynamics.fields.packing import (
    Joins,
    explicit_bytes,
    joins,
    most_directions,
    packed_size,
    room_for,
    table,
)
from morsecensus.tasks.dynamics.fields.slabs import Slabs

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
        self.terms, self.draw, self.memory = terms, draw, memory
        self.degrees = tuple(k for k, _ in terms)
        self.slabs = Slabs(frame, draw, tolerance)
        self.room = room_for(1)
        self.explicit = Explicit(self.degrees, self.room)

    @property
    def dimension(self) -> int:
        return self.slabs.dimension

    def look(self, x: Vector) -> tuple[float, Vector]:
        """sqrt(N) times the energy per spin, and times the gradient over sqrt(N), at x."""
        self._enter(x)
        c = self.slabs.coordinates(x)
        inside, gradient = self._observe(of_point(self.terms, c, self.room))
        energy = sum(float(c @ part) / k for k, part in zip(self.degrees, inside, strict=True))
        return energy, gradient

    def hessian_product(self, x: Vector, u: Vector) -> Vector:
        """sqrt(N) times Hess u: a look at another vector over the features, so it is exact too."""
        self._enter(x)
        self._enter(u)
        c, v = self.slabs.coordinates(x), self.slabs.coordinates(u)
        return self._observe(of_slope(self.terms, c, v, self.room))[1]

    def _enter(self, x: Vector) -> None:
        """Take x into the span."""
        f = self.slabs.beyond(x)
        if f is not None:
            self._extend(f)

    def _extend(self, f: Vector) -> None:
        """Make the slab of a direction explicit, and draw what has that direction twice or oftener."""
        self._make_room()
        slab = self.slabs.drawn(f, [packed_size(self.dimension, k - 1) for k in self.degrees])
        self.explicit.append(slab, self._joined(), self.draw)
        self.slabs.span.append(f)

    def _joined(self) -> list[tuple[Joins, np.ndarray] | None]:
        """What says where the entries of a new direction stand; nothing for degree 1."""
        return [
            (joins(k - 2, self.room), table(k - 1, self.room).repeats) if k > 1 else None
            for k in self.degrees
        ]

    def _make_room(self) -> None:
        d, basis = self.dimension + 1, self.slabs.basis
        if explicit_bytes(self.degrees, d) + basis.bytes > self.memory:
            most = most_directions(self.degrees, self.memory)
            raise SpanFullError(f"{d} directions and {basis.count} looks, of {most} at most, are too many")
        if d > self.room:
            self.room = min(room_for(d), self.slabs.frame.n)
            self.explicit.make_room(self.room)

    def _observe(self, phi: Features) -> tuple[list[Coordinates], Vector]:
        """Products of the field with features, for all directions at once: in the span for each degree, and
        altogether."""
        inside = self.explicit.products(phi)
        product = self.slabs.outside(phi)
        product[: self.slabs.frame.known] += sum(inside) @ self.slabs.span.matrix
        return inside, product
