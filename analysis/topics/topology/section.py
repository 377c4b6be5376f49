"""The report's section on topology: how far it is known, and what was measured."""

from collections.abc import Mapping
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, paragraph
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.topology.euler.section import euler_parts
from morsecensus.analysis.topics.topology.homology.section import homology_parts
from morsecensus.analysis.topics.topology.measure import TopologyResult
from morsecensus.analysis.topics.topology.trees.section import tree_parts


def topology_parts(result: TopologyResult, figures: Mapping[str, Path]) -> list[Part]:
    """All of one family; ``figures`` are SVGs by topic, as `measure.draw_topology` names
    them."""
    parts = _outcomes(result.outcomes)
    if result.homology is not None:
        parts += homology_parts(result.homology, figures)
    if result.trees is not None:
        parts += tree_parts(result.trees, figures)
    if result.euler is not None:
        parts += euler_parts(result.euler, figures)
    return parts


def _outcomes(rows: tuple[Row, ...]) -> list[Part]:
    text = (
        "Gradient lines join each saddle to the points below it: boundary matrices over Z/2, whose reduction "
        "pairs critical points into births and deaths. Certified: every line was resolved, the Betti numbers "
        "are those of the sphere, the boundary of a boundary is zero, and where both ends know a boundary, "
        "from H and from −H, they agree."
    )
    titles = ("N", "cell", "landscapes", "certified", "unresolved", "wrong", "refused", "lines")
    titles += ("resolved", "open saddles", "loops", "Morse")
    texts = [
        (
            str(row["n"]),
            row["cell"],
            f"{row['planned']:,}",
            *(f"{row[name]:,}" for name in ("certified", "unresolved", "contradicted", "refused")),
            f"{row['connections']:,}",
            _share(row["resolved"]),
            f"{row['unresolved_saddles']:,}",
            f"{row['loops']:,}",
            "all" if row["inequalities"] == row["compared"] else f"{row['inequalities']:,}",
        )
        for row in rows
    ]
    caption = (
        "Landscapes by outcome, and sums over them. Wrong: a check fails. Refused: points of low index may "
        "be missing, or some are degenerate. Lines: gradient lines from saddles of index 1 and 2 and their "
        "likes at the top. Each open saddle could change any Betti number of its landscape by one at most. "
        "Loops: saddles joined twice to one extremum. Morse: landscapes in which the Morse inequalities hold "
        "at every critical energy, in the low degrees that are known."
    )
    return [heading("Topology", 3), paragraph(text), HtmlTable(titles, texts, caption, (1,)).part()]


def _share(resolved: float | None) -> str:
    if resolved is None:
        return r.DASH
    return "all" if resolved == 1 else f"{100 * resolved:.3f}%"
