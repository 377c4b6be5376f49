"""What is measured of weights over a whole set of examples, in doubles: costs, gradient, Hessian products."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.networks.costs import HELD, held_bytes
from morsecensus.tasks.networks.forward import Statistics, cost, logits
from morsecensus.tasks.networks.shapes import Net
from morsecensus.tasks.runtime.lazy_jax import jax, jnp

PART = 5000
"""Examples that are looked at together; all of them where batch norm needs the statistics of all."""

Weights = Float[np.ndarray, " weights"]


def parts(net: Net, *arrays: np.ndarray) -> Iterator[tuple[float, tuple[np.ndarray, ...]]]:
    """Cut examples into parts: the share of all that each has, and its rows of each array."""
    count = len(arrays[0])
    size = count if net.batchnorm else PART
    for first in range(0, count, size):
        rows = tuple(array[first : first + size] for array in arrays)
        yield len(rows[0]) / count, rows


_cost = jax.jit(cost, static_argnums=0)
_slope = jax.jit(jax.grad(cost, argnums=1), static_argnums=0)
_logits = jax.jit(logits, static_argnums=0)


@functools.partial(jax.jit, static_argnums=0)
def _linearised(net: Net, weights: Any, x: Any, targets: Any) -> Any:
    """The Hessian over some examples, as a function that holds what doesn't depend on the vector."""
    slope = jax.grad(lambda now: cost(net, now, x, targets))
    return jax.linearize(slope, weights)[1]


_applied = jax.jit(lambda linear, vector: linear(vector))


@functools.partial(jax.jit, static_argnums=0)
def _product(net: Net, weights: Any, x: Any, targets: Any, vector: Any) -> Any:
    slope = jax.grad(lambda now: cost(net, now, x, targets))
    return jax.jvp(slope, (weights,), (vector,))[1]


def mean_cost(
    net: Net, weights: Weights, x: np.ndarray, targets: np.ndarray, known: Statistics = ()
) -> float:
    """Mean cross-entropy over all examples."""
    own = jnp.asarray(weights, jnp.float64)
    return sum(share * float(_cost(net, own, *rows, known)) for share, rows in parts(net, x, targets))


def gradient(net: Net, weights: Weights, x: np.ndarray, targets: np.ndarray) -> Weights:
    """Of the mean cost."""
    own = jnp.asarray(weights, jnp.float64)
    return np.sum(
        [share * np.asarray(_slope(net, own, *rows)) for share, rows in parts(net, x, targets)], axis=0
    )


def hessian_product(
    net: Net, weights: Weights, x: np.ndarray, targets: np.ndarray
) -> Callable[[Weights], Weights]:
    """The Hessian of the mean cost, as a function of a vector."""
    own = jnp.asarray(weights, jnp.float64)
    shares, products, room = [], [], HELD
    for share, rows in parts(net, x, targets):
        room -= held_bytes(net, len(rows[0]))
        if room >= 0:
            products.append(functools.partial(_applied, _linearised(net, own, *rows)))
        else:
            products.append(functools.partial(_product, net, own, *(jnp.asarray(part) for part in rows)))
        shares.append(share)

    def product(vector: Weights) -> Weights:
        found = np.zeros_like(vector)
        for share, of_part in zip(shares, products, strict=True):
            found += share * np.asarray(of_part(vector))
        return found

    return product


def statistics(net: Net, weights: Weights, x: np.ndarray) -> Statistics:
    """Of batch norm over all examples; nothing of nets without it."""
    return _logits(net, jnp.asarray(weights, jnp.float64), x)[1] if net.batchnorm else ()


def probabilities(
    net: Net, weights: Weights, x: np.ndarray, known: Statistics = ()
) -> Float[np.ndarray, "examples classes"]:
    """Of the classes of all examples."""
    own = jnp.asarray(weights, jnp.float64)
    answers = [np.asarray(jax.nn.softmax(_logits(net, own, *rows, known)[0])) for _, rows in parts(net, x)]
    return np.concatenate(answers)


def errors(
    net: Net, weights: Weights, x: np.ndarray, labels: Int[np.ndarray, " examples"], known: Statistics = ()
) -> int:
    """Examples whose most probable class isn't theirs."""
    return int((probabilities(net, weights, x, known).argmax(axis=1) != labels).sum())


def one_hot(labels: Int[np.ndarray, " examples"], classes: int) -> Float[np.ndarray, "examples classes"]:
    """Classes as probabilities."""
    return np.eye(classes)[labels]


def entropy(targets: Float[np.ndarray, "examples classes"]) -> float:
    """Mean entropy of probabilities: no network has a lower cost."""
    logs = np.log(np.where(targets > 0, targets, 1.0))
    return abs(float(np.mean(np.sum(targets * logs, axis=1))))  # 0, not -0, for labels
