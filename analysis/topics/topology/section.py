"""The report's section on topology: how far it is known."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row, Table
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Section
from morsecensus.analysis.topics.rows import HEAD
from morsecensus.analysis.topics.topology.outcomes import outcome_rows
from morsecensus.tasks.measurables.words import TOPOLOGIES

_TEXT = (
    "Gradient lines join each saddle to the points below it: boundary matrices over Z/2, whose reduction "
    "pairs critical points into births and deaths. Certified: every line was resolved, the Betti numbers "
    "are those of the sphere, the boundary of a boundary is zero, and where both ends know a boundary, "
    "from H and from −H, they agree."
)
_TITLES = {"contradicted": "wrong"}


def _resolved(share: float | None) -> str:
    if share is None:
        return r.DASH
    return "all" if share == 1 else f"{100 * share:.3f}%"


def _inequalities(row: Row) -> str:
    return "all" if row["inequalities"] == row["compared"] else f"{row['inequalities']:,}"


def _outcome(name: str) -> Column:
    return Column(
        name, f"landscapes whose topology is {name}", "landscapes", _TITLES.get(name, name), r.whole
    )


OUTCOMES = Table(
    "topology",
    "What came of the topology of each cell: one row for each cell that asks for it, sums over landscapes.",
    (
        *HEAD,
        Column("planned", "landscapes that the study asks for", "landscapes", "landscapes", r.whole),
        Column("landscapes", "landscapes in the dataset", "landscapes"),
        *map(_outcome, TOPOLOGIES),
        Column("connections", "gradient lines from saddles next to either end", "lines", "lines", r.whole),
        Column("unresolved_lines", "lines that ended at no point", "lines"),
        Column("unresolved_saddles", "saddles with such a line", "points", "open saddles", r.whole, at=1),
        Column("resolved", "share of connections that were resolved", title="resolved", form=_resolved),
        Column("loops", "saddles joined twice to one extremum", "points", "loops", r.whole, at=1),
        Column("failed_checks", "checks that failed"),
        Column("pairs", "persistence pairs", "pairs"),
        Column(
            "inequalities",
            "landscapes whose Morse inequalities hold at every critical energy, in the known low degrees",
            "landscapes",
            "Morse",
            shown=_inequalities,
            at=1,
        ),
        Column("compared", "landscapes in which they can be asked", "landscapes"),
    ),
    "Landscapes by outcome, and sums over them. Wrong: a check fails. Refused: points of low index may "
    "be missing, or some are degenerate. Lines: gradient lines from saddles of index 1 and 2 and their "
    "likes at the top. Each open saddle could change any Betti number of its landscape by one at most. "
    "Loops: saddles joined twice to one extremum. Morse: landscapes in which the Morse inequalities hold "
    "at every critical energy, in the low degrees that are known.",
)


class Outcomes(Topic[list[Row]]):
    """How far the topology of a family is known."""

    anchor, declared = "topology", (OUTCOMES,)

    def find(self, study: StudyResult) -> list[list[Row] | None]:
        return [outcome_rows([result.cell for result in family.cells]) or None for family in study.families]

    def tables(self, found: list[Row]) -> Mapping[Table, Sequence[Row]]:
        return {OUTCOMES: found}

    def section(self, found: list[Row]) -> Section:
        return Section("Topology", [OUTCOMES.part(found)], introduction=_TEXT)
