"""Overlaps of the critical points of spiked landscapes with the signal, against their exact mean numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np

from morsecensus.analysis.agreement.null_law import Reference
from morsecensus.analysis.agreement.rare import Counted
from morsecensus.analysis.agreement.residuals import RARE, TestResult, hotelling, not_testable
from morsecensus.analysis.dataset.batches import Batch, Floats, Moments, bin_of, reduce_points
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.theory.models.spiked.finite_n import GROUPS, MAX_N, FiniteSpiked
from morsecensus.analysis.theory.models.spiked.grid import OVERLAP_EDGES
from morsecensus.analysis.theory.models.spiked.limits import SpikedLimit
from morsecensus.tasks.covariance import Covariance, Signal

ANCHOR = "spiked"
WRONG = 0.9
"""Of the negative control: the signal's strength over what it is."""
BINS = len(OVERLAP_EDGES) - 1
_NAME = "numbers by overlap"


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Measured overlaps of one cell, in the bins of OVERLAP_EDGES.

    Attributes:
        counts: critical points of each landscape, shape (landscapes, 20).
        minima: the same of minima.
    """

    counts: Floats
    minima: Floats


@dataclass(frozen=True, eq=False)
class SpikedCell:
    """A measured cell of a spiked model, with its noise and its signal."""

    result: CellResult
    covariance: Covariance
    signal: Signal

    @property
    def n(self) -> int:
        """Number of spins N."""
        return self.result.n

    @cached_property
    def theory(self) -> FiniteSpiked | None:
        """Exact mean numbers; None above the N, or of a stronger signal, than they are computed for."""
        if self.n > MAX_N:
            return None
        found = FiniteSpiked(self.covariance, self.signal, self.n)
        return found if found.reachable else None

    @property
    def unknown(self) -> str | None:
        """Why there are no exact numbers; None where there are."""
        if self.theory is not None:
            return None
        return f"above N = {MAX_N}" if self.n > MAX_N else "of so strong a signal"

    @cached_property
    def limit(self) -> SpikedLimit:
        """Rates for N -> infinity."""
        return SpikedLimit(self.covariance, self.signal)

    @cached_property
    def overlaps(self) -> Overlaps | None:
        """None for a cell without stored positions."""
        if "position" not in self.result.cell.dataset:
            return None
        scale = sqrt(self.n)

        def count(batch: Batch) -> tuple[Floats, Floats]:
            # the signal is along the first axis
            group = bin_of(batch.columns["position"][:, 0] / scale, OVERLAP_EDGES)
            minima = np.asarray(batch.columns["index"] == 0, dtype=np.float64)
            return batch.per_landscape(group, BINS), batch.per_landscape(group, BINS, minima)

        parts = list(reduce_points(self.result.cell.dataset, ["position", "index"], count))
        counts, minima = (np.concatenate(each).astype(np.float64) for each in zip(*parts, strict=True))
        return Overlaps(counts, minima)

    @property
    def symmetric(self) -> bool:
        """Whether overlaps m and -m are mirror images in every landscape."""
        degrees = {degree % 2 for degree, _ in self.covariance.terms + self.signal.terms}
        return len(degrees) == 1


@dataclass(frozen=True, eq=False)
class SpikedFamily:
    """The cells of one spiked model with one set of parameters, N increasing."""

    title: str
    cells: tuple[SpikedCell, ...]


def find_spiked(families: Sequence[FamilyResult]) -> list[SpikedFamily]:
    """The spiked models of a study."""
    found = []
    for family in families:
        polynomials = family.cells[0].cell.theory.dynamics
        if ANCHOR in family.cells[0].cell.topics and polynomials is not None:
            cells = tuple(SpikedCell(result, *polynomials) for result in family.cells)
            found.append(SpikedFamily(family.title, cells))
    return found


def overlap_test(cell: SpikedCell, factor: float = 1.0) -> TestResult | None:
    """Test mean numbers in all bins of the overlap jointly; None without positions or theory.

    Errors of the theory's draws are part of the test's covariance.

    Args:
        cell: measured.
        factor: a wrong theory on purpose: the signal times this.
    """
    overlaps, theory = cell.overlaps, cell.theory
    if overlaps is None or theory is None:
        return None
    landscapes = len(overlaps.counts)
    exact, covariance = theory.all_by_overlap()
    half = range(BINS // 2, BINS) if cell.symmetric else range(BINS)
    # by what is expected and not by what was found: rare ones are far from Gaussian
    kept = np.array([b for b in half if exact.mean[b] * landscapes >= RARE], dtype=np.int64)
    if not len(kept):
        return not_testable(_NAME, landscapes, "too few points expected")
    if factor != 1.0:
        signal = Signal(tuple(factor * c for c in cell.signal.coefficients))
        exact, covariance = FiniteSpiked(cell.covariance, signal, cell.n).all_by_overlap()
    residual = overlaps.counts[:, kept] - exact.mean[kept]
    missing = float(cell.result.counts["missing_total"])
    box = np.stack([np.zeros(len(kept)), np.full(len(kept), missing)]) if missing > 0 else None
    reference = Reference(covariance[np.ix_(kept, kept)], GROUPS - 1)
    counted = Counted(exact.mean[kept], cell.result.cell.most_points)
    return hotelling(_NAME, residual, reference, box, counted)


def overlap_rows(family: SpikedFamily) -> list[Row]:
    """Measured and exact mean numbers by overlap, one row per cell and bin."""
    rows = []
    for cell in family.cells:
        if cell.overlaps is None:
            continue
        measured = [Moments.of(counts) for counts in (cell.overlaps.counts, cell.overlaps.minima)]
        theory = cell.theory
        exact = [None, None] if theory is None else [theory.all_by_overlap()[0], theory.by_overlap()]
        for b in range(BINS):
            row = _head(cell) | {"overlap_low": OVERLAP_EDGES[b], "overlap_high": OVERLAP_EDGES[b + 1]}
            for name, moments, known in zip(("all", "minima"), measured, exact, strict=True):
                row |= {name: moments.mean[b], f"{name}_se": moments.standard_error[b]}
                mean, error = (None, None) if known is None else (known.mean, known.error)
                place = b if name == "all" else (0, b)
                row |= {f"{name}_exact": None if mean is None else float(mean[place])}
                row |= {f"{name}_exact_se": None if error is None else float(error[place])}
            rows.append(row)
    return rows


def total_rows(family: SpikedFamily) -> list[Row]:
    """Totals, minima and the joint test of overlaps, one row per cell."""
    rows = []
    for cell in family.cells:
        counts, theory = cell.result.counts, cell.theory
        row = _head(cell) | {"landscapes": cell.result.cell.landscapes}
        by_index, by_index_se = (np.asarray(counts[name].values, dtype=np.float64) for name in ("mean", "se"))
        row |= {"total": float(counts["total"]), "total_se": float(counts["total_se"])}
        row |= {"minima": by_index[0], "minima_se": by_index_se[0]}
        total, error = (None, None) if theory is None else theory.total()
        found = None if theory is None else theory.by_index()
        row |= {"total_exact": total, "total_exact_se": error}
        row |= {"minima_exact": None if found is None else float(found.mean[0])}
        row |= {"minima_exact_se": None if found is None else float(found.error[0])}
        for name, factor in (("", 1.0), ("_wrong", WRONG)):
            test = overlap_test(cell, factor)
            row |= {f"dof{name}": None if test is None else test.dof}
            row |= {f"p_value{name}": None if test is None else test.p_value}
            row |= {f"p_missing{name}": None if test is None else test.p_missing}
        row |= {"descent_margin": cell.limit.perturbation(0.0)}
        rows.append(row | {"uninformed_minima": cell.limit.minima_complexity(0.0)})
    return rows


def _head(cell: SpikedCell) -> Row:
    return {
        "cell": cell.result.cell.name,
        "model": cell.result.cell.family[0],
        "xi": str(cell.covariance),
        "signal": str(cell.signal),
        "n": cell.n,
    }
