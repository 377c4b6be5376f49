"""From known points to their neighbours: a way off along soft directions, then Newton.

Points of the bottom crowd along their softest modes, so a random direction is softened: (A^2 + s^2)^{-1} z,
with A the Hessian, z isotropic and s a share of its scale. Measured at N = 60, such a start costs no more
than one from above and ends ten times as often at the high saddles of index 1 that those hardly hit; a climb
by eigenvector following costs ten to twenty times as much and ends at the same points (docs/low-index.md).
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.runtime.lanes import in_batches

SOFT = 0.1
"""Eigenvalues below this share of the curvature scale are equally soft."""


@partial(jax.jit, static_argnames=("landscape",))
def _leave(
    landscape: Landscape,
    couplings: Couplings,
    points: Float[Array, "batch ambient"],
    noise: Float[Array, "batch ambient"],
    lengths: Float[Array, " batch"],
) -> Float[Array, "batch ambient"]:
    manifold = landscape.manifold
    scale = landscape.curvature_scale

    def one(x: Float[Array, " ambient"], z: Float[Array, " ambient"], length: Float[Array, ""]) -> Array:
        jet = landscape.jet(couplings, x)
        matrix = manifold.tangent_hessian(x, jet.gradient, jet.hessian, scale)
        square = matrix @ matrix + (SOFT * scale) ** 2 * jnp.eye(manifold.ambient)
        soft = jax.scipy.linalg.cho_solve((jnp.linalg.cholesky(square), True), manifold.project(x, z))
        soft = manifold.project(x, soft)
        return manifold.retract(x, length / jnp.linalg.norm(soft) * soft)

    return jax.vmap(one)(points, noise, lengths)


def leave(
    landscape: Landscape,
    couplings: Couplings,
    points: Float[np.ndarray, "starts ambient"],
    noise: Float[np.ndarray, "starts ambient"],
    lengths: Float[np.ndarray, " starts"],
) -> Float[np.ndarray, "starts ambient"]:
    """Starts at these distances from critical points, in soft directions.

    Args:
        noise: independent standard normal numbers.
        lengths: before the point is put back on its spheres, in units of H's argument.
    """
    return in_batches(partial(_leave, landscape, couplings), points, noise, lengths)
