"""Permutations of equal factors: S_K acts on a product of K spheres of one size, and not freely.

The orbit of a point in which units coincide is smaller than K!: its stabiliser exchanges them. So classes
have different sizes (`members`), and there are strata: for each partition of the K units into b blocks the
points whose units are equal within blocks are a product of b spheres, and a critical point of H restricted to
it is one of H (Palais, Comm. Math. Phys. 69 (1979) 19). Each stratum is a landscape with a Morse sum of its
own; those of partitions with the same sizes of blocks are images of each other.
"""

import math
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np
from jaxtyping import Bool, Float, Int

from morsecensus.tasks.geometry.symmetry import direction


@dataclass(frozen=True)
class Permutations:
    """S_K on (R^n)^K: a `Symmetry` whose orbits have different sizes.

    Attributes:
        units: K.
        size_of_one: n.
    """

    units: int
    size_of_one: int

    @property
    def size(self) -> int:
        """K!, the number of points in a class of different units."""
        return math.factorial(self.units)

    @property
    def odd(self) -> bool:
        """False: no element changes H."""
        return False

    @property
    def orbits(self) -> None:
        """None: the group is finite."""
        return None

    def energies(self) -> Int[np.ndarray, " group"]:
        return np.ones(self.size, dtype=np.int64)

    def products(self) -> Int[np.ndarray, "group group"]:
        """The number of the element that is first the second one, then the first."""
        elements = _elements(self.units)
        place = {tuple(element): g for g, element in enumerate(elements.tolist())}
        return np.array([[place[tuple(b[a])] for b in elements] for a in elements])

    def orbit(self, points: Float[np.ndarray, "points ambient"]) -> Float[np.ndarray, "images ambient"]:
        """All images: of every point under the identity first, then under the next element."""
        units = points.reshape(len(points), self.units, self.size_of_one)
        images = [units[:, element].reshape(points.shape) for element in _elements(self.units)]
        return np.concatenate(images)

    def representatives(
        self, points: Float[np.ndarray, "points ambient"]
    ) -> Float[np.ndarray, "points ambient"]:
        """Units in the order of their projections on a fixed direction."""
        units = points.reshape(len(points), self.units, self.size_of_one)
        order = np.argsort(units @ direction(self.size_of_one), axis=1, kind="stable")
        return np.take_along_axis(units, order[:, :, None], axis=1).reshape(points.shape)

    def members(
        self, points: Float[np.ndarray, "points ambient"], radius: Float[np.ndarray, " points"]
    ) -> Bool[np.ndarray, "points group"]:
        """Which images of each point are others than those before.

        Args:
            radius: within which each point is the only critical one, in units of sqrt(ambient).
        """
        blocks = self.blocks(points, radius)
        images = np.stack([blocks[:, element] for element in _elements(self.units)], axis=1)
        separate = np.ones(images.shape[:2], dtype=bool)
        for g in range(1, self.size):
            separate[:, g] = ~(images[:, :g] == images[:, g : g + 1]).all(axis=2).any(axis=1)
        return separate

    def blocks(
        self, points: Float[np.ndarray, "points ambient"], radius: Float[np.ndarray, " points"]
    ) -> Int[np.ndarray, "points units"]:
        """For each unit the first one that it is equal to.

        Two units are equal if exchanging them leads to a point within the ball that holds one critical point
        only: that point is critical too, so it is the same.
        """
        units = points.reshape(len(points), self.units, self.size_of_one)
        apart = np.linalg.norm(units[:, :, None] - units[:, None], axis=3)
        same = math.sqrt(2) * apart <= radius[:, None, None] * math.sqrt(points.shape[1])
        same |= np.eye(self.units, dtype=bool)[None]
        return np.argmax(same, axis=2)


@cache
def _elements(units: int) -> Int[np.ndarray, "group units"]:
    """All permutations, the identity first."""
    return np.array(list(permutations(range(units))))


@cache
def partitions(number: int, most: int | None = None) -> tuple[tuple[int, ...], ...]:
    """Partitions of a number into parts, descending, the finest last."""
    if number == 0:
        return ((),)
    most = number if most is None else most
    return tuple(
        (first, *rest)
        for first in range(min(number, most), 0, -1)
        for rest in partitions(number - first, first)
    )


def arrangements(sizes: tuple[int, ...], blocks: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Images of a point that lie in a stratum, each once.

    Args:
        sizes: of the stratum's blocks: its first sizes[0] units are equal, and so on.
        blocks: label of each unit of the point, equal for equal units.

    Returns:
        For each image one unit of the point for each block of the stratum.
    """
    left = {label: blocks.count(label) for label in blocks}

    def place(rest: tuple[int, ...]) -> list[tuple[int, ...]]:
        if not rest:
            return [()]
        found = []
        for label in left:
            if left[label] >= rest[0]:
                left[label] -= rest[0]
                found += [(label, *more) for more in place(rest[1:])]
                left[label] += rest[0]
        return found

    return place(sizes)
