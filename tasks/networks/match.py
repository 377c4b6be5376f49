"""Units of two networks of one shape matched, layer by layer, by what they answer on the same examples.

Hidden units may be permuted without changing the function; which permutation brings two networks closest is
an assignment problem a layer (S. K. Ainsworth et al., arXiv:2209.04836).
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.networks.evaluate import parts
from morsecensus.tasks.networks.forward import activations
from morsecensus.tasks.networks.shapes import Layer, Net, pack, unpack
from morsecensus.tasks.runtime.lazy_jax import jax, jnp

Weights = Float[np.ndarray, " weights"]
Order = Int[np.ndarray, " units"]


def permuted(net: Net, weights: Weights, orders: Sequence[Order]) -> Weights:
    """The same function with hidden units in another order: unit k of a layer is the one that was
    ``orders[layer][k]``."""
    layers: list[Layer] = []
    before: Order | slice = slice(None)
    for number, (matrix, offsets, scales) in enumerate(unpack(net, weights)):
        after = orders[number] if number < len(net.hidden) else slice(None)
        scaled = None if scales is None else scales[after]
        layers.append((matrix[before][:, after], offsets[after], scaled))
        before = after
    return pack(layers)


def random_orders(net: Net, source: np.random.Generator) -> list[Order]:
    """A uniform permutation of each hidden layer."""
    return [source.permutation(width) for width in net.hidden]


@functools.partial(jax.jit, static_argnums=0)
def _alike(net: Net, one: Any, two: Any, x: Any) -> list[Any]:
    """Sums over examples of the products of what units answer, a matrix a hidden layer."""
    mine, theirs = activations(net, one, x), activations(net, two, x)
    return [ours.T @ others for ours, others in zip(mine, theirs, strict=True)]


def matched_orders(net: Net, other: Net, one: Weights, two: Weights, x: np.ndarray) -> list[Order]:
    """How to order the units of the second network so that they answer most like those of the first.

    In single precision: an order is a choice, and rounding changes it only where two are as good.

    Raises ValueError for nets of different shapes.
    """
    from scipy.optimize import linear_sum_assignment  # which no other body needs

    if net != other:
        raise ValueError(f"pairs: got nets {net} and {other}, allowed: two of one shape")
    both = [jnp.asarray(weights, jnp.float32) for weights in (one, two)]
    seen = [_alike(net, *both, rows) for _, (rows,) in parts(net, x)]
    layers = zip(*seen, strict=True)
    return [linear_sum_assignment(np.sum(layer, axis=0, dtype=float), maximize=True)[1] for layer in layers]
