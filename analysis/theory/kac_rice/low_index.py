"""Exact mean numbers of the points of low index, where those of every index are out of reach.

Points of index k sit where k eigenvalues of the Hessian's GOE matrix lie below x, at its lower edge if k is
small. There few x and few values of k are needed, and `analysis.theory.goe.edge` has them to N of some
hundreds: no sampling, no limit N to infinity.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.goe.edge import (
    LARGEST,
    SMALLEST_INSIDE,
    EdgeFractions,
    highest_at_edge,
    low_index_fractions,
)
from morsecensus.analysis.theory.goe.order import WINDOW, IndexFractions, index_fractions
from morsecensus.analysis.theory.kac_rice.finite_n import EXACT_INDEX_LIMIT, FiniteN

LOW_INDEX_LIMIT = LARGEST + 1
"""The largest N."""
ROUNDING = 4e-16
"""Of a fraction by `goe.order`, times N: against `goe.edge` numbers of index 0 to 5 at N = 24 to 60 are off
by 0.4e-16 to 3.2e-16 times N times all points in reach."""


@dataclass(frozen=True)
class LowIndex(FiniteN):
    """`FiniteN` for indices 0 .. highest: what is by index there has so many rows here.

    Args:
        covariance: the polynomial xi; a field is its term of degree 1.
        n: the number of spins, 2 .. `LOW_INDEX_LIMIT`.
        highest: the last index that is resolved.

    Raises:
        ValueError: n or highest is out of range.
    """

    highest: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n > LOW_INDEX_LIMIT:
            raise ValueError(
                f"exact numbers of low index: got n = {self.n}; allowed is n <= {LOW_INDEX_LIMIT}"
            )
        most = self.n - 1 if self.n <= EXACT_INDEX_LIMIT else highest_at_edge(self.n - 1)
        if not 0 <= self.highest <= most:
            raise ValueError(
                f"max_index: got {self.highest} for n = {self.n}; allowed is 0 .. {most}"
                + (f", all indices up to n = {EXACT_INDEX_LIMIT}" if most < self.n - 1 else "")
            )

    def index_error(self) -> NDArray[np.float64]:
        """Measured relative error of `by_index`, shape (highest + 1,): between the nodes, weighted with the
        points there, and of the sum over all indices; nan where there are no points within rounding. Where
        every index is resolved, what rounding of all points at an x leaves to one index comes first."""
        found = self._fractions()
        if isinstance(found, IndexFractions):
            return self._rounding() + found.mismatch
        log_mass = self.log_radial_density(found.probes)
        mass = np.exp(log_mass - log_mass.max())
        told = found.at(found.probes)
        off = np.where(told > SMALLEST_INSIDE, np.abs(told - found.probed), 0.0) @ mass
        points = told @ mass
        return off / np.where(points > 0, points, np.nan) + found.mismatch

    def _rounding(self) -> NDArray[np.float64]:
        """A fraction is known to rounding of 1, not of itself: at each x where it isn't 0 for certain."""
        whole = index_fractions(self.n - 1)
        log_mass = self.log_radial_density(whole.panels.nodes)
        mass = np.exp(log_mass - log_mass.max()) * whole.panels.weights
        k = np.arange(self.n)
        near = np.abs(k[:, None] - k @ whole.values) <= WINDOW / 2
        points = (whole.values @ mass)[: self.highest + 1]
        noise = ROUNDING * self.n * (near @ mass)[: self.highest + 1]
        return noise / np.where(points > 0, points, np.nan)

    def _fractions(self) -> IndexFractions | EdgeFractions:
        return low_index_fractions(self.n - 1, self.highest)
