"""The report's section on landscapes that have no number of critical points."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.degenerate.measure import Degeneracy, degenerate_rows, find
from morsecensus.analysis.topics.layout import Section
from morsecensus.analysis.topics.rows import CELL, SIZE, STORED

TITLE = "Landscapes without a number of critical points"
SHOWN = 12
"""Landscapes that are named on the page; the CSV table has all."""
_TEXT = (
    "A critical point with a singular Hessian has no index, and a circle or sphere of critical points has no "
    "number. Landscapes that have one are left out of every mean, histogram, complexity, test and homology "
    "of this report, since no number of theirs could enter: with them a mean could be higher or lower. What "
    "is known of all landscapes stands here: the mean number of nondegenerate points, and a bound on that of "
    "isolated points."
)


def _share(row: Row) -> str:
    return f"{row['without_number']:,} of {row['landscapes']:,} ({r.percent(row['share'])})"


def _which(row: Row) -> str:
    ids = row["left_out"].split()
    listed = ", ".join(ids[:SHOWN])
    return listed if len(ids) <= SHOWN else f"{listed} and {len(ids) - SHOWN:,} more"


WITHOUT_NUMBER = Table(
    "without_number",
    "Landscapes that have no number of critical points: one row for each cell with any.",
    (
        CELL,
        SIZE,
        *STORED[1:],
        Column("landscapes", "landscapes in the dataset", "landscapes"),
        Column("without_number", "those without a number", "landscapes", "without a number", shown=_share),
        Column("", title="which", shown=_which, left=True),
        Column("share", "their share"),
        Column("isolated_degenerate", "degenerate isolated points in them", "points", "isolated", r.whole),
        Column(
            "continuous_sets", "continuous sets of critical points in them", "sets", "continuous", r.whole
        ),
        Column(
            "largest_dimension",
            "largest dimension of these sets",
            title="of dimension",
            shown=lambda row: str(row["largest_dimension"]) if row["continuous_sets"] else "",
        ),
        *measured(
            "nondegenerate_mean",
            "nondegenerate_se",
            "mean number of nondegenerate points over all landscapes",
            "points",
            "nondegenerate points",
        ),
        Column(
            "isolated_bound",
            "bound on the mean number of isolated points over all landscapes",
            "points",
            "isolated points at most",
            lambda value: "unknown" if value is None else r.number(value, 4),
        ),
        Column("left_out", "numbers of the landscapes without a number"),
    ),
    "Isolated degenerate points and continuous sets (and the largest dimension of these) of the "
    "landscapes left out, to double precision where nothing is proven. The last two columns are means "
    "over all landscapes: isolated points, each as often as its multiplicity says, are no more than the "
    "complex critical points.",
)


class WithoutNumber(Topic[list[Degeneracy]]):
    """The landscapes that no mean has."""

    anchor, declared = "without-a-number", (WITHOUT_NUMBER,)

    def find(self, study: StudyResult) -> list[list[Degeneracy]]:
        found = find(study.cells)
        return [found] if found else []

    def tables(self, found: list[Degeneracy]) -> Mapping[Table, Sequence[Row]]:
        return {WITHOUT_NUMBER: degenerate_rows(found)}

    def section(self, found: list[Degeneracy]) -> Section:
        return Section(TITLE, [paragraph(_TEXT), WITHOUT_NUMBER.part(degenerate_rows(found))])
