"""Stochastic gradient descent on H = sum of P fields: a step along the gradient of one of them.

One unit of time is P/step steps, so that all fields together pull as H does. With replacement and at small
step/P this is Langevin dynamics at T = step xi'(1) (1 - 1/P)/2; orders without replacement are much colder.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from morsecensus.tasks.dynamics.algorithms.base import State
from morsecensus.tasks.dynamics.fields.base import Field, Vector


def sequence(sampling: str, summands: int, draw: np.random.Generator) -> Iterator[int]:
    """The fields that the steps use, without end."""
    while True:
        if sampling == "replacement":
            yield int(draw.integers(summands))
        elif sampling == "shuffle":
            yield from map(int, draw.permutation(summands))
        else:
            yield from range(summands)


@dataclass(frozen=True)
class StochasticDescent:
    """x <- retract(x - step grad H_p), p the next of the order."""

    size: float
    order: Iterator[int] = field(compare=False)

    def start(self, field: Field, x: Vector) -> State:
        del field
        return State(x, None, 0.0, 0)

    def step(self, state: State, field: Field, horizon: float) -> State:
        del horizon
        gradient = field.look(state.x, next(self.order)).gradient
        x = field.retract(state.x - self.size * field.project(state.x, gradient))
        steps = state.steps + 1
        return State(x, None, steps * self.size / field.summands, steps)
