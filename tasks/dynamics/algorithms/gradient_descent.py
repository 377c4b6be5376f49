"""Gradient descent: a step of fixed length times the gradient, or the longest of a search that lowers H."""

from dataclasses import dataclass

from morsecensus.tasks.dynamics.algorithms.base import State
from morsecensus.tasks.dynamics.fields.base import Field, Vector

ENOUGH = 1e-4
"""Of the decrease that the slope promises (Armijo): customary."""
SHORTEST = 1e-14
"""A step that must be shorter than this gains nothing that rounding leaves."""


@dataclass(frozen=True)
class GradientDescent:
    """x <- retract(x - step grad H)."""

    size: float

    def start(self, field: Field, x: Vector) -> State:
        return State(x, field.look(x), 0.0, 0)

    def step(self, state: State, field: Field, horizon: float) -> State:
        del horizon
        assert state.here is not None
        x = field.retract(state.x - self.size * field.project(state.x, state.here.gradient))
        steps = state.steps + 1
        return State(x, field.look(x), steps * self.size, steps)


@dataclass(frozen=True)
class LineSearch:
    """Backtracking: half the step until H falls by enough, twice the last step to begin with.

    Time is the number of steps.
    """

    first: float

    def start(self, field: Field, x: Vector) -> State:
        return State(x, field.look(x), 0.0, 0, own=self.first)

    def step(self, state: State, field: Field, horizon: float) -> State:
        del horizon
        assert state.here is not None
        slope = field.project(state.x, state.here.gradient)
        gain, size = float(slope @ slope), 2 * state.own
        while size > SHORTEST:
            x = field.retract(state.x - size * slope)
            there = field.look(x)
            if there.energy <= state.here.energy - ENOUGH * size * gain:
                return State(x, there, state.time + 1, state.steps + 1, own=size)
            size /= 2
        return state._replace(time=state.time + 1, steps=state.steps + 1, own=self.first, done=True)
