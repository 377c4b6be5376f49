"""The manifold that a landscape lives on: a product of spheres, each of radius sqrt(n_i) in R^{n_i}, or R^n.

One factor is the sphere S^{n-1}(sqrt n) of the spherical spin glasses; several are their multi-species
relatives. Everything here acts on one point ``x`` of shape (ambient,); batches are made by ``jax.vmap``.
With ``u_i = x_i / sqrt(n_i)`` the unit normals, the radial derivative (Lagrange multiplier) of factor i is
``D_i = x_i . grad_i H / n_i``, the Riemannian gradient is ``grad H - sum_i D_i x_i`` and the Riemannian
Hessian is ``P (Hess H - diag(D_i)) P`` with P the tangent projector. In R^n all of this is the identity.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.runtime.lazy_jax import Array, jnp

LARGEST_RADIUS = 0.1
"""Of a ball around a critical point, in units of sqrt(ambient): what bounds the variation of a Hessian holds
within 1.1 x the radius of a sphere."""


class Manifold(Protocol):
    """What descent, Newton and the ledger ask of a manifold; what each says is in `ProductOfSpheres`.

    ``sizes`` and `parts` are those of its spherical factors: there are none in R^n.
    """

    @property
    def sizes(self) -> tuple[int, ...]: ...
    @property
    def ambient(self) -> int: ...
    @property
    def dimension(self) -> int: ...
    @property
    def euler_characteristic(self) -> int: ...
    def parts(self) -> list[tuple[slice, int]]: ...
    def normals(self, x: Float[Array, " ambient"]) -> Float[Array, "ambient factors"]: ...
    def project(
        self, x: Float[Array, " ambient"], v: Float[Array, " ambient"]
    ) -> Float[Array, " ambient"]: ...
    def retract(
        self, x: Float[Array, " ambient"], v: Float[Array, " ambient"]
    ) -> Float[Array, " ambient"]: ...
    def multipliers(
        self, x: Float[Array, " ambient"], gradient: Float[Array, " ambient"]
    ) -> Float[Array, " factors"]: ...
    def tangent_hessian(
        self,
        x: Float[Array, " ambient"],
        gradient: Float[Array, " ambient"],
        hessian: Float[Array, "ambient ambient"],
        normal: Float[Array, ""] | float,
    ) -> Float[Array, "ambient ambient"]: ...
    def on_spheres(
        self, points: Float[np.ndarray, "count ambient"]
    ) -> Float[np.ndarray, "count ambient"]: ...
    def random_points(
        self, generator: np.random.Generator, count: int
    ) -> Float[np.ndarray, "count ambient"]: ...


@dataclass(frozen=True)
class ProductOfSpheres:
    """S^{n_1 - 1}(sqrt n_1) x ... x S^{n_r - 1}(sqrt n_r). Hashable, so it may be a static argument of
    ``jax.jit``."""

    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.sizes or any(size < 2 for size in self.sizes):
            raise ValueError(f"sizes of the spheres: got {self.sizes}, allowed: one or more integers >= 2")

    @property
    def ambient(self) -> int:
        """Dimension of the Euclidean space around the manifold."""
        return sum(self.sizes)

    @property
    def dimension(self) -> int:
        return self.ambient - len(self.sizes)

    @property
    def euler_characteristic(self) -> int:
        """Product over the factors of chi(S^{n-1}): 2 for odd n, 0 for even n."""
        return math.prod(2 if size % 2 else 0 for size in self.sizes)

    def _slices(self) -> list[slice]:
        ends = np.cumsum(self.sizes)
        return [slice(int(end) - size, int(end)) for end, size in zip(ends, self.sizes, strict=True)]

    def normals(self, x: Float[Array, " ambient"]) -> Float[Array, "ambient factors"]:
        """The unit normals of the factors as columns."""
        if len(self.sizes) == 1:
            return x[:, None] / math.sqrt(self.ambient)
        columns = [jnp.zeros_like(x).at[part].set(x[part] / math.sqrt(size)) for part, size in self.parts()]
        return jnp.stack(columns, axis=1)

    def parts(self) -> list[tuple[slice, int]]:
        """The coordinates of each factor and its size n_i."""
        return list(zip(self._slices(), self.sizes, strict=True))

    def project(self, x: Float[Array, " ambient"], v: Float[Array, " ambient"]) -> Float[Array, " ambient"]:
        """The tangent part of ``v`` at ``x``."""
        normals = self.normals(x)
        return v - normals @ (normals.T @ v)

    def retract(self, x: Float[Array, " ambient"], v: Float[Array, " ambient"]) -> Float[Array, " ambient"]:
        """Move from ``x`` along the tangent vector ``v`` and return to the manifold by scaling each
        factor."""
        y = x + v
        parts = [y[part] * (math.sqrt(size) / jnp.linalg.norm(y[part])) for part, size in self.parts()]
        return parts[0] if len(parts) == 1 else jnp.concatenate(parts)

    def multipliers(
        self, x: Float[Array, " ambient"], gradient: Float[Array, " ambient"]
    ) -> Float[Array, " factors"]:
        """The radial derivatives D_i, one per factor (per-spin units)."""
        return jnp.stack([x[part] @ gradient[part] / size for part, size in self.parts()])

    def tangent_hessian(
        self,
        x: Float[Array, " ambient"],
        gradient: Float[Array, " ambient"],
        hessian: Float[Array, "ambient ambient"],
        normal: Float[Array, ""] | float,
    ) -> Float[Array, "ambient ambient"]:
        """The Riemannian Hessian as an ambient matrix: its tangent spectrum plus ``normal`` on each unit
        normal.

        With ``normal`` away from zero the matrix is singular exactly where the Riemannian Hessian is, so
        Newton's equation can be solved without a tangent basis.
        """
        shifts = jnp.repeat(
            self.multipliers(x, gradient), np.asarray(self.sizes), total_repeat_length=self.ambient
        )
        matrix = hessian - jnp.diag(shifts)
        normals = self.normals(x)
        mixed = matrix @ normals
        inner = normals.T @ mixed + normal * jnp.eye(len(self.sizes))
        return matrix - normals @ mixed.T - mixed @ normals.T + normals @ inner @ normals.T

    def random_points(self, generator: np.random.Generator, count: int) -> Float[np.ndarray, "count ambient"]:
        """Independent uniform points."""
        return self.on_spheres(generator.standard_normal((count, self.ambient)))

    def on_spheres(self, points: Float[np.ndarray, "count ambient"]) -> Float[np.ndarray, "count ambient"]:
        """Many points at once, each factor scaled to the radius of its sphere."""
        points = points.copy()
        for part, size in self.parts():
            points[:, part] *= math.sqrt(size) / np.linalg.norm(points[:, part], axis=1, keepdims=True)
        return points


def sphere(n: int) -> ProductOfSpheres:
    """S^{n-1}(sqrt n)."""
    return ProductOfSpheres((n,))


@dataclass(frozen=True)
class Euclidean:
    """R^n, for functions that grow at infinity. Hashable, as `ProductOfSpheres`.

    Attributes:
        ambient: n.
        scale: standard deviation of each coordinate of a random point; it must be that of the function's own
            landscape, for there is no uniform point of R^n.
    """

    ambient: int
    scale: float

    def __post_init__(self) -> None:
        if self.ambient < 1 or not 0 < self.scale < math.inf:
            raise ValueError(
                f"ambient, scale: got {self.ambient}, {self.scale}, allowed: a dimension >= 1, a length > 0"
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """There are no spherical factors."""
        return ()

    @property
    def dimension(self) -> int:
        return self.ambient

    @property
    def euler_characteristic(self) -> int:
        """1: what the critical points of a coercive function sum up to."""
        return 1

    def parts(self) -> list[tuple[slice, int]]:
        return []

    def normals(self, x: Float[Array, " ambient"]) -> Float[Array, "ambient factors"]:
        return jnp.zeros((self.ambient, 0), x.dtype)

    def project(self, x: Float[Array, " ambient"], v: Float[Array, " ambient"]) -> Float[Array, " ambient"]:
        return v

    def retract(self, x: Float[Array, " ambient"], v: Float[Array, " ambient"]) -> Float[Array, " ambient"]:
        return x + v

    def multipliers(
        self, x: Float[Array, " ambient"], gradient: Float[Array, " ambient"]
    ) -> Float[Array, " factors"]:
        return jnp.zeros(0, x.dtype)

    def tangent_hessian(
        self,
        x: Float[Array, " ambient"],
        gradient: Float[Array, " ambient"],
        hessian: Float[Array, "ambient ambient"],
        normal: Float[Array, ""] | float,
    ) -> Float[Array, "ambient ambient"]:
        return hessian

    def on_spheres(self, points: Float[np.ndarray, "count ambient"]) -> Float[np.ndarray, "count ambient"]:
        return points

    def random_points(self, generator: np.random.Generator, count: int) -> Float[np.ndarray, "count ambient"]:
        """Independent Gaussian points."""
        return self.scale * generator.standard_normal((count, self.ambient))
