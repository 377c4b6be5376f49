"""Mean numbers of critical points against N, and their relative departure from exact numbers."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.estimates.counts import is_odd
from morsecensus.analysis.page.style import (
    COLORS,
    EXACT,
    GREY,
    INK,
    Axes,
    Figure,
    Mark,
    new_figure,
    whole_numbers,
)
from morsecensus.analysis.results import CellResult, at_index

MOST_INDICES = 5


def draw_counts(cells: Sequence[CellResult]) -> Figure:
    """Numbers, and where theory knows them their departure from it."""
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
    ax.set_yscale("log")
    ax.set(xlabel="N", ylabel="mean number of points")
    whole_numbers(ax)
    ax.legend(ncols=2, loc="upper left", title="points: measured, lines: exact", title_fontsize=7.5)
    ax.set_ylim(top=ax.get_ylim()[1] * 8)
    return artists


def _points(ax: Axes, rows: Sequence[tuple[float, float, float]], color: str, label: str) -> Mark:
    # a logarithmic scale has no zero: an index of which none was found isn't drawn
    x, y, error = np.array([row for row in rows if row[1] > 0] or [(np.nan,) * 3]).T
    return ax.errorbar(x, y, np.nan_to_num(error), fmt="o", color=color, label=label)


def plot_departures(ax: Axes, cells: Sequence[CellResult]) -> list[Mark]:
    """Draw measured / exact - 1 in percent, with one standard error, for all points and minima."""
    artists = []
    for shift, color, name in ((-0.08, INK, "all"), (0.08, COLORS[0], "minima")):
        rows = []
        for c in cells:
            if name == "all":
                found, error, exact = float(c.counts["total"]), float(c.counts["total_se"]), c.total
            else:
                found, error = float(c.counts["mean"][0]), float(c.counts["se"][0])
                exact = None if c.by_index is None else float(c.by_index[0])
            if exact and np.isfinite(found):
                rows.append(
                    (c.n + shift, 100 * (found / exact - 1), 100 * float(np.nan_to_num(error)) / exact)
                )
        if rows:
            x, y, e = np.array(rows).T
            artists.append(ax.errorbar(x, y, e, fmt="o", color=color, label=name))
    ax.axhline(0, color=GREY, lw=0.8, zorder=0)
    ax.set(xlabel="N", ylabel="measured / exact − 1  (%)")
    whole_numbers(ax)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.2 * (high - low))
    if artists:
        ax.legend(ncols=2, loc="upper left", title="one standard error", title_fontsize=7.5)
    return artists
