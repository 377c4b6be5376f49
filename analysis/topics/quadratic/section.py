"""The report's section on networks with quadratic units: found against closed form, manifold by manifold."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.agreement.verdicts import CellTest
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.manifolds.figure import CAPTION, draw_manifolds
from morsecensus.analysis.topics.manifolds.match import is_right
from morsecensus.analysis.topics.manifolds.words import caught, tests_of, verdict
from morsecensus.analysis.topics.quadratic.measure import Checked, cell_row, find_checked, manifold_rows
from morsecensus.analysis.topics.rows import CELL

TITLE = "Networks with quadratic units"
_TEXT = (
    "Tier 1, exact. Two-layer networks with K quadratic units on Gaussian inputs and a teacher of the same "
    "kind: every critical manifold is a set S of at most K eigenvalues of the teacher's matrix, with known "
    "value, index and dimension (cf. arXiv:2501.06074). One of them is of minima and all others are strict "
    "saddles, so a point that is none of them would be a spurious minimum, or a mistake."
)
_M = "manifolds"
QUADRATIC = Table(
    "quadratic",
    "Critical manifolds found against the closed form: one row for each cell, sums over landscapes.",
    (
        CELL,
        Column("n", "number of inputs", title="n", at=1),
        Column("width", "number K of units", title="K", at=1),
        Column("teacher", "law of its matrix, or its eigenvalues", title="teacher", left=True, at=1),
        Column("landscapes", "landscapes with data", "landscapes", "landscapes", r.whole, at=1),
        Column("manifolds", "critical manifolds in closed form", _M, "manifolds", r.whole, at=1),
        Column("found", "those that were found", _M, "found", r.whole, at=1),
        Column(
            "entire_landscapes",
            "landscapes with all of theirs and nothing else",
            "landscapes",
            "entire",
            r.whole,
            at=1,
        ),
        Column("spurious", "points that are on no manifold, or again on one", "points", "none of them", at=1),
        Column("spurious_minima", "those of them of index 0", "points"),
        Column(
            "largest_error",
            "largest error of the value, over the largest value on a manifold",
            title="largest error",
            form=lambda value: r.DASH if value is None else f"{value:.1e}",
            at=1,
        ),
        Column("index_wrong", "manifolds found with a wrong index", _M, "wrong: index", at=1),
        Column("dimension_wrong", "manifolds found with a wrong dimension", _M, "dimension", at=1),
        Column(
            "value_wrong_without_trace",
            "negative control: manifolds found at another value than that of plain matrix factorisation",
            _M,
            "not that without trace term",
            at=1,
        ),
        Column(
            "index_wrong_without_factor",
            "negative control: manifolds found with another index than that of one free unit",
            _M,
            "not that of one free unit",
            at=1,
        ),
        Column(
            "called_complete", "landscapes whose status is complete", "landscapes", "called complete", at=1
        ),
        Column("wrongly_called_complete", "those of them that aren't entire", "landscapes", "wrongly", at=1),
        Column(
            "partial_caught_by_morse_check",
            "landscapes that aren't entire, by their Morse sum",
            "landscapes",
            "rest caught by Morse check",
            shown=caught,
            at=1,
        ),
    ),
    "Entire: landscapes of which every critical manifold was found. Negative controls: values as if there "
    "were no trace term, and indices as if one unit were free where K - s are; neither must fit.",
)
MANIFOLDS = Table(
    "quadratic_manifolds",
    "One row for each set of eigenvalues of a cell.",
    (
        CELL,
        Column("chosen", "kept eigenvalues by rank, 1 the largest", form=lambda value: value or "none"),
        Column("dimension", "dimension of the manifold"),
        Column("mean_index", "mean number of negative eigenvalues, over landscapes that have it"),
        Column("mean_value", "mean of f there", "energy"),
        Column("landscapes", "landscapes that have it", "landscapes"),
        Column("found", "landscapes in which it was found", "landscapes"),
    ),
)


class QuadraticNetworks(Topic[list[Checked]]):
    """Every manifold is right or wrong."""

    anchor, declared = "quadratic", (QUADRATIC, MANIFOLDS)
    whole = True

    def find(self, study: StudyResult) -> list[list[Checked]]:
        found = find_checked(study.families)
        return [found] if found else []

    def tables(self, found: list[Checked]) -> Mapping[Table, Sequence[Row]]:
        manifolds = [row for checked in found for row in manifold_rows(checked)]
        return {QUADRATIC: [cell_row(checked) for checked in found], MANIFOLDS: manifolds}

    def figures(self, found: list[Checked]) -> Mapping[str, Figure]:
        return {"": draw_manifolds(found)}

    def tests(self, found: list[Checked]) -> list[CellTest]:
        return tests_of(found, [cell_row(one) for one in found], self.anchor)

    def section(self, found: list[Checked]) -> Section:
        rows = [cell_row(checked) for checked in found]
        table = QUADRATIC.part(rows, kinds=["" if is_right(row) else "bad" for row in rows])
        return Section(TITLE, [paragraph(_TEXT), verdict(rows), Picture("", TITLE, CAPTION), table])
