"""From near a critical set to the set, whatever its dimension: Levenberg-Marquardt on the gradient.

Newton's equation is singular on a set of critical points, and nearly singular near an isolated degenerate
one. The step here solves (H^2 + m) v = -H g, with g and H the Riemannian gradient and Hessian and m =
(|g|/length)^2: this keeps Newton's speed where the gradient grows with the distance to the set, whether or
not solutions are isolated (Fan and Yuan, Computing 74 (2005) 23), and stays put along directions in which
neither says anything. Where the gradient grows as the k-th power of the distance t, a step shrinks t to
(1 - 1/k) t, as Newton's does.
"""

from functools import partial
from typing import NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from morsecensus.tasks.geometry.manifolds import Manifold
from morsecensus.tasks.landscapes.base import Couplings, Jet

BATCH = 64
MOST_STEPS = 100
"""A gradient of the fifth power, the highest that one form of degree 6 can have on a circle, takes 40 from a
tenth of the sphere's radius to round-off."""
FLOOR = 1e-12
"""Eigenvalues below this share of the landscape's curvature are round-off."""
LONGEST = 0.1
"""Step, in units of sqrt(ambient)."""
PATIENCE = 3
"""Steps in vain, each damped a hundred times more, before a point is as near as it gets."""


class Smooth(Protocol):
    """What a function must have to be walked on: a landscape has it, and so has the cost of a network.

    Hashable, for what is compiled for it is found again.
    """

    @property
    def manifold(self) -> Manifold: ...
    @property
    def curvature_scale(self) -> float: ...
    def jet(self, couplings: Couplings, x: Float[Array, " ambient"]) -> Jet: ...


class Approach(NamedTuple):
    """Where points ended, one row each.

    Attributes:
        points: on the manifold.
        gradient_norm: Riemannian, of the extensive H.
        energy: H per spin.
        radial_derivative: of H, per spin.
        values: eigenvalues of the Riemannian Hessian, ascending; those of the normals are infinite.
        vectors: its eigenvectors as columns.
        before: the gradient norm where they began.
    """

    points: Float[np.ndarray, "points ambient"]
    gradient_norm: Float[np.ndarray, " points"]
    energy: Float[np.ndarray, " points"]
    radial_derivative: Float[np.ndarray, " points"]
    values: Float[np.ndarray, "points ambient"]
    vectors: Float[np.ndarray, "points ambient ambient"]
    before: Float[np.ndarray, " points"]

    def take(self, rows: Int[np.ndarray, " rows"] | Bool[np.ndarray, " points"]) -> "Approach":
        """The points of these rows."""
        return Approach(*(column[rows] for column in self))

    @classmethod
    def join(cls, parts: "list[Approach]") -> "Approach":
        """The points of all parts, of which there is one at least."""
        return cls(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class _Lane(NamedTuple):
    x: Float[Array, " ambient"]
    norm: Float[Array, ""]
    energy: Float[Array, ""]
    radial: Float[Array, ""]
    gradient: Float[Array, " ambient"]
    values: Float[Array, " ambient"]
    vectors: Float[Array, "ambient ambient"]
    damping: Float[Array, ""]
    vain: Int[Array, ""]
    steps: Int[Array, ""]


@partial(jax.jit, static_argnames=("landscape", "most", "patience"))
def _approach_batch(
    landscape: Smooth, couplings: Couplings, points: Float[Array, "batch ambient"], most: int, patience: int
):
    manifold = landscape.manifold
    length = manifold.ambient**0.5
    floor = (FLOOR * landscape.curvature_scale) ** 2

    def look(x: Float[Array, " ambient"]):
        jet = landscape.jet(couplings, x)
        gradient = manifold.project(x, jet.gradient)
        # A normal eigenvalue above the Frobenius norm sorts last.
        normal = 2 * (jnp.linalg.norm(jet.hessian) + jnp.linalg.norm(jet.gradient))
        matrix = manifold.tangent_hessian(x, jet.gradient, jet.hessian, normal)
        values, vectors = jnp.linalg.eigh(matrix)
        values = jnp.where(jnp.arange(manifold.ambient) < manifold.dimension, values, jnp.inf)
        energy, radial = jet.value / manifold.ambient, x @ jet.gradient / manifold.ambient
        return jnp.linalg.norm(gradient), energy, radial, gradient, values, vectors

    def begin(x: Float[Array, " ambient"]) -> _Lane:
        x = manifold.retract(x, jnp.zeros_like(x))
        zero = jnp.zeros((), jnp.int64)
        return _Lane(x, *look(x), jnp.ones(()), zero, zero)

    def step(lane: _Lane) -> _Lane:
        damping = lane.damping * ((lane.norm / length) ** 2 + floor)
        inverse = jnp.where(jnp.isfinite(lane.values), lane.values / (lane.values**2 + damping), 0.0)
        move = -lane.vectors @ (inverse * (lane.vectors.T @ lane.gradient))
        long = jnp.linalg.norm(move)
        move = move * jnp.minimum(1.0, LONGEST * length / jnp.maximum(long, 1e-300))
        x = manifold.retract(lane.x, move)
        found = look(x)
        better = found[0] < lane.norm
        calmer = jnp.maximum(lane.damping / 100, 1.0)
        new = _Lane(x, *found, calmer, jnp.zeros_like(lane.vain), lane.steps + 1)
        old = lane._replace(damping=lane.damping * 100, vain=lane.vain + 1, steps=lane.steps + 1)
        return jax.tree.map(lambda one, other: jnp.where(better, one, other), new, old)

    def runs(lane: _Lane) -> Bool[Array, ""]:
        return (lane.vain < patience) & (lane.steps < most) & (lane.norm > 0)

    first = jax.vmap(begin)(points)
    lanes = jax.vmap(lambda lane: jax.lax.while_loop(runs, step, lane))(first)
    return lanes.x, lanes.norm, lanes.energy, lanes.radial, lanes.values, lanes.vectors, first.norm


def approach(
    landscape: Smooth,
    couplings: Couplings,
    points: Float[np.ndarray, "points ambient"],
    most: int = MOST_STEPS,
    patience: int = PATIENCE,
    together: int = BATCH,
) -> Approach:
    """Move points to the critical set near them, as near as double precision tells.

    Args:
        points: of any length but zero on each sphere.
        most: steps of a point.
        patience: steps in vain, one after the other, with which it ends.
        together: points that are moved side by side, each until the last of them has ended.
    """
    parts = []
    for first in range(0, len(points), together):
        batch = points[first : first + together]
        padded = np.concatenate([batch, np.repeat(batch[:1], together - len(batch), axis=0)])
        found = _approach_batch(landscape, couplings, padded, most, patience)
        parts.append(Approach(*(np.asarray(column)[: len(batch)] for column in found)))
    return Approach.join(parts) if parts else _none(landscape.manifold.ambient)


def _none(n: int) -> Approach:
    scalar = np.zeros(0)
    return Approach(np.zeros((0, n)), scalar, scalar, scalar, np.zeros((0, n)), np.zeros((0, n, n)), scalar)
