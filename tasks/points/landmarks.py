"""Known points as a search meets them again: a start that comes close to one needs no more steps.

Most starts of a long search end where others ended before, and the last three of a dozen steps only add
digits that the known point has. An iterate within half of the ball in which a critical point is alone is
taken for it. Neighbours are looked for by a few coordinates, which distances can only shrink in.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from morsecensus.tasks.geometry.symmetry import Symmetry
from morsecensus.tasks.points.classify import CriticalPoints
from morsecensus.tasks.runtime.keys import generator

SHADOW = 6
"""Coordinates by which a neighbour is found: in all of them a tree does no better than a list."""
UNKNOWN = -1


class Landmarks:
    """Critical points and their images under sign changes.

    Attributes:
        points: one row per image, shape (images, ambient).
    """

    def __init__(self, known: CriticalPoints, symmetry: Symmetry) -> None:
        self.points = symmetry.orbit(known.points)
        self._radius = np.tile(known.uniqueness_radius, symmetry.size)
        self._unit = self.points.shape[1] ** 0.5
        self._frame = _frame(self.points.shape[1])
        self._tree = KDTree(self.points @ self._frame / self._unit)

    def recognise(self, x: Float[np.ndarray, "candidates ambient"]) -> Int[np.ndarray, " candidates"]:
        """The row of ``points`` that each candidate is about to reach, UNKNOWN if nothing says so."""
        if not len(self.points) or not len(x):
            return np.full(len(x), UNKNOWN)
        _, row = self._tree.query(x @ self._frame / self._unit)
        distance = np.linalg.norm(x - self.points[row], axis=1) / self._unit
        return np.where(distance <= 0.5 * self._radius[row], row, UNKNOWN)


def _frame(ambient: int) -> Float[np.ndarray, "ambient shadow"]:
    """Orthonormal columns, the same for every landscape of this size."""
    normal = generator(ambient, "landmarks").standard_normal((ambient, min(SHADOW, ambient)))
    return np.linalg.qr(normal)[0]
