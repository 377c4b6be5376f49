"""The report's section on landscapes that have no number of critical points."""

from collections.abc import Sequence

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, paragraph
from morsecensus.analysis.topics.degenerate.measure import Degeneracy, degenerate_rows

TITLE = "Landscapes without a number of critical points"
ANCHOR = "without-a-number"
SHOWN = 12
"""Landscapes that are named on the page; the CSV table has all."""
_TEXT = (
    "A critical point with a singular Hessian has no index, and a circle or sphere of critical points has no "
    "number. Landscapes that have one are left out of every mean, histogram, complexity, test and homology "
    "of this report, since no number of theirs could enter: with them a mean could be higher or lower. What "
    "is known of all landscapes stands here: the mean number of nondegenerate points, and a bound on that of "
    "isolated points."
)


def entries(found: Sequence[Degeneracy]) -> list[tuple[str, str]]:
    """Entries of the table of contents: (anchor, text)."""
    return [(ANCHOR, TITLE)] if found else []


def remark(found: Sequence[Degeneracy], names: Sequence[str]) -> str:
    """What must stand beside the means of these cells; empty if they leave nothing out."""
    texts = [
        f"{len(one.ids):,} of {one.cell.held:,} in {one.cell.name}" for one in found if one.cell.name in names
    ]
    if not texts:
        return ""
    return (
        f"Landscapes without a number of critical points are left out: {', '.join(texts)}. With them means "
        "could be higher or lower."
    )


def parts(found: Sequence[Degeneracy]) -> list[Part]:
    """The section; empty where every landscape has a number."""
    if not found:
        return []
    titles = ("cell", "N", "without a number", "which", "isolated", "continuous", "of dimension")
    titles += ("nondegenerate points", "isolated points at most")
    texts = [
        (
            row["cell"],
            str(row["n"]),
            f"{row['without_number']:,} of {row['landscapes']:,} ({r.percent(row['share'])})",
            _which(one),
            f"{row['isolated_degenerate']:,}",
            f"{row['continuous_sets']:,}",
            str(row["largest_dimension"]) if row["continuous_sets"] else "",
            r.estimate(row["nondegenerate_mean"], row["nondegenerate_se"]),
            r.number(row["isolated_bound"], 4) if row["isolated_bound"] is not None else "unknown",
        )
        for one, row in zip(found, degenerate_rows(found), strict=True)
    ]
    caption = (
        "Isolated degenerate points and continuous sets (and the largest dimension of these) of the "
        "landscapes left out, to double precision where nothing is proven. The last two columns are means "
        "over all landscapes: isolated points, each as often as its multiplicity says, are no more than the "
        "complex critical points."
    )
    return [heading(TITLE, 2, ANCHOR), paragraph(_TEXT), HtmlTable(titles, texts, caption, (0, 3)).part()]


def _which(one: Degeneracy) -> str:
    more = len(one.ids) - SHOWN
    listed = ", ".join(map(str, one.ids[:SHOWN]))
    return listed if more <= 0 else f"{listed} and {more:,} more"
