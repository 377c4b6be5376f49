"""Two runs joined by straight lines: how high the cost rises on the way."""

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.networks.costs import MEASURED_ON
from morsecensus.tasks.networks.evaluate import errors, mean_cost
from morsecensus.tasks.networks.examples import Examples
from morsecensus.tasks.networks.match import matched_orders, permuted, random_orders
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
    chord = (1 - TIMES) * costs[:, :1] + TIMES * costs[:, -1:]
    return {
        "path_cost": costs,
        "barrier": (costs - chord).max(axis=1),
        "midpoint_errors": np.array(middle),
    }
