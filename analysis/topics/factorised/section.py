"""The report's section on factorised landscapes: found against closed form, manifold by manifold."""

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note
from morsecensus.analysis.page.table import Column, Row, Table
from morsecensus.analysis.topics.factorised import measure
from morsecensus.analysis.topics.manifolds.columns import CALLED, COUNTED, UNIT
from morsecensus.analysis.topics.manifolds.topic import Checked, KnownManifolds
from morsecensus.analysis.topics.rows import CELL

_TEXT = (
    "Matrix factorisation and deep linear networks, 1/2 |W_L ... W_1 - M|² with the balancing term. Every "
    "critical point is a product that keeps a set S of at most r singular values of M, so each landscape has "
    "a known list of critical manifolds, with known values, indices and dimensions, and all minima are one "
    "manifold. Two layers: every saddle is strict. Three or more: the Hessian is singular wherever fewer "
    "than r singular values are kept, and where these are the largest ones the saddle is not strict "
    "(Kawaguchi, arXiv:1605.07110; Achour, Malgouyres, Gerchinovitz, arXiv:2107.13289)."
)


FACTORISED = Table(
    "factorised",
    "Critical manifolds found against the closed form: one row for each cell, sums over landscapes.",
    (
        CELL,
        Column("n", "rows of M"),
        Column("columns", "columns of M"),
        Column("width", "width r of the layers", title="r", at=1),
        Column("layers", "number of layers L", title="layers"),
        Column("", title="M", shown=lambda row: f"{row['n']} × {row['columns']}", at=1),
        *COUNTED,
        Column(
            "largest_error",
            "largest error of H in units of |M|²/2",
            title="largest error of H",
            form=lambda value: r.DASH if value is None else f"{value:.1e}",
            at=1,
        ),
        Column("index_wrong", "manifolds found with a wrong index", UNIT, "wrong: index", at=1),
        Column(
            "nullity_wrong",
            "manifolds found with a wrong number of zero eigenvalues",
            UNIT,
            "nullity",
            at=1,
        ),
        Column("dimension_wrong", "manifolds found with a wrong dimension", UNIT, "dimension", at=1),
        Column(
            "index_wrong_with_other_depth",
            "negative control: manifolds whose index isn't that of another number of layers",
            UNIT,
            "index of other depth",
            at=1,
        ),
        Column(
            "non_strict",
            "saddles without a direction of negative curvature",
            UNIT,
            "not strict",
            at=1,
        ),
        Column("non_strict_found", "those that were found", UNIT, "found", at=1),
        *CALLED,
    ),
    "Entire: landscapes of which every critical manifold was found. Error of H: in units of |M|²/2. "
    "Index of other depth: the negative control, indices by the formula for three layers where there are "
    "two, and the other way round. Rest: landscapes that aren't entire.",
)
MANIFOLDS = Table(
    "factorised_manifolds",
    "One row for each set of kept singular values of a cell.",
    (
        CELL,
        Column(
            "chosen",
            "kept singular values by rank, 1 the largest",
            title="kept singular values",
            form=lambda value: value or "none",
            left=True,
        ),
        Column("index", "number of negative eigenvalues", title="index"),
        Column("nullity", "number of zero eigenvalues", title="zero eigenvalues"),
        Column("dimension", "dimension of the manifold", title="dimension"),
        Column("degenerate", "whether there are more zero eigenvalues than dimensions"),
        Column("strict", "whether there is a direction of negative curvature, or it is a minimum"),
        Column("mean_value", "mean of H over landscapes", "energy", "mean H", r.digits(4)),
        Column("landscapes", "landscapes that have it", "landscapes"),
        Column(
            "found",
            "landscapes in which it was found",
            "landscapes",
            "found",
            shown=lambda row: f"{row['found']} of {row['landscapes']}",
        ),
    ),
    "Saddles without a direction of negative curvature. Singular values by rank, 1 the largest.",
)


class Factorised(KnownManifolds):
    """Found against closed form, manifold by manifold."""

    anchor, declared = "factorised", (FACTORISED, MANIFOLDS)
    title, text = "Factorised landscapes", _TEXT

    def check(self, cell: Cell) -> Checked:
        return measure.check(cell)

    def cell_row(self, checked: Checked) -> Row:
        return measure.cell_row(checked)

    def manifold_rows(self, checked: Checked) -> list[Row]:
        return measure.manifold_rows(checked)

    def more(self, found: list[Checked]) -> list[Part]:
        rows = [row for one in found for row in self.manifold_rows(one) if not row["strict"]]
        if not rows:
            return [note("No saddle of these landscapes is without a direction of negative curvature.")]
        return [MANIFOLDS.part(rows)]
