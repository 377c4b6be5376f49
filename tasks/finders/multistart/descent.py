"""Batched Riemannian gradient descent with step control, for minima and for points along the way down.

Each lane keeps its own step: a trial is taken if it satisfies the Armijo condition and then the step grows,
otherwise it shrinks; so one iteration costs one evaluation of H and its gradient whatever happens. ``sign =
-1`` climbs instead.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.runtime.lanes import choose

# Standard line-search constants; none is delicate (Nocedal and Wright, Numerical Optimization, ch. 3).
ARMIJO = 1e-4
GROW = 1.5
SHRINK = 0.4


class Descent(NamedTuple):
    """Where descents ended. ``gradient_norm`` is that of the Riemannian gradient; ``steps`` counts accepted
    steps."""

    points: Float[Array, "lanes ambient"]
    gradient_norm: Float[Array, " lanes"]
    steps: Int[Array, " lanes"]


class _Place(NamedTuple):
    x: Float[Array, "lanes ambient"]
    value: Float[Array, " lanes"]
    gradient: Float[Array, "lanes ambient"]


class _Lanes(NamedTuple):
    at: _Place
    step: Float[Array, " lanes"]
    accepted: Int[Array, " lanes"]
    trials: Int[Array, ""]


@partial(jax.jit, static_argnames=("landscape", "max_trials"))
def descend(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[Array, "lanes ambient"],
    signs: Float[Array, " lanes"],
    depths: Int[Array, " lanes"],
    target: Float[Array, ""] | float,
    max_trials: int,
) -> Descent:
    """Descend ``signs * H`` from each start until ``depths`` steps were accepted or the gradient norm is
    below ``target``.

    Args:
        target: the Riemannian gradient norm of the extensive H at which a lane stops.
        max_trials: evaluations of the gradient after which all lanes stop, wherever they are.
    """
    manifold = landscape.manifold

    def look(x: Float[Array, " ambient"], sign: Float[Array, ""]) -> _Place:
        value, gradient = landscape.value_and_gradient(couplings, x)
        return _Place(x, sign * value, sign * manifold.project(x, gradient))

    def running(lanes: _Lanes):
        norms = jnp.linalg.norm(lanes.at.gradient, axis=1)
        return (lanes.accepted < depths) & (norms > target) & jnp.isfinite(lanes.at.value)

    def iterate(lanes: _Lanes) -> _Lanes:
        active, old = running(lanes), lanes.at
        new = jax.vmap(look)(jax.vmap(manifold.retract)(old.x, -lanes.step[:, None] * old.gradient), signs)
        # Near the bottom the decrease is below the round-off of H: accept a step that doesn't raise it
        # visibly.
        slack = 1e-14 * jnp.abs(old.value)
        enough = new.value <= old.value - ARMIJO * lanes.step * jnp.sum(old.gradient**2, axis=1) + slack
        taken = active & enough
        step = jnp.where(active, jnp.where(enough, GROW, SHRINK) * lanes.step, lanes.step)
        accepted = lanes.accepted + taken.astype(jnp.int64)
        return _Lanes(choose(taken, new, old), step, accepted, lanes.trials + 1)

    first = jnp.full(starts.shape[0], 0.5 / landscape.curvature_scale, starts.dtype)
    counts = jnp.zeros(starts.shape[0], jnp.int64)
    lanes = _Lanes(jax.vmap(look)(starts, signs), first, counts, jnp.zeros((), jnp.int64))
    lanes = jax.lax.while_loop(
        lambda lanes: (lanes.trials < max_trials) & jnp.any(running(lanes)), iterate, lanes
    )
    return Descent(lanes.at.x, jnp.linalg.norm(lanes.at.gradient, axis=1), lanes.accepted)
