"""A multilayer perceptron: what it answers, and its cross-entropy, as functions of one vector of weights."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Num

from morsecensus.tasks.networks.shapes import Net, unpack
from morsecensus.tasks.runtime.lazy_jax import Array, jax, jnp

ACTIVATION: dict[str, Callable[[Any], Any]] = {
    "relu": lambda z: jnp.maximum(z, 0),
    "tanh": jnp.tanh,
    "erf": jax.lax.erf,
    "linear": lambda z: z,
}
EPSILON = 1e-5
"""Added to the variance that batch norm divides by."""
Statistics = Sequence[tuple[Any, Any]]
"""Mean and variance of the preactivations of each hidden layer, shape (width,) each."""


def scaled(x: Num[Array, "examples width"], dtype: Any) -> Float[Array, "examples width"]:
    """Inputs as numbers; bytes become their 255th part."""
    found = jnp.asarray(x).astype(dtype)
    return found * (1 / 255) if x.dtype == jnp.uint8 else found


def held(examples: Num[np.ndarray, "examples width"], dtype: Any) -> Num[Array, "examples width"]:
    """Examples as training holds them: bytes stay bytes until a batch is taken, a fourth of the memory."""
    return jnp.asarray(examples if examples.dtype == np.uint8 else examples.astype(dtype))


def logits(
    net: Net, weights: Float[Array, " weights"], x: Num[Array, "examples width"], known: Statistics = ()
) -> tuple[Float[Array, "examples classes"], list[Any]]:
    """Logarithms of the probabilities of classes, but for a constant an example; and the `Statistics` that
    batch norm used: those of these very examples, unless others are known."""
    h, used = scaled(x, weights.dtype), []
    layers = unpack(net, weights)
    for number, (matrix, offsets, scales) in enumerate(layers):
        z, factor = h @ matrix, net.factors[number]
        if scales is not None:
            mean, variance = known[number] if known else (z.mean(axis=0), z.var(axis=0))
            used.append((mean, variance))
            z = scales[None] * (z - mean[None]) / jnp.sqrt(variance + EPSILON)[None]
        z = z + offsets[None]
        z = z if factor == 1 else z * factor
        if number == len(layers) - 1:
            return z, used
        output = ACTIVATION[net.activation](z)
        h = output + h if net.skip and output.shape == h.shape else output
    raise AssertionError


@functools.partial(jax.jit, static_argnums=0)
def activations(
    net: Net, weights: Float[Array, " weights"], x: Num[Array, "examples width"]
) -> list[Float[Array, "examples units"]]:
    """Outputs of the hidden layers, of a net without batch norm and skips."""
    h, found = scaled(x, weights.dtype), []
    for matrix, offsets, _ in unpack(net, weights)[:-1]:
        h = ACTIVATION[net.activation]((h @ matrix + offsets[None]) * net.factors[len(found)])
        found.append(h)
    return found


def cost(
    net: Net,
    weights: Float[Array, " weights"],
    x: Num[Array, "examples width"],
    targets: Float[Array, "examples classes"],
    known: Statistics = (),
) -> Float[Array, ""]:
    """Mean cross-entropy, natural logarithms, of answers against probabilities; or half their mean squared
    distance from them."""
    found = logits(net, weights, x, known)[0]
    if net.squared:
        return jnp.mean(jnp.sum((found - targets) ** 2, axis=1)) / 2
    answers = jax.nn.log_softmax(found)
    return -jnp.mean(jnp.sum(targets * answers, axis=1))
