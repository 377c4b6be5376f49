"""Many starts at once, each in a lane of its own: what loops over lanes have in common."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Int

from morsecensus.tasks.runtime.lazy_jax import Array, jax, jnp

LANES = 64
"""Measured on a CPU: the working set of 64 lanes stays in the second-level cache up to n = 20."""

Rows = TypeVar("Rows")


def choose(mask: Bool[Array, " lanes"], yes: Rows, no: Rows) -> Rows:
    """`where`, lane by lane, for an array or a tuple of arrays whose first axis is the lane."""

    def one(here: Array, there: Array) -> Array:
        return jnp.where(mask.reshape(mask.shape + (1,) * (here.ndim - 1)), here, there)

    return jax.tree.map(one, yes, no)


def refill(
    ended: Bool[Array, " lanes"], start: Int[Array, " lanes"], upcoming: Int[Array, ""]
) -> tuple[Int[Array, " lanes"], Int[Array, ""]]:
    """The numbers of the starts in all lanes, and of the first that is left, once those that have ended took
    the next ones."""
    return jnp.where(ended, upcoming + jnp.cumsum(ended) - 1, start), upcoming + jnp.sum(ended)


BATCH = 64
"""Rows of one call of a compiled function."""


def in_batches(compute: Callable[..., Array], *columns: np.ndarray) -> np.ndarray:
    """``compute`` of one row or more, by batches of one size, so that it is compiled once; the last batch is
    filled up with rows from the front."""
    count = len(columns[0])
    parts = []
    for first in range(0, count, BATCH):
        rows = np.arange(first, first + BATCH) % count
        parts.append(np.asarray(compute(*(column[rows] for column in columns)))[: count - first])
    return np.concatenate(parts)


def filled(rows: Int[np.ndarray, " rows"], least: int) -> Int[np.ndarray, " filled"]:
    """These rows, the first ones again up to a power of two from ``least`` on: each number of starts would be
    compiled anew."""
    return np.resize(rows, 1 << max(len(rows) - 1, least - 1).bit_length())
