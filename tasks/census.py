"""The result of a finder on one landscape, and its expansion from classes to points of the whole manifold."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from tasks.classify import CriticalPoints
from tasks.geometry import ProductOfSpheres
from tasks.landscapes.base import Landscape
from tasks.ledger import Ledger


@dataclass(frozen=True)
class Classes:
    """Distinct critical points up to the landscape's symmetry x -> -x, with how often independent starts hit
    each."""

    points: CriticalPoints
    hits: Int[np.ndarray, " classes"]

    @classmethod
    def none(cls, manifold: ProductOfSpheres) -> "Classes":
        return cls(CriticalPoints.none(manifold), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class Census:
    """What a finder found: classes, the ledger's verdict, outcomes of all starts and the number of rounds."""

    landscape: Landscape
    classes: Classes
    ledger: Ledger
    outcomes: Int[np.ndarray, " outcome"]
    rounds: int

    def points(self) -> tuple[CriticalPoints, Int[np.ndarray, " points"]]:
        """All points of the manifold in canonical order (energy, then position), and the hits of their
        classes."""
        found, hits = self.classes.points, self.classes.hits
        if self.landscape.parity:
            found = found.extend(_antipodes(found, self.landscape))
            hits = np.concatenate([hits, hits])
        # Energies of antipodes tie exactly for even H: the coordinates decide.
        order = np.lexsort((*found.points.T[::-1], found.energy))
        return found.take(order), hits[order]


def _antipodes(found: CriticalPoints, landscape: Landscape) -> CriticalPoints:
    """The points -x, with everything that H(-x) = parity * H(x) implies about them."""
    parity = landscape.parity
    odd = parity < 0
    spectrum: Float[np.ndarray, "points dimension"] = -found.spectrum[:, ::-1] if odd else found.spectrum
    return replace(
        found,
        points=-found.points,
        energy=parity * found.energy,
        index=landscape.manifold.dimension - found.index if odd else found.index,
        spectrum=spectrum,
        radial_derivative=parity * found.radial_derivative,
    )
