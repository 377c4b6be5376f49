"""The weights of a network as one vector: layer by layer matrix, offsets, and scales of batch norm."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Net:
    """An architecture; hashable, so that what is compiled for it is found again.

    Attributes:
        layers: widths, from the inputs to the classes.
        activation: of hidden units, one of `words.ACTIVATIONS`.
        skip: whether the input of a hidden layer of the same width is added to its output.
        batchnorm: whether hidden preactivations are normalised over the examples of a batch.
        scaling: one of `words.SCALINGS`: what multiplies the layers.
        squared: whether the cost is half the squared error of the answers, in place of cross-entropy.
    """

    layers: tuple[int, ...]
    activation: str = "relu"
    skip: bool = False
    batchnorm: bool = False
    scaling: str = "standard"
    squared: bool = False

    @property
    def factors(self) -> list[float]:
        """What each layer's sums are multiplied by."""
        if self.scaling == "standard":
            return [1.0] * len(self.steps)
        power = 1.0 if self.scaling == "mean-field" else 0.5
        return [self.layers[0] ** -0.5, self.layers[1] ** -power]

    @property
    def pace(self) -> float:
        """What a rate is multiplied by, so that answers move as fast at every width."""
        return float(self.layers[1]) if self.scaling == "mean-field" else 1.0

    @property
    def steps(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer of weights."""
        return list(zip(self.layers[:-1], self.layers[1:], strict=True))

    @property
    def hidden(self) -> tuple[int, ...]:
        """Widths of the hidden layers."""
        return self.layers[1:-1]

    @property
    def weights(self) -> int:
        """How many there are."""
        scales = sum(self.hidden) if self.batchnorm else 0
        return sum(before * after + after for before, after in self.steps) + scales

    def __str__(self) -> str:
        return "-".join(map(str, self.layers))


Layer = tuple[Any, Any, Any]
"""Matrix (in, out), offsets (out,), scales (out,) or None; of NumPy or JAX, as the vector is."""


def unpack(net: Net, weights: Any) -> list[Layer]:
    """The layers in a vector of weights, shape (net.weights,)."""
    layers: list[Layer] = []
    place = 0
    for number, (before, after) in enumerate(net.steps):
        matrix = weights[place : place + before * after].reshape(before, after)
        place += before * after
        offsets = weights[place : place + after]
        place += after
        scales = None
        if net.batchnorm and number < len(net.hidden):
            scales = weights[place : place + after]
            place += after
        layers.append((matrix, offsets, scales))
    return layers


def pack(layers: list[Layer]) -> Float[np.ndarray, " weights"]:
    """The vector of some layers, of NumPy."""
    return np.concatenate([part.ravel() for layer in layers for part in layer if part is not None])


def first_weights(net: Net, generator: np.random.Generator) -> Float[np.ndarray, " weights"]:
    """Gaussian weights of variance gain/inputs, gain 2 with ReLU (K. He et al., arXiv:1502.01852) and 1
    otherwise; offsets 0, scales 1. Scaled nets: see `_twins`."""
    if net.scaling != "standard":
        return _twins(net, generator)
    gain = 2.0 if net.activation == "relu" else 1.0
    layers: list[Layer] = []
    for number, (before, after) in enumerate(net.steps):
        matrix = generator.standard_normal((before, after)) * np.sqrt(gain / before)
        scaled = net.batchnorm and number < len(net.hidden)
        layers.append((matrix, np.zeros(after), np.ones(after) if scaled else None))
    return pack(layers)


def _twins(net: Net, generator: np.random.Generator) -> Float[np.ndarray, " weights"]:
    """Standard normal weights of which each hidden unit has a twin with the opposite answer: the first answer
    f_0 is 0, so what is trained is f - f_0."""
    inputs, width, classes = net.layers
    first = np.repeat(generator.standard_normal((inputs, width // 2)), 2, axis=1)
    last = np.repeat(generator.standard_normal((width // 2, classes)), 2, axis=0)
    last[1::2] *= -1
    return pack([(first, np.zeros(width), None), (last, np.zeros(classes), None)])
