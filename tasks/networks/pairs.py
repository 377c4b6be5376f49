"""Two runs joined by straight lines, or by a curve: how high the cost rises on the way."""

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.networks.costs import MEASURED_ON
from morsecensus.tasks.networks.curve import curve_length, on_curve, train_bend
from morsecensus.tasks.networks.evaluate import errors, mean_cost
from morsecensus.tasks.networks.examples import Examples
from morsecensus.tasks.networks.match import matched_orders, permuted, random_orders
from morsecensus.tasks.networks.options import NetworkOptions
from morsecensus.tasks.networks.shapes import Net
from morsecensus.tasks.networks.words import PATH_POINTS, PATHS

MATCHED_ON = 5000
"""Examples on which units are compared, the first ones of the training set."""
TIMES = np.linspace(0, 1, PATH_POINTS)

Weights = Float[np.ndarray, " weights"]


def between(
    net: Net, one: Weights, two: Weights, data: Examples, targets: np.ndarray, seed: np.random.Generator
) -> dict[str, np.ndarray]:
    """Costs on the lines from the first run to the second, as `PATHS` has them.

    Returns ``path_cost``, over the first `MEASURED_ON` training examples, shape (paths, points); ``barrier``,
    the largest cost above the line between the costs at the ends, (paths,); ``midpoint_errors``, test errors
    half way, (paths,).
    """
    x = data.inputs[:MATCHED_ON]
    shuffled = permuted(net, one, random_orders(net, seed))
    ends = {
        "trained": two,
        "random": permuted(net, two, random_orders(net, seed)),
        "matched": permuted(net, two, matched_orders(net, net, one, two, x)),
        "copy": permuted(net, shuffled, matched_orders(net, net, one, shuffled, x)),
    }
    rows = data.inputs[:MEASURED_ON], targets[:MEASURED_ON]
    costs = np.array(
        [[mean_cost(net, (1 - t) * one + t * ends[name], *rows) for t in TIMES] for name in PATHS]
    )
    middle = [errors(net, (one + ends[name]) / 2, data.test_inputs, data.test_labels) for name in PATHS]
    return {
        "path_cost": costs,
        "barrier": np.array([above_chord(each) for each in costs]),
        "midpoint_errors": np.array(middle),
    }


def above_chord(costs: Float[np.ndarray, " points"]) -> float:
    """Largest cost on a path above the line between the costs at its ends."""
    return float((costs - (1 - TIMES) * costs[0] - TIMES * costs[-1]).max())


def along_curve(
    options: NetworkOptions,
    one: Weights,
    two: Weights,
    data: Examples,
    targets: np.ndarray,
    source: np.random.Generator,
) -> dict[str, np.ndarray]:
    """The same on a trained curve between two runs as they are, and its length over that of the line."""
    net, bend = options.net, train_bend(options, one, two, data.inputs, targets, source)
    rows = data.inputs[:MEASURED_ON], targets[:MEASURED_ON]
    costs = np.array([mean_cost(net, on_curve(one, bend, two, t), *rows) for t in TIMES])
    middle = errors(net, on_curve(one, bend, two, 0.5), data.test_inputs, data.test_labels)
    return {
        "curve_cost": costs,
        "curve_barrier": np.asarray(above_chord(costs)),
        "curve_length": np.asarray(curve_length(one, bend, two)),
        "curve_errors": np.asarray(middle),
    }
