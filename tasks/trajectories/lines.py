"""Gradient flow x' = -sign grad_M H from many starts at once, by a Runge-Kutta pair with error control.

Dormand and Prince 5(4) (J. Comput. Appl. Math. 6, 1980), each lane with its own step; every accepted step is
put back on the manifold, which keeps the order (Hairer, Lubich and Wanner, Geometric Numerical Integration,
IV.4). Other descents corrupt basins: a step along the gradient that merely lowers H may cross a watershed.

A path ends when it enters the ball of a sink, a minimum of sign*H. In half its uniqueness radius the
Hessian is positive, because it varies by less than its softest eigenvalue, so the distance to the minimum
falls along the flow and the path can't leave: arrival is proven as far as the radius is.

On its way a path notes where the gradient was least and, if asked to, its track: the steps at which its
velocity has changed. Where two critical points nearly exist a path creeps for thousands of steps, as many as
you like, at almost one velocity; of those a track keeps a few.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.runtime.lanes import LANES, choose, refill
from morsecensus.tasks.trajectories.runge_kutta import next_step

MOST_TRIALS = 200_000
"""Steps, taken or not, after which a path is given up: a typical one takes about a hundred, and one in t^2
more than t hundred."""

TURN = 0.05
"""Relative change of the velocity at which a track keeps a step. Arbitrary: between two such points a cubic
is as good as the flow."""

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


class Ends(NamedTuple):
    """How paths ended, one row per start: the attributes are those of `tasks.trajectories.paths.Paths`."""

    arrival: Int[Array, " starts"]
    time: Float[Array, " starts"]
    trials: Int[Array, " starts"]
    steps: Int[Array, " starts"]
    kept: Int[Array, " starts"]
    least_gradient: Float[Array, " starts"]
    least_point: Float[Array, "starts ambient"]


class Steps(NamedTuple):
    """Of paths: the attributes are those of `tasks.trajectories.paths.Track`."""

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
    """The lanes, then what is kept of all paths. ``noted`` is the velocity that was kept last."""

    motion: _Motion
    step: Float[Array, " lanes"]
    slowing: Bool[Array, " lanes"]
    noted: Float[Array, "lanes ambient"]
    trace: Ends
    start: Int[Array, " lanes"]
    next: Int[Array, ""]
    ended: Ends
    track: Steps


def _blank(count: int, ambient: int) -> Ends:
    none = jnp.zeros(count, jnp.int64)
    return Ends(
        jnp.full(count, LOST),
        jnp.zeros(count),
        none,
        none,
        none,
        jnp.full(count, jnp.inf),
        jnp.zeros((count, ambient)),
    )


class _Flow:
    """The flow of one landscape while it is traced."""

    def __init__(
        self,
        landscape: Landscape,
        couplings: Couplings,
        sign: Array | float,
        starts: Float[Array, "starts ambient"],
        count: Array | int,
        sinks: Float[Array, "sinks ambient"],
        radii: Float[Array, " sinks"],
        tolerance: Array | float,
        room: int,
    ):
        self.landscape, self.couplings, self.sign = landscape, couplings, sign
        self.count, self.sinks, self.radii, self.room = count, sinks, radii, room
        self.total, self.ambient = starts.shape
        self.lanes = min(LANES, self.total)
        self.error_unit = tolerance * self.ambient**0.5
        self.first_step = 0.05 / landscape.curvature_scale
        self.origin = self.move(starts)

    def move(self, x: Float[Array, "lanes ambient"]) -> _Motion:
        def one(x: Float[Array, " ambient"]) -> _Motion:
            value, gradient = self.landscape.value_and_gradient(self.couplings, x)
            return _Motion(x, self.sign * value, -self.sign * self.landscape.manifold.project(x, gradient))

        return jax.vmap(one)(x)

    def trial(self, old: _Motion, step: Float[Array, " lanes"]) -> tuple[_Motion, Float[Array, " lanes"]]:
        """One step, and its error in units of the tolerance."""
        slopes = [old.velocity]
        for row in STAGES[:-1]:
            slopes.append(self.move(old.x + step[:, None] * _combine(row, slopes)).velocity)
        shift = step[:, None] * _combine(STAGES[-1], slopes)
        new = self.move(jax.vmap(self.landscape.manifold.retract)(old.x, shift))
        error = _combine(ERROR, [*slopes, new.velocity])
        return new, jnp.linalg.norm(error, axis=1) * step / self.error_unit

    def arrived_at(self, x: Float[Array, "lanes ambient"]) -> Int[Array, " lanes"]:
        square = 2 * (self.ambient - x @ self.sinks.T)
        inside = (square < (self.radii * jnp.abs(self.radii))[None, :]).astype(jnp.int64)
        return jnp.where(jnp.any(inside > 0, axis=1), jnp.argmax(inside, axis=1), LOST)

    def mark(self, pool: _Pool, new: _Motion, taken: Bool[Array, " lanes"]) -> Ends:
        """What one trial adds to the traces."""
        old, trace = pool.motion, pool.trace
        speed, faster = jnp.linalg.norm(old.velocity, axis=1), jnp.linalg.norm(new.velocity, axis=1)
        least = taken & pool.slowing & (faster > speed) & (speed < trace.least_gradient)
        arrival = jnp.where(taken, self.arrived_at(new.x), LOST)
        turn = jnp.linalg.norm(new.velocity - pool.noted, axis=1)
        turned = turn > TURN * jnp.linalg.norm(pool.noted, axis=1)
        return Ends(
            arrival,
            trace.time + jnp.where(taken, pool.step, 0.0),
            trace.trials + 1,
            trace.steps + taken.astype(jnp.int64),
            trace.kept + (taken & (turned | (arrival != LOST))).astype(jnp.int64),
            jnp.where(least, speed, trace.least_gradient),
            choose(least, old.x, trace.least_point),
        )

    def record(self, pool: _Pool, trace: Ends, new: _Motion, noting: Bool[Array, " lanes"]) -> Steps:
        if self.room == 0:
            return pool.track
        at = jnp.where(noting, pool.start, self.total), trace.kept
        news = (new.height, trace.time, new.x, new.velocity)
        return Steps(*(all_.at[at].set(one, mode="drop") for all_, one in zip(pool.track, news, strict=True)))

    def iterate(self, pool: _Pool) -> _Pool:
        """One trial in each lane; lanes that have ended take the next starts."""
        old, step = pool.motion, pool.step
        new, error = self.trial(old, step)
        taken = jnp.isfinite(error) & (error <= 1.0)
        trace = self.mark(pool, new, taken)
        noting = trace.kept > pool.trace.kept
        track = self.record(pool, trace, new, noting)
        slower = jnp.linalg.norm(new.velocity, axis=1) < jnp.linalg.norm(old.velocity, axis=1)
        moved = pool._replace(
            motion=choose(taken, new, old),
            step=next_step(step, error, jnp.maximum(error, 1e-12) ** -0.2),
            slowing=jnp.where(taken, slower, pool.slowing),
            noted=choose(noting, new.velocity, pool.noted),
            trace=trace,
            track=track,
        )
        full = (trace.trials >= MOST_TRIALS) | (trace.kept == self.room - 1)
        return self.refill(moved, ((trace.arrival != LOST) | full) & (pool.start < self.count))

    def refill(self, pool: _Pool, ended: Bool[Array, " lanes"]) -> _Pool:
        slot = jnp.where(ended, pool.start, self.total)
        done = zip(pool.ended, pool.trace, strict=True)
        start, upcoming = refill(ended, pool.start, pool.next)
        row = jnp.minimum(start, self.total - 1)
        fresh = _Motion(*(whole[row] for whole in self.origin))
        blank = _blank(self.lanes, self.ambient)
        return _Pool(
            choose(ended, fresh, pool.motion),
            jnp.where(ended, self.first_step, pool.step),
            jnp.where(ended, False, pool.slowing),
            choose(ended, fresh.velocity, pool.noted),
            choose(ended, blank, pool.trace),
            start,
            upcoming,
            Ends(*(all_.at[slot].set(mine, mode="drop") for all_, mine in done)),
            pool.track,
        )

    def tracks(self) -> Steps:
        """Room for all tracks, with the starts in it."""
        shape = (self.total, self.room)
        height, time = jnp.full(shape, -jnp.inf), jnp.zeros(shape)
        point = velocity = jnp.zeros((*shape, self.ambient))
        if self.room:
            height = height.at[:, 0].set(self.origin.height)
            point = point.at[:, 0].set(self.origin.x)
            velocity = velocity.at[:, 0].set(self.origin.velocity)
        return Steps(height, time, point, velocity)

    def begin(self) -> _Pool:
        first = _Motion(*(whole[: self.lanes] for whole in self.origin))
        return _Pool(
            first,
            jnp.full(self.lanes, self.first_step),
            jnp.zeros(self.lanes, bool),
            first.velocity,
            _blank(self.lanes, self.ambient),
            jnp.arange(self.lanes),
            jnp.asarray(self.lanes),
            _blank(self.total, self.ambient),
            self.tracks(),
        )


def _combine(weights: tuple[float, ...], slopes: list[Array]) -> Array:
    return sum((a * k for a, k in zip(weights, slopes, strict=True)), jnp.zeros_like(slopes[0]))


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
        room: points that a track has room for; a path with more is given up. 0 for no tracks and no limit.

    Returns:
        Rows from ``count`` on mean nothing.
    """
    run = _Flow(landscape, couplings, sign, starts, count, sinks, radii, tolerance, room)
    pool = jax.lax.while_loop(lambda pool: jnp.any(pool.start < count), run.iterate, run.begin())
    return pool.ended, pool.track
