"""The theory of the isotropic p-spin, pure and mixed, in a field or without."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.arrays import Floats, Json
from morsecensus.analysis.theory.base import Energies, Symmetry, Theory, symmetry_by_degrees
from morsecensus.analysis.theory.goe.semicircle import index_fraction
from morsecensus.analysis.theory.means import Means
from morsecensus.analysis.theory.models.pspin.means import means_of
from morsecensus.analysis.theory.models.pspin.predict import limits, predict
from morsecensus.analysis.theory.models.pspin.predict_low import predict_low
from morsecensus.tasks.covariance import Covariance, Signal


@dataclass(frozen=True)
class PspinTheory(Theory):
    """Exact at every N, by index up to `analysis.theory.kac_rice.finite_n.EXACT_INDEX_LIMIT`, low indices up
    to `analysis.theory.kac_rice.low_index.LOW_INDEX_LIMIT`.

    Attributes:
        xi: covariance polynomial.
        field: variance of a random linear field.
    """

    xi: str
    field: float = 0.0

    @property
    def title(self) -> str:
        return f"Spherical p-spin, ξ = {self.xi}" + (f", field variance {self.field:g}" if self.field else "")

    @property
    def isotropic(self) -> Covariance:
        return Covariance.parse(self.xi).with_field(self.field)

    @property
    def dynamics(self) -> tuple[Covariance, Signal]:
        return self.isotropic, Signal((0.0,))

    def rows(self, n: Sequence[int], energies: Energies) -> list[dict[str, Json]]:
        found = predict(self.xi, n, field=self.field, energy=energies)
        found[0]["limits"] = limits(self.xi, self.field)
        return found

    def means(self, n: int, edges: Floats) -> Means:
        law = self.exact(n)
        assert law is not None
        return means_of(law, edges)

    def low_rows(self, n: Sequence[int], energies: Energies, highest: int) -> list[dict[str, Json]]:
        found = predict_low(self.xi, n, highest, field=self.field, energy=energies)
        found[0]["limits"] = limits(self.xi, self.field)
        return found

    def low_means(self, n: int, edges: Floats, highest: int) -> Means:
        law = self.low(n, highest)
        assert law is not None
        return means_of(law, edges)

    def limits(self, points: int) -> dict[str, Json]:
        return limits(self.xi, self.field, points=points)

    def log_total(self, n: int) -> float:
        law = self.exact(n)
        assert law is not None
        return law.log_total

    def symmetry(self, n: int) -> Symmetry:
        return symmetry_by_degrees(self.isotropic)

    def index_fraction(self, energies: Floats) -> Floats:
        return np.asarray(index_fraction(self.isotropic, energies), dtype=np.float64)
