"""The report's section on hidden units."""

from collections.abc import Mapping, Sequence

from morsecensus.analysis.agreement.verdicts import CellTest, check
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import Part, note, paragraph
from morsecensus.analysis.page.style import Figure
from morsecensus.analysis.page.table import Column, Row, Table, exact, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import CELL, LANDSCAPES
from morsecensus.analysis.topics.units.barriers import bars_of, bars_row
from morsecensus.analysis.topics.units.figure import draw_barriers, draw_indices, draw_minima
from morsecensus.analysis.topics.units.measure import UnitsCell, cell_row, find_units, groups_of

_TEXT = (
    "Tier 2, a census with a ledger. K hidden units on a product of spheres: at coupling 0 they are "
    "independent spin glasses, with coupling a soft committee machine. Without coupling points are tuples of "
    "points of one unit, so in every complete landscape the numbers by index are a K-th power; with coupling "
    "they aren't, which is the negative control. A minimum is bad if it lies above the lowest one. Errors "
    "are over landscapes; in a cell with open landscapes numbers are of what was found, so too low."
)
_CAPTIONS = {
    "indices": "Mean numbers of critical points by index, a colour for each coupling.",
    "minima": "Share of minima that lie above the lowest one, share of landscapes that have such a minimum, "
    "and the energy per spin between the lowest and the highest minimum.",
    "barriers": "Mean barrier from a minimum to a lower one, the length of its bar in degree 0 of sublevel "
    "sets, against the coupling: per spin, and over the range of energies of its landscape.",
}


def _with_interval(row: Row) -> str:
    return f"{row['bad']:.2f} ({row['bad_low']:.2f} to {row['bad_high']:.2f})"


UNITS = Table(
    "units",
    "Hidden units: one row for each cell.",
    (
        CELL,
        Column("setting", "kernel and teachers"),
        Column("n", "size n of a sphere", title="n"),
        Column("units", "number K of units", title="K"),
        Column("coupling", "between units", title="coupling", form="{:g}".format),
        LANDSCAPES,
        Column("open", "those of them that aren't complete", "landscapes", "open"),
        *measured("points", "points_se", "mean number of critical points", "points", "points"),
        Column("exact", "the same in theory", "points", "theory", shown=exact("exact", "exact_se")),
        Column("exact_se", "its error", "points"),
        Column("z", "(measured - theory)/error", title="z", form=r.score),
        *measured("minima", "minima_se", "mean number of minima", "points", "minima"),
        *measured("share", "share_se", "share of minima above the lowest", "", "above the lowest"),
        Column("bad", "share of landscapes with one", "", "landscapes with one", shown=_with_interval),
        Column("bad_low", "lower end of its 95 % interval (Clopper, Pearson)"),
        Column("bad_high", "upper end"),
        *measured("width", "width_se", "highest less lowest energy of minima", "energy per spin", "width"),
        Column(
            "surviving_share",
            "share of minima of one unit that are minima where all units are equal, in theory",
            title="survive doubling",
            form=r.digits(3),
        ),
        Column("complete", "complete landscapes", "landscapes"),
        Column(
            "powers",
            "complete landscapes whose numbers by index are a K-th power",
            "landscapes",
            "K-th powers",
            shown=lambda row: f"{row['powers']} of {row['complete']}",
        ),
    ),
    "K-th powers: complete landscapes whose numbers by index are the K-th power of those of one unit: all of "
    "them at coupling 0. Survive doubling: share of the minima of one unit that stay minima where every unit "
    "is at that point, exact but for sampling.",
)


BARRIERS = Table(
    "units_barriers",
    "Sublevel sets of hidden units: bars of degree 0, one row for each cell with topology.",
    (
        CELL,
        Column("n", "size n of a sphere", title="n"),
        Column("units", "number K of units", title="K"),
        Column("coupling", "between units", title="coupling", form="{:g}".format),
        LANDSCAPES,
        Column("trees", "those of them whose merge tree is known", "landscapes", "trees"),
        *measured("bars", "bars_se", "mean number of finite bars: minima but the lowest", "", "bars"),
        *measured("barrier", "barrier_se", "mean barrier to a lower minimum", "energy per spin", "barrier"),
        *measured("relative", "relative_se", "the same over the range of energies", "", "over the range"),
        *measured("top", "top_se", "where bars end, from the lowest energy, over the range", "", "ends at"),
    ),
    "Complete censuses, so bars are of all minima. Errors are over landscapes.",
)


class HiddenUnits(Topic[tuple[UnitsCell, ...]]):
    """A section for each kernel and kind of teacher."""

    anchor, declared, numbered, whole = "units", (UNITS, BARRIERS), True, True

    def find(self, study: StudyResult) -> list[tuple[UnitsCell, ...]]:
        return groups_of(find_units(study.families))

    def tables(self, found: tuple[UnitsCell, ...]) -> Mapping[Table, Sequence[Row]]:
        bars = [(one, bars_of(one)) for one in found]
        known = [bars_row(one, own) for one, own in bars if own is not None and len(own.owner)]
        return {UNITS: [cell_row(one) for one in found], BARRIERS: known}

    def figures(self, found: tuple[UnitsCell, ...]) -> Mapping[str, Figure]:
        drawn = {"indices": draw_indices(found), "minima": draw_minima(found)}
        drawn["barriers"] = draw_barriers(found)
        return {name: figure for name, figure in drawn.items() if figure is not None}

    def tests(self, found: tuple[UnitsCell, ...]) -> list[CellTest]:
        """Without coupling no complete landscape may be anything but a K-th power."""
        return [
            check([one.cell], "units apart", one.powers[1] - one.powers[0], 0, one.powers[1], self.anchor)
            for one in _apart(found)
        ]

    def section(self, found: tuple[UnitsCell, ...]) -> Section:
        title = f"Hidden units: {', '.join(found[0].fields)}"
        rows = self.tables(found)
        pictures = [Picture(name, f"{title}: {name}", text) for name, text in _CAPTIONS.items()]
        body = [paragraph(_TEXT), *_verdict(found), *pictures, UNITS.part(rows[UNITS])]
        body += [BARRIERS.part(rows[BARRIERS])] if rows[BARRIERS] else []
        return Section(title, body)


def _apart(found: Sequence[UnitsCell]) -> list[UnitsCell]:
    """Cells of several units without coupling that have complete landscapes."""
    return [one for one in found if one.coupling == 0 and one.units > 1 and one.powers[1]]


def _verdict(found: Sequence[UnitsCell]) -> list[Part]:
    """What holds landscape by landscape, and its control; nothing without a cell at coupling 0."""
    apart = _apart(found)
    if not apart:
        return []
    hold, of = (sum(one.powers[k] for one in apart) for k in range(2))
    coupled = [one for one in found if one.coupling != 0 and one.units > 1]
    control, others = (sum(one.powers[k] for one in coupled) for k in range(2))
    text = f"At coupling 0 {hold:,} of {of:,} complete landscapes are tuples of one unit's points"
    text += f"; with coupling {control:,} of {others:,} look so." if others else "."
    return [note(text, "good" if hold == of else "bad")]
