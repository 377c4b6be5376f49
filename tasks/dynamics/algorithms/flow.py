"""Gradient flow dx/dt = -grad H by the pair of Bogacki and Shampine (Appl. Math. Lett. 2 (1989) 321).

Order 3 with an error estimate of order 2; each accepted step is scaled back to the manifold. Late in a
relaxation it is stability that limits the step, and of the usual pairs this one then needs the fewest looks
for a unit of time among those whose early steps are accurate enough. The intermediate stages are looks too,
and the looks of a rejected step stay known.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from morsecensus.tasks.dynamics.algorithms.base import State
from morsecensus.tasks.dynamics.fields.base import Field, Look, Vector

SAFETY, SHRINK, GROW = 0.9, 0.2, 5.0
"""How far below the estimated best step to stay, and bounds of the factor between two steps: customary."""


class _Trial(NamedTuple):
    x: Vector
    here: Look
    error: float


@dataclass(frozen=True)
class Flow:
    """The flow with a step of its own, or with a fixed one.

    Attributes:
        accuracy: of one step: the estimated error of x, |x| = 1.
        first: the step to begin with.
        fixed: take it always.
    """

    accuracy: float
    first: float
    fixed: bool = False

    def start(self, field: Field, x: Vector) -> State:
        return State(x, field.look(x), 0.0, 0, own=self.first)

    def step(self, state: State, field: Field, horizon: float) -> State:
        left = horizon - state.time
        last = state.own >= left * (1 - 1e-12)
        h = left if last else state.own
        trial = _trial(state, field, h)
        taken = self.fixed or trial.error <= self.accuracy
        size = self._next(state.own, h, trial.error, taken and last)
        if not taken:
            return state._replace(steps=state.steps + 1, own=size)
        return State(trial.x, trial.here, horizon if last else state.time + h, state.steps + 1, own=size)

    def _next(self, planned: float, h: float, error: float, cut: bool) -> float:
        if self.fixed:
            return self.first
        best = (self.accuracy / max(error, 1e-300)) ** (1 / 3)
        factor = SAFETY * best if math.isfinite(error) else SHRINK
        size = h * min(max(factor, SHRINK), GROW)
        # A step cut short by the next look is no reason for a shorter one after it.
        return max(size, planned) if cut else size


def _trial(state: State, field: Field, h: float) -> _Trial:
    """One step of length h, and its error."""
    assert state.here is not None
    x = state.x
    k1 = -field.project(x, state.here.gradient)
    k2 = _slope(field, x + h / 2 * k1)
    k3 = _slope(field, x + 3 * h / 4 * k2)
    new = field.retract(x + h * (2 * k1 + 3 * k2 + 4 * k3) / 9)
    there = field.look(new)
    k4 = -field.project(new, there.gradient)
    error = h * float(np.linalg.norm(-5 * k1 / 72 + k2 / 12 + k3 / 9 - k4 / 8))
    return _Trial(new, there, error)


def _slope(field: Field, y: Vector) -> Vector:
    return -field.project(y, field.look(y).gradient)
