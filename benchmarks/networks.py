"""Training, curvature and matching of perceptrons of MNIST's size, against bars of time and against the bare
products of matrices that they are made of. Examples are random bytes; CPU seconds of one thread."""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from benchmarks.harness import Row, processes
from morsecensus.tasks.runtime.memory import peak_bytes

EXAMPLES, BATCH, INPUTS, CLASSES = 30_000, 100, 784, 10
PART = 5000
"""Examples that our gradients and Hessian products take together."""


class Bars(NamedTuple):
    """Seconds for one net: what a sketch took on another machine, times 1.5; for products times 2."""

    hidden: tuple[int, int]
    epoch: float
    descent: float
    product: float | None = None


NETS = {
    "50-50": Bars((50, 50), 0.21, 0.18, 0.38),
    "250-150": Bars((250, 150), 0.66, 0.66, 1.64),
    "500-300": Bars((500, 300), 1.4, 1.65, 3.6),
    "1200-1200": Bars((1200, 1200), 7.4, 6.75),
}
SPECTRA = {"50-50": (10_000, 150, 30.0), "500-300": (5000, 120, 120.0)}
"""Net -> examples, products, seconds for a Lanczos recursion with full reorthogonalisation."""
PAIRS = {"50-50": 0.3, "500-300": 3.0}
"""Net -> seconds to match the units of two networks over 30,000 examples."""
SPECTRUM_MB = 400


def _cpu(action: Callable[[], object], repeats: int = 2) -> float:
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

    return _cpu(all_of_them, 1)


def _examples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    x = rng.integers(0, 256, (EXAMPLES, INPUTS), dtype=np.uint8)
    return x, np.eye(CLASSES)[rng.integers(0, CLASSES, EXAMPLES)]


def _asked(hidden: tuple[int, int]) -> dict:
    return {"layers": (INPUTS, *hidden, CLASSES), "data": "mnist", "count": EXAMPLES, "rate": 0.01, "keep": 1}


def trained(name: str) -> dict[str, tuple[float, float]]:
    """Seconds of an epoch of SGD and of a step of gradient descent, and of the bare products of each."""
    from morsecensus.tasks.networks.options import NetworkOptions
    from morsecensus.tasks.networks.train import train

    hidden, (x, targets) = NETS[name].hidden, _examples()

    def spent(algorithm: str, batch: int, steps: int) -> float:
        options = NetworkOptions(**_asked(hidden), algorithm=algorithm, batch=batch, steps=steps)
        return _cpu(lambda: train(options, x, targets, 1, 0))

    # A look at the end is half a gradient in doubles: two runs differ by their steps.
    epoch = spent("sgd", BATCH, EXAMPLES // BATCH) - spent("sgd", BATCH, 1)
    step = (spent("gd", EXAMPLES, 3) - spent("gd", EXAMPLES, 1)) / 2
    return {
        "an epoch of SGD": (epoch, _bare(hidden, "float32", BATCH)),
        "a step of gradient descent": (step, _bare(hidden, "float32", PART)),
    }


def multiplied(name: str) -> tuple[float, float]:
    """Seconds of a Hessian product, and of the bare products: twice those of a gradient."""
    product, start = _hessian(name, EXAMPLES)
    return _cpu(lambda: product(start)), 2 * _bare(NETS[name].hidden, "float64", PART)


def spectrum(name: str) -> tuple[float, float]:
    """Seconds of a Lanczos recursion, and MB that it adds to the process."""
    from morsecensus.tasks.networks.lanczos import quadrature

    examples, steps, _ = SPECTRA[name]
    product, start = _hessian(name, examples)
    product(start)
    before, began = _peak_mb(), time.process_time()
    quadrature(product, start, steps)
    return time.process_time() - began, _peak_mb() - before


def paired(name: str) -> float:
    """Seconds to match two networks at random weights."""
    from morsecensus.tasks.networks.match import matched_orders
    from morsecensus.tasks.networks.options import NetworkOptions
    from morsecensus.tasks.networks.shapes import first_weights
    from morsecensus.tasks.runtime.keys import generator

    net = NetworkOptions(**_asked(NETS[name].hidden), steps=1).net
    one, two = (first_weights(net, generator(seed, "start")) for seed in (1, 2))
    x = _examples()[0]
    return _cpu(lambda: matched_orders(net, net, one, two, x))


def _hessian(name: str, examples: int) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]:
    from morsecensus.tasks.networks.evaluate import hessian_product
    from morsecensus.tasks.networks.options import NetworkOptions
    from morsecensus.tasks.networks.shapes import first_weights
    from morsecensus.tasks.runtime.keys import generator

    net = NetworkOptions(**_asked(NETS[name].hidden), steps=1).net
    x, targets = (part[:examples] for part in _examples())
    product = hessian_product(net, first_weights(net, generator(1, "start")), x, targets)
    return product, generator(1, "vector").standard_normal(net.weights)


def _peak_mb() -> float:
    return peak_bytes() / 2**20


def run() -> list[Row]:
    rows = []
    for name, bars in NETS.items():
        found = _alone(trained, name)
        rows += [
            _products(f"{what}, {name}", bar, *found[what])
            for what, bar in zip(found, (bars.epoch, bars.descent), strict=True)
        ]
        if bars.product is not None:
            rows.append(_products(f"a Hessian product, {name}", bars.product, *_alone(multiplied, name)))
    for name, (examples, steps, bar) in SPECTRA.items():
        spent, more = _alone(spectrum, name)
        what = f"{steps} Lanczos steps, {name}, {examples:,} examples"
        rows.append(Row(f"{what}: over {bar:g} s", spent / bar, "<= 1", f"{spent:.1f} s"))
        rows.append(Row(f"{what}: over {SPECTRUM_MB} MB", more / SPECTRUM_MB, "<= 1", f"{more:.0f} MB"))
    for name, bar in PAIRS.items():
        spent = _alone(paired, name)
        rows.append(
            Row(f"units of two {name} matched: over {bar:g} s", spent / bar, "<= 1", f"{spent:.2f} s")
        )
    return rows


def _alone(task: Callable, name: str):
    """In a process of its own, with one thread."""
    with processes(1) as pool:
        return pool.submit(task, name).result()


def _products(what: str, bar: float, ours: float, bare: float) -> Row:
    said = f"{ours:.2f} s; bare products {bare:.2f} s, {bare / ours:.2f} of ours"
    return Row(f"{what}, {EXAMPLES:,} examples: over {bar:g} s", ours / bar, "<= 1", said)
