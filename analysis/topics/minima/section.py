"""The report's section on how rare minima are: figure, text and table."""

from collections.abc import Iterator
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, paragraph, picture
from morsecensus.analysis.page.style import new_figure, save, style
from morsecensus.analysis.tables import Row, label
from morsecensus.analysis.topics.minima import measure as minima_share
from morsecensus.analysis.topics.minima.figure import plot_share
from morsecensus.analysis.topics.minima.measure import MinimaShare, share_rows

TITLE = "How rare minima are"
ANCHOR = "share-of-minima"
_TEXT = (
    "On a circle every second critical point is a minimum, on a sphere at least every fourth. In high "
    "dimension minima are rare, but not as rare as coins say: independent signs of d eigenvalues would give "
    "2^-d, and a random symmetric matrix without a shift, whose eigenvalues repel, exp(-0.27 d²) (Dean, "
    "Majumdar, cond-mat/0609651). Low energies shift all eigenvalues together, so the fraction of minima "
    "falls as exp(-N (Σ - Σ₀)), with the complexities of all points and of minima; for the pure p-spin the "
    "rate is (p-2)/p (Auffinger, Ben Arous, Černý, arXiv:1003.1129)."
)
_CAPTION = (
    "Mean number of minima over mean number of critical points, with one standard error, on theory at the "
    "same N. Nothing is fitted."
)

find = minima_share.find


def tables(found: MinimaShare | None) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of the CSV table."""
    if found is not None:
        yield "share_of_minima", share_rows(found)


def entries(found: MinimaShare | None) -> list[tuple[str, str]]:
    """Entries of the table of contents: (anchor, text)."""
    return [] if found is None else [(ANCHOR, TITLE)]


def draw_share(found: MinimaShare, folder: Path, name: str) -> tuple[Path, Path]:
    """Draw and save the figure: SVG and PNG."""
    with style():
        figure, axes = new_figure(1, 1, 3.4)
        plot_share(axes[0], found)
        return save(figure, folder, name)


def parts(found: MinimaShare | None, folder: Path) -> list[Part]:
    """The section, its figure drawn into ``folder``; empty where `find` found nothing."""
    if found is None:
        return []
    vector, _ = draw_share(found, folder, ANCHOR)
    opening = [heading(TITLE, 2, ANCHOR), paragraph(_TEXT), picture(vector, TITLE, _CAPTION)]
    return [*opening, _table(share_rows(found))]


def _table(rows: list[Row]) -> Part:
    titles = ("model", "cell", "N", "dimension", "landscapes", "complete", "measured", "theory", "z")
    titles += ("independent signs", "z of those", "no shift", "limit rate")
    texts = [
        (
            label(row),
            row["cell"],
            str(row["n"]),
            str(row["dimension"]),
            f"{row['landscapes']:,}",
            r.percent(row["complete"]),
            r.estimate(row["share"], row["share_se"]),
            r.number(row["exact"], 5),
            r.signed(row["z"], 1),
            r.number(row["independent_signs"], 3),
            r.signed(row["z_independent_signs"], 1),
            r.number(row["zero_shift"], 3),
            r.number(row["limiting_rate"], 4),
        )
        for row in rows
    ]
    caption = (
        "Fractions of minima. No z where every landscape has the same fraction, as on a circle. Limit rate: "
        "-log of the fraction per spin as N grows; for independent signs it is log 2 = 0.693."
    )
    return HtmlTable(titles, texts, caption, (0, 1)).part()
