"""The fraction of minima against the dimension, beside laws that are often quoted for it."""

import numpy as np

from morsecensus.analysis.page.style import (
    COLORS,
    EXACT,
    GREY,
    INK,
    MARKERS,
    Axes,
    Figure,
    Mark,
    legend_above,
    legend_beside,
    log_scale,
    new_figure,
    whole_numbers,
)
from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.topics.minima.measure import (
    MOST_SHIFTLESS,
    MinimaShare,
    counted,
    counts_of,
    dimension_of,
    expected_share,
    independent_signs,
    measured_share,
    zero_shift,
)
from morsecensus.analysis.topics.rows import head, label


def draw_share(found: MinimaShare) -> Figure:
    """One panel."""
    figure, axes = new_figure(1, 1, 3.4)
    plot_share(axes[0], found)
    return figure


def plot_share(ax: Axes, found: MinimaShare) -> list[Mark]:
    """Draw measured fractions (points) on those of theory (lines). Returns the points."""
    artists: list[Mark] = []
    lowest = 1.0
    for place, family in enumerate(found.families):
        color, marker = COLORS[place % len(COLORS)], MARKERS[place % len(MARKERS)]
        cells = [cell for cell in family.cells if counted(cell)]
        theory = [(dimension_of(c), expected_share(c)) for c in cells]
        exact = [(d, share[0]) for d, share in theory if share is not None]
        ax.plot(*np.array(exact).T, color=color, lw=1)
        lowest = min([lowest, *(share for _, share in exact)])
        rows = [(dimension_of(c), *measured_share(counts_of(c))) for c in cells]
        rows = [row for row in rows if row[1] > 0]
        if rows:
            d, share, error = np.array(rows).T
            text = label(head(cells[0].cell)) + (f", {family.finder}" if family.finder else "")
            artists.append(ax.errorbar(d, share, np.nan_to_num(error), fmt=marker, color=color, label=text))
    grid = np.arange(1, max(found.dimensions) + 1)
    ax.plot(
        grid,
        [independent_signs(int(d)) for d in grid],
        color=INK,
        ls=":",
        label="independent signs, 2⁻ᵈ",
    )
    few = grid[grid <= MOST_SHIFTLESS]
    ax.plot(few, [zero_shift(int(d)) for d in few], color=GREY, ls="-.", label="GOE without a shift")
    log_scale(ax)
    ax.set_ylim(max(lowest, 1e-12) / 8, 1.0)
    ax.set(xlabel="dimension d", ylabel="minima / all critical points")
    whole_numbers(ax)
    legend_beside(ax, "points: measured\nlines: theory at this N")
    return artists


def plot_shares_of(ax: Axes, family: FamilyResult) -> list[Mark]:
    """Draw the shares of one family against N, on those of theory and of coins."""
    cells = [cell for cell in family.cells if cell.cell.points]
    known = [(cell.n, share[0]) for cell in cells if (share := expected_share(cell)) is not None]
    if known:
        ax.plot(*np.array(known).T, color=COLORS[0], lw=1, label="theory", **EXACT)
    rows = [(cell.n, *measured_share(counts_of(cell))) for cell in cells]
    n, share, error = np.array([row for row in rows if row[1] > 0] or [(np.nan,) * 3]).T
    coins = [independent_signs(dimension_of(cell)) for cell in cells]
    ax.plot([cell.n for cell in cells], coins, color=GREY, ls=":", label="independent signs")
    mark = ax.errorbar(n, share, np.nan_to_num(error), fmt="o", color=COLORS[0], label="measured")
    log_scale(ax)
    ax.set(xlabel="N", ylabel="minima / all points")
    whole_numbers(ax)
    legend_above(ax)
    return [mark]
