"""Overlaps with a planted direction: measured and exact numbers, energies, rates, and the phase diagram."""

import numpy as np

from morsecensus.analysis.agreement.rare import NO_VARIANCE
from morsecensus.analysis.dataset.batches import Moments
from morsecensus.analysis.page.style import (
    COLORS,
    GREY,
    INK,
    Axes,
    Figure,
    Mark,
    log_scale,
    new_figure,
    shades,
)
from morsecensus.analysis.theory.models.spiked.grid import OVERLAP_EDGES
from morsecensus.analysis.theory.models.spiked.limits import SpikedLimit, descent_line
from morsecensus.analysis.theory.models.spiked.triviality import triviality_line
from morsecensus.analysis.topics.spiked.measure import SpikedCell, SpikedFamily

ALL, MINIMA = COLORS[0], COLORS[1]
_MOST = 0.99
_FEWEST = 1e-3
"""Mean numbers in a bin below this aren't drawn."""
_POINTS_SHOWN = 4000
_NAMED = 8
"""Indices in a legend at most."""


def draw_overlaps(family: SpikedFamily) -> Figure | None:
    """Numbers by overlap, energies and rates at the largest N with positions; None without any."""
    cell = next((cell for cell in reversed(family.cells) if cell.overlaps is not None), None)
    if cell is None:
        return None
    figure, axes = new_figure(1, 3, 2.9)
    plot_overlaps(axes[0], cell)
    plot_points(axes[1], cell)
    plot_rates(axes[2], cell.limit)
    return figure


def draw_phases(p: int, cells: list[tuple[float, float]]) -> Figure:
    """The phase diagram of the matrix-tensor model; ``cells`` are (deltap, 1/delta2)."""
    figure, axes = new_figure(1, 1, 3.0)
    plot_phases(axes[0], p, cells)
    return figure


def plot_overlaps(ax: Axes, cell: SpikedCell) -> list[Mark]:
    """Draw mean numbers in bins of the overlap: points measured, steps exact. Returns the points."""
    artists: list[Mark] = []
    middle = (OVERLAP_EDGES[1:] + OVERLAP_EDGES[:-1]) / 2
    theory, overlaps = cell.theory, cell.overlaps
    for name, color, place in (("all", ALL, 0), ("minima", MINIMA, 1)):
        if theory is not None:
            mean = theory.all_by_overlap()[0].mean if place == 0 else theory.by_overlap().mean[0]
            ax.stairs(np.where(mean > _FEWEST, mean, np.nan), OVERLAP_EDGES, color=color, lw=1, baseline=None)
        if overlaps is not None:
            moments = Moments.of(overlaps.counts if place == 0 else overlaps.minima)
            mean, error = moments.mean, moments.standard_error
            seen = mean > _FEWEST
            artists.append(
                ax.errorbar(middle[seen], mean[seen], error[seen], fmt="o", ms=3, color=color, label=name)
            )
    log_scale(ax)
    ax.set(
        xlabel="overlap m with the signal", ylabel="mean number in a bin", title=f"N = {cell.n}", xlim=(-1, 1)
    )
    ax.legend(loc="upper left", title="points: measured, steps: exact", title_fontsize=7.5)
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.35)  # room for the legend
    return artists


def plot_points(ax: Axes, cell: SpikedCell) -> list[Mark]:
    """Draw energy against overlap of measured points, coloured by index. Returns the points."""
    data = cell.result.cell.dataset
    kept = slice(0, _POINTS_SHOWN)
    overlap = data["position"].isel(row=kept, component=0).values / np.sqrt(cell.n)
    energy, index = data["energy"].isel(row=kept).values, data["index"].isel(row=kept).values
    artists: list[Mark] = []
    seen = np.unique(index[index >= 0])
    colors = shades(int(seen.max(initial=0)) + 1)
    for k in seen:
        mine = index == k
        artists.append(
            ax.plot(overlap[mine], energy[mine], ls="", marker=".", ms=2, color=colors[k], alpha=0.7)[0]
        )
    named = np.unique(seen[np.linspace(0, len(seen) - 1, _NAMED).round().astype(int)]) if len(seen) else seen
    words = {0: "minima", cell.n - 1: "maxima"}
    for k in named:
        ax.plot([], [], ls="", marker="o", ms=4, color=colors[k], label=words.get(int(k), f"index {k}"))
    grid = np.linspace(-1, 1, 101)
    ax.plot(grid, [-cell.signal.value(float(m)) for m in grid], color=GREY, lw=0.8, ls="--")
    ax.set(xlabel="overlap m with the signal", ylabel="energy per spin", xlim=(-1, 1))
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.12 * (2 + len(named) // 2) * (high - low) / 2, high)  # room for the legend
    ax.legend(loc="lower left", ncols=2)
    return artists


def plot_rates(ax: Axes, limit: SpikedLimit) -> list[Mark]:
    """Draw the rates of all points and of minima against the overlap. Returns the two curves."""
    grid = np.linspace(-_MOST, _MOST, 199)
    everything = np.array([limit.complexity(float(m)) for m in grid])
    minima = np.array([limit.minima_complexity(float(m)) for m in grid])
    # far below zero there are none; the axis is for what there is
    floor = -0.35 * max(float(everything.max()), 0.05)
    ax.axhline(0, color=GREY, lw=0.7, zorder=0)
    artists: list[Mark] = [
        ax.plot(grid, np.where(rate > 3 * floor, rate, np.nan), color=color, label=name)[0]
        for rate, color, name in ((everything, ALL, "all points"), (minima, MINIMA, "minima"))
    ]
    ax.set(xlabel="overlap m with the signal", ylabel="rate (1/N) log mean number", xlim=(-1, 1))
    ax.set_ylim(floor, 1.45 * max(float(everything.max()), NO_VARIANCE))
    ax.legend(loc="upper left", title=r"$N \to \infty$", title_fontsize=7.5)
    return artists


def plot_phases(ax: Axes, p: int, cells: list[tuple[float, float]], most: float | None = None) -> list[Mark]:
    """Draw the lines of gradient flow and triviality of the matrix-tensor model, and the cells of a study.

    Args:
        ax: where.
        p: degree of the tensor.
        cells: (deltap, 1/delta2) of each.
        most: largest deltap; by default so that all cells are inside.
    """
    reach = most or max(4.0, 1.15 * max((deltap for deltap, _ in cells), default=0.0))
    grid = np.geomspace(min(0.1, *(0.7 * d for d, _ in cells), reach / 4), reach, 41)
    descent = np.array([descent_line(p, float(d)) for d in grid])
    trivial = np.array([triviality_line(p, float(d)) for d in grid])
    ax.fill_between(grid, descent, trivial, color=COLORS[2], alpha=0.18, lw=0)
    artists: list[Mark] = [
        ax.plot(grid, descent, color=COLORS[2], label="gradient flow finds the signal above")[0],
        ax.plot(grid, trivial, color=INK, ls="--", label="no minima of overlap 0 above")[0],
    ]
    if cells:
        x, y = np.array(cells).T
        artists.append(
            ax.plot(x, y, ls="", marker="D", ms=4, color=COLORS[1], label="cells of this study")[0]
        )
    log_scale(ax, "x")
    ax.set(xlabel=r"noise of the tensor $\Delta_p$", ylabel=r"$1/\Delta_2$", title=f"p = {p}")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))  # beside: cells may be anywhere
    return artists
