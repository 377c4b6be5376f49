"""Gradient descent with one step length until the gradient vanishes: as networks are trained."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from morsecensus.tasks.landscapes.base import Couplings, Landscape

LANES, STRIDE = 16, 32
"""Starts that descend together, and steps between two looks at who has arrived and makes place for the next.
A step costs each of 16 lanes as much as of 64 (measured at k = 7 and 15), and fewer wait for the last one."""


@partial(jax.jit, static_argnames=("landscape", "losses"))
def _stride(
    landscape: Landscape,
    couplings: Couplings,
    lanes: Float[Array, "lanes ambient"],
    left: Float[Array, " lanes"],
    step: float,
    target: float,
    bottom: float,
    losses: bool,
) -> tuple[Array, Array, Bool[Array, " lanes"], Bool[Array, " lanes"]]:
    """Take `STRIDE` steps, of a lane ``left`` at most and none once it has arrived.

    Returns:
        the lanes, the steps left, who has arrived, and who is still somewhere.
    """

    def look(x: Float[Array, "lanes ambient"]) -> tuple[Array, Array]:
        value, gradient = jax.vmap(lambda lane: landscape.value_and_gradient(couplings, lane))(x)
        there = jnp.linalg.norm(gradient, axis=1) <= target
        # Without losses to look at no time goes into them.
        return gradient, there | (value <= bottom) if losses else there

    def move(_: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        x, left, gradient, there = state
        # A lane that has arrived stays, so that nothing depends on who descends beside it.
        going = ~there & (left > 0)
        x = jnp.where(going[:, None], x - step * gradient, x)
        return x, left - going.astype(left.dtype), *look(x)

    x, left, gradient, there = jax.lax.fori_loop(0, STRIDE, move, (lanes, left, *look(lanes)))
    return x, left, there, jnp.isfinite(gradient).all(axis=1)


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
    ends, arrived = np.array(starts, float), np.zeros(len(starts), bool)
    # Which start each lane holds: an empty one holds none, and the first start's weights, with no step left.
    held, lanes, left = np.full(LANES, -1), np.repeat(ends[:1], LANES, axis=0), np.zeros(LANES)
    begun = 0
    while True:
        free = np.flatnonzero(held < 0)[: len(ends) - begun]
        held[free] = np.arange(begun, begun + len(free))
        lanes[free], left[free] = ends[held[free]], most
        begun += len(free)
        if (held < 0).all():
            return ends, arrived
        found = _stride(landscape, couplings, lanes, left, step, target, bottom, bool(bottom > -np.inf))
        lanes, left, there, finite = (np.array(part) for part in found)
        done = (held >= 0) & (there | (left == 0) | ~finite)
        ends[held[done]], arrived[held[done]] = lanes[done], (there & finite)[done]
        held[done], left[done] = -1, 0
