"""Everything measured of one cell beside everything exact: what figures and tables are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xarray as xr

from morsecensus.analysis.agreement.exact import exact_sampler, judge_cell, low_law
from morsecensus.analysis.agreement.judged import Judged
from morsecensus.analysis.agreement.sampled import judge_means
from morsecensus.analysis.agreement.verdicts import CellTest, Verdict
from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.dataset.cells import Cell, Family, Study, finder_labels, short_digests
from morsecensus.analysis.dataset.scan import scan, settled, together
from morsecensus.analysis.estimates.complexity import estimate_complexity
from morsecensus.analysis.estimates.counts import (
    estimate_counts,
    estimate_energies,
    estimate_histogram,
    estimate_lowest,
    summarise_ledger,
)
from morsecensus.analysis.estimates.paths import (
    PathSummary,
    SampledHistogram,
    sampled_histogram,
    summarise_paths,
)
from morsecensus.analysis.estimates.spectra import SpectrumComparison, compare_spectra
from morsecensus.analysis.theory.kac_rice.ground_state import GroundStateLaw
from morsecensus.analysis.theory.means import Means
from morsecensus.analysis.theory.registry import theory_of

BINS = 48
Tell = Callable[[str, str], None]
"""Takes what is being done, and how far it is, for whoever waits."""


def untold(what: str, how_far: str) -> None:
    """Nobody waits."""
    del what, how_far


@dataclass(frozen=True, eq=False)
class CellResult:
    """Measurements of one cell (see `analysis.estimates.counts`), exact numbers, and the verdicts.

    ``expected`` is the theory of the same cell, None where there is none; ``edges`` are those of the bins.
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
    expected: Means | None
    edges: Floats

    @property
    def total(self) -> float | None:
        """Mean number of all points in theory."""
        return None if self.expected is None else self.expected.total

    @property
    def by_index(self) -> Floats | None:
        """Mean numbers by index in theory, shape (levels,)."""
        return None if self.expected is None else self.expected.by_index

    @property
    def energy_mean(self) -> Floats | None:
        """Mean energy at each index in theory, shape (levels,)."""
        return None if self.expected is None else self.expected.energy_mean

    @property
    def energy_sd(self) -> Floats | None:
        """Standard deviation of the energy at each index in theory, shape (levels,)."""
        return None if self.expected is None else self.expected.energy_sd

    @property
    def binned(self) -> Floats | None:
        """Mean numbers by index in the energy bins in theory, shape (levels, bins)."""
        return None if self.expected is None else self.expected.binned

    @property
    def binned_all(self) -> Floats | None:
        """The same of all indices, shape (bins,)."""
        return None if self.expected is None else self.expected.binned_all

    @property
    def grid(self) -> Floats:
        """Energies at which the curves of theory are known; the middles of the bins without theory."""
        return (self.edges[1:] + self.edges[:-1]) / 2 if self.expected is None else self.expected.grid

    @property
    def curve(self) -> Floats | None:
        """Mean numbers per unit of energy by index in theory, shape (levels, grid)."""
        return None if self.expected is None else self.expected.curve

    @property
    def curve_all(self) -> Floats | None:
        """The same of all indices, shape (grid,)."""
        return None if self.expected is None else self.expected.curve_all

    @property
    def ground_state(self) -> GroundStateLaw | None:
        """First-moment law of the lowest energy."""
        return None if self.expected is None else self.expected.lowest

    @property
    def n(self) -> int:
        """The study's n: number of spins, or of one sphere's."""
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

    @property
    def whole(self) -> "FamilyResult | None":
        """The same without cells whose finder looked for points of low index alone; None if it has no
        other."""
        cells = tuple(result for result in self.cells if result.cell.sought is None)
        return replace(self, cells=cells) if cells else None

    @cached_property
    def limits(self) -> dict | None:
        """`analysis.theory.models.pspin.predict.limits`, or None for a model without theory."""
        return self.cells[0].cell.theory.limits(401)

    def limiting_index(self, energies: Floats) -> Floats | None:
        """Index over dimension at each energy for N to infinity; None where unknown."""
        return self.cells[0].cell.theory.index_fraction(energies)

    @property
    def floor(self) -> float | None:
        """The energy at which most minima lie as N -> infinity (-E_inf for a pure model); None where
        trivial."""
        found = self.limits
        return None if found is None or found["trivial"] else found["minima_energy"]

    @property
    def floor_label(self) -> str:
        """What the literature calls the floor of a pure model, and what it is otherwise."""
        found = self.limits
        pure = found is not None and found["E_inf"] is not None
        return "floor −E∞" if pure else "most minima, N → ∞"


@dataclass(frozen=True, eq=False)
class StudyResult:
    """A study with its measured families: what topics are made of.

    ``verdicts`` of all its tests are empty until all topics have given theirs.
    """

    study: Study
    families: tuple[FamilyResult, ...]
    verdicts: tuple[Verdict, ...] = ()

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All cells, also those of which nothing could be measured."""
        return self.study.cells

    @cached_property
    def whole(self) -> "StudyResult":
        """The same without cells whose finder looked for points of low index alone."""
        study = replace(self.study, cells=tuple(c for c in self.study.cells if c.sought is None))
        families = [family.whole for family in self.families]
        return StudyResult(study, tuple(f for f in families if f is not None), self.verdicts)


def at_index(values: Floats | None, index: int) -> float | None:
    """A number by index in theory; None of an index that is beyond what is known."""
    return None if values is None or index >= len(values) else float(values[index])


def measure_study(study: Study, tell: Tell = untold) -> list[FamilyResult]:
    """Measure every cell that has landscapes with a number, grouped into families and sorted by N."""
    groups: dict[tuple[Family, str], list[Cell]] = {}
    apart = finder_of_family(study.cells)
    for cell in study.cells:
        if not cell.landscapes:
            continue
        groups.setdefault((cell.family, apart.get(cell.name, "")), []).append(cell)
    families, measured, of = [], 0, sum(map(len, groups.values()))
    for (family, finder), cells in groups.items():
        cells.sort(key=lambda cell: (cell.n, cell.name))
        tell("measuring", f"{measured} of {of} cells, {cells[0].name}")
        edges = family_edges(cells)
        results = []
        for cell in cells:
            tell("measuring", f"{measured} of {of} cells, {cell.name}")
            results.append(measure_cell(cell, edges))
            measured += 1
        families.append(FamilyResult(family, tuple(results), finder))
    return families


def finder_of_family(cells: Sequence[Cell]) -> dict[str, str]:
    """Name of a cell -> its finder, for families that hold one N with several finders: a curve over N that
    jumps between finders says nothing. A sweep that changes its finder with N stays one family."""
    labels = finder_labels(cells)
    finders: dict[tuple[Family, int], set[str]] = {}
    for cell in cells:
        finders.setdefault((cell.family, cell.n), set()).add(cell.finder)
    mixed = {family for (family, _), found in finders.items() if len(found) > 1}
    return {cell.name: labels[cell.finder] for cell in cells if cell.family in mixed}


def cell_tests(results: Sequence[CellResult]) -> list[CellTest]:
    """The tests that every cell with exact theory has."""
    return [CellTest((result.cell,), judged) for result in results for judged in result.judged]


def family_title(family: Family) -> str:
    """Name a model with its parameters."""
    model, parameters = family
    if (title := theory_of(model, dict(parameters)).title) is not None:
        return title
    rest = short_digests(", ".join(f"{key} = {value}" for key, value in parameters if value))
    return f"{model}, {rest}" if rest else model


def family_edges(cells: list[Cell]) -> Floats:
    """Energy bins that hold every point of the cells and most of the exact law, symmetric about 0."""
    ranges = np.array([cell.extent.energy for cell in cells])
    reach = float(np.nanmax(np.abs(ranges))) if np.isfinite(ranges).any() else 1.0
    for cell in cells:
        theory = cell.theory.resolved(cell.n) if cell.sought is None else low_law(cell)
        if theory is not None:  # few landscapes don't reach as far as the law does
            mean, spread = theory.minima_energy()
            reach = max(reach, -mean + 2.5 * spread)
    reach = np.ceil(reach * 20 + 0.5) / 20
    return np.linspace(-reach, reach, BINS + 1)


def expected_means(cell: Cell, edges: Floats) -> Means | None:
    """Theory of a cell; nan by index where its finder didn't look."""
    if cell.sought is None:
        return cell.theory.means(cell.n, edges)
    exact = low_law(cell) is not None
    low = cell.theory.low_means(cell.n, edges, cell.sought) if exact else None
    found = cell.theory.means(cell.n, edges) if low is None else low
    return None if found is None else found.of_indices(cell.known)


def measure_cell(cell: Cell, edges: Floats) -> CellResult:
    """Run every estimator and every test on one cell: its points are read twice, first for their extent."""
    sample = exact_sampler(cell) if cell.theory.isotropic is not None else None
    expected = expected_means(cell, edges)
    if sample is not None:
        judge = judge_cell(cell, sample)
    else:
        judge = settled([]) if expected is None else judge_means(cell, expected, edges)
    energies, histogram, paths, sampled, spectra, judged = scan(
        cell.dataset,
        together(
            [
                estimate_energies(cell),
                estimate_histogram(edges, bool(cell.known.all())),
                summarise_paths(cell),
                sampled_histogram(cell, edges),
                compare_spectra(cell, sample),
                judge,
            ]
        ),
    )
    return CellResult(
        cell=cell,
        counts=estimate_counts(cell),
        energies=energies,
        histogram=histogram,
        lowest=estimate_lowest(cell),
        complexity=estimate_complexity(cell),
        minima_complexity=estimate_complexity(cell, index=0),
        ledger=summarise_ledger(cell),
        paths=paths,
        sampled=sampled,
        spectra=spectra,
        judged=tuple(judged),
        expected=expected,
        edges=edges,
    )
