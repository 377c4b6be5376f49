"""What all fields on products of spheres have, in NumPy, for one vector or for rows of vectors: what
`geometry.manifolds` is for compiled batches; noise; and starts at an overlap with a signal."""

import math

import numpy as np

from morsecensus.tasks.dynamics.fields.base import Vector


class OnSpheres:
    """The part of `base.Field` that needs nothing of couplings but Hessian products.

    Attributes:
        parts: the coordinates of each sphere, and its radius; none in R^N.
        n: N, the dimension of the space that the spheres are in.
    """

    parts: list[tuple[slice, float]]
    n: int
    _signal: Vector | None = None
    """Its direction."""
    _noise: np.random.Generator | None = None

    def _normal(self, draw: np.random.Generator) -> Vector:
        """A standard normal vector of R^N."""
        raise NotImplementedError

    def hessian_product(self, x: Vector, u: Vector) -> Vector:
        raise NotImplementedError

    def tangent_product(self, x: Vector, gradient: Vector, u: Vector) -> Vector:
        """The Riemannian Hessian at x times u, a tangent vector."""
        return self.project(x, self.hessian_product(x, u)) - self.shifted(x, gradient, u)

    def begin(self, noise: np.random.Generator) -> None:
        """Draw noise from here on from this generator."""
        self._noise = noise

    def noise(self) -> Vector:
        """A standard normal vector over sqrt(N), independent of all before."""
        assert self._noise is not None, "a run begins with begin()"
        return self._normal(self._noise) / math.sqrt(self.n)

    def overlap(self, x: Vector) -> float:
        """With the signal; NaN if there is none."""
        return math.nan if self._signal is None else float(self._signal @ x)

    def start_at_overlap(self, draw: np.random.Generator, overlap: float) -> Vector:
        """A uniform point among those with this overlap with the signal; ValueError without one."""
        if self._signal is None:
            raise ValueError(f"overlap: got {overlap} without a signal; give a signal, or leave it out")
        others = self.retract(self.project(self._signal, self._normal(draw)))
        return overlap * self._signal + math.sqrt(1 - overlap**2) * others

    def project(self, x: Vector, v: Vector) -> Vector:
        """The part of v that is tangent at x; x need not be scaled."""
        tangent = v.copy()
        for part, _ in self.parts:
            at, along = x[..., part], v[..., part]
            tangent[..., part] -= (np.vecdot(at, along) / np.vecdot(at, at))[..., None] * at
        return tangent

    def retract(self, y: Vector) -> Vector:
        """The point with each part of y scaled to its sphere; NaN where its length isn't a number > 0, so
        that a step which overflows ends a run."""
        point = y.copy()
        for part, radius in self.parts:
            at = y[..., part]
            square = np.vecdot(at, at)
            usable = np.where((square > 0) & (square < np.inf), square, np.nan)
            point[..., part] *= (radius / np.sqrt(usable))[..., None]
        return point

    def radial_derivative(self, x: Vector, gradient: Vector) -> float:
        """w.grad H/N, summed over the spheres."""
        return np.vecdot(x, gradient)

    def shifted(self, x: Vector, gradient: Vector, u: Vector) -> Vector:
        """u with each part multiplied by that sphere's radial derivative."""
        shifted = np.zeros_like(u)
        for part, radius in self.parts:
            shifted[part] = float(x[part] @ gradient[part]) / radius**2 * u[part]
        return shifted
