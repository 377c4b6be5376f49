"""What is written down of a run, at its looks and at its end."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.dynamics.algorithms.base import State, Verdict, gradient_norm
from morsecensus.tasks.dynamics.fields.base import Field, Look, Vector


class Run(NamedTuple):
    """What one run showed. Arrays have an entry a look (`looks.look_times`); what the run did not get to is
    NaN, and -1 in integers.

    Attributes:
        step: steps taken before the look, rejected ones included.
        time: of the dynamics; the number of steps where the algorithm has no time.
        energy: H/N.
        radial_derivative: w.grad H/N.
        gradient_norm: |Riemannian gradient of H|/sqrt(N), of size sqrt(xi'(1)) at a uniform point.
        overlap_start: C(t, 0) = w(t).w(0)/N.
        overlap_signal: with the signal; NaN without one.
        dimension: directions in which the field was held explicitly.
        lowest: eigenvalue of the Riemannian Hessian, by Lanczos from a random vector; NaN if nobody asked.
        correlations: C(t, t') among all looks, or None if that was not asked for.
        status: place in `words.OUTCOMES`.
        steps, gradients, products: steps, gradients of one summand, and Hessian products that the run took.
        escapes: kicks of pgd that led down from a saddle; -1 for other algorithms.
        end_time, end_energy, end_gradient_norm: where it was left; NaN where that isn't finite.
        end_lowest, end_lowest_error: lowest eigenvalue of the Riemannian Hessian there, where the algorithm
            ends with it, and a bound on its error; NaN for others.
        second_order: 1 if the end is a verified second-order point, 0 if not, -1 if nobody asked.
        end_index: negative eigenvalues of the Riemannian Hessian at the end; -1 if nobody asked.
    """

    step: Int[np.ndarray, " looks"]
    time: Float[np.ndarray, " looks"]
    energy: Float[np.ndarray, " looks"]
    radial_derivative: Float[np.ndarray, " looks"]
    gradient_norm: Float[np.ndarray, " looks"]
    overlap_start: Float[np.ndarray, " looks"]
    overlap_signal: Float[np.ndarray, " looks"]
    dimension: Int[np.ndarray, " looks"]
    lowest: Float[np.ndarray, " looks"]
    correlations: Float[np.ndarray, "looks looks"] | None
    status: int
    steps: int
    gradients: int
    products: int
    escapes: int
    end_time: float
    end_energy: float
    end_gradient_norm: float
    end_lowest: float
    end_lowest_error: float
    second_order: int
    end_index: int


class End(NamedTuple):
    """How a run ended, and what it took."""

    status: int
    here: Look | None
    steps: int
    time: float
    gradients: int
    products: int
    negative: int = -1
    escapes: int = -1
    verdict: Verdict | None = None


class Notes:
    """What is written down at the looks."""

    FLOATS = (
        "time",
        "energy",
        "radial_derivative",
        "gradient_norm",
        "overlap_start",
        "overlap_signal",
        "lowest",
    )

    def __init__(self, times: Float[np.ndarray, " looks"], start: Vector) -> None:
        self.times, self.start, self.points = times, start, np.full((len(times), len(start)), np.nan)
        self.floats = {name: np.full(len(times), np.nan) for name in self.FLOATS}
        self.integers = {name: np.full(len(times), -1) for name in ("step", "dimension")}
        self.next = 0

    @property
    def horizon(self) -> float:
        return float(self.times[self.next])

    @property
    def full(self) -> bool:
        return self.next == len(self.times)

    def is_due(self, time: float) -> bool:
        return not self.full and time >= self.horizon * (1 - 1e-12) - 1e-12

    def take(self, state: State, here: Look, field: Field, lowest: float) -> None:
        seen = {
            "time": state.time,
            "energy": here.energy,
            "radial_derivative": field.radial_derivative(state.x, here.gradient),
            "gradient_norm": gradient_norm(field, state.x, here.gradient),
            "overlap_start": float(state.x @ self.start),
            "overlap_signal": field.overlap(state.x),
            "lowest": lowest,
        }
        for name, value in seen.items():
            self.floats[name][self.next] = value
        self.integers["step"][self.next] = state.steps
        self.integers["dimension"][self.next] = field.dimension
        self.points[self.next] = state.x
        self.next += 1

    def run(self, field: Field, x: Vector, end: End, correlations: bool) -> Run:
        """All of it; x is where the run was left."""
        held, verdict, here = self.floats | self.integers, end.verdict, end.here
        known = here is not None and math.isfinite(here.energy)
        return Run(
            *(held[name] for name in Run._fields[: len(held)]),
            correlations=self.points @ self.points.T if correlations else None,
            status=end.status,
            steps=end.steps,
            gradients=end.gradients,
            products=end.products,
            escapes=end.escapes,
            end_time=end.time,
            end_energy=here.energy if here is not None and known else math.nan,
            end_gradient_norm=gradient_norm(field, x, here.gradient) if here and known else math.nan,
            end_lowest=math.nan if verdict is None else verdict.lowest,
            end_lowest_error=math.nan if verdict is None else verdict.error,
            second_order=-1 if verdict is None else int(verdict.second_order),
            end_index=end.negative,
        )
