"""Products of spheres in NumPy, for one vector or for rows of vectors: what `geometry.manifolds` is for
compiled batches."""

import numpy as np

from morsecensus.tasks.dynamics.fields.base import Vector


class OnSpheres:
    """Projection and scaling for vectors whose parts lie on spheres.

    Attributes:
        parts: the coordinates of each sphere, and its radius; none in R^N.
    """

    parts: list[tuple[slice, float]]

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
