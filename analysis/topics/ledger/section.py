"""The ledger in the report: statuses, reasons and checks of landscapes; paths and proofs below."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.estimates.counts import CHECK_COLUMNS
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table
from morsecensus.analysis.results import CellResult, FamilyResult, StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.families import FamilyTopic
from morsecensus.analysis.topics.findings import Finding
from morsecensus.analysis.topics.layout import Section
from morsecensus.analysis.topics.ledger.figure import draw_ledger
from morsecensus.analysis.topics.ledger.learnt import open_books
from morsecensus.analysis.topics.ledger.paths import (
    PATHS,
    RECALL,
    SAMPLED_ENERGIES,
    path_parts,
    path_rows,
    recall_rows,
    sampled_energy_rows,
)
from morsecensus.analysis.topics.rows import HEAD, head
from morsecensus.tasks.measurables.words import CHECKS, REASONS, STATUSES

_CHECKS = [name.removesuffix("_check") for name in CHECK_COLUMNS]


def _status(name: str) -> Column:
    return Column(name, f"landscapes whose status is {name}", "landscapes", name, r.whole)


def _check(check: str, verdict: str) -> Column:
    return Column(f"{check}_{verdict}", f"landscapes whose {check} check gives: {verdict}", "landscapes")


def _reason(name: str) -> Column:
    return Column(f"reason_{name}", f"landscapes that have their status because: {name}", "landscapes")


LEDGER = Table(
    "ledger",
    "What the ledger says: one row for each cell, numbers of landscapes.",
    (
        *HEAD,
        Column("landscapes", "landscapes in the dataset", "landscapes"),
        *map(_status, STATUSES),
        Column("", title="why not complete", shown=lambda row: _why(row), left=True),
        Column("", title="informative checks", shown=lambda row: _informative(row), left=True),
        Column("", title="coverage at least", shown=lambda row: r.percent(row["coverage_lower"])),
        Column("", title="rounds", shown=lambda row: r.number(row["rounds"], 3)),
        *(_check(check, verdict) for check in _CHECKS for verdict in (*CHECKS, "unknown")),
        *map(_reason, (*REASONS, "error")),
    ),
    "Landscapes by status and reason. Coverage: mean lower 95% limit, by hits of independent starts.",
)


class Ledger(FamilyTopic):
    """How complete the cells are, and how that is known."""

    anchor, declared = "ledger", (LEDGER, PATHS, RECALL, SAMPLED_ENERGIES)
    title = "What the ledger says"
    text = (
        "Each landscape carries a ledger of what must be there and what was found. A check that symmetry "
        "makes true whatever was missed is uninformative and counts as nothing: the Morse sum of an odd "
        "landscape at even N always vanishes. Complete means: all informative checks pass and every class "
        "of points was hit often enough by independent starts; it is a statistical statement, whose "
        "strength is the lower confidence limit of the coverage."
    )
    caption = "Shares of landscapes, and of checks that didn't pass everywhere."

    def tables(self, found: FamilyResult) -> Mapping[Table, Sequence[Row]]:
        cells = found.cells
        paths = {
            PATHS: path_rows(cells),
            RECALL: recall_rows(cells),
            SAMPLED_ENERGIES: sampled_energy_rows(cells),
        }
        return {LEDGER: ledger_rows(cells)} | paths

    def shown(self, family: FamilyResult) -> bool:
        return True

    def figure(self, family: FamilyResult) -> Figure | None:
        return draw_ledger(family.cells)

    def more(self, family: FamilyResult) -> list[Part | Section]:
        return [LEDGER.part(ledger_rows(family.cells)), *_low(family), *path_parts(family)]


class OpenBooks(Topic[StudyResult]):
    """What is open, on the first screen alone: of all cells, also those of which nothing is measured."""

    anchor = "open"

    def find(self, study: StudyResult) -> list[StudyResult]:
        return [study] if study.cells else []

    def findings(self, found: Sequence[StudyResult]) -> list[Finding]:
        results = [result for study in found for family in study.families for result in family.cells]
        return [open_books(results, [c for study in found for c in study.cells if not c.landscapes])]

    def section(self, found: StudyResult) -> None:
        return None


def _low(family: FamilyResult) -> list[Part]:
    """What the ledger of a search of low indices doesn't say."""
    names = [result.cell.name for result in family.cells if result.cell.sought is not None]
    if not names:
        return []
    text = (
        f"Of {', '.join(names)} points of low index alone were sought: no landscape is complete, whatever "
        "was found, and coverage of all points isn't known. Which indices are closed says the section on the "
        "bottom of the landscape."
    )
    return [note(text)]


def ledger_rows(results: Sequence[CellResult]) -> list[Row]:
    """Statuses, reasons and checks, in landscapes; coverage and rounds for the page."""
    return [_row(result) for result in results]


def _row(result: CellResult) -> Row:
    ledger = result.ledger
    row = head(result.cell) | {"landscapes": result.cell.held}
    row |= {str(s): int(v) for s, v in zip(ledger["state"].values, ledger["status"].values, strict=True)}
    for check in ledger["check"].values:
        for verdict in ledger["verdict"].values:
            row[f"{check}_{verdict}"] = int(ledger["checks"].sel(check=check, verdict=verdict))
    row |= {
        f"reason_{why}": int(v) for why, v in zip(ledger["why"].values, ledger["reason"].values, strict=True)
    }
    return row | {name: float(ledger[name]) for name in ("coverage_lower", "rounds")}


def _why(row: Row) -> str:
    known = {why: row[f"reason_{why}"] for why in (*REASONS, "error")}
    return (
        ", ".join(f"{w.replace('_', ' ')} {v:,}" for w, v in known.items() if v and w != "closed") or "none"
    )


def _informative(row: Row) -> str:
    parts = []
    for check in _CHECKS:
        passed, failed = row[f"{check}_pass"], row[f"{check}_fail"]
        if passed + failed:
            parts.append(f"{check} {passed:,} of {passed + failed:,} passed")
        else:
            parts.append(f"{check} uninformative" if row[f"{check}_uninformative"] else f"{check} –")
    return "; ".join(parts)
