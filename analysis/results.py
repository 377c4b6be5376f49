"""Everything measured of one cell beside everything exact: what figures and tables are made of."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from analysis.cell_tests import Judged, exact_sampler, judge_cell
from analysis.estimators import (
    estimate_counts,
    estimate_energies,
    estimate_histogram,
    estimate_lowest,
    summarise_ledger,
)
from analysis.ground_state import GroundStateLaw, ground_state_law
from analysis.open import Cell, Family
from analysis.paths import PathSummary, SampledHistogram, sampled_histogram, summarise_paths
from analysis.predict import limits
from analysis.reductions import Floats, energy_range
from analysis.scaling import estimate_complexity
from analysis.spectra import SpectrumComparison, compare_spectra

BINS = 48
GRID = 193
"""Energies at which exact curves are drawn."""


@dataclass(frozen=True, eq=False)
class CellResult:
    """Measurements of one cell (see `analysis.estimators`), exact numbers, and the verdicts.

    ``by_index``, ``energy_mean``, ``energy_sd`` (N) and ``binned`` (N, bins) are exact, None where unknown;
    ``binned_all`` (bins) holds for all indices together, ``total`` too. ``curve`` (N, grid) and ``curve_all``
    (grid) are exact densities per unit of energy at the energies ``grid``.
    """

    cell: Cell
    counts: xr.Dataset
    energies: xr.Dataset
    histogram: xr.Dataset
    lowest: xr.Dataset
    complexity: xr.Dataset
    minima_complexity: xr.Dataset
    ledger: xr.Dataset
    paths: PathSummary | None
    sampled: SampledHistogram | None
    spectra: tuple[SpectrumComparison, ...]
    judged: tuple[Judged, ...]
    total: float | None
    by_index: Floats | None
    energy_mean: Floats | None
    energy_sd: Floats | None
    binned: Floats | None
    binned_all: Floats | None
    grid: Floats
    curve: Floats | None
    curve_all: Floats | None
    ground_state: GroundStateLaw | None

    @property
    def n(self) -> int:
        """Number of spins N."""
        return self.cell.n

    @property
    def label(self) -> str:
        """For legends."""
        return f"N = {self.n}"


@dataclass(frozen=True, eq=False)
class FamilyResult:
    """The cells of one model and its parameters, by N, and the limits N -> infinity.

    ``finder`` is named where a study has several cells of one N that differ in it.
    """

    family: Family
    cells: tuple[CellResult, ...]
    finder: str = ""

    @property
    def title(self) -> str:
        """Such as: p-spin, xi = q^3, field variance 0.7 (homotopy)."""
        return family_title(self.family) + (f" ({self.finder})" if self.finder else "")

    @cached_property
    def limits(self) -> dict | None:
        """`analysis.predict.limits`, or None for a model without theory."""
        covariance = self.cells[0].cell.covariance
        if covariance is None:
            return None
        known = dict(self.family[1])
        return limits(known["xi"], float(known.get("field", 0.0)), points=401)

    @property
    def floor(self) -> float | None:
        """The energy at which most minima lie as N -> infinity (-E_inf for a pure model); None where
        trivial."""
        found = self.limits
        return None if found is None or found["trivial"] else found["minima_energy"]

    @property
    def floor_label(self) -> str:
        """What the literature calls the floor of a pure model, and what it is otherwise."""
        covariance = self.cells[0].cell.covariance
        pure = covariance is not None and covariance.is_pure
        return r"floor $-E_\infty$" if pure else r"most minima, $N \to \infty$"


def family_title(family: Family) -> str:
    """Name a model with its parameters."""
    model, parameters = family
    known = dict(parameters)
    if model == "pspin" and "xi" in known:
        field = float(known.get("field", 0.0))
        return f"Spherical p-spin, ξ = {known['xi']}" + (f", field variance {field:g}" if field else "")
    rest = ", ".join(f"{key} = {value}" for key, value in parameters)
    return f"{model}, {rest}" if rest else model


def family_edges(cells: list[Cell]) -> Floats:
    """Energy bins that hold every point of the cells and most of the exact law, symmetric about 0."""
    ranges = np.array([energy_range(cell.dataset) for cell in cells])
    reach = float(np.nanmax(np.abs(ranges))) if np.isfinite(ranges).any() else 1.0
    for theory in (cell.resolved for cell in cells):
        if theory is not None:  # few landscapes don't reach as far as the law does
            mean, spread = theory.minima_energy()
            reach = max(reach, -mean + 2.5 * spread)
    reach = np.ceil(reach * 20 + 0.5) / 20
    return np.linspace(-reach, reach, BINS + 1)


def measure_cell(cell: Cell, edges: Floats) -> CellResult:
    """Run every estimator and every test on one cell."""
    theory, resolved = cell.theory, cell.resolved
    sample = exact_sampler(cell) if theory is not None else None
    grid = np.linspace(edges[0], edges[-1], GRID)
    curve = None if resolved is None else resolved.density_by_index(grid)
    curve_all = None if curve is None else curve.sum(axis=0)
    if curve_all is None and theory is not None:
        curve_all = theory.density(grid)  # the total is exact at any N
    moments = (None, None) if resolved is None else resolved.energy_moments()
    return CellResult(
        cell=cell,
        counts=estimate_counts(cell),
        energies=estimate_energies(cell),
        histogram=estimate_histogram(cell, edges),
        lowest=estimate_lowest(cell),
        complexity=estimate_complexity(cell),
        minima_complexity=estimate_complexity(cell, index=0),
        ledger=summarise_ledger(cell),
        paths=summarise_paths(cell),
        sampled=sampled_histogram(cell, edges),
        spectra=compare_spectra(cell, sample),
        judged=tuple(judge_cell(cell, sample)) if sample is not None else (),
        total=None if theory is None else theory.total(),
        by_index=None if resolved is None else resolved.by_index(),
        energy_mean=moments[0],
        energy_sd=moments[1],
        binned=None if resolved is None else resolved.count_by_index(edges),
        binned_all=None if theory is None else theory.count_bins(edges),
        grid=grid,
        curve=curve,
        # above the N of exact numbers by index the total is still exact
        curve_all=curve.sum(axis=0)
        if curve is not None
        else None
        if theory is None
        else theory.density(grid),
        ground_state=None if theory is None else ground_state_law(theory, points=501),
    )
