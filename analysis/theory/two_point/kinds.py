"""Kinds of critical points, by Morse index and energy: what pairs are counted of."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN


@dataclass(frozen=True)
class Kind:
    """Critical points of one index, or of any, with an energy per spin in (low, high].

    Attributes:
        name: for tables and legends.
        index: Morse index; None for any.
        low: lowest energy per spin.
        high: highest energy per spin.
    """

    name: str
    index: int | None = None
    low: float = -inf
    high: float = inf

    @property
    def windowed(self) -> bool:
        """Whether the energy matters."""
        return self.low > -inf or self.high < inf

    def holds(self, index: NDArray[np.integer], energy: NDArray[np.float64] | None) -> NDArray[np.bool_]:
        """Which points are of this kind; ``energy`` may be None if no window asks for it."""
        found = np.ones(index.shape, bool) if self.index is None else index == self.index
        if self.windowed:
            if energy is None:
                raise ValueError(f"energy of the kind {self.name!r}: got None; allowed is an array")
            found &= (energy > self.low) & (energy <= self.high)
        return found

    def both(self, other: "Kind") -> "Kind | None":
        """The points of both kinds; None if there can't be any."""
        if self.index is not None and other.index is not None and self.index != other.index:
            return None
        low, high = max(self.low, other.low), min(self.high, other.high)
        index = self.index if other.index is None else other.index
        return None if low >= high else Kind(f"{self.name}, {other.name}", index, low, high)

    def negated(self, n: int) -> "Kind":
        """The kind that these points have for -H on S^{N-1}."""
        index = None if self.index is None else n - 1 - self.index
        return Kind(self.name, index, -self.high, -self.low)

    def height(self, n: int) -> float:
        """Below 0 for low points of S^{N-1}, above for high ones; 0 for a kind that is its own mirror
        image."""
        if self.index is not None and 2 * self.index != n - 1:
            return 2 * self.index / (n - 1) - 1
        return float(np.sign(np.nan_to_num(self.low + self.high)))

    def mean(self, theory: FiniteN) -> float:
        """Exact mean number of such points."""
        window = (self.low, self.high)
        if self.index is None:
            return theory.count(window) if self.windowed else theory.total()
        if not self.windowed:
            return float(theory.by_index()[self.index])
        return float(theory.count_by_index(window)[self.index, 0])


def check_kinds(kinds: Sequence[Kind], n: int) -> None:
    """ValueError unless there is a kind, and every kind is possible at N."""
    if not kinds:
        raise ValueError("kinds: got none; allowed: at least one")
    for kind in kinds:
        if kind.index is not None and not 0 <= kind.index < n:
            raise ValueError(f"index of the kind {kind.name!r}: got {kind.index}, allowed: 0 .. {n - 1}")
        if not kind.low < kind.high:
            raise ValueError(
                f"energies of the kind {kind.name!r}: got ({kind.low}, {kind.high}], allowed: low < high"
            )


def every_index(n: int) -> tuple[Kind, ...]:
    """All points, then those of each index 0 .. N-1."""
    return (Kind("all"), *(Kind(f"index {k}", k) for k in range(n)))
