"""Mean numbers of critical points against N, and their relative departure from exact numbers."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.estimates.counts import is_odd
from morsecensus.analysis.page.style import (
    BEHIND,
    COLORS,
    EXACT,
    GREY,
    INK,
    Axes,
    Figure,
    Mark,
    legend_above,
    legend_beside,
    log_scale,
    new_figure,
    whole_numbers,
)
from morsecensus.analysis.results import CellResult, at_index

MOST_INDICES = 5
LEAST = 0.05
"""Percent that an axis of departures shows at least: where all landscapes have one number, less is noise."""


def draw_counts(cells: Sequence[CellResult]) -> Figure:
    """Numbers, and where theory knows them their departure from it; of a single N against the index."""
    if len({cell.n for cell in cells}) == 1:
        figure, axes = new_figure(1, 1, 3.2)
        plot_profile(axes[0], cells)
        return figure
    known = any(cell.total is not None for cell in cells)
    figure, axes = new_figure(1, 2 if known else 1, 3.2)
    plot_counts(axes[0], cells)
    if known:
        plot_departures(axes[1], cells)
    return figure


def plot_counts(ax: Axes, cells: Sequence[CellResult]) -> list[Mark]:
    """Draw total and lowest indices against N: measured (points) on exact (lines). Returns the points."""
    artists = []
    odd = all(is_odd(cell.cell) for cell in cells)
    exact = [cell for cell in cells if cell.total is not None]
    if exact:
        ax.plot([c.n for c in exact], [c.total or np.nan for c in exact], color=INK, lw=1, **EXACT)
    totals = [(c.n, float(c.counts["total"]), float(c.counts["total_se"])) for c in cells]
    if any(np.isfinite(total) for _, total, _ in totals):
        artists.append(_points(ax, totals, INK, "all"))
    for index in range(min(MOST_INDICES, max(c.cell.levels for c in cells))):
        # of an odd landscape, indices above the middle repeat those below it
        shown = [c for c in cells if (2 * index <= c.cell.levels - 1 if odd else index < c.cell.levels)]
        shown = [c for c in shown if c.cell.known[index]]
        known = [c for c in shown if at_index(c.by_index, index) is not None]
        color = COLORS[index % len(COLORS)]
        if known:
            values = [c.by_index[index] for c in known if c.by_index is not None]
            ax.plot([c.n for c in known], values, color=color, lw=1, **EXACT)
        rows = [
            (c.n, float(c.counts["mean"][index]), float(np.nan_to_num(c.counts["se"][index]))) for c in shown
        ]
        if any(np.isfinite(mean) for _, mean, _ in rows):
            artists.append(_points(ax, rows, color, f"index {index}"))
    log_scale(ax)
    ax.set(xlabel="N", ylabel="mean number of points")
    whole_numbers(ax)
    legend_above(ax, "points: measured, lines: exact", 3)
    return artists


def plot_profile(ax: Axes, cells: Sequence[CellResult]) -> list[Mark]:
    """Draw the numbers of one N against the index: measured points on exact dashes. Returns the points."""
    artists: list[Mark] = []
    for place, cell in enumerate(cells):
        color, index = COLORS[place % len(COLORS)], np.arange(cell.cell.levels)
        mean, error = cell.counts["mean"].values, np.nan_to_num(cell.counts["se"].values)
        exact = [at_index(cell.by_index, k) for k in range(len(index))]
        known = [(k, value) for k, value in enumerate(exact) if value is not None]
        if known:
            ax.plot(*np.array(known).T, color=color, lw=1, ms=14, marker="_", label="exact")
        seen = np.isfinite(mean)
        label = "measured" if len(cells) == 1 else f"measured, {cell.cell.name}"
        artists.append(ax.errorbar(index[seen], mean[seen], error[seen], fmt="o", color=color, label=label))
    ax.set(xlabel="index", ylabel="mean number of points", title=cells[0].label)
    ax.set_ylim(bottom=0)
    whole_numbers(ax)
    legend_beside(ax, "")
    return artists


def _points(ax: Axes, rows: Sequence[tuple[float, float, float]], color: str, label: str) -> Mark:
    # a logarithmic scale has no zero: an index of which none was found isn't drawn
    x, y, error = np.array([row for row in rows if row[1] > 0] or [(np.nan,) * 3]).T
    return ax.errorbar(x, y, np.nan_to_num(error), fmt="o", color=color, label=label)


def plot_departures(ax: Axes, cells: Sequence[CellResult]) -> list[Mark]:
    """Draw measured / exact - 1 in percent, with one standard error, for all points and minima."""
    artists = []
    for looks, color, name in ((BEHIND, INK, "all"), ({}, COLORS[0], "minima")):
        rows = []
        for c in cells:
            if name == "all":
                found, error, exact = float(c.counts["total"]), float(c.counts["total_se"]), c.total
            else:
                found, error = float(c.counts["mean"][0]), float(c.counts["se"][0])
                exact = None if c.by_index is None else float(c.by_index[0])
            if exact and np.isfinite(found):
                rows.append((c.n, 100 * (found / exact - 1), 100 * float(np.nan_to_num(error)) / exact))
        if rows:
            x, y, e = np.array(rows).T
            artists.append(ax.errorbar(x, y, e, fmt="o", color=color, label=name, **looks))
    ax.axhline(0, color=GREY, lw=0.8, zorder=0)
    ax.set(xlabel="N", ylabel="measured / exact − 1  (%)")
    whole_numbers(ax)
    low, high = ax.get_ylim()
    ax.set_ylim(min(low, -LEAST), max(high, LEAST))
    legend_above(ax, "bars: one standard error")
    return artists
