"""Exact mean numbers of the points of low index, where those of every index are out of reach.

Points of index k sit where k eigenvalues of the Hessian's GOE matrix lie below x, at its lower edge if k is
small. There few x and few values of k are needed, and the Pfaffians of `analysis.theory.goe.order` stay
exact to N of some hundreds: no sampling, no limit N to infinity.
"""

from dataclasses import dataclass

from morsecensus.analysis.theory.goe.order import IndexFractions, low_index_fractions
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN


@dataclass(frozen=True)
class LowIndex(FiniteN):
    """`FiniteN` for indices 0 .. highest: what is by index there has so many rows here.

    Args:
        covariance: the polynomial xi; a field is its term of degree 1.
        n: the number of spins, 2 .. `goe.order.LARGEST` + 1.
        highest: the last index that is resolved.

    Raises:
        ValueError: when a number by index is asked for and n or highest is out of range.
    """

    highest: int = 1

    def _fractions(self) -> IndexFractions:
        return low_index_fractions(self.n - 1, self.highest)
