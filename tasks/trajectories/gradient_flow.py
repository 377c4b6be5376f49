"""Riemannian gradient flow dx/dt = -grad H as an ordinary differential equation, many starts at once.

Descents with large steps find minima faster, but end in other basins than the flow: where a start flows to,
and how fast, is a question to the differential equation. It is solved by the embedded pair of Bogacki and
Shampine (Appl. Math. Lett. 2 (1989) 321), of order 3 with an error estimate of order 2, with a step of its
own for each start; after each step the point is scaled back to the manifold, which changes it by less than
the error. Low order, since late in a relaxation it is stability that limits the step, and this pair needs
the fewest gradients per unit of time there.

Time has no unit of its own: it is set by H, E H H' = N xi on |x|^2 = N, as in `analysis.dynamics`.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from morsecensus.tasks.geometry.manifolds import ProductOfSpheres
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.runtime.lanes import choose
from morsecensus.tasks.trajectories.runge_kutta import next_step

TOLERANCE = 1e-5
"""Of the error of one step, in units of sqrt(ambient). Measured on the pure 3-spin at N = 60 up to t = 20, 64
starts: no energy is off by more than 4e-5 from those at 1e-9, which take 30 times the steps."""
MOST_STEPS = 20_000


class Flow(NamedTuple):
    """Where flows passed. Rows are starts, columns are times; what was not reached is NaN.

    Attributes:
        energy: per spin.
        overlap: with each of the given directions, per spin.
        correlation: x(t).x(0) per spin.
        points: at the last time reached.
        steps: accepted and rejected ones.
    """

    energy: Float[Array, "starts times"]
    overlap: Float[Array, "starts times directions"]
    correlation: Float[Array, "starts times"]
    points: Float[Array, "starts ambient"]
    steps: Int[Array, " starts"]


class _Motion(NamedTuple):
    """Points on their way: energy per spin, and slope = -grad H."""

    x: Float[Array, "starts ambient"]
    energy: Float[Array, " starts"]
    slope: Float[Array, "starts ambient"]


class _Lanes(NamedTuple):
    motion: _Motion
    time: Float[Array, " starts"]
    step: Float[Array, " starts"]
    next: Int[Array, " starts"]
    flow: Flow


class _Run:
    """The flow of one landscape while it is traced."""

    def __init__(
        self,
        landscape: Landscape,
        couplings: Couplings,
        starts: Float[Array, "starts ambient"],
        times: Float[Array, " times"],
        directions: Float[Array, "directions ambient"],
        tolerance: Float[Array, ""] | float,
        most_steps: int,
    ) -> None:
        self.landscape, self.couplings, self.manifold = landscape, couplings, landscape.manifold
        self.starts, self.times, self.directions = starts, times, directions
        self.tolerance, self.most_steps = tolerance, most_steps
        self.ambient, self.count = landscape.manifold.ambient, times.shape[0]
        self.rows = jnp.arange(starts.shape[0])

    def look(self, x: Float[Array, " ambient"]) -> _Motion:
        value, gradient = self.landscape.value_and_gradient(self.couplings, x)
        return _Motion(x, value / self.ambient, -self.manifold.project(x, gradient))

    def trial(self, old: _Motion, h: Float[Array, ""]) -> tuple[_Motion, Float[Array, ""]]:
        """One step of one start, and its error in units of sqrt(ambient)."""
        x, k1 = old.x, old.slope
        k2 = self.look(x + h / 2 * k1).slope
        k3 = self.look(x + 3 * h / 4 * k2).slope
        new = self.look(self.manifold.retract(x, h * (2 * k1 + 3 * k2 + 4 * k3) / 9))
        error = h * (-5 * k1 / 72 + k2 / 12 + k3 / 9 - new.slope / 8)
        return new, jnp.linalg.norm(error) / self.ambient**0.5

    def running(self, lanes: _Lanes) -> Bool[Array, " starts"]:
        left = (lanes.next < self.count) & (lanes.flow.steps < self.most_steps)
        return left & jnp.isfinite(lanes.motion.energy)

    def goal(self, lanes: _Lanes) -> Float[Array, " starts"]:
        return self.times[jnp.minimum(lanes.next, self.count - 1)]

    def note(self, lanes: _Lanes) -> _Lanes:
        """Write down the lanes that are at their next time."""
        at, seen = lanes.motion, lanes.flow
        due = (lanes.next < self.count) & (lanes.time >= self.goal(lanes))
        column = jnp.where(due, lanes.next, self.count)
        seen = seen._replace(
            energy=seen.energy.at[self.rows, column].set(at.energy, mode="drop"),
            overlap=seen.overlap.at[self.rows, column].set(
                at.x @ self.directions.T / self.ambient, mode="drop"
            ),
            correlation=seen.correlation.at[self.rows, column].set(
                jnp.sum(at.x * self.starts, axis=1) / self.ambient, mode="drop"
            ),
            points=at.x,
        )
        return lanes._replace(next=lanes.next + due.astype(jnp.int64), flow=seen)

    def iterate(self, lanes: _Lanes) -> _Lanes:
        active, goal = self.running(lanes), self.goal(lanes)
        left = goal - lanes.time
        last = lanes.step >= left
        h = jnp.where(last, left, lanes.step)
        new, error = jax.vmap(self.trial)(lanes.motion, h)
        taken = active & (error <= self.tolerance)
        step = next_step(h, error, (self.tolerance / error) ** (1 / 3))
        # A step cut short by the next time is no reason for a shorter one after it.
        step = jnp.where(taken & last, jnp.maximum(lanes.step, step), step)
        moved = _Lanes(
            choose(taken, new, lanes.motion),
            jnp.where(taken, jnp.where(last, goal, lanes.time + h), lanes.time),
            jnp.where(active, step, lanes.step),
            lanes.next,
            lanes.flow._replace(steps=lanes.flow.steps + active.astype(jnp.int64)),
        )
        return self.note(moved)

    def begin(self) -> _Lanes:
        many = self.starts.shape[0]
        blank = jnp.full((many, self.count), jnp.nan)
        overlap = jnp.full((*blank.shape, self.directions.shape[0]), jnp.nan)
        empty = Flow(blank, overlap, blank, self.starts, jnp.zeros(many, jnp.int64))
        first = jnp.full(many, 0.05 / self.landscape.curvature_scale, self.starts.dtype)
        motion = jax.vmap(self.look)(self.starts)
        return self.note(_Lanes(motion, jnp.zeros(many), first, jnp.zeros_like(self.rows), empty))


@partial(jax.jit, static_argnames=("landscape", "most_steps"))
def flow(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[Array, "starts ambient"],
    times: Float[Array, " times"],
    directions: Float[Array, "directions ambient"],
    tolerance: Float[Array, ""] | float = TOLERANCE,
    most_steps: int = MOST_STEPS,
) -> Flow:
    """Follow the flow from each start and look at it at the given times.

    Args:
        starts: points of the manifold.
        times: increasing, from 0 or later.
        directions: vectors whose overlaps x(t).direction/ambient are noted; may be none, shape (0, ambient).
        tolerance: of the estimated error of a step, in units of sqrt(ambient).
        most_steps: after so many a start is left where it is.
    """
    run = _Run(landscape, couplings, starts, times, directions, tolerance, most_steps)
    return jax.lax.while_loop(lambda lanes: jnp.any(run.running(lanes)), run.iterate, run.begin()).flow


def starts_at_overlap(
    manifold: ProductOfSpheres,
    draw: np.random.Generator,
    count: int,
    direction: Float[np.ndarray, " ambient"],
    overlap: float,
) -> Float[np.ndarray, "count ambient"]:
    """Uniform points of one sphere among those with a given overlap x.direction/ambient.

    Args:
        direction: of length sqrt(ambient).
        overlap: from -1 to 1.

    Raises:
        ValueError: the overlap is out of range, or there are several spheres.
    """
    if len(manifold.sizes) != 1:
        raise ValueError(f"overlap of the starts: got {len(manifold.sizes)} spheres, allowed: one")
    if not -1 <= overlap <= 1:
        raise ValueError(f"overlap of the starts: got {overlap}, allowed: numbers from -1 to 1")
    ambient = manifold.ambient
    points = manifold.random_points(draw, count)
    points -= np.outer(points @ direction / ambient, direction)
    points *= np.sqrt(ambient * (1 - overlap**2)) / np.linalg.norm(points, axis=1, keepdims=True)
    return points + overlap * direction
