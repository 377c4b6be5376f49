"""Gradient flow x' = -sign grad_M H from many starts at once, by a Runge-Kutta pair with error control.

Dormand and Prince 5(4) (J. Comput. Appl. Math. 6, 1980), each lane with its own step; every accepted step is
put back on the manifold, which keeps the order (Hairer, Lubich and Wanner, Geometric Numerical Integration,
IV.4). Other descents corrupt basins: a step along the gradient that merely lowers H may cross a watershed.

A path ends when it enters the ball of a sink, a minimum of sign*H. In half its uniqueness radius the
Hessian is positive, because it varies by less than its softest eigenvalue, so the distance to the minimum
falls along the flow and the path can't leave: arrival is proven as far as the radius is.

On its way a path notes where the gradient was least and, if asked to, its steps.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from tasks.landscapes.base import Couplings, Landscape

LANES = 64
"""As in `tasks.newton`: the working set stays in the second-level cache."""

MOST_TRIALS = 20000
"""Steps, taken or not, after which a path is given up: a typical one takes about a hundred."""

LOST = -1
"""Arrival of a path that was given up."""

STAGES = (
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
ERROR = (71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)

# The usual step-size controller: safety 0.9, factors between 0.2 and 5 (Hairer, Norsett and Wanner, II.4).
SAFETY, SHRINK, GROW = 0.9, 0.2, 5.0


class Ends(NamedTuple):
    """How paths ended, one row per start: the attributes are those of `tasks.topology.paths.Paths`."""

    arrival: Int[Array, " starts"]
    time: Float[Array, " starts"]
    trials: Int[Array, " starts"]
    steps: Int[Array, " starts"]
    least_gradient: Float[Array, " starts"]
    least_point: Float[Array, "starts ambient"]


class Steps(NamedTuple):
    """Of paths: the attributes are those of `tasks.topology.paths.Steps`."""

    height: Float[Array, "starts room"]
    time: Float[Array, "starts room"]
    point: Float[Array, "starts room ambient"]
    velocity: Float[Array, "starts room ambient"]


class _Motion(NamedTuple):
    """A point on its way: height is sign*H, velocity is -grad of it."""

    x: Float[Array, "lanes ambient"]
    height: Float[Array, " lanes"]
    velocity: Float[Array, "lanes ambient"]


class _Pool(NamedTuple):
    motion: _Motion
    step: Float[Array, " lanes"]
    slowing: Bool[Array, " lanes"]
    trace: Ends
    start: Int[Array, " lanes"]
    next: Int[Array, ""]
    ended: Ends
    track: Steps


def _rows(mask: Bool[Array, " lanes"], yes: Array, no: Array) -> Array:
    """`where` for arrays whose first axis is the lane."""
    return jnp.where(mask.reshape(mask.shape + (1,) * (yes.ndim - 1)), yes, no)


def _blank(count: int, ambient: int) -> Ends:
    none = jnp.zeros(count, jnp.int64)
    return Ends(
        jnp.full(count, LOST),
        jnp.zeros(count),
        none,
        none,
        jnp.full(count, jnp.inf),
        jnp.zeros((count, ambient)),
    )


@partial(jax.jit, static_argnames=("landscape", "room"))
def flow(
    landscape: Landscape,
    couplings: Couplings,
    sign: Float[Array, ""] | float,
    starts: Float[Array, "starts ambient"],
    count: Int[Array, ""] | int,
    sinks: Float[Array, "sinks ambient"],
    radii: Float[Array, " sinks"],
    tolerance: Float[Array, ""] | float,
    room: int,
) -> tuple[Ends, Steps]:
    """Flow down sign*H from the first ``count`` starts until each has arrived.

    Args:
        sign: 1 for H, -1 for -H.
        radii: a path that comes this close to a sink has arrived; negative for padding.
        tolerance: error of one step in units of sqrt(ambient).
        room: steps that a track has room for; a path with more is given up. 0 for no tracks and no limit.

    Returns:
        Rows from ``count`` on mean nothing.
    """
    manifold = landscape.manifold
    total, ambient = starts.shape
    lanes = min(LANES, total)
    scale = ambient**0.5
    first_step = 0.05 / landscape.curvature_scale

    def move_one(x: Float[Array, " ambient"]) -> _Motion:
        value, gradient = landscape.value_and_gradient(couplings, x)
        return _Motion(x, sign * value, -sign * manifold.project(x, gradient))

    move = jax.vmap(move_one)
    retract = jax.vmap(manifold.retract)

    def trial(old: _Motion, step: Float[Array, " lanes"]) -> tuple[_Motion, Float[Array, " lanes"]]:
        slopes = [old.velocity]
        for row in STAGES[:-1]:
            shift = sum((a * k for a, k in zip(row, slopes, strict=True)), jnp.zeros_like(old.x))
            slopes.append(move(old.x + step[:, None] * shift).velocity)
        shift = sum((a * k for a, k in zip(STAGES[-1], slopes, strict=True)), jnp.zeros_like(old.x))
        new = move(retract(old.x, step[:, None] * shift))
        slopes.append(new.velocity)
        error = sum((e * k for e, k in zip(ERROR, slopes, strict=True)), jnp.zeros_like(old.x))
        return new, jnp.linalg.norm(error, axis=1) * step / (tolerance * scale)

    def arrived_at(x: Float[Array, "lanes ambient"]) -> Int[Array, " lanes"]:
        square = 2 * (ambient - x @ sinks.T)
        inside = (square < (radii * jnp.abs(radii))[None, :]).astype(jnp.int64)
        return jnp.where(jnp.any(inside > 0, axis=1), jnp.argmax(inside, axis=1), LOST)

    def mark(pool: _Pool, new: _Motion, taken: Array) -> Ends:
        """What one trial adds to the traces."""
        old, trace = pool.motion, pool.trace
        speed, faster = jnp.linalg.norm(old.velocity, axis=1), jnp.linalg.norm(new.velocity, axis=1)
        least = taken & pool.slowing & (faster > speed) & (speed < trace.least_gradient)
        return Ends(
            jnp.where(taken, arrived_at(new.x), LOST),
            trace.time + jnp.where(taken, pool.step, 0.0),
            trace.trials + 1,
            trace.steps + taken.astype(jnp.int64),
            jnp.where(least, speed, trace.least_gradient),
            _rows(least, old.x, trace.least_point),
        )

    def record(pool: _Pool, trace: Ends, new: _Motion, taken: Array) -> Steps:
        if room == 0:
            return pool.track
        at = jnp.where(taken, pool.start, total), trace.steps
        news = (new.height, trace.time, new.x, new.velocity)
        return Steps(*(all_.at[at].set(one, mode="drop") for all_, one in zip(pool.track, news, strict=True)))

    def iterate(pool: _Pool) -> _Pool:
        old, step = pool.motion, pool.step
        new, error = trial(old, step)
        finite = jnp.isfinite(error)
        taken = finite & (error <= 1.0)
        trace = mark(pool, new, taken)
        track = record(pool, trace, new, taken)
        factor = jnp.where(finite, SAFETY * jnp.maximum(error, 1e-12) ** -0.2, SHRINK)
        step = step * jnp.clip(factor, SHRINK, GROW)
        motion = _Motion(*(_rows(taken, a, b) for a, b in zip(new, old, strict=True)))
        slower = jnp.linalg.norm(new.velocity, axis=1) < jnp.linalg.norm(old.velocity, axis=1)
        slowing = jnp.where(taken, slower, pool.slowing)

        full = (trace.trials >= MOST_TRIALS) | (trace.steps == room - 1)
        ended = ((trace.arrival != LOST) | full) & (pool.start < count)
        slot = jnp.where(ended, pool.start, total)
        done = zip(pool.ended, trace, strict=True)
        start = jnp.where(ended, pool.next + jnp.cumsum(ended) - 1, pool.start)
        row = jnp.minimum(start, total - 1)
        fresh = _Motion(*(whole[row] for whole in origin))
        return _Pool(
            _Motion(*(_rows(ended, a, b) for a, b in zip(fresh, motion, strict=True))),
            jnp.where(ended, first_step, step),
            jnp.where(ended, False, slowing),
            Ends(*(_rows(ended, a, b) for a, b in zip(blank, trace, strict=True))),
            start,
            pool.next + jnp.sum(ended),
            Ends(*(all_.at[slot].set(mine, mode="drop") for all_, mine in done)),
            track,
        )

    origin = move(starts)
    blank = _blank(lanes, ambient)
    track = Steps(
        jnp.full((total, room), -jnp.inf),
        jnp.zeros((total, room)),
        jnp.zeros((total, room, ambient)),
        jnp.zeros((total, room, ambient)),
    )
    if room:
        begun = zip(track[::2], (origin.height, origin.x), strict=True)
        height, point = (whole.at[:, 0].set(first) for whole, first in begun)
        track = Steps(height, track.time, point, track.velocity.at[:, 0].set(origin.velocity))
    pool = _Pool(
        _Motion(*(whole[:lanes] for whole in origin)),
        jnp.full(lanes, first_step),
        jnp.zeros(lanes, bool),
        blank,
        jnp.arange(lanes),
        jnp.asarray(lanes),
        _blank(total, ambient),
        track,
    )
    pool = jax.lax.while_loop(lambda pool: jnp.any(pool.start < count), iterate, pool)
    return pool.ended, pool.track
