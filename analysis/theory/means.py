"""Mean numbers of critical points at one N as reports need them: exact, or sampled with their covariances."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.theory.kac_rice.ground_state import GroundStateLaw

ROUND_OFF = 1e-12
"""Errors below this share of all points are round-off: the number is exact."""


@dataclass(frozen=True, eq=False)
class Means:
    """Theory of one cell. Energies are per spin; a covariance is that of sampled means, None where exact.

    Attributes:
        total: mean number of all critical points.
        total_se: its standard error, 0 where exact.
        by_index: mean number of each index, shape (levels,); None where unknown.
        complete: whether these are all indices, or the lowest ones alone.
        by_index_covariance: shape (levels, levels).
        energy_mean, energy_sd: of the energy at each index, count-weighted, shape (levels,).
        binned: mean numbers by index in energy bins, shape (levels, bins).
        binned_all: of all indices, shape (bins,).
        minima_covariance, all_covariance: of ``binned[0]`` and ``binned_all``, shape (bins, bins).
        grid: energies at which curves are drawn.
        curve, curve_all: mean numbers per unit of energy, shapes (levels, grid) and (grid,).
        lowest: law of the lowest energy.
    """

    total: float
    binned_all: Floats
    grid: Floats
    curve_all: Floats
    total_se: float = 0.0
    by_index: Floats | None = None
    by_index_covariance: Floats | None = None
    energy_mean: Floats | None = None
    energy_sd: Floats | None = None
    binned: Floats | None = None
    minima_covariance: Floats | None = None
    all_covariance: Floats | None = None
    curve: Floats | None = None
    lowest: GroundStateLaw | None = None
    complete: bool = True

    @property
    def sampled(self) -> bool:
        """Whether the numbers have errors."""
        return self.total_se > 0

    @property
    def by_index_se(self) -> Floats | None:
        """Standard errors of ``by_index``, zero where exact, shape (levels,)."""
        if self.by_index is None or self.by_index_covariance is None:
            return None if self.by_index is None else np.zeros(len(self.by_index))
        error = np.sqrt(np.diag(self.by_index_covariance))
        return np.where(error > ROUND_OFF * self.total, error, 0.0)

    def of_indices(self, known: NDArray[np.bool_]) -> "Means":
        """The same with a row for every index, nan where it isn't known, and all rows of those that are.

        Args:
            known: shape (levels,). Rows of these means are those of all indices, or of the lowest; those of
                mirror images are nan where only the lowest are there.
        """
        if self.by_index is None:
            return self
        changed: dict[str, Any] = {"complete": self.complete and bool(known.all())}
        for name in ("by_index", "energy_mean", "energy_sd", "binned", "curve"):
            rows = getattr(self, name)
            if rows is not None:
                wide = np.full((len(known), *rows.shape[1:]), np.nan)
                wide[: len(rows)] = rows
                wide[~known] = np.nan
                changed[name] = wide
        return replace(self, **changed)
