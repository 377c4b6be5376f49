"""Symmetries that relate critical points, and the finite ones among them: sign changes of whole factors, x ->
-x on one sphere, each factor's own on a product.

These form a group without fixed points, so critical points come in classes of its size, and each class is
searched, stored and counted through one member. Half of a class has energy -E and mirrored index if one of
the sign changes turns H into -H.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Bool, Float, Int

from morsecensus.tasks.geometry.manifolds import Manifold
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.runtime.lazy_jax import Array


class Symmetry(Protocol):
    """What a census asks of the group that acts on a landscape.

    The finite part of the group has ``size`` elements, in a fixed order, the identity first: `orbit` gives
    the images of points under them, `energies` the sign of H, `products` their table. A class has as many
    points, or fewer where an element leaves a point where it is: `members`. A group with a continuous part
    has ``orbits`` (see `ContinuousSymmetry`): there a class is a whole manifold of critical points, it is
    stored as one representative, and ``size`` is 1.
    """

    @property
    def size(self) -> int: ...
    @property
    def odd(self) -> bool: ...
    @property
    def orbits(self) -> "ContinuousSymmetry | None": ...
    def energies(self) -> Int[np.ndarray, " group"]: ...
    def products(self) -> Int[np.ndarray, "group group"]: ...
    def members(
        self, points: Float[np.ndarray, "points ambient"], radius: Float[np.ndarray, " points"]
    ) -> Bool[np.ndarray, "points group"] | None: ...
    def orbit(self, points: Float[np.ndarray, "points ambient"]) -> Float[np.ndarray, "images ambient"]: ...
    def representatives(
        self, points: Float[np.ndarray, "points ambient"]
    ) -> Float[np.ndarray, "points ambient"]: ...


class Stratum(NamedTuple):
    """Points as representatives of their orbits, and where these lie.

    Attributes:
        points: representatives, shape (points, ambient).
        fixed: the coordinates that a point's stabiliser leaves alone; all others of it are zero. A critical
            point of H restricted to these is one of H (Palais, Comm. Math. Phys. 69 (1979) 19).
        dimension: of the orbit.
        euler_characteristic: of the orbit.
    """

    points: Float[np.ndarray, "points ambient"]
    fixed: Bool[np.ndarray, "points ambient"]
    dimension: Int[np.ndarray, " points"]
    euler_characteristic: Int[np.ndarray, " points"]


class ContinuousSymmetry(Protocol):
    """A compact group whose orbits are manifolds."""

    @property
    def cut(self) -> float:
        """The shortest distance between two representatives of different stabilisers that are told apart."""
        ...

    def stratify(self, points: Float[np.ndarray, "points ambient"]) -> Stratum:
        """The representative of each point, on the most symmetric stratum within the cut of it."""
        ...

    def tangents(self, x: Float[Array, " ambient"]) -> Float[Array, "ambient generators"]:
        """What the generators of the group do to x: columns that span the tangent space of its orbit."""
        ...

    def morse_quotient(
        self, points: Float[np.ndarray, "classes ambient"], index: Int[np.ndarray, " classes"]
    ) -> Int[np.ndarray, " degrees"]:
        """The coefficients of Q in (equivariant Morse series) - (series of the manifold) = (1 + t) Q(t): none
        is negative if these are all critical manifolds of a Morse-Bott function."""
        ...


@dataclass(frozen=True)
class Flips:
    """The group that a landscape's parities generate.

    Attributes:
        manifold: what it acts on.
        parities: for each factor, H with this factor's sign changed is parity * H; 0 if it is neither.
    """

    manifold: Manifold
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

    @property
    def orbits(self) -> None:
        """None: the group is finite."""
        return None

    def elements(self) -> tuple[Int[np.ndarray, "group ambient"], Int[np.ndarray, " group"]]:
        """The sign of each coordinate, and of H, under each element; the identity first."""
        if not self.parities:  # no factor whose sign could change
            return np.ones((1, self.manifold.ambient), dtype=np.int64), np.ones(1, dtype=np.int64)
        choices = [(1, -1) if parity else (1,) for parity in self.parities]
        factors = np.array(list(product(*choices)))
        energy = np.prod(np.where(factors < 0, self.parities, 1), axis=1)
        return np.repeat(factors, self.manifold.sizes, axis=1), energy

    def energies(self) -> Int[np.ndarray, " group"]:
        """The sign of H under each element."""
        return self.elements()[1]

    def products(self) -> Int[np.ndarray, "group group"]:
        """The number of each product of two elements."""
        signs, _ = self.elements()
        place = {sign.tobytes(): g for g, sign in enumerate(signs)}
        return np.array([[place[(a * b).tobytes()] for b in signs] for a in signs])

    def members(
        self, points: Float[np.ndarray, "points ambient"], radius: Float[np.ndarray, " points"]
    ) -> None:
        """None: no element has a fixed point."""
        return None

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

    def representatives(
        self, points: Float[np.ndarray, "points ambient"]
    ) -> Float[np.ndarray, "points ambient"]:
        """The representative of each point's class."""
        return points * self.to_canonical(points)[0]


def no_flips(manifold: Manifold) -> Flips:
    """The group of the identity alone."""
    return Flips(manifold, (0,) * len(manifold.sizes))


@cache
def direction(ambient: int) -> Float[np.ndarray, " ambient"]:
    """A fixed unit vector in general position."""
    vector = generator("direction", ambient).standard_normal(ambient)
    return vector / np.linalg.norm(vector)
