"""Exact mean numbers of the points of low index, where those of every index are out of reach.

Points of index k sit where k eigenvalues of the Hessian's GOE matrix lie below x, at its lower edge if k is
small. There few x and few values of k are needed, and `analysis.theory.goe.edge` has them to N of some
hundreds: no sampling, no limit N to infinity.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.goe.edge import LARGEST, SMALLEST_INSIDE, EdgeFractions, low_index_fractions
from morsecensus.analysis.theory.goe.order import IndexFractions
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN

LOW_INDEX_LIMIT = LARGEST + 1
"""The largest N."""


@dataclass(frozen=True)
class LowIndex(FiniteN):
    """`FiniteN` for indices 0 .. highest: what is by index there has so many rows here.

    Args:
        covariance: the polynomial xi; a field is its term of degree 1.
        n: the number of spins, 2 .. `LOW_INDEX_LIMIT`.
        highest: the last index that is resolved.

    Raises:
        ValueError: when a number by index is asked for and n or highest is out of range.
    """

    highest: int = 1

    def index_error(self) -> NDArray[np.float64]:
        """Measured relative error of `by_index`, shape (highest + 1,): between the nodes, weighted with the
        points there, and of the sum over all indices."""
        found = self._fractions()
        if isinstance(found, IndexFractions):  # so small that all indices are resolved
            return np.full(self.highest + 1, found.mismatch)
        log_mass = self.log_radial_density(found.probes)
        mass = np.exp(log_mass - log_mass.max())
        told = found.at(found.probes)
        off = np.where(told > SMALLEST_INSIDE, np.abs(told - found.probed), 0.0) @ mass
        return off / (told @ mass) + found.mismatch

    def _fractions(self) -> IndexFractions | EdgeFractions:
        return low_index_fractions(self.n - 1, self.highest)
