"""The report's section on simple and complex landscapes: figure, text and table."""

from collections.abc import Iterator
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, note, paragraph, picture
from morsecensus.analysis.page.style import new_figure, save, style
from morsecensus.analysis.tables import Row
from morsecensus.analysis.topics.two_body.figure import plot_growth
from morsecensus.analysis.topics.two_body.measure import Comparison, comparison_rows, find_comparison

TITLE = "Simple and complex landscapes"
ANCHOR = "simple-and-complex"
_TEXT = (
    "The landscape of ξ = q² is a quadratic form. Its critical points are the eigenvectors of a random "
    "matrix, both signs: exactly 2N in every landscape, two of each index, at energies that are the ordered "
    "eigenvalues of the GOE, per sqrt(N). So every landscape, not only a mean, can be held against what must "
    "be there. With ξ″(1) > ξ′(1) the mean number grows as exp(N Σ) instead, Σ = log(ξ″(1)/ξ′(1))/2 "
    "(Fyodorov, arXiv:1307.2379)."
)
_CAPTION = (
    "Mean number of critical points on the whole sphere, both signs counted, with one standard error (none "
    "where every landscape has the same number), and exact curves. Nothing is fitted."
)


find = find_comparison


def tables(comparison: Comparison | None) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of the CSV table; nothing for a study without both kinds of model."""
    if comparison is not None:
        yield "simple_and_complex", comparison_rows(comparison)


def draw_comparison(comparison: Comparison, folder: Path, name: str) -> tuple[Path, Path]:
    """Draw and save the figure: SVG and PNG."""
    with style():
        figure, axes = new_figure(1, 1, 3.4)
        plot_growth(axes[0], comparison)
        return save(figure, folder, name)


def entries(comparison: Comparison | None) -> list[tuple[str, str]]:
    """Entries of the table of contents: (anchor, text)."""
    return [] if comparison is None else [(ANCHOR, TITLE)]


def parts(comparison: Comparison | None, folder: Path) -> list[Part]:
    """The section, its figure drawn into ``folder``; empty for a study without both kinds of model."""
    if comparison is None:
        return []
    rows = comparison_rows(comparison)
    vector, _ = draw_comparison(comparison, folder, ANCHOR)
    opening = [heading(TITLE, 2, ANCHOR), paragraph(_TEXT), picture(vector, TITLE, _CAPTION)]
    return [*opening, _verdict(rows), _table(rows)]


def _verdict(rows: list[Row]) -> Part:
    simple = [row for row in rows if row["two_of_each"] is not None]
    right, everything = (sum(row[name] for row in simple) for name in ("two_of_each", "landscapes"))
    text = f"Two-body landscapes with exactly two points of each index: {right:,} of {everything:,}."
    return note(text, "good" if right == everything else "bad")


def _table(rows: list[Row]) -> Part:
    titles = ("N", "cell", "ξ", "finder", "landscapes", "two of each", "points", "exact")
    titles += ("limit Σ", "energy of minima", "exact", "z", "limit")
    texts = [
        (
            str(row["n"]),
            row["cell"],
            row["xi"],
            row["finder"],
            f"{row['landscapes']:,}",
            r.DASH if row["two_of_each"] is None else f"{row['two_of_each']:,}",
            r.estimate(row["total"], row["total_se"]),
            r.against(row["exact_total"], row["total_se"]),
            r.number(row["limiting_rate"], 4),
            r.estimate(row["minimum_energy"], row["minimum_energy_se"]),
            r.against(row["exact_minimum_energy"], row["minimum_energy_se"]),
            r.signed(row["z"], 1),
            r.number(row["limiting_energy"], 5),
        )
        for row in rows
    ]
    kinds = ["bad" if row["two_of_each"] not in (None, row["landscapes"]) else "" for row in rows]
    caption = (
        "Two of each: landscapes with exactly two points of every index, as a two-body landscape must have. "
        "Energy of minima per spin, each counted once: for the two-body model the lowest eigenvalue of the "
        "GOE. Limits: N to infinity. Rates log(points)/N, and the mean of the lowest eigenvalue by the "
        "Tracy-Widom law, are in simple_and_complex.csv."
    )
    return HtmlTable(titles, texts, caption, (1, 2, 3), kinds).part()
