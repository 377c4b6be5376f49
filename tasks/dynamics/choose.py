"""Options to an algorithm, a field and a start; here alone it is decided which."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from morsecensus.tasks.dynamics.algorithms.base import Algorithm
from morsecensus.tasks.dynamics.algorithms.flow import Flow
from morsecensus.tasks.dynamics.algorithms.gradient_descent import GradientDescent, LineSearch
from morsecensus.tasks.dynamics.algorithms.langevin import Langevin
from morsecensus.tasks.dynamics.algorithms.newton import Newton, SaddleFreeNewton
from morsecensus.tasks.dynamics.algorithms.perturbed_descent import Constants, PerturbedDescent, constants
from morsecensus.tasks.dynamics.algorithms.sgd import StochasticDescent, sequence
from morsecensus.tasks.dynamics.fields.base import Field, Vector
from morsecensus.tasks.dynamics.fields.free import FreeField
from morsecensus.tasks.dynamics.fields.partite import FreePartiteField
from morsecensus.tasks.dynamics.looks import look_times
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.words import ALGORITHMS, ISOTROPIC, PERTURBATION
from morsecensus.tasks.runtime.keys import generator

LONGEST = 0.3
"""Step of Newton's method, |x| = 1; arbitrary."""
ROOM = 4096
"""Directions to have room for where the number of steps isn't known: vectors of 32 KB."""


def field_for(options: TrajectoryOptions, seed: int, landscape: int, starts: int) -> Field:
    """The landscape, as dense couplings or free; with room for so many starts."""
    if options.uses_couplings:
        from morsecensus.tasks.dynamics.fields.dense import DenseField  # JAX

        return DenseField(options.landscape, seed, landscape, summands=options.summands)
    asked: dict[str, Any] = {
        "summands": options.summands,
        "tolerance": options.tolerance,
        "size": starts * _room(options) + 2,
        "memory": options.memory,
    }
    if options.model not in ISOTROPIC:
        return FreePartiteField(options.landscape.manifold.sizes, seed, landscape, **asked)
    return FreeField(options.covariance, options.n, seed, landscape, signal=options.signal, **asked)


def _room(options: TrajectoryOptions) -> int:
    """Directions that one run may open: one a look at one field, one a kick, those of Krylov spaces."""
    unit, times = options.time_of_step, look_times(options)
    krylov = len(times) * options.products_of_look
    if not options.has_time or unit is None:
        return ROOM + krylov
    steps = min(round(times[-1] / unit), options.most_steps)
    noise = steps if options.algorithm == "langevin" else 0
    looks = len(times) * options.summands if options.algorithm == "sgd" else 1
    return steps + noise + looks + krylov + 2


def start_for(options: TrajectoryOptions, field: Field, seed: int, landscape: int, start: int) -> Vector:
    """The point that a run begins at."""
    if options.start == "equilibrium":
        assert options.start_temperature is not None, "the options were checked"
        draw = generator(seed, "start", options.n, landscape)
        return field.planted_start(draw, options.start_temperature)
    draw = generator(seed, "start", options.n, landscape, start)
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
        case "newton" | "saddle-free-newton":
            kind = Newton if options.algorithm == "newton" else SaddleFreeNewton
            return kind(float(options.step or LONGEST), options.products)
        case "pgd":
            draw = generator(seed, "kicks", options.n, landscape, start)
            return PerturbedDescent(perturbation(options), draw, options.products)
    raise ValueError(f"algorithm: got {options.algorithm!r}, allowed: {', '.join(ALGORITHMS)}")


def perturbation(options: TrajectoryOptions) -> Constants:
    """The constants of pgd: what was given, else what the paper computes, from guesses of the model."""
    given = dict(options.perturbation)
    guesses = _guesses(options) | {k: given.pop(k) for k in PERTURBATION[0] if k in given}
    if isinstance(options.step, int | float):
        given.setdefault("step", options.step)
    computed = constants(options.epsilon, options.landscape.manifold.dimension, **guesses)
    return replace(computed, **{k: int(v) if k == "patience" else v for k, v in given.items()})


def _guesses(options: TrajectoryOptions) -> dict[str, float]:
    """Typical sizes near the ground state of an isotropic model: edge of the Hessian and radial derivative
    together, the third derivative likewise (9.8 for q^3, where the ground state gives 6 x 1.657), twice the
    slope at the start. For others their curvature alone is known."""
    typical = {"c": 1.0, "delta": 0.01}
    if options.model not in ISOTROPIC:
        curvature = 2 * options.landscape.curvature_scale
        return typical | {"lipschitz": curvature, "variation": curvature, "gap": curvature}
    xi = options.covariance
    third = sum(k * (k - 1) * (k - 2) * c for k, c in xi.terms)
    lipschitz = 4 * math.sqrt(xi.x2)
    variation = 4 * math.sqrt(third) if third else lipschitz
    return typical | {"lipschitz": lipschitz, "variation": variation, "gap": 2 * math.sqrt(xi.x1)}


def _order(options: TrajectoryOptions, seed: int, landscape: int, start: int) -> Iterator[int]:
    draw: np.random.Generator = generator(seed, "sequence", options.n, landscape, start)
    return sequence(options.sampling, options.summands, draw)
