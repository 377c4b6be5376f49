"""A multilinear form over spans that grow one at a time: its entries, and its features on each sphere.

The slab of a direction of sphere i is a tensor over the spans of all others, so a feature of sphere i is a
direction of each of them. Features stand in the order in which they came to be: a new direction only appends.
"""

import itertools
import math

import numpy as np
from jaxtyping import Float, Int

Coordinates = Float[np.ndarray, " d"]


class ProductRows:
    """The entries of a form on r spheres with all indices in the spans, once for each sphere i: as a row a
    direction of its span, over its features."""

    def __init__(self, factors: int, room: int) -> None:
        self.factors, self.room = factors, room
        self.directions = [0] * factors
        self._count = [0] * factors
        self._features = [np.zeros((0, factors - 1), dtype=np.int32)] * factors
        self._place = [np.zeros((room,) * (factors - 1), dtype=np.int32) for _ in range(factors)]
        self._rows = [np.empty((room, room ** (factors - 1))) for _ in range(factors)]

    def others(self, i: int) -> list[int]:
        return [k for k in range(self.factors) if k != i]

    def size(self, i: int) -> int:
        """Number of features of sphere i."""
        return self._count[i]

    def make_room(self, room: int) -> None:
        """Hold as many directions of each span; pages that are never written take no memory."""
        for i in range(self.factors):
            old, d = self._rows[i], self.directions[i]
            self._rows[i] = np.empty((room, room ** (self.factors - 1)))
            self._rows[i][:d, : self._count[i]] = old[:d, : self._count[i]]
            place = np.zeros((room,) * (self.factors - 1), dtype=np.int32)
            place[tuple(slice(self.room) for _ in place.shape)] = self._place[i]
            self._place[i] = place
        self.room = room

    def product(self, i: int, vector: Float[np.ndarray, " features"]) -> Coordinates:
        """Of the rows of sphere i with a vector over its features."""
        return self._rows[i][: self.directions[i], : self._count[i]] @ vector

    def of_point(self, i: int, c: list[Coordinates]) -> Float[np.ndarray, " features"]:
        """The features of sphere i at a point: products of coordinates on all others."""
        known = self._features[i]
        return math.prod(c[k][known[:, at]] for at, k in enumerate(self.others(i)))  # type: ignore[return-value]

    def of_slope(self, i: int, c: list[Coordinates], v: list[Coordinates]) -> Float[np.ndarray, " features"]:
        """Their derivative along v."""
        moved = ([*c[:k], v[k], *c[k + 1 :]] for k in self.others(i))
        return sum(self.of_point(i, other) for other in moved)  # type: ignore[return-value]

    def append(self, i: int, slab: Float[np.ndarray, " features"]) -> None:
        """Take a direction of sphere i in, whose slab over the features of i is given."""
        j = self.directions[i]
        self._rows[i][j, : self._count[i]] = slab
        for b in self.others(i):
            self._widen(b, i, j, slab)
        self.directions[i] += 1

    def _widen(self, b: int, i: int, j: int, slab: Float[np.ndarray, " features"]) -> None:
        """Append the features of sphere b that have the direction j of sphere i."""
        others = self.others(b)
        ranges = [[j] if k == i else range(self.directions[k]) for k in others]
        new = np.array(list(itertools.product(*ranges)), dtype=np.int32).reshape(-1, len(others))
        first, last = self._count[b], self._count[b] + len(new)
        self._features[b] = np.concatenate([self._features[b], new])
        self._place[b][tuple(new.T)] = np.arange(first, last)
        self._count[b] = last
        d = self.directions[b]
        at = {k: new[None, :, place] for place, k in enumerate(others)} | {b: np.arange(d)[:, None]}
        places: Int[np.ndarray, "d new"] = self._place[i][tuple(at[k] for k in self.others(i))]
        self._rows[b][:d, first:last] = slab[places]
