"""The report's section on networks with quadratic units: found against closed form, manifold by manifold."""

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row, Table
from morsecensus.analysis.topics.manifolds.columns import CALLED, COUNTED, UNIT
from morsecensus.analysis.topics.manifolds.topic import Checked, KnownManifolds
from morsecensus.analysis.topics.quadratic import measure
from morsecensus.analysis.topics.rows import CELL

_TEXT = (
    "Tier 1, exact. Two-layer networks with K quadratic units on Gaussian inputs and a teacher of the same "
    "kind: every critical manifold is a set S of at most K eigenvalues of the teacher's matrix, with known "
    "value, index and dimension (cf. arXiv:2501.06074). One of them is of minima and all others are strict "
    "saddles, so a point that is none of them would be a spurious minimum, or a mistake."
)
QUADRATIC = Table(
    "quadratic",
    "Critical manifolds found against the closed form: one row for each cell, sums over landscapes.",
    (
        CELL,
        Column("n", "number of inputs", title="n", at=1),
        Column("width", "number K of units", title="K", at=1),
        Column("teacher", "law of its matrix, or its eigenvalues", title="teacher", left=True, at=1),
        *COUNTED,
        Column(
            "largest_error",
            "largest error of the value, over the largest value on a manifold",
            title="largest error",
            form=lambda value: r.DASH if value is None else f"{value:.1e}",
            at=1,
        ),
        Column("index_wrong", "manifolds found with a wrong index", UNIT, "wrong: index", at=1),
        Column("dimension_wrong", "manifolds found with a wrong dimension", UNIT, "dimension", at=1),
        Column(
            "value_wrong_without_trace",
            "negative control: manifolds found at another value than that of plain matrix factorisation",
            UNIT,
            "not that without trace term",
            at=1,
        ),
        Column(
            "index_wrong_without_factor",
            "negative control: manifolds found with another index than that of one free unit",
            UNIT,
            "not that of one free unit",
            at=1,
        ),
        *CALLED,
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


class QuadraticNetworks(KnownManifolds):
    """Found against closed form, manifold by manifold."""

    anchor, declared = "quadratic", (QUADRATIC, MANIFOLDS)
    title, text = "Networks with quadratic units", _TEXT

    def check(self, cell: Cell) -> Checked:
        return measure.check(cell)

    def cell_row(self, checked: Checked) -> Row:
        return measure.cell_row(checked)

    def manifold_rows(self, checked: Checked) -> list[Row]:
        return measure.manifold_rows(checked)
