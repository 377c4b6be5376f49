"""Training and curvature of multilayer perceptrons of MNIST's size, against bars of time and against the bare
products of matrices that they are made of. Examples are random bytes; CPU seconds of one thread."""

import math
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from benchmarks.harness import Row, processes

EXAMPLES, BATCH, INPUTS, CLASSES = 30_000, 100, 784, 10
PART = 5000
"""Examples that our gradients and Hessian products take together."""
HIDDEN = {"50-50": (50, 50), "250-150": (250, 150), "500-300": (500, 300), "1200-1200": (1200, 1200)}
BARS = {
    "an epoch of SGD": (0.21, 0.66, 1.4, 7.4),
    "a step of gradient descent": (0.18, 0.66, 1.65, 6.75),
    "a Hessian product": (0.38, 1.64, 3.6, math.inf),
}
"""Seconds for each of the nets: what a sketch took on another machine, times 1.5, for products times 2."""


def _cpu(action: Callable[[], object], repeats: int = 3) -> float:
    """Least of so many times, after one to compile."""
    action()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        action()
        taken.append(time.process_time() - start)
    return min(taken)


def _bare(hidden: tuple[int, int], dtype: str, rows: int) -> float:
    """Seconds of the products of a gradient over all examples, so many at a time: forward, to the weights,
    and, but for the inputs, back."""
    widths = (INPUTS, *hidden, CLASSES)
    rng = np.random.default_rng(1)
    layers = [rng.standard_normal(shape).astype(dtype) for shape in pairwise(widths)]
    values = [rng.standard_normal((rows, width)).astype(dtype) for width in widths]

    def passed() -> None:
        for number, matrix in enumerate(layers):
            values[number] @ matrix
            values[number].T @ values[number + 1]
            if number:
                values[number + 1] @ matrix.T

    def all_of_them() -> None:
        for _ in range(EXAMPLES // rows):
            passed()

    return _cpu(all_of_them)


def measured(name: str) -> dict[str, tuple[float, float]]:
    """Our seconds and those of the bare products, for one net."""
    from morsecensus.tasks.networks.evaluate import hessian_product
    from morsecensus.tasks.networks.options import NetworkOptions
    from morsecensus.tasks.networks.shapes import first_weights
    from morsecensus.tasks.networks.train import train
    from morsecensus.tasks.runtime.keys import generator

    hidden = HIDDEN[name]
    rng = np.random.default_rng(2)
    x = rng.integers(0, 256, (EXAMPLES, INPUTS), dtype=np.uint8)
    targets = np.eye(CLASSES)[rng.integers(0, CLASSES, EXAMPLES)]
    asked = dict(layers=(INPUTS, *hidden, CLASSES), data="mnist", count=EXAMPLES, rate=0.01, keep=1)
    epoch = NetworkOptions(**asked, algorithm="sgd", batch=BATCH, steps=EXAMPLES // BATCH)
    # A look at the end is half a gradient in doubles: one step and two differ by a step.
    one, three = (NetworkOptions(**asked, algorithm="gd", batch=EXAMPLES, steps=steps) for steps in (1, 3))
    none = NetworkOptions(**asked, algorithm="sgd", batch=BATCH, steps=1)
    spent = {
        key: _cpu(lambda options=options: train(options, x, targets, 1, 0))
        for key, options in {"epoch": epoch, "none": none, "one": one, "three": three}.items()
    }
    net = epoch.net
    product = hessian_product(net, first_weights(net, generator(1, "start")), x, targets)
    vector = generator(1, "vector").standard_normal(net.weights)
    return {
        "an epoch of SGD": (spent["epoch"] - spent["none"], _bare(hidden, "float32", BATCH)),
        "a step of gradient descent": ((spent["three"] - spent["one"]) / 2, _bare(hidden, "float32", PART)),
        "a Hessian product": (_cpu(lambda: product(vector)), 2 * _bare(hidden, "float64", PART)),
    }


def run() -> list[Row]:
    rows = []
    for place, name in enumerate(HIDDEN):
        with processes(1) as pool:
            found = pool.submit(measured, name).result()
        for what, (ours, bare) in found.items():
            if (bar := BARS[what][place]) < math.inf:
                said = f"{ours:.2f} s; bare products {bare:.2f} s, {bare / ours:.2f} of ours"
                rows.append(
                    Row(f"{what}, {name}, {EXAMPLES:,} examples: over {bar:g} s", ours / bar, "<= 1", said)
                )
    return rows
