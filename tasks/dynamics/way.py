"""One run under way: steps and looks, until there is a reason to stop."""

import math

from morsecensus.tasks.dynamics.algorithms.base import Algorithm, State, gradient_norm
from morsecensus.tasks.dynamics.algorithms.lanczos import lowest_eigenvalue, spectrum
from morsecensus.tasks.dynamics.fields.base import Field, Look, SpanFullError, Vector
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.record import Notes
from morsecensus.tasks.dynamics.words import CONVERGED, DIMENSION, DIVERGED, STEPS, TIME


class Way:
    """One run under way."""

    def __init__(self, options: TrajectoryOptions, algorithm: Algorithm, field: Field, notes: Notes) -> None:
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
        if state.steps < options.most_steps:
            return None
        self.here = self.here or self.field.look(state.x)  # it may not be time to, but is the end
        return STEPS

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
