"""One training run, and a pair of them: every number that a store keeps."""

import functools
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.networks import critical, sharpness
from morsecensus.tasks.networks.evaluate import (
    entropy,
    errors,
    gradient,
    hessian_product,
    mean_cost,
    one_hot,
    probabilities,
    statistics,
)
from morsecensus.tasks.networks.examples import Examples, examples_of
from morsecensus.tasks.networks.kernel import drifts
from morsecensus.tasks.networks.lanczos import quadrature
from morsecensus.tasks.networks.options import NetworkOptions, look_steps
from morsecensus.tasks.networks.pairs import along_curve, between
from morsecensus.tasks.networks.shapes import unpack
from morsecensus.tasks.networks.train import Trained, train
from morsecensus.tasks.networks.words import DIVERGED, PATH_POINTS, PATHS
from morsecensus.tasks.runtime.keys import generator

Arrays = dict[str, np.ndarray]
TEACHER_RUN = 0
"""Of the teacher's entry: the run whose answers are the labels."""


def targets_of(options: NetworkOptions, data: Examples, seed: int) -> Float[np.ndarray, "examples classes"]:
    """Probabilities of the classes of the training examples: of the labels, or of the teacher; or the inputs.

    Raises ValueError if the teacher diverged.
    """
    if options.labels == "inputs":
        return data.inputs
    if options.teacher is None:
        return one_hot(data.labels, options.layers[-1])
    return _taught(json.dumps(dict(options.teacher), sort_keys=True), options.first, options.count, seed)


@functools.lru_cache(maxsize=4)
def _taught(teacher: str, first: int, count: int, seed: int) -> Float[np.ndarray, "examples classes"]:
    """The teacher is trained again where its answers are needed, once a process: so a block is a function of
    its cell alone, and blocks need no order."""
    options = NetworkOptions(**json.loads(teacher))
    own = examples_of(options, seed)
    end = train(options, own.inputs, targets_of(options, own, seed), seed, TEACHER_RUN).end
    if not np.isfinite(end).all():
        raise ValueError(f"teacher: its run {TEACHER_RUN} diverged, allowed: a lower rate")
    data = examples_of(NetworkOptions(**json.loads(teacher) | _selection(first, count)), seed)
    return probabilities(options.net, end, data.inputs, statistics(options.net, end, own.inputs))


def _selection(first: int, count: int) -> dict[str, Any]:
    return {"first": first, "count": count, "batch": 1, "hessian": {}}


def runs_of(options: NetworkOptions, seed: int, numbers: Sequence[int]) -> list[Arrays]:
    """Train the networks of some runs and measure them; in order, each with the pair that it begins."""
    data = examples_of(options, seed)
    targets = targets_of(options, data, seed)
    trained = [train(options, data.inputs, targets, seed, number) for number in numbers]
    rows = []
    for place, (number, one) in enumerate(zip(numbers, trained, strict=True)):
        row = _measured(options, data, targets, one)
        if options.hessian:
            row |= _spectrum(options, data, targets, one, generator(seed, "network", number, "hessian"))
        if options.points:
            row |= _points(options, data, targets, one)
        if options.sharpness:
            row |= _sharpness(options, data, targets, one, generator(seed, "network", number, "sharpness"))
        if options.late:
            row["late_cost"] = one.late
        if options.kernel:
            row |= _drifts(options, data, one)
        if options.pairs:
            two = trained[place + 1] if number % 2 == 0 else None
            row |= _pair(options, data, targets, one, two, generator(seed, "network", number, "pair"))
        if options.curve:
            two = trained[place + 1] if number % 2 == 0 else None
            source = generator(seed, "network", number, "curve")
            row |= _curve(options, data, targets, one, two, source)
        rows.append(row)
    return rows


def _measured(options: NetworkOptions, data: Examples, targets: np.ndarray, one: Trained) -> Arrays:
    """Costs at the looks, and what is measured at the end."""
    looks = [_look(options, data, weights.astype(np.float64)) for weights in one.weights]
    row = {name: np.array([look[name] for look in looks]) for name in looks[0]} | {"cost": one.costs}
    end = one.end
    slope = gradient(options.net, end, data.inputs, targets) if one.outcome != DIVERGED else end
    floor = 0.0 if options.net.squared else entropy(targets)
    norms = [np.linalg.norm(matrix) for matrix, *_ in unpack(options.net, end)]
    ends = {
        "outcome": one.outcome,
        "status": int(one.outcome == DIVERGED),
        "steps": one.steps,
        "floor": floor,
        "end_cost": row["cost"][-1],
        "excess": row["cost"][-1] - floor,
        "end_test_cost": row["test_cost"][-1],
        "end_test_errors": row["test_errors"][-1],
        "gradient_norm": np.linalg.norm(slope),
    }
    known = {name: np.asarray(value) for name, value in ends.items()}
    return row | known | {"step": look_steps(options), "layer_norm": np.array(norms), "weights": one.weights}


def _look(options: NetworkOptions, data: Examples, weights: np.ndarray) -> dict[str, Any]:
    if not np.isfinite(weights).all():
        return {"test_cost": np.nan, "test_errors": -1, "weight_norm": np.nan}
    net = options.net
    known = statistics(net, weights, data.inputs)
    if options.labels == "inputs":
        truth, wrong = data.test_inputs, -1
    else:
        truth = one_hot(data.test_labels, options.layers[-1])
        wrong = errors(net, weights, data.test_inputs, data.test_labels, known)
    return {
        "test_cost": mean_cost(net, weights, data.test_inputs, truth, known),
        "test_errors": wrong,
        "weight_norm": np.linalg.norm(weights),
    }


def _spectrum(
    options: NetworkOptions, data: Examples, targets: np.ndarray, one: Trained, source: np.random.Generator
) -> Arrays:
    """Lanczos nodes of each start, NaN where the space of a start was invariant before."""
    starts, steps, count = (options.hessian[name] for name in ("starts", "matvecs", "examples"))
    found = {name: np.full((starts, steps), np.nan) for name in ("node", "node_weight", "node_residual")}
    if one.outcome == DIVERGED:
        return found
    product = hessian_product(options.net, one.end, data.inputs[:count], targets[:count])
    for start in range(starts):
        seen = quadrature(product, source.standard_normal(options.net.weights), steps)
        size = len(seen.nodes)
        found["node"][start, :size] = seen.nodes
        found["node_weight"][start, :size] = seen.weights
        found["node_residual"][start, :size] = seen.residuals
    return found


def _points(options: NetworkOptions, data: Examples, targets: np.ndarray, one: Trained) -> Arrays:
    """Where searches from the looks ended; unknown of a run that diverged."""
    if one.outcome == DIVERGED:
        looks, size = one.weights.shape
        return critical.unknown(looks, size) | _variance(options, data)
    found = critical.sought(options.net, one.weights, data.inputs, targets, options.points)
    return found | _variance(options, data)


def _variance(options: NetworkOptions, data: Examples) -> Arrays:
    """Of an autoencoder: what its closed form is made of."""
    if options.labels != "inputs":
        return {}
    return {"data_variance": np.linalg.eigvalsh(np.cov(data.inputs, rowvar=False, bias=True))[::-1]}


def _sharpness(
    options: NetworkOptions, data: Examples, targets: np.ndarray, one: Trained, source: np.random.Generator
) -> Arrays:
    """Largest curvatures at the end; NaN of a run that diverged."""
    if one.outcome == DIVERGED:
        return sharpness.unknown(len(options.sharpness["scales"]))
    chosen = slice(options.sharpness["examples"])
    held = data.inputs[chosen], targets[chosen]
    return sharpness.curvatures(options.net, one.end, *held, options.sharpness, source)


def _drifts(options: NetworkOptions, data: Examples, one: Trained) -> Arrays:
    """How far weights and tangent kernel have moved; NaN of a run that diverged."""
    if one.outcome == DIVERGED:
        return {name: np.asarray(np.nan) for name in ("weight_change", "kernel_drift")}
    found = drifts(options.net, one.first, one.end, data.inputs[: options.kernel])
    return {name: np.asarray(value) for name, value in found.items()}


def _pair(
    options: NetworkOptions,
    data: Examples,
    targets: np.ndarray,
    one: Trained,
    two: Trained | None,
    source: np.random.Generator,
) -> Arrays:
    if two is None or DIVERGED in (one.outcome, two.outcome):
        return {
            "path_cost": np.full((len(PATHS), PATH_POINTS), np.nan),
            "barrier": np.full(len(PATHS), np.nan),
            "midpoint_errors": np.full(len(PATHS), -1),
        }
    return between(options.net, one.end, two.end, data, targets, source)


def _curve(
    options: NetworkOptions,
    data: Examples,
    targets: np.ndarray,
    one: Trained,
    two: Trained | None,
    source: np.random.Generator,
) -> Arrays:
    if two is None or DIVERGED in (one.outcome, two.outcome):
        unknown = {name: np.asarray(np.nan) for name in ("curve_barrier", "curve_length")}
        return unknown | {"curve_cost": np.full(PATH_POINTS, np.nan), "curve_errors": np.asarray(-1)}
    return along_curve(options, one.end, two.end, data, targets, source)
