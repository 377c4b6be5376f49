"""What a training run is asked for, and what cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from morsecensus.tasks.networks.late import check_late
from morsecensus.tasks.networks.rescalable import check_rescalable
from morsecensus.tasks.networks.scaled import check_scaling
from morsecensus.tasks.networks.shapes import Net
from morsecensus.tasks.networks.sought import check_sought
from morsecensus.tasks.networks.words import (
    ACTIVATIONS,
    ALGORITHMS,
    DATA,
    LABELS,
    LOSSES,
    PRECISIONS,
    SCALINGS,
)

MNIST_WIDTH, MNIST_CLASSES = 784, 10
MOST_EXAMPLES = 10**7
MOST_WEIGHTS = 10**8
MOST_STEPS = 10**9
HESSIAN = {"matvecs": 80, "examples": 1000, "starts": 1}
"""Keys of `hessian` and what they are if not given."""


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """A training run without its seed. Raises ValueError, one line, for what cannot be."""

    layers: tuple[int, ...]
    """Widths, from the inputs to the classes, such as [784, 50, 50, 10]."""
    data: str = "clusters"
    """clusters: a Gaussian mixture that is built in; mnist: files in the IDX format, in ``folder``."""
    count: int
    """How many training examples."""
    first: int = 0
    """The first of them: examples before it are left to others."""
    labels: str = "hard"
    """hard: those of the data; teacher: the probabilities that a trained network gives; inputs: an
    autoencoder."""
    algorithm: str = "sgd"
    """sgd: batches, each example once an epoch; gd: all examples at each step."""
    rate: float
    """Length of a step over the gradient of the mean cost."""
    batch: int = 100
    """Examples of a step of sgd."""
    steps: int
    """Steps of a run."""
    activation: str = "relu"
    """Of hidden units: relu, tanh, erf, linear."""
    skip: bool = False
    """Whether a hidden layer of the same width as the one before adds that one's output."""
    batchnorm: bool = False
    """Whether hidden preactivations are normalised over a batch, or all examples of a measured cost."""
    keep: int = 1
    """Log-spaced looks at which cost and weights are stored; 1 is the end alone."""
    precision: str = "float32"
    """Of the steps; measurements are of doubles in any case."""
    hessian: Mapping[str, int] = field(default_factory=dict)
    """Spectrum of the Hessian by Lanczos: matvecs, examples (the first ones), starts; none if not given."""
    loss: str = "cross-entropy"
    """cross-entropy; or squared: half the squared distance of the answers from the labels."""
    scaling: str = "standard"
    """ntk: one hidden layer of weights of order one, answers over sqrt(width); mean-field: over the width."""
    until: float = 0.0
    """Share of the first cost at which gradient descent ends, before its steps are over; 0 is never."""
    kernel: int = 0
    """Examples over which the tangent kernel is compared, end against start; 0 is none."""
    late: int = 0
    """Evenly spaced looks in the second half of a run whose mean cost is stored; 0 is none."""
    pairs: bool = False
    """Whether seeds 0 and 1, 2 and 3, ... are joined by straight lines: barriers."""
    points: Mapping[str, Any] = field(default_factory=dict)
    """Search for critical points from each look: steps, tolerance, flat; none if not given."""
    sharpness: Mapping[str, Any] = field(default_factory=dict)
    """Largest curvatures at rescaled weights: examples, matvecs, scales; none if not given."""
    curve: int = 0
    """Steps by which the bend of a curve between the two runs of a pair is trained; 0 is none."""
    teacher: Mapping[str, Any] | None = None
    """Options of the network that gives the labels."""
    sha256: str = ""
    """Of the data, where they are from files."""
    held: int = MOST_EXAMPLES
    """How many training examples there are."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "hessian", dict(self.hessian))
        object.__setattr__(self, "points", dict(self.points))
        object.__setattr__(self, "sharpness", dict(self.sharpness))
        _check_words(self)
        _check_layers(self)
        _check_examples(self)
        _check_measurements(self)
        check_scaling(self)
        check_sought(self)
        check_rescalable(self)
        check_late(self)

    @property
    def net(self) -> Net:
        """The architecture."""
        squared = self.loss == "squared"
        return Net(self.layers, self.activation, self.skip, self.batchnorm, self.scaling, squared)

    @property
    def matvecs(self) -> int:
        """Products of Lanczos; 0 where no Hessian was asked for."""
        return self.hessian["matvecs"] if self.hessian else 0

    @property
    def batch_size(self) -> int:
        """Examples of a step."""
        return self.batch if self.algorithm == "sgd" else self.count

    @property
    def of_teacher(self) -> "NetworkOptions | None":
        """What the teacher was asked for."""
        return None if self.teacher is None else NetworkOptions(**self.teacher)

    def warnings(self) -> list[str]:
        """What the numbers of a run may be misread for."""
        teacher = self.of_teacher
        if teacher is None or not _overlap(self, teacher):
            return []
        return [
            f"leakage: examples {max(self.first, teacher.first)} to "
            f"{min(self.first + self.count, teacher.first + teacher.count) - 1} train teacher and student"
        ]


def look_steps(options: NetworkOptions) -> np.ndarray:
    """Numbers of steps after which a run is looked at, log-spaced; the last is its end."""
    if options.keep == 1:
        return np.array([options.steps])
    later = np.round(np.geomspace(1, options.steps, options.keep - 1)).astype(np.int64)
    return np.unique(np.concatenate([[0], later, [options.steps]]))


def _overlap(one: NetworkOptions, other: NetworkOptions) -> bool:
    return one.first < other.first + other.count and other.first < one.first + one.count


def _check_words(asked: NetworkOptions) -> None:
    words = {"data": DATA, "labels": LABELS, "algorithm": ALGORITHMS, "activation": ACTIVATIONS}
    words |= {"loss": LOSSES, "scaling": SCALINGS}
    for name, allowed in (words | {"precision": PRECISIONS}).items():
        if getattr(asked, name) not in allowed:
            raise ValueError(f"{name}: got {getattr(asked, name)!r}, allowed: {', '.join(allowed)}")
    if (asked.teacher is not None) != (asked.labels == "teacher"):
        raise ValueError(
            f"teacher: got {'none' if asked.teacher is None else 'one'} with labels {asked.labels}, "
            "allowed: one with labels = teacher, none with others"
        )


def _integer(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name}: got {value}, allowed: integers from {least} to {most}")


def _check_layers(asked: NetworkOptions) -> None:
    if len(asked.layers) < 2 or min(asked.layers) < 1:
        raise ValueError(f"layers: got {list(asked.layers)}, allowed: two or more widths from 1 on")
    if asked.layers[-1] < 2:
        raise ValueError(f"layers: got {asked.layers[-1]} outputs, allowed: one for each class, 2 or more")
    if asked.data == "mnist" and asked.layers[0] != MNIST_WIDTH:
        raise ValueError(f"layers: got {asked.layers[0]} inputs, allowed: {MNIST_WIDTH}, as the data have")
    if asked.data == "mnist" and asked.layers[-1] != MNIST_CLASSES:
        raise ValueError(f"layers: got {asked.layers[-1]} outputs, allowed: {MNIST_CLASSES}, one a class")
    if asked.net.weights > MOST_WEIGHTS:
        raise ValueError(f"layers: got {asked.net.weights} weights, allowed: at most {MOST_WEIGHTS}")
    teacher = asked.of_teacher
    if teacher is None:
        return
    if teacher.labels != "hard":
        raise ValueError("teacher: got a network that has a teacher itself, allowed: one with hard labels")
    ours, theirs = ((one.data, one.sha256, one.layers[0], one.layers[-1]) for one in (asked, teacher))
    if ours != theirs:
        raise ValueError(
            f"teacher: got {teacher.layers[0]} inputs and {teacher.layers[-1]} classes of {teacher.data}, "
            "allowed: the student's data, inputs and classes"
        )


def _check_examples(asked: NetworkOptions) -> None:
    _integer("count", asked.count, 2, MOST_EXAMPLES)
    _integer("first", asked.first, 0, MOST_EXAMPLES)
    if asked.first + asked.count > asked.held:
        raise ValueError(
            f"count: got {asked.count} examples from {asked.first} on, allowed: at most "
            f"{max(0, asked.held - asked.first)} of the {asked.held} in the data"
        )
    _integer("steps", asked.steps, 1, MOST_STEPS)
    if asked.algorithm == "sgd" and not 1 <= asked.batch <= asked.count:
        raise ValueError(f"batch: got {asked.batch}, allowed: 1 to the {asked.count} examples of the run")
    if not (np.isfinite(asked.rate) and asked.rate > 0):
        raise ValueError(f"rate: got {asked.rate}, allowed: numbers above 0")


def _check_measurements(asked: NetworkOptions) -> None:
    _integer("keep", asked.keep, 1, 1000)
    _integer("curve", asked.curve, 0, MOST_STEPS)
    if asked.curve and not asked.pairs:
        raise ValueError(f"curve: got {asked.curve} without pairs, allowed: with pairs = true")
    if asked.pairs and (asked.batchnorm or asked.skip):
        name = "batchnorm" if asked.batchnorm else "skip"
        why = (
            "statistics would be those of no net on the line"
            if asked.batchnorm
            else "layers permute together"
        )
        raise ValueError(f"pairs: got true with {name}, allowed: nets without it: {why}")
    if asked.pairs and not asked.net.hidden:
        raise ValueError("pairs: got true without a hidden layer, allowed: nets with units to match")
    if not asked.hessian:
        return
    if unknown := asked.hessian.keys() - HESSIAN.keys():
        raise ValueError(f"hessian: got {sorted(unknown)[0]!r}, allowed: {', '.join(HESSIAN)}")
    object.__setattr__(asked, "hessian", HESSIAN | {"examples": min(1000, asked.count)} | dict(asked.hessian))
    known = asked.hessian
    if not 1 <= known["matvecs"] <= asked.net.weights:
        raise ValueError(
            f"hessian.matvecs: got {known['matvecs']}, allowed: 1 to the {asked.net.weights} weights"
        )
    _integer("hessian.examples", known["examples"], 1, asked.count)
    _integer("hessian.starts", known["starts"], 1, 1000)
