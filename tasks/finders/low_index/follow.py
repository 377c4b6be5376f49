"""From a saddle of index k down one of its unstable directions, to saddles of index k - 1.

Eigenvector following (C. J. Cerjan and W. H. Miller, J. Chem. Phys. 75 (1981) 2800; D. J. Wales, Energy
Landscapes, section 6.2): a Newton step in the eigenbasis of the Hessian, uphill along the lowest modes, as
many as the index asks for, downhill along the rest, whatever the signs of the eigenvalues. Where the Hessian
has that index and the step is short, the step is Newton's, and `tasks.points.newton` goes on at a tenth of
the cost; index and radii are classified as of any point.

Such a start costs ten of Newton's, and ends about ten times as often at a high saddle that is rarely hit:
others than those that Newton favours, so the two together leave fewer in the dark.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.runtime.lanes import in_batches, refill

LANES = 16
"""An eigendecomposition a lane and step: more lanes share nothing, and end less evenly."""
FLATTEST = 1e-3
"""In units of the curvature scale: no mode is taken to be softer, or a step would have no end."""
LONGEST = 0.1
"""Step, in units of sqrt(ambient); below it Newton takes over where the index is right."""
MOST_STEPS = 8
"""Of 20 steps, three quarters of the starts need fewer than this; the rest is left to Newton as it is."""


def _modes(
    landscape: Landscape, couplings: Couplings, x: Float[Array, " ambient"]
) -> tuple[Array, Array, Array]:
    """Eigenvalues and eigenvectors of the Hessian, ascending, normal directions last; and the gradient."""
    manifold = landscape.manifold
    jet = landscape.jet(couplings, x)
    normal = 2 * (jnp.linalg.norm(jet.hessian) + jnp.linalg.norm(jet.gradient))
    values, vectors = jnp.linalg.eigh(manifold.tangent_hessian(x, jet.gradient, jet.hessian, normal))
    return values, vectors, manifold.project(x, jet.gradient)


@partial(jax.jit, static_argnames=("landscape",))
def _step_off(
    landscape: Landscape,
    couplings: Couplings,
    points: Float[Array, "batch ambient"],
    index: Int[Array, " batch"],
    noise: Float[Array, "batch ambient"],
    lengths: Float[Array, " batch"],
) -> Float[Array, "batch ambient"]:
    def one(x: Array, k: Array, z: Array, length: Array) -> Array:
        _, vectors, _ = _modes(landscape, couplings, x)
        way = vectors @ jnp.where(jnp.arange(landscape.manifold.ambient) < k, z, 0.0)
        return landscape.manifold.retract(x, length / jnp.linalg.norm(way) * way)

    return jax.vmap(one)(points, index, noise, lengths)


def step_off(
    landscape: Landscape,
    couplings: Couplings,
    points: Float[np.ndarray, "starts ambient"],
    index: Int[np.ndarray, " starts"],
    noise: Float[np.ndarray, "starts ambient"],
    lengths: Float[np.ndarray, " starts"],
) -> Float[np.ndarray, "starts ambient"]:
    """Starts beside saddles of index 1 or more, in a random one of their unstable directions.

    Args:
        noise: independent standard normal numbers.
        lengths: before the point is put back on its spheres, in units of H's argument.
    """
    return in_batches(partial(_step_off, landscape, couplings), points, index, noise, lengths)


class _Pool(NamedTuple):
    x: Float[Array, "lanes ambient"]
    start: Int[Array, " lanes"]
    steps: Int[Array, " lanes"]
    next: Int[Array, ""]
    ends: Float[Array, "starts ambient"]


def _step(
    landscape: Landscape, couplings: Couplings, x: Float[Array, " ambient"], index: Int[Array, ""]
) -> tuple[Float[Array, " ambient"], Bool[Array, ""]]:
    """One step towards a saddle of the given index, and whether it is Newton's own."""
    manifold = landscape.manifold
    values, vectors, gradient = _modes(landscape, couplings, x)
    up = jnp.arange(manifold.ambient) < index
    softness = jnp.maximum(jnp.abs(values), FLATTEST * landscape.curvature_scale)
    way = vectors @ (jnp.where(up, 1.0, -1.0) * (gradient @ vectors) / softness)
    length, cap = jnp.linalg.norm(way), LONGEST * manifold.ambient**0.5
    point = manifold.retract(x, jnp.where(length > cap, cap / length, 1.0) * way)
    return point, (jnp.sum(values < 0) == index) & (length <= cap)


@partial(jax.jit, static_argnames=("landscape", "lanes"))
def follow(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[Array, "starts ambient"],
    index: Int[Array, " starts"],
    lanes: int = LANES,
) -> Float[Array, "starts ambient"]:
    """Where Newton may take over on the way to saddles of these indices, or where `MOST_STEPS` ended."""
    count = len(starts)
    lanes = min(lanes, count)
    advance = jax.vmap(lambda x, k: _step(landscape, couplings, x, k))

    def iterate(pool: _Pool) -> _Pool:
        point, newton = advance(pool.x, index[jnp.minimum(pool.start, count - 1)])
        finite = jnp.all(jnp.isfinite(point), axis=1)
        ended = (newton | ~finite | (pool.steps >= MOST_STEPS)) & (pool.start < count)
        ends = pool.ends.at[jnp.where(ended, pool.start, count)].set(point, mode="drop")
        start, upcoming = refill(ended, pool.start, pool.next)
        fresh = starts[jnp.minimum(start, count - 1)]
        x = jnp.where((ended | ~finite)[:, None], fresh, point)
        return _Pool(x, start, jnp.where(ended, 0, pool.steps + 1), upcoming, ends)

    zeros = jnp.zeros(lanes, jnp.int64)
    pool = _Pool(starts[:lanes], jnp.arange(lanes), zeros, jnp.asarray(lanes), jnp.zeros_like(starts))
    return jax.lax.while_loop(lambda pool: jnp.any(pool.start < count), iterate, pool).ends
