"""Rows of `predict` for models whose mean numbers are sampled."""

from math import isfinite, log
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from morsecensus.analysis.arrays import Json
from morsecensus.analysis.theory.models.partite.finite_n import Sampled

# A standard error above a quarter of its number rests on too few draws to be trusted.
_WORST_RELATIVE_ERROR = 0.25


class SampledTheory(Protocol):
    """Mean numbers at one N, with standard errors."""

    def total(self) -> tuple[float, float]:
        """Mean number of critical points and its standard error."""
        ...

    def by_index(self) -> Sampled:
        """The same of each index."""
        ...

    def minima_energy(self) -> tuple[float, float, float]:
        """Mean energy of minima, its standard deviation, and the mean's standard error."""
        ...

    def binned(self, edges: ArrayLike, /) -> tuple[Sampled, Sampled]:
        """Mean numbers in energy bins, by index and of all."""
        ...


def numbers(values: ArrayLike) -> list[Json]:
    """As JSON has them: None where not finite."""
    return [v if isfinite(v) else None for v in np.asarray(values, dtype=np.float64).tolist()]


def count_row(model: SampledTheory) -> dict[str, Json]:
    """Totals, numbers by index and energies of minima; None where a sample is too small to tell."""
    total, error = model.total()
    found = model.by_index()
    trusted = found.error <= _WORST_RELATIVE_ERROR * found.mean
    return {
        "total": total,
        "log_total": log(total),
        "total_se": error,
        "by_index": numbers(np.where(trusted, found.mean, np.nan)),
        "se": numbers(np.where(trusted, found.error, np.nan)),
        **moments_row("minima_energy", model.minima_energy()),
        "ground_state_mean": None,
        "ground_state_sd": None,
        "method": "sampled",
    }


def moments_row(name: str, moments: tuple[float, float, float]) -> dict[str, Json]:
    """Mean, standard deviation and the mean's standard error as ``name_mean``, ``name_sd``, ``name_se``."""
    return {f"{name}_{key}": value for key, value in zip(("mean", "sd", "se"), numbers(moments), strict=True)}


def energy_row(model: SampledTheory, energy: tuple[float, float, int]) -> dict[str, Json]:
    """Mean numbers in (A, B, M): M equal bins from A to B."""
    low, high, bins = energy
    edges = np.linspace(low, high, int(bins) + 1)
    by_index, counts = model.binned(edges)
    return {
        "edges": numbers(edges),
        "counts": numbers(counts.mean),
        "counts_se": numbers(counts.error),
        "by_index": [numbers(row) for row in by_index.mean],
    }
