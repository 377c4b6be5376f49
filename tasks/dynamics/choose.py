"""Options to an algorithm, a field and a start; here alone it is decided which."""

from collections.abc import Iterator

import numpy as np

from morsecensus.tasks.dynamics.algorithms.base import Algorithm
from morsecensus.tasks.dynamics.algorithms.flow import Flow
from morsecensus.tasks.dynamics.algorithms.gradient_descent import GradientDescent, LineSearch
from morsecensus.tasks.dynamics.algorithms.langevin import Langevin
from morsecensus.tasks.dynamics.algorithms.sgd import StochasticDescent, sequence
from morsecensus.tasks.dynamics.fields.base import Field, Vector
from morsecensus.tasks.dynamics.fields.free import FreeField
from morsecensus.tasks.dynamics.looks import look_times
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.runtime.keys import generator

ROOM = 4096
"""Directions to have room for where the number of steps isn't known: vectors of 32 KB."""


def field_for(options: TrajectoryOptions, seed: int, landscape: int, starts: int) -> Field:
    """The landscape, as dense couplings or free; with room for so many starts."""
    if options.uses_couplings:
        from morsecensus.tasks.dynamics.fields.dense import DenseField  # JAX

        return DenseField(options.landscape, seed, landscape, summands=options.summands)
    return FreeField(
        options.covariance,
        options.n,
        seed,
        landscape,
        signal=options.signal,
        summands=options.summands,
        tolerance=options.tolerance,
        size=starts * _room(options) + 2,
        memory=options.memory,
    )


def _room(options: TrajectoryOptions) -> int:
    """Directions that one run may open: one a look at one field, one a kick."""
    unit = options.time_of_step
    if not options.has_time or unit is None:
        return ROOM
    times = look_times(options)
    steps = min(round(times[-1] / unit), options.most_steps)
    noise = steps if options.algorithm == "langevin" else 0
    looks = len(times) * options.summands if options.algorithm == "sgd" else 1
    return steps + noise + looks + 2


def start_for(options: TrajectoryOptions, field: Field, seed: int, landscape: int, start: int) -> Vector:
    """The point that a run begins at."""
    draw = generator(seed, "start", options.n, landscape, start)
    if options.start == "equilibrium":
        assert options.start_temperature is not None, "the options were checked"
        return field.planted_start(draw, options.start_temperature)
    if options.overlap is not None:
        return field.start_at_overlap(draw, options.overlap)
    return field.uniform_start(draw)


def algorithm_for(options: TrajectoryOptions, seed: int, landscape: int, start: int) -> Algorithm:
    """The algorithm with its hyperparameters; a sequence of summands is keyed as the landscape is."""
    size = options.step_size
    match options.algorithm:
        case "flow":
            return Flow(options.accuracy, size, fixed=not options.is_adaptive)
        case "gd":
            return LineSearch(size) if options.is_adaptive else GradientDescent(size)
        case "sgd":
            return StochasticDescent(size, _order(options, seed, landscape, start))
        case "langevin":
            assert options.temperature is not None, "the options were checked"
            return Langevin(size, options.temperature)
    raise ValueError(f"algorithm: got {options.algorithm!r}")


def _order(options: TrajectoryOptions, seed: int, landscape: int, start: int) -> Iterator[int]:
    draw: np.random.Generator = generator(seed, "sequence", options.n, landscape, start)
    return sequence(options.sampling, options.summands, draw)
