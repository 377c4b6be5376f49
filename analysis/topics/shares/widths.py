"""The report's section on lines between trained ReLU students, against the number of students."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import chi2

from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.estimates.powers import ENOUGH, power
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import paragraph
from morsecensus.analysis.page.style import (
    COLORS,
    GREY,
    MARKERS,
    Axes,
    Figure,
    Mark,
    legend_beside,
    log_scale,
    new_panel,
)
from morsecensus.analysis.page.table import Column, Row, Table, measured
from morsecensus.analysis.results import StudyResult
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.layout import Picture, Section
from morsecensus.analysis.topics.rows import CELL
from morsecensus.analysis.topics.shares.lines import FEWEST, Lines, lines_of
from morsecensus.analysis.topics.shares.read import find_shares

WIDE = 2
"""Times the teachers: widths from here on are fitted by a power. Arbitrary."""
ROUNDING = 1e-12
"""A barrier below is rounding."""
Found = tuple[Lines, ...]

_TEXT = (
    "Tier 3, descents. Two ends of descents are joined by a straight line, the students of one in the "
    "order that brings it closest to the other; what the loss rises to above the line between the losses "
    "at the ends is the barrier. The loss is that over all Gaussian inputs, in closed form. Of wide "
    "networks trained on data arXiv:2503.06001 has a barrier that falls as m^(-1/2), after a peak at m = "
    "M and a dip near 2 M."
)
_CAPTION = (
    "Mean barriers with units matched, against students over teachers; those that are rounding are drawn "
    "on the axis. Dotted: as many students as teachers, and twice as many."
)


def _barrier(row: Row) -> str:
    small = row["matched_max"] < ROUNDING
    return f"below {ROUNDING:.0e}" if small else r.estimate(row["matched"], row["matched_se"])


WIDTHS = Table(
    "shares_lines",
    "Straight lines between ends of descents of ReLU students: one row for each cell.",
    (
        CELL,
        Column("k", "number M of teachers", title="M"),
        Column("units", "number m of students", title="m"),
        Column("pairs", "lines", title="pairs"),
        Column("matched", "mean barrier, units matched", "loss", "barrier, matched", shown=_barrier),
        Column("matched_se", "its standard error", "loss"),
        Column("matched_max", "the largest", "loss", "largest", r.digits(3)),
        *measured("straight", "straight_se", "mean barrier of units as they are", "loss", "as trained"),
    ),
    "Errors are over pairs, which share no run.",
)
RATES = Table(
    "shares_line_rates",
    "Powers of the width that matched barriers follow: one row for each number of teachers.",
    (
        Column("k", "number M of teachers", title="M"),
        Column("widths", "numbers of students that are fitted", title="m", left=True),
        *measured("exponent", "exponent_se", "weighted least squares of logarithms", "", "exponent"),
        Column("expected", "in arXiv:2503.06001", title="expected", form=r.digits(2)),
        Column("z", "difference over the standard error", title="z", form=r.score),
        Column("p", "that means lie on a power, from chi squared", title="p", form=r.probability),
        Column("peak", "students of the largest mean barrier, of m >= M", title="peak at m"),
    ),
    f"Fitted are widths of {WIDE} M and more; z and p are given from {ENOUGH} pairs on.",
)


class LinesBetweenStudents(Topic[Found]):
    """One section for all cells; none where no number of teachers has several widths."""

    anchor, declared = "shares-lines", (RATES, WIDTHS)

    def find(self, study: StudyResult) -> list[Found]:
        cells = find_shares(study.study)
        several = [one for one in cells if len({o.units for o in cells if o.k == one.k}) >= FEWEST]
        known = [lines_of(one) for one in sorted(several, key=lambda one: (one.k, one.units))]
        found = tuple(one for one in known if len(one.ends) >= FEWEST)
        return [found] if found else []

    def tables(self, found: Found) -> Mapping[Table, Sequence[Row]]:
        rows = [width_row(one) for one in found]
        teachers = dict.fromkeys(row["k"] for row in rows)
        rates = [rate_row(k, [row for row in rows if row["k"] == k]) for k in teachers]
        return {RATES: [row for row in rates if row], WIDTHS: rows}

    def figures(self, found: Found) -> Mapping[str, Figure]:
        figure, ax = new_panel(5.4, 3.2)
        plot_widths(ax, [width_row(one) for one in found])
        return {"": figure}

    def section(self, found: Found) -> Section:
        title, rows = "Lines between trained ReLU students", self.tables(found)
        parts = [table.part(rows[table]) for table in self.declared if rows[table]]
        return Section(title, [paragraph(_TEXT), Picture("", title, _CAPTION), *parts])


def width_row(one: Lines) -> Row:
    """Of one width."""
    (matched, straight), (matched_se, straight_se) = mean_and_error(one.barriers)
    return {
        "cell": one.cell.cell,
        "k": one.cell.k,
        "units": one.cell.units,
        "pairs": len(one.ends),
        "matched": float(matched),
        "matched_se": float(matched_se),
        "matched_max": float(one.barriers[:, 0].max()),
        "straight": float(straight),
        "straight_se": float(straight_se),
    }


def rate_row(k: int, rows: Sequence[Row]) -> Row:
    """The power of wide networks, and where the barrier is largest; nothing with too few widths."""
    wide = [row for row in rows if row["units"] >= WIDE * k and row["matched"] > ROUNDING]
    if len(wide) < FEWEST:
        return {}
    names = ("units", "matched", "matched_se")
    m, means, errors = np.array([[row[name] for name in names] for row in wide]).T
    slope, error, square, _ = power(m, means, errors)
    ample = [row for row in rows if row["units"] >= k]
    many = min(row["pairs"] for row in wide) >= ENOUGH
    return {
        "k": k,
        "widths": f"{m[0]:g} to {m[-1]:g}",
        "exponent": slope,
        "exponent_se": error,
        "expected": -0.5,
        "z": (slope + 0.5) / error if many else None,
        "p": float(chi2.sf(square, len(m) - 2)) if many else None,
        "peak": max(ample, key=lambda row: row["matched"])["units"],
    }


def plot_widths(ax: Axes, rows: Sequence[Row]) -> list[Mark]:
    """Mean barriers, a colour for each number of teachers."""
    marks: list[Mark] = []
    lowest = min((row["matched"] for row in rows if row["matched"] > ROUNDING), default=1.0) / 3
    for number, k in enumerate(dict.fromkeys(row["k"] for row in rows)):
        own = [row for row in rows if row["k"] == k]
        places = [row["units"] / k for row in own]
        values = [max(row["matched"], lowest) for row in own]
        bars = [row["matched_se"] if row["matched"] > ROUNDING else 0.0 for row in own]
        style = {"fmt": f"{MARKERS[number]}-", "ms": 3.4, "lw": 0.9, "color": COLORS[number % len(COLORS)]}
        marks.append(ax.errorbar(places, values, bars, label=f"M = {k}", **style))
    for place in (1, WIDE):
        ax.axvline(place, color=GREY, lw=0.7, ls=":")
    ax.set(xlabel="students over teachers, m/M", ylabel="barrier, units matched", ylim=(lowest, None))
    log_scale(ax, "x")
    log_scale(ax)
    legend_beside(ax, "")
    return marks
