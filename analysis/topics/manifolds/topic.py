"""A topic on landscapes all of whose critical manifolds are known: every one is right or wrong."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from morsecensus.analysis.agreement.verdicts import CellTest, check
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.manifolds.figure import CAPTION, draw_manifolds
from morsecensus.analysis.topics.manifolds.match import CheckedCell, is_right

Checked = CheckedCell[Any, Any]


class KnownManifolds(Topic[list[Checked]]):
    """What is alike for all such models. The first of the two tables has a row for each cell, the second one
    for each kind of manifold of a cell.

    Attributes:
        title, text: of the section.
    """

    whole = True
    title: str
    text: str

    @abstractmethod
    def check(self, cell: Cell) -> Checked:
        """Hold a cell against the closed form."""

    @abstractmethod
    def cell_row(self, checked: Checked) -> Row:
        """What was found, missed, wrong."""

    @abstractmethod
    def manifold_rows(self, checked: Checked) -> list[Row]:
        """How often each kind of manifold was found, and what it is."""

    def more(self, found: list[Checked]) -> list[Part]:
        """What the section ends with."""
        return []

    def find(self, study: StudyResult) -> list[list[Checked]]:
        cells = [result.cell for family in study.families for result in family.cells]
        found = [self.check(cell) for cell in cells if self.anchor in cell.topics]
        return [found] if found else []

    def tables(self, found: list[Checked]) -> Mapping[Table, Sequence[Row]]:
        of_cells, of_manifolds = self.declared
        manifolds = [row for checked in found for row in self.manifold_rows(checked)]
        return {of_cells: [self.cell_row(checked) for checked in found], of_manifolds: manifolds}

    def figures(self, found: list[Checked]) -> Mapping[str, Figure]:
        return {"": draw_manifolds(found)}

    def tests(self, found: list[Checked]) -> list[CellTest]:
        """Nothing that was found may contradict the closed form."""
        return [self._test(one) for one in found]

    def _test(self, one: Checked) -> CellTest:
        wrong, of = int(not is_right(self.cell_row(one))), int(bool(one.landscapes))
        return check([one.cell], "closed form", wrong, 0, of, self.anchor)

    def section(self, found: list[Checked]) -> Section:
        rows = [self.cell_row(checked) for checked in found]
        table = self.declared[0].part(rows, kinds=["" if _holds(row) else "bad" for row in rows])
        opening = [paragraph(self.text), _verdict(rows), Picture("", self.title, CAPTION)]
        return Section(self.title, [*opening, table, *self.more(found)])


def _holds(row: Row) -> bool:
    """Whether there was anything to look at, and nothing of it is wrong."""
    return bool(row["landscapes"]) and is_right(row)


def _verdict(rows: Sequence[Row]) -> Part:
    """How many manifolds were found, and whether anything contradicts the closed form."""
    empty = sum(not row["landscapes"] for row in rows)
    if empty == len(rows):
        return note(
            "No landscape has data, for every block failed: nothing was held against anything.", "bad"
        )
    manifolds, found = (sum(row[name] for row in rows) for name in ("manifolds", "found"))
    spurious, minima = (sum(row[name] for row in rows) for name in ("spurious", "spurious_minima"))
    text = (
        f"{found:,} of {manifolds:,} critical manifolds found, {spurious:,} points that are none of them "
        f"({minima:,} of these minima)."
    )
    if empty:
        text += f" {empty} of {len(rows)} cells have no landscape with data: every block failed."
    contradicted = sum(not is_right(row) for row in rows)
    if contradicted:
        return note(f"{text} Contradicted in {contradicted} of {len(rows)} cells.", "bad")
    return note(text, "bad" if empty else "good" if found == manifolds else "")
