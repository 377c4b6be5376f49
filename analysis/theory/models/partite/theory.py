"""The theory of the r-partite model: sampled at finite N; limits where all spheres are equal."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from morsecensus.analysis.arrays import Floats, Json
from morsecensus.analysis.theory.base import Energies, Symmetry, Theory
from morsecensus.analysis.theory.goe.semicircle import index_fraction
from morsecensus.analysis.theory.means import Means
from morsecensus.analysis.theory.models.partite.finite_n import FinitePartite
from morsecensus.analysis.theory.models.partite.means import means_of
from morsecensus.analysis.theory.models.partite.predict import AsManySpins, limits_partite, predict_partite

# Draws for a plan, a few percent; and the spins up to which they take no time to speak of.
PLAN_SAMPLES, MOST_PLANNED = 200, 60


@dataclass(frozen=True)
class PartiteTheory(Theory):
    """Sampled, see `analysis.theory.models.partite.finite_n`.

    Attributes:
        sizes: of the spheres in units of n, such as "1,1,2".
    """

    sizes: str = "1,1,1"

    @property
    def relative(self) -> tuple[int, ...]:
        """Sizes of the spheres in units of n."""
        return tuple(int(size) for size in self.sizes.split(","))

    def spheres(self, n: int) -> tuple[int, ...]:
        """Sizes of the spheres."""
        return tuple(n * size for size in self.relative)

    def rows(self, n: Sequence[int], energies: Energies) -> list[dict[str, Json]]:
        found = predict_partite(self.relative, n, energies)
        found[0]["limits"] = limits_partite(self.relative)
        return found

    def means(self, n: int, edges: Floats) -> Means | None:
        return means_of(self.spheres(n), edges)

    def limits(self, points: int) -> dict[str, Json] | None:
        """None for unequal spheres."""
        found = limits_partite(self.relative, points)
        return None if found["complexity"] is None else found

    def log_total(self, n: int) -> float | None:
        """To a few percent; None where it takes long."""
        whole = self.spheres(n)
        return None if sum(whole) > MOST_PLANNED else log(FinitePartite(whole, PLAN_SAMPLES).total()[0])

    def symmetry(self, n: int) -> Symmetry:
        """2^r points in a class; turning one factor around changes the sign of H."""
        return Symmetry(2 ** len(self.relative), True)

    def index_fraction(self, energies: Floats) -> Floats | None:
        """For equal spheres that of the pure r-spin at sqrt(r) times the energy; None otherwise."""
        if len(set(self.relative)) > 1:
            return None
        r = len(self.relative)
        return np.asarray(index_fraction(AsManySpins.pure(r), sqrt(r) * energies), dtype=np.float64)
