"""What censuses of hidden units gave, cell by cell: numbers, bad minima, the band, and what is exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.batches import Batch
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import Reduction, scan, vectors
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.topics.rows import score
from morsecensus.analysis.topics.units.powers import root
from morsecensus.tasks.measurables.words import COMPLETE
from morsecensus.tasks.proportions import interval

ANCHOR = "units"
SAME = 1e-9
"""Energies per spin of minima that are one: images of a point under exchange of units differ by rounding."""


@dataclass(frozen=True, eq=False)
class UnitsCell:
    """One cell.

    Attributes:
        cell: of the study.
        minima: of each landscape: how many, how many of them above the lowest, highest less lowest energy;
            shape (landscapes, 3), nan in a landscape without one.
        powers: complete landscapes whose numbers by index are a K-th power, and complete landscapes.
        exact: a row of ``predict``; empty where nothing is known.
    """

    cell: Cell
    minima: Floats
    powers: tuple[int, int]
    exact: Mapping[str, Any]

    @property
    def units(self) -> int:
        """K."""
        return int(self.cell.parameters["units"])

    @property
    def coupling(self) -> float:
        """Between them."""
        return float(self.cell.parameters["coupling"])

    @property
    def fields(self) -> tuple[str, ...]:
        """What cells share that differ in n, K and the coupling: kernel and teachers, in words."""
        own = self.cell.parameters
        words = [f"kernel {own['kernel']}", f"teacher {own['teacher']}"]
        words += [f"{own['teachers']} of them"] if own["teacher"] == "random" else []
        words += ["not normalised"] if own["teacher"] == "random" and own["normalised"] == "no" else []
        return tuple(words)

    @property
    def open(self) -> int:
        """Landscapes that aren't complete: means are then of what was found."""
        return int((self.cell.dataset["status"].values != COMPLETE).sum())

    @property
    def share(self) -> tuple[float, float]:
        """Of minima above the lowest, mean over landscapes, with its error."""
        return _mean(self.minima[:, 1] / self.minima[:, 0])

    @property
    def bad(self) -> tuple[float, float, float]:
        """Share of landscapes with a minimum above the lowest, and its 95 % interval (Clopper, Pearson)."""
        known = self.minima[np.isfinite(self.minima[:, 0]), 1] > 0
        if not len(known):
            return float("nan"), float("nan"), float("nan")
        low, high = interval(known.sum(), len(known))
        return float(known.mean()), float(low), float(high)

    @property
    def width(self) -> tuple[float, float]:
        """Highest less lowest energy per spin of minima, mean over landscapes, with its error."""
        return _mean(self.minima[:, 2])


def _mean(values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    mean, error = mean_and_error(known)
    return float(mean), float(error)


def find_units(families: Sequence[FamilyResult]) -> list[UnitsCell]:
    """All cells of such landscapes that hold points."""
    cells = [result.cell for family in families for result in family.cells]
    return [_measure(cell) for cell in cells if ANCHOR in cell.topics and cell.points]


def groups_of(cells: Sequence[UnitsCell]) -> list[tuple[UnitsCell, ...]]:
    """Cells that differ in n, K and the coupling alone, in this order."""
    found: dict[tuple[str, ...], list[UnitsCell]] = {}
    for one in cells:
        found.setdefault(one.fields, []).append(one)
    return [tuple(sorted(g, key=lambda o: (o.cell.n, o.units, o.coupling))) for g in found.values()]


def _measure(cell: Cell) -> UnitsCell:
    complete = cell.dataset["status"].values == COMPLETE
    counts = cell.dataset["points_by_index"].values[complete]
    units = int(cell.parameters["units"])
    powers = sum(root([int(each) for each in row], units) is not None for row in counts)
    return UnitsCell(cell, scan(cell.dataset, minima_of_landscapes()), (powers, len(counts)), _exact(cell))


def _exact(cell: Cell) -> Mapping[str, Any]:
    """As `morsecensus predict` has it; empty where that refuses."""
    try:
        rows = cell.theory.rows([cell.n], None)
    except ValueError:
        return {}
    return rows[0] if rows else {}


def minima_of_landscapes() -> Reduction[Floats]:
    """The array of `UnitsCell.minima`."""

    def of_batch(batch: Batch) -> Floats:
        lowest = batch.columns["index"] == 0
        owner, energy = batch.owner[lowest], batch.columns["energy"][lowest]
        found = np.full((batch.landscapes, 3), np.nan)
        numbers = np.bincount(owner, minlength=batch.landscapes)
        ends = np.full((2, batch.landscapes), np.inf)
        np.minimum.at(ends[0], owner, energy)
        np.minimum.at(ends[1], owner, -energy)
        above = np.bincount(owner, energy > ends[0, owner] + SAME, batch.landscapes)
        there = numbers > 0
        found[there] = np.stack([numbers, above, -ends[1] - ends[0]], axis=1)[there]
        return found

    return vectors(["index", "energy"], of_batch, lambda found: found)


def cell_row(found: UnitsCell) -> Row:
    """One row of the table."""
    counts = found.cell.dataset["points_by_index"].values.astype(np.float64)
    total, total_se = map(float, mean_and_error(counts.sum(axis=1)))
    exact, exact_se = found.exact.get("total"), found.exact.get("total_se") or 0.0
    equal = found.exact.get("equal_units") or {}
    row = {
        "cell": found.cell.name,
        "setting": ", ".join(found.fields),
        "n": found.cell.n,
        "units": found.units,
        "coupling": found.coupling,
        "landscapes": found.cell.landscapes,
        "open": found.open,
        "points": total,
        "points_se": total_se,
        "exact": exact,
        "exact_se": exact_se if exact is not None else None,
        "z": score(total, float(np.hypot(total_se, exact_se)), exact),
        "powers": found.powers[0],
        "complete": found.powers[1],
        "surviving_share": equal.get("surviving_share"),
    }
    pairs = {"minima": _mean(found.minima[:, 0]), "share": found.share, "width": found.width}
    for name, (value, error) in pairs.items():
        row |= {name: value, f"{name}_se": error}
    return row | dict(zip(("bad", "bad_low", "bad_high"), found.bad, strict=True))
