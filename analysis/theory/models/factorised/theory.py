"""The theory of factorised landscapes: their critical manifolds are counted exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.base import Energies, Theory
from morsecensus.analysis.theory.models.factorised.manifolds import Architecture, total
from morsecensus.analysis.theory.models.factorised.predict import predict_factorised


@dataclass(frozen=True)
class FactorisedTheory(Theory):
    """Closed forms, see `analysis.theory.models.factorised.manifolds`.

    Attributes:
        width: inner size of the factorisation.
        layers: number of factors.
        extra: columns of the matrix beyond its n rows.
        spectrum: its n singular values, such as "3,2,1"; of Gaussian entries if empty.
    """

    width: int = 2
    layers: int = 2
    extra: int = 0
    spectrum: str = ""

    def rows(self, n: Sequence[int], energies: Energies) -> list[dict[str, Json]]:
        return predict_factorised(n, energies, self.width, self.layers, self.extra, self.spectrum)

    def log_total(self, n: int) -> float:
        """Of the number of critical manifolds, which is exact."""
        return log(total(Architecture(n, self.width, self.layers, self.extra)))
