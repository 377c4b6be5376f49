"""Runs: an algorithm on one landscape from its start to where it is stopped, looked at on its way."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.dynamics.algorithms.base import Algorithm, State, gradient_norm
from morsecensus.tasks.dynamics.algorithms.lanczos import lowest_eigenvalue, spectrum
from morsecensus.tasks.dynamics.choose import algorithm_for, field_for, start_for
from morsecensus.tasks.dynamics.fields.base import Field, Look, SpanFullError, Vector
from morsecensus.tasks.dynamics.looks import look_times
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.words import CONVERGED, DIMENSION, DIVERGED, STEPS, TIME


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


class _Notes:
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

    def in_order(self) -> dict[str, np.ndarray]:
        """As the first fields of a `Run`."""
        held = self.floats | self.integers
        return {name: held[name] for name in Run._fields if name in held}

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

    def correlations(self) -> Float[np.ndarray, "looks looks"]:
        return self.points @ self.points.T


def run_trajectory(options: TrajectoryOptions, seed: int, landscape: int, start: int) -> Run:
    """One run. Couplings, noise and sequence are a function of the arguments alone.

    On a free field a later start meets what earlier ones have seen, so it is run after them.
    """
    first = start if options.uses_couplings else 0
    return run_trajectories(options, seed, landscape, range(first, start + 1))[-1]


def run_trajectories(options: TrajectoryOptions, seed: int, landscape: int, starts: range) -> list[Run]:
    """Runs from several starts on one landscape, on a free field beginning with start 0."""
    field = field_for(options, seed, landscape, len(starts))
    return [_run(options, field, seed, landscape, start) for start in starts]


def _run(options: TrajectoryOptions, field: Field, seed: int, landscape: int, start: int) -> Run:
    before = field.gradients, field.products
    algorithm = algorithm_for(options, seed, landscape, start)
    x = start_for(options, field, seed, landscape, start)
    way = _Way(options, algorithm, field, _Notes(look_times(options), x))
    # What overflows ends a run, with a status.
    with np.errstate(over="ignore", invalid="ignore"):
        status = way.follow(x)
        end, index = way.end(), way.index() if options.index else -1
    notes, state = way.notes, way.state
    noted, verdict = notes.in_order(), state.verdict
    return Run(
        *(noted[name] for name in Run._fields[: len(noted)]),
        correlations=notes.correlations() if options.correlations else None,
        status=status,
        steps=state.steps,
        gradients=field.gradients - before[0],
        products=field.products - before[1],
        escapes=state.escapes,
        end_time=state.time,
        end_energy=end[0],
        end_gradient_norm=end[1],
        end_lowest=math.nan if verdict is None else verdict.lowest,
        end_lowest_error=math.nan if verdict is None else verdict.error,
        second_order=-1 if verdict is None else int(verdict.second_order),
        end_index=index,
    )


class _Way:
    """One run under way."""

    def __init__(self, options: TrajectoryOptions, algorithm: Algorithm, field: Field, notes: _Notes) -> None:
        self.options, self.algorithm, self.field, self.notes = options, algorithm, field, notes
        self.state = State(notes.start, None, 0.0, 0)
        self.here: Look | None = None

    def follow(self, x: Vector) -> int:
        """Run to the end, and say how it ended."""
        try:
            self.state = self.algorithm.start(self.field, x)
            while (status := self.ended()) is None:
                self.state = self.algorithm.step(self.state, self.field, self.notes.horizon)
        except SpanFullError:
            return DIMENSION
        return status

    def ended(self) -> int | None:
        """Look, if it is time to, and say whether that was the last thing to do."""
        state, options = self.state, self.options
        self.here = state.here
        if not math.isfinite(float(state.x @ state.x) if state.here is None else state.here.energy):
            return DIVERGED
        if self.notes.is_due(state.time):
            self.here = state.here or self.field.look(state.x)
            self.notes.take(state, self.here, self.field, self.lowest() if options.lowest else math.nan)
        if state.done or self.at_rest():
            return CONVERGED
        if self.notes.full:
            return TIME if options.has_time else STEPS
        return STEPS if state.steps >= options.most_steps else None

    def lowest(self) -> float:
        assert self.here is not None
        x, gradient = self.state.x, self.here.gradient
        most = self.options.products
        return lowest_eigenvalue(self.field, x, gradient, self.field.noise(), most).value

    def index(self) -> int:
        """Of the point where the run was left; -1 where that isn't finite."""
        if self.here is None or not math.isfinite(self.here.energy):
            return -1
        return int((spectrum(self.field, self.state.x, self.here.gradient) < 0).sum())

    def at_rest(self) -> bool:
        stop = self.options.stop
        if stop is None or self.here is None:
            return False
        return gradient_norm(self.field, self.state.x, self.here.gradient) <= stop

    def end(self) -> tuple[float, float]:
        """Energy and gradient norm where the run was left."""
        here = self.here
        if here is None or not math.isfinite(here.energy):
            return math.nan, math.nan
        return here.energy, gradient_norm(self.field, self.state.x, here.gradient)
