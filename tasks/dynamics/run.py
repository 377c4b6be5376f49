"""Runs: an algorithm on one landscape from its start to where it is stopped, looked at on its way."""

import numpy as np

from morsecensus.tasks.dynamics import together
from morsecensus.tasks.dynamics.choose import algorithm_for, field_for, start_for
from morsecensus.tasks.dynamics.fields.base import Field
from morsecensus.tasks.dynamics.looks import look_times
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.record import End, Notes, Run
from morsecensus.tasks.dynamics.way import Way
from morsecensus.tasks.runtime.keys import generator


def run_trajectory(options: TrajectoryOptions, seed: int, landscape: int, start: int) -> Run:
    """One run. Couplings, noise and sequence are a function of the arguments alone.

    On a free field a later start meets what earlier ones have seen, so it is run after them.
    """
    first = start if options.uses_couplings else 0
    return run_trajectories(options, seed, landscape, range(first, start + 1))[-1]


def run_trajectories(options: TrajectoryOptions, seed: int, landscape: int, starts: range) -> list[Run]:
    """Runs from several starts on one landscape, on a free field beginning with start 0."""
    field = field_for(options, seed, landscape, len(starts))
    if together.possible(options):
        points = [start_for(options, field, seed, landscape, start) for start in starts]
        return together.descend(options, field, np.array(points))
    return [_run(options, field, seed, landscape, start) for start in starts]


def _run(options: TrajectoryOptions, field: Field, seed: int, landscape: int, start: int) -> Run:
    gradients, products = field.gradients, field.products
    field.begin(generator(seed, "noise", options.n, landscape, start))
    algorithm = algorithm_for(options, seed, landscape, start)
    notes = Notes(look_times(options), start_for(options, field, seed, landscape, start))
    way = Way(options, algorithm, field, notes)
    # What overflows ends a run, with a status.
    with np.errstate(over="ignore", invalid="ignore"):
        status = way.follow(notes.start)
        end = End(
            status,
            way.here,
            way.state.steps,
            way.state.time,
            field.gradients - gradients,
            field.products - products,
            way.index() if options.index else -1,
            way.state.escapes,
            way.state.verdict,
        )
        return notes.run(field, way.state.x, end, options.correlations)
