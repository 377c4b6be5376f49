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
from jaxtyping import Array, Float, Int

from morsecensus.tasks.geometry.manifolds import ProductOfSpheres
from morsecensus.tasks.landscapes.base import Couplings, Landscape

TOLERANCE = 1e-5
"""Of the error of one step, in units of sqrt(ambient). Measured on the pure 3-spin at N = 60 up to t = 20, 64
starts: no energy is off by more than 4e-5 from those at 1e-9, which take 30 times the steps."""
MOST_STEPS = 20_000
# Customary bounds of the factor between two steps, and how far below the estimated best step to stay.
SHRINK, GROW, SAFETY = 0.2, 5.0, 0.9


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


class _Lanes(NamedTuple):
    x: Float[Array, "starts ambient"]
    energy: Float[Array, " starts"]
    slope: Float[Array, "starts ambient"]
    time: Float[Array, " starts"]
    step: Float[Array, " starts"]
    next: Int[Array, " starts"]
    flow: Flow


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
    manifold = landscape.manifold
    ambient, count = manifold.ambient, times.shape[0]
    rows = jnp.arange(starts.shape[0])

    def evaluate(x: Float[Array, " ambient"]):
        value, gradient = landscape.value_and_gradient(couplings, x)
        return value / ambient, -manifold.project(x, gradient)

    def advance(x: Float[Array, " ambient"], k1: Float[Array, " ambient"], h: Float[Array, ""]):
        k2 = evaluate(x + h / 2 * k1)[1]
        k3 = evaluate(x + 3 * h / 4 * k2)[1]
        new = manifold.retract(x, h * (2 * k1 + 3 * k2 + 4 * k3) / 9)
        energy, k4 = evaluate(new)
        error = h * (-5 * k1 / 72 + k2 / 12 + k3 / 9 - k4 / 8)
        return new, energy, k4, jnp.linalg.norm(error) / ambient**0.5

    def running(lanes: _Lanes):
        return (lanes.next < count) & (lanes.flow.steps < most_steps) & jnp.isfinite(lanes.energy)

    def note(lanes: _Lanes) -> _Lanes:
        """Write down the lanes that are at their next time."""
        due = (lanes.next < count) & (lanes.time >= times[jnp.minimum(lanes.next, count - 1)])
        column = jnp.where(due, lanes.next, count)
        seen = lanes.flow
        seen = seen._replace(
            energy=seen.energy.at[rows, column].set(lanes.energy, mode="drop"),
            overlap=seen.overlap.at[rows, column].set(lanes.x @ directions.T / ambient, mode="drop"),
            correlation=seen.correlation.at[rows, column].set(
                jnp.sum(lanes.x * starts, axis=1) / ambient, mode="drop"
            ),
            points=lanes.x,
        )
        return lanes._replace(next=lanes.next + due.astype(jnp.int64), flow=seen)

    def iterate(lanes: _Lanes) -> _Lanes:
        active = running(lanes)
        goal = times[jnp.minimum(lanes.next, count - 1)]
        left = goal - lanes.time
        last = lanes.step >= left
        h = jnp.where(last, left, lanes.step)
        x, energy, slope, error = jax.vmap(advance)(lanes.x, lanes.slope, h)
        taken = active & (error <= tolerance)
        # An undefined error must shrink the step and not become it.
        best = jnp.where(jnp.isfinite(error), SAFETY * (tolerance / error) ** (1 / 3), SHRINK)
        step = h * jnp.clip(best, SHRINK, GROW)
        # A step cut short by the next time is no reason for a shorter one after it.
        step = jnp.where(taken & last, jnp.maximum(lanes.step, step), step)
        moved = _Lanes(
            jnp.where(taken[:, None], x, lanes.x),
            jnp.where(taken, energy, lanes.energy),
            jnp.where(taken[:, None], slope, lanes.slope),
            jnp.where(taken, jnp.where(last, goal, lanes.time + h), lanes.time),
            jnp.where(active, step, lanes.step),
            lanes.next,
            lanes.flow._replace(steps=lanes.flow.steps + active.astype(jnp.int64)),
        )
        return note(moved)

    energy, slope = jax.vmap(evaluate)(starts)
    blank = jnp.full((starts.shape[0], count), jnp.nan)
    empty = Flow(
        blank,
        jnp.full((*blank.shape, directions.shape[0]), jnp.nan),
        blank,
        starts,
        jnp.zeros(starts.shape[0], jnp.int64),
    )
    first = jnp.full(starts.shape[0], 0.05 / landscape.curvature_scale, starts.dtype)
    zeros = jnp.zeros(starts.shape[0])
    lanes = note(_Lanes(starts, energy, slope, zeros, first, jnp.zeros_like(rows), empty))
    return jax.lax.while_loop(lambda lanes: jnp.any(running(lanes)), iterate, lanes).flow


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
