"""The interface between algorithms and fields.

Units. A point is x = w/sqrt(N), so |x| = 1 on a sphere; an energy is H/N; a gradient is grad_w H/sqrt(N), of
length sqrt(xi'(1)) at a generic point. With these, dw/dt = -grad H is dx/dt = -gradient, and a Hessian is
that of H in w.

A vector is a NumPy array of `Field.size` numbers, its coordinates in an orthonormal basis: all N of them for
couplings, and for free sampling those in the span of what was met, zero-padded. Algorithms add and multiply
such arrays and need not know which they have.
"""

from typing import Any, NamedTuple, Protocol

import numpy as np
from jaxtyping import Float

Vector = Float[np.ndarray, " size"]


class Look(NamedTuple):
    """What one look at a point shows: H/N and the Euclidean gradient over sqrt(N). Of a look at rows of
    points all is in rows, the energy too."""

    energy: Any
    gradient: Vector


class SpanFullError(Exception):
    """A free field has no room for another direction: its text says which bound was met and the remedy."""


class Field(Protocol):
    """A landscape, or the sum of several of equal law, as algorithms see it."""

    size: int
    """Length of a vector."""
    summands: int
    """Number P of fields whose sum H is."""
    gradients: int
    """Looks at one summand so far."""
    products: int
    """Hessian products so far."""

    @property
    def dimension(self) -> int:
        """Directions in which the field is held explicitly: what memory and time depend on."""
        ...

    @property
    def rank(self) -> int:
        """Dimension of the manifold, N - 1 on a sphere."""
        ...

    def look(self, x: Vector, summand: int | None = None) -> Look:
        """Energy and gradient of H, or of one summand."""
        ...

    def hessian_product(self, x: Vector, u: Vector) -> Vector:
        """Euclidean Hessian of H at x, times u."""
        ...

    def begin(self, noise: np.random.Generator) -> None:
        """Draw noise from here on from this generator."""
        ...

    def noise(self) -> Vector:
        """A standard normal vector of R^N over sqrt(N), independent of all before."""
        ...

    def project(self, x: Vector, v: Vector) -> Vector:
        """The part of v that is tangent to the manifold at x."""
        ...

    def retract(self, y: Vector) -> Vector:
        """The point of the manifold that y is scaled to."""
        ...

    def tangent_product(self, x: Vector, gradient: Vector, u: Vector) -> Vector:
        """The Riemannian Hessian at x times u, a tangent vector."""
        ...

    def radial_derivative(self, x: Vector, gradient: Vector) -> float:
        """w.grad H/N."""
        ...

    def overlap(self, x: Vector) -> float:
        """With the signal; NaN if there is none."""
        ...

    def uniform_start(self, draw: np.random.Generator) -> Vector:
        """A uniform point of the manifold."""
        ...

    def start_at_overlap(self, draw: np.random.Generator, overlap: float) -> Vector:
        """A uniform point among those with this overlap with the signal."""
        ...

    def planted_start(self, draw: np.random.Generator, temperature: float) -> Vector:
        """A start as in equilibrium at this temperature, which gives H a mean: before the first look.
        All starts on one landscape are this one."""
        ...
