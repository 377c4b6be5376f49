"""The Morse complex of one landscape over Z/2, as far as it is known."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True)
class MorseComplex:
    """Critical points of the whole manifold and the boundary matrices between them.

    Attributes:
        energy: per spin, shape (points,); ties (even H) are broken by the row: the lower row is lower.
        index: Morse index, shape (points,).
        dimension: of the manifold, a sphere or a product of spheres.
        boundary: degree k -> rows (upper, lower), each once: points of index k and of index k-1 that an odd
            number of gradient lines joins. Degrees that aren't known are absent.
        betti: of the manifold, shape (1 + dimension,); those of a sphere if none are given.
    """

    energy: Float[np.ndarray, " points"]
    index: Int[np.ndarray, " points"]
    dimension: int
    boundary: Mapping[int, Int[np.ndarray, "arcs two"]]
    betti: tuple[int, ...] | None = None

    @property
    def whole(self) -> bool:
        """Whether every boundary matrix is known."""
        return set(self.boundary) == set(range(1, self.dimension + 1))
