"""The report's section on factorised landscapes: found against closed form, manifold by manifold."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.agreement.verdicts import CellTest
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.factorised.measure import Checked, cell_row, find_checked, manifold_rows
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.manifolds.figure import CAPTION, draw_manifolds
from morsecensus.analysis.topics.manifolds.match import is_right
from morsecensus.analysis.topics.manifolds.words import caught, tests_of, verdict
from morsecensus.analysis.topics.rows import CELL

TITLE = "Factorised landscapes"
_TEXT = (
    "Matrix factorisation and deep linear networks, 1/2 |W_L ... W_1 - M|² with the balancing term. Every "
    "critical point is a product that keeps a set S of at most r singular values of M, so each landscape has "
    "a known list of critical manifolds, with known values, indices and dimensions, and all minima are one "
    "manifold. Two layers: every saddle is strict. Three or more: the Hessian is singular wherever fewer "
    "than r singular values are kept, and where these are the largest ones the saddle is not strict "
    "(Kawaguchi, arXiv:1605.07110; Achour, Malgouyres, Gerchinovitz, arXiv:2107.13289)."
)
_M = "manifolds"


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
            "largest error of H in units of |M|²/2",
            title="largest error of H",
            form=lambda value: r.DASH if value is None else f"{value:.1e}",
            at=1,
        ),
        Column("index_wrong", "manifolds found with a wrong index", _M, "wrong: index", at=1),
        Column(
            "nullity_wrong", "manifolds found with a wrong number of zero eigenvalues", _M, "nullity", at=1
        ),
        Column("dimension_wrong", "manifolds found with a wrong dimension", _M, "dimension", at=1),
        Column(
            "index_wrong_with_other_depth",
            "negative control: manifolds whose index isn't that of another number of layers",
            _M,
            "index of other depth",
            at=1,
        ),
        Column("non_strict", "saddles without a direction of negative curvature", _M, "not strict", at=1),
        Column("non_strict_found", "those that were found", _M, "found", at=1),
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


class Factorised(Topic[list[Checked]]):
    """Every manifold is right or wrong."""

    anchor, declared = "factorised", (FACTORISED, MANIFOLDS)
    whole = True

    def find(self, study: StudyResult) -> list[list[Checked]]:
        found = find_checked(study.families)
        return [found] if found else []

    def tables(self, found: list[Checked]) -> Mapping[Table, Sequence[Row]]:
        manifolds = [row for checked in found for row in manifold_rows(checked)]
        return {FACTORISED: [cell_row(checked) for checked in found], MANIFOLDS: manifolds}

    def figures(self, found: list[Checked]) -> Mapping[str, Figure]:
        return {"": draw_manifolds(found)}

    def tests(self, found: list[Checked]) -> list[CellTest]:
        return tests_of(found, [cell_row(one) for one in found], self.anchor)

    def section(self, found: list[Checked]) -> Section:
        rows = [cell_row(checked) for checked in found]
        table = FACTORISED.part(rows, kinds=["" if is_right(row) else "bad" for row in rows])
        opening = [paragraph(_TEXT), verdict(rows), Picture("", TITLE, CAPTION)]
        return Section(TITLE, [*opening, table, _saddles(found)])


def _saddles(found: Sequence[Checked]) -> Part:
    rows = [row for checked in found for row in manifold_rows(checked) if not row["strict"]]
    if not rows:
        return note("No saddle of these landscapes is without a direction of negative curvature.")
    return MANIFOLDS.part(rows)
