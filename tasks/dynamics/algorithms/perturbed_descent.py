"""Perturbed gradient descent of C. Jin, R. Ge, P. Netrapalli, S. Kakade and M. Jordan, "How to escape saddle
points efficiently", arXiv:1703.00887.

Notation theirs, f = H/N of x, |x| = 1: f is l-gradient Lipschitz and rho-Hessian Lipschitz; a point is
second-order if |grad f| <= eps and the lowest eigenvalue >= -sqrt(rho eps). With f(x_0) - inf f <= Df,

    chi = 3 max(log(d l Df/(c eps^2 delta)), 4),   eta = c/l,   r = sqrt(c) eps/(chi^2 l),
    g_thres = sqrt(c) eps/chi^2,   f_thres = c/chi^3 sqrt(eps^3/rho),   t_thres = chi l/(c^2 sqrt(rho eps)).

Where the gradient is below g_thres, and no kick came in the last t_thres steps, x is kicked by a uniform
point of the tangent ball of radius r; if t_thres steps later f is not lower by f_thres, the point before the
kick is returned. They show that it is second-order with probability 1 - delta; here that is verified.

The time of an escape is logarithmic in r: for one curvature -gamma, n dimensions and escape at R its mean is
[log(R/r) + 1/n + (digamma(n/2) - digamma(1/2))/2]/g, g = log(1 + eta gamma)/eta.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from morsecensus.tasks.dynamics.algorithms.base import State, Verdict, gradient_norm
from morsecensus.tasks.dynamics.algorithms.lanczos import lowest_eigenvalue
from morsecensus.tasks.dynamics.fields.base import Field, Look, Vector


@dataclass(frozen=True)
class Constants:
    """What the algorithm does, in numbers.

    Attributes:
        step: eta.
        radius: r, |x| = 1.
        small: g_thres.
        gain: f_thres, per spin.
        patience: t_thres, in steps.
        gradient, curvature: eps and sqrt(rho eps) of a second-order point.
    """

    step: float
    radius: float
    small: float
    gain: float
    patience: int
    gradient: float
    curvature: float


def constants(
    epsilon: float, dimension: int, lipschitz: float, variation: float, gap: float, c: float, delta: float
) -> Constants:
    """Those of the paper.

    Args:
        epsilon: eps.
        dimension: d.
        lipschitz, variation: l and rho.
        gap: Df.
        c, delta: as in the paper, where c is at most some c_max that it doesn't give.
    """
    chi = 3 * max(math.log(dimension * lipschitz * gap / (c * epsilon**2 * delta)), 4)
    curvature = math.sqrt(variation * epsilon)
    return Constants(
        step=c / lipschitz,
        radius=math.sqrt(c) / chi**2 * epsilon / lipschitz,
        small=math.sqrt(c) / chi**2 * epsilon,
        gain=c / chi**3 * math.sqrt(epsilon**3 / variation),
        patience=math.ceil(chi / c**2 * lipschitz / curvature),
        gradient=epsilon,
        curvature=curvature,
    )


class _Kick(NamedTuple):
    """The last kick: after which step, and from where."""

    step: int
    x: Vector
    here: Look


@dataclass(frozen=True)
class PerturbedDescent:
    """The algorithm with its constants.

    Attributes:
        draw: of the lengths of kicks.
        products: of the Hessian for the verdict, at most.
    """

    constants: Constants
    draw: np.random.Generator
    products: int

    def start(self, field: Field, x: Vector) -> State:
        return State(x, field.look(x), 0.0, 0, escapes=0)

    def step(self, state: State, field: Field, horizon: float) -> State:
        del horizon
        state = self._kicked(state, field)
        assert state.here is not None
        slope = field.project(state.x, state.here.gradient)
        x = field.retract(state.x - self.constants.step * slope)
        moved = state._replace(x=x, here=field.look(x), time=state.time + 1, steps=state.steps + 1)
        return self._judged(moved, field)

    def _kicked(self, state: State, field: Field) -> State:
        assert state.here is not None
        if state.own is not None or gradient_norm(field, state.x, state.here.gradient) > self.constants.small:
            return state
        x = field.retract(state.x + self._kick(field, state.x))
        return state._replace(x=x, here=field.look(x), own=_Kick(state.steps, state.x, state.here))

    def _kick(self, field: Field, x: Vector) -> Vector:
        """A uniform point of the tangent ball."""
        direction = field.project(x, field.noise())
        length = self.constants.radius * self.draw.random() ** (1 / field.rank)
        return direction * (length / np.linalg.norm(direction))

    def _judged(self, state: State, field: Field) -> State:
        """After t_thres steps: forget a kick that led down, or return to before it."""
        kick = state.own
        if kick is None or state.steps - kick.step < self.constants.patience:
            return state
        assert state.here is not None
        if state.here.energy <= kick.here.energy - self.constants.gain:
            return state._replace(own=None, escapes=state.escapes + 1)
        return state._replace(
            x=kick.x, here=kick.here, done=True, verdict=self._verdict(field, kick.x, kick.here)
        )

    def _verdict(self, field: Field, x: Vector, here: Look) -> Verdict:
        lowest = lowest_eigenvalue(field, x, here.gradient, field.noise(), self.products)
        steep = gradient_norm(field, x, here.gradient) > self.constants.gradient
        sure = lowest.value - lowest.error >= -self.constants.curvature
        return Verdict(lowest.value, lowest.error, not steep and sure)
