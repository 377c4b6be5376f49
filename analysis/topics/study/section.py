"""The study, cell by cell: what each holds and how complete it is."""

from collections.abc import Mapping, Sequence

import xarray as xr

from morsecensus.analysis.dataset.cells import Cell, finder_labels
from morsecensus.analysis.estimates.counts import summarise_ledger
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row, Table
from morsecensus.analysis.results import CellResult, StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Section
from morsecensus.analysis.topics.rows import CELL, LABEL, SIZE, STORED, head
from morsecensus.tasks.measurables.words import STATUSES

CELLS = Table(
    "cells",
    "What each cell holds, and how complete it is: one row for each cell.",
    (
        Column("", title="cell", shown=CELL.text, left=True),
        LABEL,
        SIZE,
        *STORED,
        Column("planned", "landscapes that the study asks for", "landscapes"),
        Column("landscapes", "landscapes in the dataset", "landscapes", "landscapes", r.whole),
        Column("computed", "landscapes whose block was computed", "landscapes"),
        Column("without_number", "landscapes that have no number of critical points", "landscapes"),
        *(
            Column(name, f"share of landscapes whose status is {name}", "", name, r.percent, at=1)
            for name in STATUSES
        ),
        Column("points", "critical points, both signs counted", "points", "points", r.whole),
        Column("missing_bound", "most points by which the mean may be too low, by the bound", "points"),
        Column("missing_plausible", "the same by Chao1's estimate", "points"),
        Column("coverage_lower", "mean lower 95% limit of the coverage, by hits of independent starts"),
        Column("starts", "searches started", "starts", "starts", r.whole, at=1),
        Column("rounds", "mean number of rounds of a landscape"),
        Column("degenerate", "degenerate points and continuous sets", "points"),
        Column("finder", "finder, and its options as JSON"),
        Column("", title="finder", shown=lambda row: row["finder_label"], left=True, at=1),
    ),
)


class Cells(Topic[list[Row]]):
    """What is in the study."""

    anchor, declared = "cells", (CELLS,)

    def find(self, study: StudyResult) -> list[list[Row]]:
        results = [result for family in study.families for result in family.cells]
        rows = cell_rows(results, [cell for cell in study.cells if not cell.landscapes])
        labels = finder_labels(study.cells)
        return [[row | {"finder_label": labels[row["finder"]]} for row in rows]]

    def tables(self, found: list[Row]) -> Mapping[Table, Sequence[Row]]:
        return {CELLS: found}

    def section(self, found: list[Row]) -> Section | None:
        return Section("The study, cell by cell", [CELLS.part(found)]) if found else None


def cell_rows(results: Sequence[CellResult], bare: Sequence[Cell] = ()) -> list[Row]:
    """One row per cell: what it holds, and how complete it is.

    Args:
        results: of cells with landscapes that have a number.
        bare: cells without any.
    """
    rows = [_row(result.cell, result.ledger, result.counts) for result in results]
    return rows + [_row(cell, summarise_ledger(cell), None) for cell in bare]


def _row(cell: Cell, ledger: xr.Dataset, counts: xr.Dataset | None) -> Row:
    landscapes = cell.held
    row = head(cell) | {"planned": cell.planned, "landscapes": landscapes, "computed": cell.computed}
    row |= {"without_number": cell.left_out}
    row |= {str(state): int(ledger["status"].sel(state=state)) / landscapes for state in STATUSES}
    row |= {name: int(ledger[name]) for name in ("points", "starts", "degenerate")}
    row |= {name: float(ledger[name]) for name in ("coverage_lower", "rounds")}
    row["missing_bound"] = None if counts is None else float(counts["missing_total"])
    row["missing_plausible"] = None if counts is None else float(counts["plausible_missing"])
    return row | {"finder": cell.finder}
