"""The tangent kernel of a network, and how far training moves it: K = J J^T, J the derivatives of its answers
by its weights. In doubles."""

import functools
from typing import Any

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.networks.forward import logits
from morsecensus.tasks.networks.shapes import Net
from morsecensus.tasks.runtime.lazy_jax import jax, jnp

Weights = Float[np.ndarray, " weights"]


@functools.partial(jax.jit, static_argnums=0)
def _kernel(net: Net, weights: Any, x: Any) -> Any:
    slopes = jax.jacrev(lambda now: logits(net, now, x)[0].ravel())(weights)
    return slopes @ slopes.T


def tangent_kernel(
    net: Net, weights: Weights, x: Float[np.ndarray, "examples width"]
) -> Float[np.ndarray, "answers answers"]:
    """Over all classes of some examples, those of an example side by side; of a net without batch norm."""
    return np.asarray(_kernel(net, jnp.asarray(weights, jnp.float64), jnp.asarray(x)))


def drifts(
    net: Net, first: Weights, last: Weights, x: Float[np.ndarray, "examples width"]
) -> dict[str, float]:
    """How far a run has moved its weights and its kernel: |w - w_0|/|w_0|, and the same of K in Frobenius's
    norm."""
    before, after = (tangent_kernel(net, weights, x) for weights in (first, last))
    moved, whole = np.linalg.norm(last - first), np.linalg.norm(first)
    return {
        "weight_change": float(moved / whole),
        "kernel_drift": float(np.linalg.norm(after - before) / np.linalg.norm(before)),
    }
