"""How long gradient flow takes to leave a critical point after a small kick.

Runge and Kutta's method of order 4 with one step length for each point, a share of 1/(largest curvature): the
modes that decay are stable, and those that grow are slow on that scale. The time at which the distance is
reached is read off between two steps, where its logarithm is close to linear.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape

STEP = 1.0
"""Over the largest absolute curvature; the method is stable up to 2.78. A mode that grows at a tenth of that
rate has its rate wrong by 1e-6."""


class _Lanes(NamedTuple):
    x: Float[Array, "kicks ambient"]
    distance: Float[Array, " kicks"]
    left: Float[Array, " kicks"]
    steps: Int[Array, ""]


@partial(jax.jit, static_argnames=("landscape",))
def escape_times(
    landscape: Landscape,
    couplings: Couplings,
    point: Float[Array, " ambient"],
    kicks: Float[Array, "kicks ambient"],
    distance: Float[Array, ""] | float,
    step: Float[Array, ""] | float,
    most_steps: Int[Array, ""] | int,
) -> Float[Array, " kicks"]:
    """When dx/dt = -grad H first is as far from a point as ``distance``, in units of sqrt(ambient).

    Args:
        kicks: tangent vectors, shorter than that.
        step: of time.

    Returns:
        Times, NaN for a kick that took more than ``most_steps`` steps.
    """
    manifold = landscape.manifold

    def slope(x: Float[Array, " ambient"]) -> Float[Array, " ambient"]:
        return -manifold.project(x, landscape.value_and_gradient(couplings, x)[1])

    def move(x: Float[Array, " ambient"]) -> Float[Array, " ambient"]:
        a = slope(x)
        b = slope(x + step / 2 * a)
        c = slope(x + step / 2 * b)
        d = slope(x + step * c)
        return manifold.retract(x, step / 6 * (a + 2 * b + 2 * c + d))

    def far(x: Float[Array, "kicks ambient"]) -> Float[Array, " kicks"]:
        return jnp.linalg.norm(x - point[None], axis=1) / manifold.ambient**0.5

    def going(lanes: _Lanes) -> Array:
        return jnp.isnan(lanes.left).any() & (lanes.steps < most_steps)

    def iterate(lanes: _Lanes) -> _Lanes:
        x = jax.vmap(move)(lanes.x)
        there = far(x)
        part = jnp.log(distance / lanes.distance) / jnp.log(there / lanes.distance)
        passed = jnp.isnan(lanes.left) & (there >= distance)
        left = jnp.where(passed, (lanes.steps + part) * step, lanes.left)
        return _Lanes(x, there, left, lanes.steps + 1)

    starts = jax.vmap(lambda kick: manifold.retract(point, kick))(kicks)
    unknown = jnp.full(len(kicks), jnp.nan)
    lanes = _Lanes(starts, far(starts), unknown, jnp.asarray(0))
    return jax.lax.while_loop(going, iterate, lanes).left
