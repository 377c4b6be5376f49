"""The report's section on slices through saddles."""

from collections.abc import Mapping, Sequence

import numpy as np

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import GREY, Axes, Figure, Mark, legend_beside, new_panel, shades
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.theory.slices import convex_lines_equal
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import LABELLED, in_words
from morsecensus.analysis.topics.slices.measure import Slices, find_slices, slice_rows

Found = tuple[Slices, ...]
_TEXT = (
    "Pictures of a landscape along a line or a plane through a point are often taken for what is there. At a "
    "saddle of known spectrum the share of random lines along which it looks like a minimum is an integral "
    "(Imhof), and most saddles of low index look like minima along most lines. Lines that were drawn are the "
    "control: their share must agree."
)
_CAPTION = (
    "Share of random lines through points of an index that look like a minimum there, against the share of "
    "negative curvatures; grey: curvatures of one size, P(B > 1/2) of a Beta law, in as many dimensions as "
    "the last cell has."
)
SLICES = Table(
    "slices",
    "Slices through critical points that look like a minimum: one row for each cell and index.",
    (
        *LABELLED,
        Column("index", "Morse index", title="index"),
        Column("dimension", "number of curvatures", title="of"),
        Column("points", "points that were looked at", "points", "points", "{:,}".format),
        *measured("lines", "lines_se", "share of lines that look convex, exact at each point", "", "lines"),
        *measured("drawn", "drawn_se", "the same from random lines", "", "drawn lines"),
        Column("off", "mean of drawn less exact"),
        Column("off_se", "its standard error, binomial"),
        Column("z", "over its error", title="z", form=r.score),
        Column("equal", "exact share if all curvatures were of one size", title="one size", form=r.digits(4)),
        *measured("planes", "planes_se", "share of random planes that look convex", "", "planes"),
    ),
    "Points of the first landscapes of a cell, at most 10,000; errors are over landscapes.",
)


class SlicesMislead(Topic[Found]):
    """Cells that stored spectra, together."""

    anchor, declared, whole = "slices", (SLICES,), True

    def find(self, study: StudyResult) -> list[Found]:
        found = tuple(find_slices([result for family in study.families for result in family.cells]))
        return [found] if found else []

    def tables(self, found: Found) -> Mapping[Table, Sequence[Row]]:
        return {SLICES: [row for one in found for row in slice_rows(one)]}

    def figures(self, found: Found) -> Mapping[str, Figure]:
        figure, ax = new_panel(5.4, 3.0)
        for one, color in zip(found, shades(len(found)), strict=True):
            plot_lines(ax, slice_rows(one), color)
        dimension = found[-1].dimension
        k = np.arange(dimension + 1)
        ax.plot(k / dimension, [convex_lines_equal(dimension, int(j)) for j in k], "--", color=GREY, lw=0.9)
        ax.set(xlabel="index over dimension", ylabel="lines that look like a minimum", ylim=(-0.03, 1.03))
        legend_beside(ax, "")
        return {"": figure}

    def section(self, found: Found) -> Section:
        title, rows = "Slices through saddles", self.tables(found)[SLICES]
        words = in_words(rows)
        body = [paragraph(_TEXT), Picture("", title, _CAPTION), SLICES.part(rows)]
        return Section(title, [*body, *([paragraph(words)] if words else [])])


def plot_lines(ax: Axes, rows: Sequence[Row], color: str) -> list[Mark]:
    """Exact shares of one cell against the index."""
    places = [row["index"] / row["dimension"] for row in rows]
    # Not the model's: a name may be of any length, and the table has it.
    name = f"{rows[0]['cell']}, N = {rows[0]['n']}"
    bars = np.nan_to_num([row["lines_se"] for row in rows])
    return [
        ax.errorbar(
            places, [row["lines"] for row in rows], bars, fmt="o-", ms=3, lw=0.9, color=color, label=name
        )
    ]
