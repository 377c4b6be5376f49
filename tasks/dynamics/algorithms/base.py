"""What an algorithm is: a state to begin with, and a step from one state to the next."""

import math
from typing import Any, NamedTuple, Protocol

from morsecensus.tasks.dynamics.fields.base import Field, Look, Vector


class Verdict(NamedTuple):
    """What an algorithm found out about its last point.

    Attributes:
        lowest: eigenvalue of the Riemannian Hessian: a Ritz value, so not below the true one.
        error: the true one isn't lower by more than this.
        second_order: whether gradient and lowest eigenvalue were verified.
    """

    lowest: float
    error: float
    second_order: bool


class State(NamedTuple):
    """Where an algorithm is.

    Attributes:
        x: the point.
        here: energy and gradient of H at x; None where the algorithm didn't need them.
        time: of the dynamics that the algorithm discretises; else the number of steps.
        steps: taken so far, rejected ones included.
        own: what the next step needs and only this algorithm knows.
        done: it has what it looked for, and its next step would do nothing.
        escapes: kicks that led down from a saddle; -1 for algorithms that don't kick.
        verdict: on x, of algorithms that end with one.
    """

    x: Vector
    here: Look | None
    time: float
    steps: int
    own: Any = None
    done: bool = False
    escapes: int = -1
    verdict: Verdict | None = None


class Algorithm(Protocol):
    """One algorithm with its hyperparameters; everything that changes is in the state."""

    def start(self, field: Field, x: Vector) -> State: ...

    def step(self, state: State, field: Field, horizon: float) -> State:
        """One step, past the time ``horizon`` only if the algorithm's own steps are fixed."""
        ...


def gradient_norm(field: Field, x: Vector, gradient: Vector) -> float:
    """Length of the Riemannian gradient over sqrt(N)."""
    tangent = field.project(x, gradient)
    return math.sqrt(tangent @ tangent)
