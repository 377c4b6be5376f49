"""Figures of hidden units: numbers by index, bad minima and the band against the coupling."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.page.style import (
    COLORS,
    MARKERS,
    Axes,
    Figure,
    Mark,
    legend_below,
    new_figure,
    shades,
    whole_numbers,
)
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.units.barriers import bars_of, bars_row
from morsecensus.analysis.topics.units.measure import UnitsCell

Cells = Sequence[UnitsCell]
MOST_PANELS = 6


def draw_indices(cells: Cells) -> Figure:
    """Mean numbers of points by index, a panel for each n and K, a colour for each coupling."""
    shown = list(dict.fromkeys((one.cell.n, one.units) for one in cells))[-MOST_PANELS:]
    couplings = sorted({one.coupling for one in cells})
    colors = dict(zip(couplings, shades(len(couplings)), strict=True))
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = new_figure(rows, columns, 2.5 * rows + 0.3)
    for ax, place in zip(axes, shown, strict=False):
        plot_indices(ax, [one for one in cells if (one.cell.n, one.units) == place], colors)
        ax.set_title(f"n = {place[0]}, K = {place[1]}")
    for ax in axes[len(shown) :]:
        ax.remove()
    legend_below(figure, [(f"coupling {value:g}", color) for value, color in colors.items()])
    return figure


def plot_indices(ax: Axes, cells: Cells, colors: dict[float, str]) -> list[Mark]:
    """One panel; errors are over landscapes."""
    marks: list[Mark] = []
    for one in cells:
        mean, error = mean_and_error(one.cell.dataset["points_by_index"].values.astype(np.float64))
        bars = np.nan_to_num(error)
        marks.append(
            ax.errorbar(np.arange(len(mean)), mean, bars, fmt="o-", ms=3, lw=0.9, color=colors[one.coupling])
        )
    ax.set(xlabel="Morse index", ylabel="points of a landscape", ylim=(0, None))
    whole_numbers(ax)
    return marks


def draw_minima(cells: Cells) -> Figure | None:
    """Bad minima and the band against the coupling, or against K where the coupling is one."""
    against = "coupling" if len({one.coupling for one in cells}) > 1 else "units"
    if len({getattr(one, against) for one in cells}) < 2:
        return None
    figure, axes = new_figure(1, 3, 2.9)
    entries = []
    other = "units" if against == "coupling" else "coupling"
    lines = list(dict.fromkeys((one.cell.n, getattr(one, other)) for one in cells))
    for number, (n, value) in enumerate(lines):
        own = [one for one in cells if (one.cell.n, getattr(one, other)) == (n, value)]
        color = COLORS[number % len(COLORS)]
        plot_minima(axes, own, against, color, MARKERS[number % len(MARKERS)])
        entries.append((f"n = {n}, {'K =' if other == 'units' else 'coupling'} {value:g}", color))
    labels = ("minima above the lowest, share", "landscapes with one, share", "highest less lowest minimum")
    for ax, label in zip(axes, labels, strict=True):
        ax.set(xlabel="coupling" if against == "coupling" else "units K", ylabel=label)
        ax.set_ylim(0, None if ax is axes[2] else 1.04)
        if against == "units":
            whole_numbers(ax)
    legend_below(figure, entries)
    return figure


def draw_barriers(cells: Cells) -> Figure | None:
    """Mean barriers against the coupling, a line for each n and K; None without topology."""
    known = [(one, bars) for one in cells if (bars := bars_of(one)) is not None and len(bars.owner)]
    if not known:
        return None
    rows = [bars_row(one, bars) for one, bars in known]
    figure, axes = new_figure(1, 2, 2.9)
    lines = list(dict.fromkeys((row["n"], row["units"]) for row in rows))
    for number, place in enumerate(lines):
        own = [row for row in rows if (row["n"], row["units"]) == place]
        plot_barriers(axes, own, COLORS[number % len(COLORS)], MARKERS[number % len(MARKERS)])
    labels = ("barrier, energy per spin", "barrier over energy range")
    for ax, label in zip(axes, labels, strict=True):
        ax.set(xlabel="coupling", ylabel=label, ylim=(0, None))
    legend_below(
        figure,
        [(f"n = {n}, K = {k}", COLORS[number % len(COLORS)]) for number, (n, k) in enumerate(lines)],
    )
    return figure


def plot_barriers(axes: Sequence[Axes], rows: Sequence[Row], color: str, marker: str) -> list[Mark]:
    """One line in each panel; a single unit has no coupling."""
    style = {"fmt": f"{marker}-", "ms": 3.4, "lw": 0.9, "color": color}
    places = [row["coupling"] if row["units"] > 1 else 0.0 for row in rows]
    return [
        ax.errorbar(
            places, [row[name] for row in rows], np.nan_to_num([row[f"{name}_se"] for row in rows]), **style
        )
        for ax, name in zip(axes, ("barrier", "relative"), strict=True)
    ]


def plot_minima(axes: Sequence[Axes], cells: Cells, against: str, color: str, marker: str) -> list[Mark]:
    """One line in each of the three panels."""
    marks: list[Mark] = []
    places = [getattr(one, against) for one in cells]
    style = {"fmt": f"{marker}-", "ms": 3.4, "lw": 0.9, "color": color}
    for ax, name in ((axes[0], "share"), (axes[2], "width")):
        mean, error = np.array([getattr(one, name) for one in cells]).T
        marks.append(ax.errorbar(places, mean, np.nan_to_num(error), **style))
    share, low, high = np.array([one.bad for one in cells]).T
    marks.append(axes[1].errorbar(places, share, np.nan_to_num([share - low, high - share]), **style))
    return marks
