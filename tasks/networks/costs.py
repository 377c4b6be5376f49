"""What training runs take, for plans: memory of a task, seconds of a run."""

from morsecensus.tasks.networks.options import NetworkOptions, look_steps
from morsecensus.tasks.networks.scaled import kernel_bytes
from morsecensus.tasks.networks.shapes import Net
from morsecensus.tasks.networks.words import PATH_POINTS, PATHS

RATES = {"float32": 5e10, "float64": 2.5e10}
"""Products and sums a second of one core (measured, widths of 50 to 500)."""
STEP_SECONDS = 2e-5
"""Of a step, whatever the network."""
FORWARD, GRADIENT, PRODUCT = 2, 6, 10
"""Operations a weight and example."""
EIGENVECTORS = (5e-8, 2e-10)
"""Seconds of the eigenvectors of a matrix, over its size's square and cube (measured, sizes 75 to 423)."""
HESSIAN = 30
"""Operations of a Hessian over the square of the weights and an example, likewise."""
HELD = 2**30
"""Bytes, at most, of forward and backward passes that a Hessian holds, lest its products make them again."""
MEASURED_ON = 10_000
"""Training examples over which costs on lines are means, the first ones: there are a hundred a pair."""


def run_memory(options: NetworkOptions) -> int:
    """Bytes that a run needs at most: data, weights at its looks, a Lanczos basis, one part of examples."""
    widths = sum(options.layers)
    of_data = options.count * options.layers[0] * (1 if options.data == "mnist" else 24)
    together = options.count if options.batchnorm or options.algorithm == "gd" else 5000
    working = 8 * 6 * together * widths
    kept = (len(look_steps(options)) * 2 + 12) * 8 * options.net.weights
    basis = 8 * max(options.matvecs, options.sharpness.get("matvecs", 0)) * options.net.weights
    of_hessian = max(options.hessian.get("examples", 0), options.sharpness.get("examples", 0))
    held = min(HELD, held_bytes(options.net, of_hessian))
    return of_data * 2 + working + kept + basis + held + kernel_bytes(options) + search_memory(options)


def held_bytes(net: Net, examples: int) -> int:
    """Of what a Hessian holds of so many examples: inputs, and four numbers of each unit (measured: 3.5)."""
    return 8 * examples * (net.layers[0] + 4 * sum(net.layers[1:]))


def run_seconds(options: NetworkOptions) -> float:
    """Of one run with its measurements, without its teacher."""
    weights = options.net.weights
    training = options.steps * (
        STEP_SECONDS + GRADIENT * weights * options.batch_size / RATES[options.precision]
    )
    looks = (len(look_steps(options)) + options.late) * FORWARD + GRADIENT
    spent = looks * options.count
    if options.hessian:
        spent += PRODUCT * options.matvecs * options.hessian["examples"] * options.hessian["starts"]
    if options.sharpness:
        known = options.sharpness
        spent += 2 * PRODUCT * known["matvecs"] * known["examples"] * len(known["scales"])
    if options.pairs:
        spent += FORWARD * len(PATHS) * PATH_POINTS * min(options.count, MEASURED_ON) / 2
    if options.curve:
        training *= 1 + options.curve / options.steps / 2  # by one of the two
    return training + spent * weights / RATES["float64"] + search_seconds(options)


def search_seconds(options: NetworkOptions) -> float:
    """Of the searches for critical points of a run, if all their steps are taken: a Hessian and its
    eigenvectors at each."""
    if not options.points:
        return 0.0
    weights, searches = options.net.weights, len(look_steps(options))
    step = EIGENVECTORS[0] * weights**2 + EIGENVECTORS[1] * weights**3
    step += HESSIAN * weights**2 * options.count / RATES["float64"]
    return searches * options.points["steps"] * step


def search_memory(options: NetworkOptions) -> int:
    """Bytes of the derivatives that a Hessian is made of: of all sums by all weights, at each example."""
    if not options.points:
        return 0
    weights = options.net.weights
    return 8 * weights * (12 * weights + 4 * options.count * sum(options.layers))
