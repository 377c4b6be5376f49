"""Descents from many starts on the couplings of one landscape, all at once: a step of all of them is one
product of matrices, where one alone reads all couplings for a vector."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

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


def possible(options: TrajectoryOptions) -> bool:
    """Whether all runs take the same steps."""
    return (
        options.uses_couplings
        and options.algorithm == "gd"
        and not options.is_adaptive
        and not options.lowest
    )


class _Lanes(NamedTuple):
    """Runs under way: a row each, and which run it is. A row may stand in twice, to fill the batch."""

    runs: Int[np.ndarray, " lanes"]
    state: State

    def look(self, row: int) -> Look:
        here = self.state.here
        assert here is not None
        return Look(float(np.asarray(here.energy)[row]), here.gradient[row])

    def kept(self, rows: Int[np.ndarray, " kept"]) -> "_Lanes":
        here = self.state.here
        assert here is not None
        some = Look(np.asarray(here.energy)[rows], here.gradient[rows])
        return _Lanes(self.runs[rows], self.state._replace(x=self.state.x[rows], here=some))


def descend(options: TrajectoryOptions, field: Field, starts: Float[np.ndarray, "starts size"]) -> list[Run]:
    """Gradient descent from all starts."""
    times = look_times(options)
    notes = [Notes(times, start) for start in starts]
    found: dict[int, Run] = {}
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, len(starts), LANES):
            runs = np.arange(first, min(first + LANES, len(starts)))
            lanes = _Lanes(runs, State(starts[runs], None, 0.0, 0))
            for run, end, x in _follow(options, field, notes, lanes):
                found[run] = notes[run].run(field, x, end, options.correlations)
    return [found[run] for run in range(len(starts))]


def _follow(options: TrajectoryOptions, field: Field, notes: list[Notes], lanes: _Lanes):
    """Yield each run when it ends: which, how, and where."""
    algorithm = GradientDescent(options.step_size)
    lanes = lanes._replace(state=algorithm.start(field, lanes.state.x))
    while True:
        status = _ended(options, field, notes, lanes)
        for row in np.flatnonzero(status >= 0):
            yield (
                int(lanes.runs[row]),
                _end(options, field, lanes, int(row), int(status[row])),
                lanes.state.x[row],
            )
        if np.all(status >= 0):
            return
        if np.any(status >= 0):
            lanes = lanes.kept(np.flatnonzero(status < 0))
        lanes = _stepped(algorithm, field, lanes)


def _stepped(algorithm: GradientDescent, field: Field, lanes: _Lanes) -> _Lanes:
    """One step, in batches of a power of two: each size is compiled once."""
    count = len(lanes.runs)
    size = 1 << (count - 1).bit_length()
    full = lanes if size == count else lanes.kept(np.arange(size) % count)
    moved = _Lanes(full.runs, algorithm.step(full.state, field, math.inf))
    return moved if size == count else moved.kept(np.arange(count))


def _ended(
    options: TrajectoryOptions, field: Field, notes: list[Notes], lanes: _Lanes
) -> Int[np.ndarray, " lanes"]:
    """Look, if it is time to, and say which runs have ended and how; -1 for those that go on."""
    state = lanes.state
    assert state.here is not None
    finite = np.isfinite(state.here.energy)
    due = notes[lanes.runs[0]].is_due(state.time)
    for row in np.flatnonzero(finite) if due else ():
        here = lanes.look(int(row))
        notes[lanes.runs[row]].take(state._replace(x=state.x[row]), here, field, math.nan)
    status = np.where(finite, -1, DIVERGED)
    if options.stop is not None:
        slope = field.project(state.x, state.here.gradient)
        at_rest = np.sqrt(np.vecdot(slope, slope)) <= options.stop
        status = np.where((status < 0) & at_rest, CONVERGED, status)
    if all(notes[run].full for run in lanes.runs[finite]):
        return np.where(status < 0, TIME, status)
    return np.where((status < 0) & (state.steps >= options.most_steps), STEPS, status)


def _end(options: TrajectoryOptions, field: Field, lanes: _Lanes, row: int, status: int) -> End:
    state = lanes.state
    x, here = state.x[row], lanes.look(row)
    known = options.index and math.isfinite(here.energy)
    negative = int((spectrum(field, x, here.gradient) < 0).sum()) if known else -1
    products = field.rank if known else 0
    return End(status, here, state.steps, state.time, state.steps + 1, products, negative)
