"""Symmetric tensors in packed form: sorted multi-indices, their multiplicities and their ranks.

A symmetric tensor of order p on R^n has C(n+p-1, p) different entries, one for each sorted multi-index
``i_1 <= ... <= i_p``; its multiplicity m is the number of different orders of these indices.
"""

import math
from functools import cache
from itertools import combinations_with_replacement

import numpy as np
from jaxtyping import Float, Int


def packed_size(n: int, order: int) -> int:
    """Number of sorted multi-indices."""
    return math.comb(n + order - 1, order)


@cache
def multi_indices(n: int, order: int) -> Int[np.ndarray, "packed order"]:
    """The sorted multi-indices in lexicographic order."""
    flat = np.fromiter(
        (i for multi in combinations_with_replacement(range(n), order) for i in multi),
        dtype=np.int32,
        count=packed_size(n, order) * order,
    )
    return flat.reshape(-1, order)


@cache
def multiplicities(n: int, order: int) -> Float[np.ndarray, " packed"]:
    """order! / prod(counts!) of each sorted multi-index."""
    indices = multi_indices(n, order)
    run = np.ones(len(indices))
    divisor = np.ones(len(indices))
    for k in range(1, order):
        run = np.where(indices[:, k] == indices[:, k - 1], run + 1, 1.0)
        divisor *= run
    return math.factorial(order) / divisor


def ranks(indices: Int[np.ndarray, "... order"], n: int) -> Int[np.ndarray, "..."]:
    """The positions of multi-indices (in any order of their entries) in `multi_indices`."""
    ordered = np.sort(indices, axis=-1)
    order = ordered.shape[-1]
    # Combinatorial number system: the strictly increasing c_k = i_k + k, counted from the end of the list.
    rank = np.full(ordered.shape[:-1], packed_size(n, order) - 1)
    for k in range(order):
        free = n - 1 - ordered[..., k]
        below = np.array([math.comb(a + order - 1 - k, order - k) for a in range(n)])
        rank = rank - below[free]
    return rank


@cache
def unpacking(n: int) -> Int[np.ndarray, "n n"]:
    """Positions of (i, j) among the packed pairs: ``packed[unpacking(n)]`` is the full symmetric matrix."""
    i, j = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    return ranks(np.stack([i, j], axis=-1), n)


def unpack(packed: Float[np.ndarray, "landscapes packed"], n: int, degree: int) -> Float[np.ndarray, "..."]:
    """The full symmetric tensors of packed ones, shape (landscapes, n, ..., n)."""
    every = np.stack(np.meshgrid(*[np.arange(n)] * degree, indexing="ij"), axis=-1)
    return packed[:, ranks(every, n)]
