"""Symmetric tensors over a span that grows: packed so that a new direction only appends.

A multi-index of order m is held as (top, rest), its largest entry and the rest, and stands at the place
C(top+m-1, m) + place(rest). So those over directions 0..d-1 are the first C(d+m-1, m) ones, at every d
(`tasks.systems.symmetric` has the lexicographic order, which is made for one size). A vector over them is in
an *orthonormal* basis of Sym^m: the power x^m has the entry sqrt(multiplicity) x^alpha.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.systems import symmetric


def packed_size(directions: int, order: int) -> int:
    """Number of multi-indices; of order 0 there is one, also of no directions."""
    return symmetric.packed_size(directions, order) if directions else int(order == 0)


class Table(NamedTuple):
    """All multi-indices of one order over some directions.

    Attributes:
        top: the largest entry.
        rest: place of the others in the table of the order below.
        repeats: how often the largest entry occurs.
        weight: sqrt(order/repeats), the ratio of the roots of the multiplicities of this and of the rest.
    """

    top: Int[np.ndarray, " packed"]
    rest: Int[np.ndarray, " packed"]
    repeats: Int[np.ndarray, " packed"]
    weight: Float[np.ndarray, " packed"]


@lru_cache(maxsize=64)
def table(order: int, room: int) -> Table:
    """The multi-indices of an order >= 1 over ``room`` directions."""
    first = np.array([packed_size(i, order) for i in range(room)], dtype=np.int64)
    sizes = [packed_size(i + 1, order - 1) for i in range(room)]
    top = np.repeat(np.arange(room), sizes)
    rest = np.arange(len(top)) - first[top]
    repeats = np.ones(len(top), dtype=np.int64)
    if order > 1:
        below = table(order - 1, room)
        repeats += np.where(below.top[rest] == top, below.repeats[rest], 0)
    return Table(top, rest, repeats, np.sqrt(order / repeats))


class Joins(NamedTuple):
    """Of a direction i joined to a multi-index beta.

    Attributes:
        place: of the joined multi-index in the table of the order above.
        root: sqrt(1 + number of i in beta).
    """

    place: Int[np.ndarray, "room packed"]
    root: Float[np.ndarray, "room packed"]


@lru_cache(maxsize=16)
def joins(order: int, room: int) -> Joins:
    """All joins of one direction with multi-indices of the order."""
    place, count = _joined(order, room)
    return Joins(place, np.sqrt(1.0 + count))


@lru_cache(maxsize=16)
def _joined(order: int, room: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of the joins, and how often i occurs in beta."""
    i = np.arange(room)[:, None]
    if order == 0:
        return i.astype(np.int32), np.zeros((room, 1), dtype=np.int8)
    first = np.array([packed_size(k, order + 1) for k in range(room)], dtype=np.int64)
    known = table(order, room)
    below, fewer = _joined(order - 1, room)
    above = first[i] + np.arange(len(known.top))
    within = first[known.top] + below[:, known.rest]
    place = np.where(i >= known.top, above, within).astype(np.int32)
    return place, (fewer[:, known.rest] + (known.top == i)).astype(np.int8)


def power(x: Float[np.ndarray, " d"], order: int, room: int) -> list[Float[np.ndarray, "..."]]:
    """The powers x^0, x^1, ..., x^order in orthonormal coordinates."""
    powers = [np.ones(1), x]
    for m in range(2, order + 1):
        size, known = packed_size(len(x), m), table(m, room)
        product = powers[-1][known.rest[:size]]
        product *= x[known.top[:size]]
        product *= known.weight[:size]
        powers.append(product)
    return powers[: order + 1]


def power_slope(
    x: Float[np.ndarray, " d"], u: Float[np.ndarray, " d"], order: int, room: int
) -> list[Float[np.ndarray, "..."]]:
    """The derivatives of the powers of x along u."""
    powers, slopes = power(x, max(order - 1, 0), room), [np.zeros(1), u]
    for m in range(2, order + 1):
        size, known = packed_size(len(x), m), table(m, room)
        top, rest = known.top[:size], known.rest[:size]
        slopes.append((u[top] * powers[m - 1][rest] + x[top] * slopes[m - 1][rest]) * known.weight[:size])
    return slopes[: order + 1]


def room_for(directions: int) -> int:
    """A size to hold tables and tensors for: from a fixed series, so that tables are shared."""
    room = 16
    while room < directions:
        room = room * 3 // 2
    return room


def explicit_bytes(degrees: tuple[int, ...], directions: int) -> int:
    """Of the explicit part of a field of these degrees: a row for each direction, over all features."""
    return 8 * directions * sum(packed_size(directions, degree - 1) for degree in degrees)


def most_directions(degrees: tuple[int, ...], memory: float) -> int:
    """How many directions a field of these degrees can hold in so many bytes."""
    low, high = 1, 2
    while explicit_bytes(degrees, high) <= memory and high < 2**24:
        low, high = high, 2 * high
    while high - low > 1:
        middle = math.floor((low + high) / 2)
        low, high = (middle, high) if explicit_bytes(degrees, middle) <= memory else (low, middle)
    return low
