"""The report's section on the ground state and the floor: figure, text and table."""

from collections.abc import Iterator
from pathlib import Path

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part, heading, paragraph, picture
from morsecensus.analysis.page.style import new_figure, save, style
from morsecensus.analysis.tables import Row, label
from morsecensus.analysis.topics.floors import measure as floors
from morsecensus.analysis.topics.floors.figure import plot_floors
from morsecensus.analysis.topics.floors.measure import Floors, floor_rows

TITLE = "The ground state and the floor"
ANCHOR = "floor"
_TEXT = (
    "As N grows the minima crowd between the ground state -E₀ and the floor -E∞, a band 1% to 6% wide. "
    "An r-linear form on r equal spheres has the ratio E₀/E∞ of the pure r-spin: its complexity is the same "
    "function of sqrt(r) times the energy per spin, so the ratio that Sagun, Guney, Ben Arous and LeCun "
    "(arXiv:1412.6615) saw holds at the level of means, which bound the ground state from below."
)
_CAPTION = (
    "Mean over landscapes of the lowest energy, over the floor, with one standard error. In cells that "
    "aren't complete it is the lowest that was found."
)

find = floors.find


def tables(found: Floors | None) -> Iterator[tuple[str, list[Row]]]:
    """Yield the name and the rows of the CSV table."""
    if found is not None:
        yield "ground_state_over_floor", floor_rows(found)


def entries(found: Floors | None) -> list[tuple[str, str]]:
    """Entries of the table of contents: (anchor, text)."""
    return [] if found is None else [(ANCHOR, TITLE)]


def parts(found: Floors | None, folder: Path) -> list[Part]:
    """The section, its figure drawn into ``folder``; empty where `find` found nothing."""
    if found is None:
        return []
    with style():
        figure, axes = new_figure(1, 1, 3.2)
        plot_floors(axes[0], found)
        vector, _ = save(figure, folder, ANCHOR)
    opening = [heading(TITLE, 2, ANCHOR), paragraph(_TEXT), picture(vector, TITLE, _CAPTION)]
    return [*opening, _table(floor_rows(found))]


def _table(rows: list[Row]) -> Part:
    titles = ("model", "cell", "N", "spins", "landscapes", "complete", "lowest energy", "over the floor")
    titles += ("first moment", "limit", "floor", "ground state")
    texts = [
        (
            label(row),
            row["cell"],
            str(row["n"]),
            str(row["spins"]),
            f"{row['landscapes']:,}",
            r.percent(row["complete"]),
            r.number(row["lowest"], 5),
            r.estimate(row["ratio"], row["ratio_se"]),
            r.number(row["first_moment"], 4),
            r.number(row["limit"], 5),
            r.number(row["floor"], 6),
            r.number(row["ground_state"], 6),
        )
        for row in rows
    ]
    caption = (
        "Energies per spin. First moment: mean of the lowest energy by P(min > u) = exp(-E Crit(<= u)), an "
        "approximation that is good from N = 10 on."
    )
    return HtmlTable(titles, texts, caption, (0, 1)).part()
