"""Langevin dynamics dw = -grad H dt + sqrt(2 T) dW by Euler's scheme, scaled back to the sphere."""

import math
from dataclasses import dataclass

from morsecensus.tasks.dynamics.algorithms.base import State
from morsecensus.tasks.dynamics.fields.base import Field, Vector


@dataclass(frozen=True)
class Langevin:
    """x <- retract(x - step grad H + sqrt(2 T step) b), b standard normal in R^N, not projected."""

    size: float
    temperature: float

    def start(self, field: Field, x: Vector) -> State:
        return State(x, field.look(x), 0.0, 0)

    def step(self, state: State, field: Field, horizon: float) -> State:
        del horizon
        assert state.here is not None
        kick = math.sqrt(2 * self.temperature * self.size) * field.noise()
        x = field.retract(state.x - self.size * field.project(state.x, state.here.gradient) + kick)
        steps = state.steps + 1
        return State(x, field.look(x), steps * self.size, steps)
