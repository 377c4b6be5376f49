"""Pairs of indices in circular order: (i, i + k mod n), by k, then by i; each unordered pair once.

In this order x_i x_j of all pairs is a product of x with its cyclic shifts, which is regular enough to be
formed in one pass without gathering, for many points side by side.
"""

from functools import cache

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.runtime.lazy_jax import Array, jnp


def pairs(n: int) -> Int[np.ndarray, "pairs 2"]:
    """The n (n + 1)/2 pairs; the first n are (i, i)."""
    k, i = np.divmod(np.arange(n * (n + 1) // 2), n)
    return np.stack([i, (i + k) % n], axis=1)


def multiplicities(n: int) -> Float[np.ndarray, " pairs"]:
    """How many orders a pair has: 1 of (i, i), 2 of others."""
    return np.where(np.arange(n * (n + 1) // 2) < n, 1.0, 2.0)


@cache
def unpacking(n: int) -> Int[np.ndarray, "n n"]:
    """Positions of (i, j) among the pairs: ``packed[unpacking(n)]`` is the full symmetric matrix."""
    found = np.zeros((n, n), dtype=np.int64)
    first, second = pairs(n).T
    found[first, second] = found[second, first] = np.arange(len(first))
    return found


def products(x: Float[Array, " n"]) -> Float[Array, " pairs"]:
    """x_i x_j times the pair's multiplicity: what a symmetric matrix over pairs contracts with."""
    n = x.shape[0]
    shifts = n // 2 + 1
    # Row k of the (n + 1)-periodic copies, cut to n columns, is x shifted by k.
    shifted = jnp.tile(x, n + 1)[: shifts * (n + 1)].reshape(shifts, n + 1)[:, :n]
    return (shifted * x[None]).reshape(-1)[: n * (n + 1) // 2] * multiplicities(n).astype(x.dtype)
