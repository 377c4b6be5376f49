"""Descents from many starts on the couplings of one landscape, all at once: a step of all of them is one
product of matrices, where one alone reads all couplings for a vector."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from morsecensus.tasks.dynamics.algorithms.base import State
from morsecensus.tasks.dynamics.algorithms.gradient_descent import GradientDescent
from morsecensus.tasks.dynamics.algorithms.lanczos import spectrum
from morsecensus.tasks.dynamics.fields.base import Field, Look
from morsecensus.tasks.dynamics.looks import look_times
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.record import End, Notes, Run
from morsecensus.tasks.dynamics.words import CONVERGED, DIVERGED, STEPS, TIME

LANES = 256
"""Runs that step together. More don't make the product faster (measured at N = 100)."""
REFILL = 32
"""Runs that have ended before others take their places: each time costs a look at so many points."""


def possible(options: TrajectoryOptions) -> bool:
    """Whether all runs take the same steps."""
    return (
        options.uses_couplings
        and options.algorithm == "gd"
        and not options.is_adaptive
        and not options.lowest
    )


class _Lanes(NamedTuple):
    """Runs under way, a row each.

    Attributes:
        runs: which run it is.
        ages: its steps.
        over: it has ended, and moves on unseen until another takes its place.
    """

    runs: Int[np.ndarray, " lanes"]
    ages: Int[np.ndarray, " lanes"]
    over: Bool[np.ndarray, " lanes"]
    x: Float[np.ndarray, "lanes size"]
    energy: Float[np.ndarray, " lanes"]
    gradient: Float[np.ndarray, "lanes size"]

    def look(self, row: int) -> Look:
        return Look(float(self.energy[row]), self.gradient[row])

    def rows(self, kept: Int[np.ndarray, " kept"]) -> "_Lanes":
        return _Lanes(*(column[kept] for column in self))


def descend(options: TrajectoryOptions, field: Field, starts: Float[np.ndarray, "starts size"]) -> list[Run]:
    """Gradient descent from all starts."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _Pool(options, field, starts).run()


class _Pool:
    """All runs, of which so many are under way."""

    def __init__(self, options: TrajectoryOptions, field: Field, starts: Float[np.ndarray, "starts size"]):
        self.options, self.field, self.starts = options, field, starts
        self.algorithm = GradientDescent(options.step_size)
        times = look_times(options)
        self.notes = [Notes(times, start) for start in starts]
        self.due = np.append(np.round(times / options.step_size).astype(np.int64), -1)
        """Steps at which runs are looked at; the last is never."""
        self.taken = np.zeros(len(starts), np.int64)
        """Looks that each run has had."""
        self.begun = 0
        self.found: dict[int, Run] = {}

    def run(self) -> list[Run]:
        lanes = self.seen(self.fresh(LANES))
        while len(self.found) < len(self.starts):
            lanes = self.seen(self.stepped(self.refilled(lanes)))
        return [self.found[run] for run in range(len(self.starts))]

    def fresh(self, most: int) -> _Lanes:
        """The next runs, at their starts."""
        runs = np.arange(self.begun, min(self.begun + most, len(self.starts)))
        self.begun += len(runs)
        x = self.starts[runs]
        here, count = self.field.look(x), len(runs)
        return _Lanes(runs, np.zeros(count, np.int64), np.zeros(count, bool), x, *here)

    def refilled(self, lanes: _Lanes) -> _Lanes:
        """With new runs in the places of some that have ended; without places that nobody will take."""
        idle = int(lanes.over.sum())
        if self.begun < len(self.starts):
            if idle < min(REFILL, len(lanes.runs)):
                return lanes
            kept, new = lanes.rows(np.flatnonzero(~lanes.over)), self.seen(self.fresh(idle))
            return _Lanes(*map(np.concatenate, zip(kept, new, strict=True)))
        return lanes.rows(np.flatnonzero(~lanes.over)) if 8 * idle >= len(lanes.runs) else lanes

    def stepped(self, lanes: _Lanes) -> _Lanes:
        """One step."""
        state = State(lanes.x, Look(lanes.energy, lanes.gradient), 0.0, 0)
        moved = self.algorithm.step(state, self.field, math.inf)
        assert moved.here is not None
        energy, gradient = moved.here
        return lanes._replace(ages=lanes.ages + 1, x=moved.x, energy=energy, gradient=gradient)

    def seen(self, lanes: _Lanes) -> _Lanes:
        """Look at the runs whose time it is, and write down those that have ended."""
        finite = np.isfinite(lanes.energy)
        is_due = lanes.ages == self.due[self.taken[lanes.runs]]
        for row in np.flatnonzero(~lanes.over & finite & is_due):
            state = State(lanes.x[row], None, *self.clock(lanes, int(row)))
            self.notes[lanes.runs[row]].take(state, lanes.look(int(row)), self.field, math.nan)
            self.taken[lanes.runs[row]] += 1
        status = np.where(lanes.over, -1, self.status(lanes, finite))
        for row in np.flatnonzero(status >= 0):
            self.found[int(lanes.runs[row])] = self.ended(lanes, int(row), int(status[row]))
        return lanes._replace(over=lanes.over | (status >= 0))

    def clock(self, lanes: _Lanes, row: int) -> tuple[float, int]:
        """Time and steps of a run."""
        age = int(lanes.ages[row])
        return age * self.options.step_size, age

    def status(self, lanes: _Lanes, finite: Bool[np.ndarray, " lanes"]) -> Int[np.ndarray, " lanes"]:
        """How each run has ended; -1 for those that go on. The first that is true counts, as for one run."""
        going = np.full(len(lanes.runs), -1)
        full = self.taken[lanes.runs] == len(self.due) - 1
        late = lanes.ages >= self.options.most_steps
        ended = np.where(full, TIME, np.where(late, STEPS, going))
        if self.options.stop is not None:
            slope = self.field.project(lanes.x, lanes.gradient)
            at_rest = np.sqrt(np.vecdot(slope, slope)) <= self.options.stop
            ended = np.where(at_rest, CONVERGED, ended)
        return np.where(finite, ended, DIVERGED)

    def ended(self, lanes: _Lanes, row: int, status: int) -> Run:
        x, here = lanes.x[row], lanes.look(row)
        known = self.options.index and math.isfinite(here.energy)
        negative = int((spectrum(self.field, x, here.gradient) < 0).sum()) if known else -1
        products = self.field.rank if known else 0
        time, steps = self.clock(lanes, row)
        end = End(status, here, steps, time, steps + 1, products, negative)
        return self.notes[lanes.runs[row]].run(self.field, x, end, self.options.correlations)
