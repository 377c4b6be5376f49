"""Riemannian Newton from many starts at once, in compiled groups of eight lanes, with the index on the way.

As `tasks.points.newton`, for searches that know nothing dear: Hessians come side by side from one matrix
product, L D L^T without pivots takes the place of a factorisation that could stand anything, and its signs
say towards which index a start is heading. Every start ends with a status.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.measurables.words import CONVERGED
from morsecensus.tasks.points.landmarks import Landmarks
from morsecensus.tasks.points.newton import GRADIENT_TOLERANCE
from morsecensus.tasks.points.pool import RUNNING, move, settle, sort
from morsecensus.tasks.points.tangent_step import newton_steps, room_of, shape_of, softened
from morsecensus.tasks.runtime.simd import aligned

FEWEST, MOST = 64, 1024
"""Lanes of a pool, multiples of eight: what a step costs whatever the lanes are is little beside many."""
ROOM = 1 << 22
"""Bytes of Hessians at a time: what the second-level cache holds. At N = 20 1,024 lanes take half the time of
128, at N = 60 256 and 128 the same."""

ANY = -1
"""The aim of a start that may end at any index."""
WIDEST, TRIALS = 0.25, 6
"""Largest shift of a Hessian towards the index aimed at, in units of the curvature scale, and how many are
tried at most. At N = 60 0.25 gave a few more hits a second than 0.5 or 1; of 3, 4 and 6 trials none stood
out."""
NEAR = 0.1
"""Longest step, in units of sqrt(ambient), after which a start is compared with known points."""


@dataclass(frozen=True)
class Arrived:
    """One row per start. ``outcomes`` indexes OUTCOMES; of one that didn't converge ``points`` are where it
    was given up, and ``index`` means nothing. ``hung`` counts the last steps that should have ended it."""

    points: Float[np.ndarray, "starts ambient"]
    index: Int[np.ndarray, " starts"]
    outcomes: Int[np.ndarray, " starts"]
    iterations: Int[np.ndarray, " starts"]
    hung: Int[np.ndarray, " starts"]


@dataclass(frozen=True)
class Step:
    """At points side by side: Newton's step, and of the Riemannian gradient the squared norm, of the
    Riemannian Hessian the index."""

    way: Float[np.ndarray, "ambient lanes"]
    squares: Float[np.ndarray, " lanes"]
    index: Int[np.ndarray, " lanes"]


@partial(jax.jit, static_argnames=("landscape",))
def _look(
    landscape: Landscape, couplings: Couplings, x: Float[Array, "ambient lanes"]
) -> tuple[Array, Array]:
    return landscape.hessian_rows(couplings, x)


def lanes_for(landscape: Landscape, starts: int) -> int:
    """As many lanes as fit, and not so many that most of them wait for the last start."""
    fit = ROOM // (8 * (int(landscape.hessian_table.max()) + 1))
    return max(FEWEST, min(fit, MOST, starts // 4) // FEWEST * FEWEST)


class Stepper:
    """Newton's steps on one landscape, at so many points at a time."""

    def __init__(self, landscape: Landscape, couplings: Couplings, lanes: int) -> None:
        manifold = landscape.manifold
        self._landscape = landscape
        self._couplings = jax.device_put(couplings)
        self._shape = shape_of(manifold.sizes, landscape.hessian_table)
        self.bounds = self._shape.bounds
        self._room = room_of(manifold.ambient, len(manifold.sizes))
        self._steps = aligned(manifold.ambient * lanes // 8)
        self._squares = aligned(lanes // 8)
        self._index = np.zeros(lanes, dtype=np.int64)
        self.lanes = lanes

    def _given(self, x: Float[np.ndarray, "ambient lanes"]) -> tuple[Any, ...]:
        rows, rest = _look(self._landscape, self._couplings, x)
        share, normal = self._landscape.gradient_share, self._landscape.curvature_scale
        return _flat(rows), self._shape, _flat(x), share, _flat(rest), normal, self._room

    def step(self, x: Float[np.ndarray, "ambient lanes"], aims: Int[np.ndarray, " lanes"]) -> Step:
        """At each column of x; ``aims`` as `tasks.points.tangent_step` has it."""
        widest = WIDEST * self._landscape.curvature_scale
        newton_steps(*self._given(x), aims, widest, TRIALS, self._steps, self._squares, self._index)
        return Step(self._steps.reshape(x.shape), self._squares, self._index)

    def soften(
        self,
        points: Float[np.ndarray, "count ambient"],
        vectors: Float[np.ndarray, "count ambient"],
        shifts: Float[np.ndarray, " count"],
    ) -> Float[np.ndarray, "count ambient"]:
        """Unit tangent vectors along (A + s)^{-1} v, A the Riemannian Hessian at each point."""
        ways, ambient = np.empty_like(points), points.shape[1]
        for first in range(0, len(points), self.lanes):
            rows = np.arange(first, first + self.lanes) % len(points)
            vector = aligned(ambient * self.lanes // 8)
            vector[:] = vectors[rows].T.reshape(-1)
            softened(*self._given(points[rows].T), _flat(shifts[rows]), vector)
            ways[rows] = vector.reshape(ambient, -1).T
        return ways / np.linalg.norm(ways, axis=1, keepdims=True)


def _flat(values: Array | np.ndarray) -> Float[np.ndarray, " doubles"]:
    """As kernels read it: on a boundary of 64 bytes."""
    flat = np.ascontiguousarray(values).reshape(-1)
    if flat.ctypes.data % 64 == 0:
        return flat
    copy = aligned(len(flat) // 8)
    copy[:] = flat
    return copy


def arrive(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[np.ndarray, "starts ambient"],
    max_iterations: int,
    max_step: float,
    aims: Int[np.ndarray, " starts"] | None = None,
    lanes: int | None = None,
    landmarks: Landmarks | None = None,
) -> Arrived:
    """Run Newton from every start until its gradient vanishes or `max_iterations` steps were made.

    Args:
        lanes: starts at a time, as many as fit unless told.
        landmarks: a start that comes close to one of these has converged, to it.
    """
    count, ambient = starts.shape
    found = Arrived(np.zeros_like(starts), *(np.zeros(count, dtype=np.int64) for _ in range(4)))
    if not count:
        return found
    lanes = lanes_for(landscape, count) if lanes is None else lanes
    stepper = Stepper(landscape, couplings, lanes)
    tolerance = GRADIENT_TOLERANCE * landscape.gradient_scale * ambient**0.5
    cap, near = max_step * ambient**0.5, NEAR * ambient**0.5
    x = aligned(ambient * lanes // 8).reshape(ambient, lanes)
    x[:] = starts[np.arange(lanes) % count].T
    start, upcoming = np.arange(lanes), lanes
    iteration, hung, outcome = (np.zeros(lanes, dtype=np.int64) for _ in range(3))
    length = np.zeros(lanes)
    aims = np.full(count, ANY) if aims is None else np.asarray(aims, dtype=np.int64)
    while (start < count).any():
        aim = aims[np.minimum(start, count - 1)]
        step = stepper.step(x, aim)
        wrong = (aim != ANY) & (step.index != aim)
        move(
            x,
            step.way,
            step.squares,
            iteration,
            hung,
            stepper.bounds,
            cap,
            tolerance,
            max_iterations,
            length,
            outcome,
        )
        if landmarks is not None:
            _recognise(
                landmarks, x, outcome, np.flatnonzero((outcome == RUNNING) & ~wrong & (length <= near))
            )
        ends = tuple(vars(found).values())
        upcoming = settle(x, step.index, iteration, hung, start, outcome, starts, ends, upcoming)
        # A group of eight is factorised anew as long as one lane of it needs a shift, as fresh ones may.
        sort(
            np.argsort((wrong | (iteration == 0)) & (start < count), kind="stable"), x, start, iteration, hung
        )
    return found


def _recognise(
    landmarks: Landmarks,
    x: Float[np.ndarray, "ambient lanes"],
    outcome: Int[np.ndarray, " lanes"],
    close: Int[np.ndarray, " close"],
) -> None:
    """Of these lanes, end those that come to a known point, there."""
    rows = landmarks.recognise(x[:, close].T)
    close, rows = close[rows >= 0], rows[rows >= 0]
    x[:, close], outcome[close] = landmarks.points[rows].T, CONVERGED
