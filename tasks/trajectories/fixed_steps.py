"""Gradient descent with one step length until the gradient vanishes: as networks are trained."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from morsecensus.tasks.landscapes.base import Couplings, Landscape

LANES = 64
"""Starts that descend together; measured neither better nor worse at 250."""


@partial(jax.jit, static_argnames=("landscape", "most"))
def _settle(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[Array, "lanes ambient"],
    step: float,
    target: float,
    bottom: float,
    most: int,
) -> tuple[Float[Array, "lanes ambient"], Bool[Array, " lanes"]]:
    look = jax.vmap(lambda x: landscape.value_and_gradient(couplings, x))

    def away(value: Float[Array, " lanes"], gradient: Float[Array, "lanes ambient"]) -> Bool[Array, " lanes"]:
        return (jnp.linalg.norm(gradient, axis=1) > target) & (value > bottom)

    def going(state: tuple[Array, Array, Array, Array]) -> Array:
        return (state[3] < most) & jnp.any(away(state[1], state[2]))

    def move(state: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        x, value, gradient, taken = state
        # A lane that has arrived stays, so that nothing depends on who descends beside it.
        x = jnp.where(away(value, gradient)[:, None], x - step * gradient, x)
        return x, *look(x), taken + 1

    state = jax.lax.while_loop(going, move, (starts, *look(starts), jnp.zeros((), jnp.int64)))
    return state[0], ~away(state[1], state[2]) & jnp.isfinite(state[1])


def settle(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[np.ndarray, "starts ambient"],
    step: float,
    target: float,
    most: int,
    bottom: float = -np.inf,
) -> tuple[Float[np.ndarray, "starts ambient"], Bool[np.ndarray, " starts"]]:
    """Descend from each start until its gradient's norm is at most ``target``, or H is at most ``bottom``, or
    for ``most`` steps.

    Returns:
        Where each ended, and whether it arrived; one that runs to infinity doesn't.
    """
    ends, arrived = [], []
    for first in range(0, len(starts), LANES):
        lanes = starts[first : first + LANES]
        padded = np.concatenate([lanes, np.repeat(lanes[:1], LANES - len(lanes), axis=0)])
        x, there = _settle(landscape, couplings, padded, step, target, bottom, most)
        ends.append(np.asarray(x)[: len(lanes)])
        arrived.append(np.asarray(there)[: len(lanes)])
    return np.concatenate(ends), np.concatenate(arrived)
