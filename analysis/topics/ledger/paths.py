"""What homotopy paths add to the ledger's section of the report."""

from math import isfinite

from morsecensus.analysis import tables
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, paragraph
from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.tables import Row

_SHOWN = 6
"""Indices in the table of recall; all of them are in the CSV file."""


def path_parts(family: FamilyResult) -> list[Part]:
    """Closed books and proofs of enumerated cells; numbers and recall of sampled ones."""
    rows = tables.path_rows(family.cells)
    if not rows:
        return []
    text = (
        "A homotopy follows one path to each complex critical point, whose number algebra gives. The books "
        "of a landscape are closed when as many distinct solutions were found, with their conjugates. "
        "Certified: proven in ball arithmetic to exist, to be real, to differ from all others and to have "
        "its index."
    )
    titles = (
        "N",
        "cell",
        "landscapes",
        "paths",
        "distinct",
        "followed again",
        "unresolved",
        "jumps",
        "points",
        "certified",
    )
    texts = [
        (
            str(row["n"]),
            row["cell"],
            f"{row['landscapes']:,}",
            f"{row['paths']:,}" + (" sampled" if row["sampled"] else ""),
            f"{row['distinct']:,}",
            f"{row['retries']:,}",
            f"{row['unresolved']:,}",
            r.DASH if row["jumps"] is None else f"{row['jumps']:,}",
            f"{row['points']:,}",
            r.DASH if row["certified"] is None else f"{row['certified']:,}",
        )
        for row in rows
    ]
    caption = (
        "Sums over landscapes. Jumps: sampled paths whose two runs, the second with errors a hundred times "
        "smaller, ended at different solutions; in an enumeration a jump shows as a missing solution and is "
        "followed again. Points count both signs."
    )
    table = HtmlTable(titles, texts, caption, (1, 3)).part()
    return [heading("Paths and proofs", 4), paragraph(text), table, *_recall(family)]


def _from_paths(row: Row) -> str:
    """With its error over landscapes; of a single landscape, its own 95% limits."""
    if isfinite(row["number_se"]):
        return r.estimate(row["number"], row["number_se"])
    limits = f"{row['number_lower']:,.0f} to {row['number_upper']:,.0f}"
    return f"{row['number']:,.0f} ({limits})"


def _recall(family: FamilyResult) -> list[Part]:
    rows = tables.recall_rows(family.cells)
    if not rows:
        return []
    shown = [row for row in rows if row["index"] == "all" or row["index"] < _SHOWN]
    titles = (
        "N",
        "cell",
        "index",
        "from paths",
        "census",
        "exact",
        "endpoints",
        "had",
        "recall at least",
    )
    texts = [
        (
            str(row["n"]),
            row["cell"],
            str(row["index"]),
            _from_paths(row),
            r.number(row["census"], 6),
            r.number(row["exact"], 6),
            f"{row['endpoints']:,}",
            f"{row['found']:,}",
            r.percent(row["recall_lower"]) if row["recall_lower"] > 0 else "vacuous",
        )
        for row in shown
    ]
    caption = (
        "From paths: mean numbers of points, unbiased whatever the census missed. Had: sampled real "
        "endpoints that multistart had found before. Recall at least: lower 95% limit for the points of "
        "these landscapes (Clopper and Pearson; unresolved paths count as misses). All indices: recall.csv; "
        "numbers by energy: sampled_energies.csv."
    )
    return [HtmlTable(titles, texts, caption, (1,)).part()]
