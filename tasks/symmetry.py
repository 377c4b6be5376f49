"""Sign changes of whole factors that relate critical points: x -> -x on one sphere, each factor's own on a
product.

They form a group without fixed points, so critical points come in classes of its size, and each class is
searched, stored and counted through one member. Half of a class has energy -E and mirrored index if one of
the sign changes turns H into -H.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from jaxtyping import Float, Int

from tasks.geometry import ProductOfSpheres
from tasks.keys import generator


@dataclass(frozen=True)
class Flips:
    """The group that a landscape's parities generate.

    Attributes:
        manifold: what it acts on.
        parities: for each factor, H with this factor's sign changed is parity * H; 0 if it is neither.
    """

    manifold: ProductOfSpheres
    parities: tuple[int, ...]

    def __post_init__(self) -> None:
        factors = len(self.manifold.sizes)
        if len(self.parities) != factors or any(parity not in (-1, 0, 1) for parity in self.parities):
            raise ValueError(f"parities: got {self.parities}, allowed: -1, 0 or 1 for each of {factors}")

    @property
    def size(self) -> int:
        """Number of points in a class."""
        return 2 ** sum(parity != 0 for parity in self.parities)

    @property
    def odd(self) -> bool:
        """Whether half of each class is at -E, with mirrored index."""
        return -1 in self.parities

    def elements(self) -> tuple[Int[np.ndarray, "group ambient"], Int[np.ndarray, " group"]]:
        """The sign of each coordinate, and of H, under each element; the identity first."""
        choices = [(1, -1) if parity else (1,) for parity in self.parities]
        factors = np.array(list(product(*choices)))
        energy = np.prod(np.where(factors < 0, self.parities, 1), axis=1)
        return np.repeat(factors, self.manifold.sizes, axis=1), energy

    def orbit(self, points: Float[np.ndarray, "points ambient"]) -> Float[np.ndarray, "images ambient"]:
        """All images: of every point under the identity first, then under the next element."""
        signs, _ = self.elements()
        return (signs[:, None, :] * points[None, :, :]).reshape(-1, points.shape[1])

    def to_canonical(
        self, points: Float[np.ndarray, "points ambient"]
    ) -> tuple[Float[np.ndarray, "points ambient"], Float[np.ndarray, " points"]]:
        """The sign of each coordinate that takes each point to the representative of its class, and the sign
        of H under that."""
        along = direction(points.shape[1])
        signs, energy = np.ones(points.shape), np.ones(len(points))
        for (part, _), parity in zip(self.manifold.parts(), self.parities, strict=True):
            if parity:
                flipped = points[:, part] @ along[part] < 0
                signs[flipped, part] = -1.0
                energy[flipped] *= parity
        return signs, energy


def no_flips(manifold: ProductOfSpheres) -> Flips:
    """The group of the identity alone."""
    return Flips(manifold, (0,) * len(manifold.sizes))


@cache
def direction(ambient: int) -> Float[np.ndarray, " ambient"]:
    """A fixed unit vector in general position."""
    vector = generator("direction", ambient).standard_normal(ambient)
    return vector / np.linalg.norm(vector)
