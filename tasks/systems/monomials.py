"""Monomials in an order in which each is an earlier one times a variable.

The monomials of one degree come by their largest index, then by the next one (colexicographic order): the
pairs (0,0), (0,1), (1,1), (0,2), ... are the packed lower triangle, row by row.
"""

from functools import cache

import numpy as np
from jaxtyping import Int

from morsecensus.tasks.systems import symmetric


@cache
def monomials(n: int, degree: int) -> Int[np.ndarray, "monomials degree"]:
    """Sorted multi-indices; one empty row for degree 0."""
    if degree == 0:
        return np.zeros((1, 0), dtype=np.int64)
    indices = symmetric.multi_indices(n, degree).astype(np.int64)
    return indices[np.lexsort(indices.T)]


def positions(indices: Int[np.ndarray, "... degree"], n: int) -> Int[np.ndarray, "..."]:
    """Where sorted multi-indices stand in `monomials`."""
    degree = indices.shape[-1]
    place = np.zeros(symmetric.packed_size(n, degree), dtype=np.int64)
    place[symmetric.ranks(monomials(n, degree), n)] = np.arange(len(place))
    return place[symmetric.ranks(indices, n)]


def offset(n: int, degree: int, lowest: int) -> int:
    """Number of monomials of the degrees from ``lowest`` to ``degree`` - 1."""
    return sum(symmetric.packed_size(n, d) for d in range(lowest, degree))


def triangle(n: int) -> Int[np.ndarray, "n n"]:
    """Where the entries of a symmetric matrix stand in its packed lower triangle, which `monomials` of degree
    2 are."""
    low, high = np.sort(np.indices((n, n)), axis=0)
    return high * (high + 1) // 2 + low


def recurrence(n: int, most: int) -> Int[np.ndarray, "monomials two"]:
    """For the monomials of degrees 2 to ``most``, one after the other: the place of the monomial without its
    largest index, among those of degree 1 (for pairs) or of degree 2 and more, and this index."""
    rows = []
    for degree in range(2, most + 1):
        indices = monomials(n, degree)
        parent = positions(indices[:, :-1], n) + offset(n, degree - 1, 2)
        rows.append(np.stack([parent, indices[:, -1]], axis=1))
    return np.concatenate(rows) if rows else np.zeros((0, 2), dtype=np.int64)
