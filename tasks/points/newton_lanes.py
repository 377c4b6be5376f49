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
from morsecensus.tasks.measurables.words import CONVERGED, MAX_ITERATIONS, NOT_FINITE, STALLED
from morsecensus.tasks.points.newton import GRADIENT_TOLERANCE
from morsecensus.tasks.points.tangent_step import newton_steps, room_of, shape_of, softened
from morsecensus.tasks.runtime.simd import aligned

LANES = 128
"""A multiple of eight. More no longer speed up the matrix product that gives the Hessians."""

ANY = -1
"""The aim of a start that may end at any index."""
WIDEST, TRIALS = 0.25, 6
"""Largest shift of a Hessian towards the index aimed at, in units of the curvature scale, and bisections
until it is given up. At N = 60 0.25 gave a few more hits a second than 0.5 or 1; of 3, 6 and 10 none stood
out."""


@dataclass(frozen=True)
class Arrived:
    """One row per start. ``outcomes`` indexes OUTCOMES; ``points`` and ``index`` of a start that didn't
    converge mean nothing."""

    points: Float[np.ndarray, "starts ambient"]
    index: Int[np.ndarray, " starts"]
    outcomes: Int[np.ndarray, " starts"]
    iterations: Int[np.ndarray, " starts"]


@dataclass(frozen=True)
class Step:
    """At points side by side: Newton's step, the norm of the Riemannian gradient, and the index of the
    Riemannian Hessian."""

    way: Float[np.ndarray, "ambient lanes"]
    gradient_norm: Float[np.ndarray, " lanes"]
    index: Int[np.ndarray, " lanes"]


@partial(jax.jit, static_argnames=("landscape",))
def _look(
    landscape: Landscape, couplings: Couplings, x: Float[Array, "ambient lanes"]
) -> tuple[Array, Array]:
    return landscape.hessian_rows(couplings, x)


class Stepper:
    """Newton's steps on one landscape, `LANES` points at a time."""

    def __init__(self, landscape: Landscape, couplings: Couplings, lanes: int = LANES) -> None:
        manifold = landscape.manifold
        self._landscape = landscape
        self._couplings = jax.device_put(couplings)
        self._shape = shape_of(manifold.sizes, landscape.hessian_table)
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
        return Step(self._steps.reshape(x.shape), np.sqrt(self._squares), self._index)

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
    lanes: int = LANES,
) -> Arrived:
    """Run Newton from every start until its gradient vanishes or `max_iterations` steps were made."""
    count, ambient = starts.shape
    found = Arrived(np.zeros_like(starts), *(np.zeros(count, dtype=np.int64) for _ in range(3)))
    if not count:
        return found
    stepper = Stepper(landscape, couplings, lanes)
    tolerance = GRADIENT_TOLERANCE * landscape.gradient_scale * ambient**0.5
    cap = max_step * ambient**0.5
    lane = np.arange(lanes)
    x = aligned(ambient * lanes // 8).reshape(ambient, lanes)
    x[:] = starts[lane % count].T
    start, iteration, upcoming = lane.copy(), np.zeros(lanes, dtype=np.int64), lanes
    aims = np.full(count, ANY) if aims is None else aims
    while (start < count).any():
        step = stepper.step(x, aims[np.minimum(start, count - 1)])
        length = np.sqrt(np.einsum("ij,ij->j", step.way, step.way))
        finite = np.isfinite(length) & np.isfinite(step.gradient_norm)
        outcome = np.full(lanes, -1)
        outcome[iteration >= max_iterations] = MAX_ITERATIONS
        outcome[length <= 1e-15 * ambient**0.5] = STALLED
        outcome[step.gradient_norm <= tolerance] = CONVERGED
        outcome[~finite] = NOT_FINITE
        with np.errstate(invalid="ignore", divide="ignore"):
            x += np.where(finite, np.minimum(1.0, cap / length), 0.0) * step.way
        for part, size in landscape.manifold.parts():
            x[part] *= size**0.5 / np.sqrt(np.einsum("ij,ij->j", x[part], x[part]))
        iteration += 1
        ended = np.flatnonzero((outcome >= 0) & (start < count))
        if len(ended):
            rows = start[ended]
            found.points[rows], found.outcomes[rows] = x[:, ended].T, outcome[ended]
            found.index[rows], found.iterations[rows] = step.index[ended], iteration[ended] - 1
            start[ended] = upcoming + np.arange(len(ended))
            x[:, ended] = starts[np.minimum(start[ended], count - 1)].T
            iteration[ended] = 0
            upcoming += len(ended)
    return found
