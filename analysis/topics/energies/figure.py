"""Energies: histograms on exact densities, bands of minima, index against energy, lowest energies."""

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.page.style import (
    BEHIND,
    COLORS,
    GREY,
    INK,
    PALE,
    Axes,
    Figure,
    Mark,
    legend_above,
    legend_beside,
    log_scale,
    new_figure,
    shades,
    whole_numbers,
)
from morsecensus.analysis.results import CellResult, FamilyResult
from morsecensus.analysis.topics.rows import some, well_filled

MOST_HISTOGRAMS = 6
MOST_CURVES = 8
"""Sizes whose curves shades tell apart: of more, so many evenly spread, and the caption names the rest."""


def draw_histograms(family: FamilyResult) -> Figure:
    """A panel for each of some cells, all of one scale."""
    shown = some(family.cells, MOST_HISTOGRAMS)
    columns = 2 if len(shown) == 4 else min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = new_figure(rows, columns, 0.7 + 2.3 * rows, share=True)
    for ax, cell in zip(axes, shown, strict=False):
        plot_histogram(ax, cell, family.floor, family.floor_label)
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    for ax in axes[len(shown) - columns : len(shown)]:
        ax.tick_params(labelbottom=True)  # also where the panel below is not there
    bottoms = [ax.get_ylim()[0] for ax in axes[: len(shown)]]
    axes[0].set_ylim(min(bottoms), max(1.6 * max(map(_top, shown)), 1e-3))
    figure.supxlabel("energy per spin", fontsize=8.5)
    figure.supylabel("density per landscape", fontsize=8.5)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def draw_bands(family: FamilyResult) -> Figure:
    """The law of the energy of minima; where there are several N, its mean and width against N too."""
    several = len({cell.n for cell in family.cells}) > 1
    figure, axes = new_figure(1, 2 if several else 1, 3.4)
    plot_bands(axes[0], family)
    if several:
        plot_band_widths(axes[1], family)
    return figure


def draw_index_against_energy(family: FamilyResult) -> Figure:
    """One panel."""
    figure, axes = new_figure(1, 1, 3.4)
    plot_index_against_energy(axes[0], family)
    return figure


def draw_lowest(family: FamilyResult) -> Figure:
    """One panel."""
    figure, axes = new_figure(1, 1, 3.4)
    plot_lowest(axes[0], family)
    return figure


def mark_floor(ax: Axes, floor: float | None, label: str = "") -> None:
    """Draw the threshold energy as a vertical line."""
    if floor is not None:
        ax.axvline(floor, color=COLORS[1], lw=0.9, ls=(0, (4, 2)), label=label or None, zorder=0)


def _edges(cell: CellResult) -> Floats:
    return np.append(cell.histogram["low"].values, cell.histogram["high"].values[-1])


def _top(cell: CellResult) -> float:
    """The largest density in a bin: of all points, or of minima where not all were sought."""
    data = cell.histogram
    name = "all" if cell.cell.known.all() else "minima"
    return float(np.max(data[name].values / (data["high"].values - data["low"].values)))


def plot_histogram(ax: Axes, cell: CellResult, floor: float | None, floor_label: str) -> list[Mark]:
    """Draw densities of all points and of minima per landscape, with errors, on the exact ones."""
    edges, data = _edges(cell), cell.histogram
    middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    artists: list[Mark] = []
    whole = bool(cell.cell.known.all())
    if whole:
        values = data["all"].values / width
        artists.append(ax.stairs(values, edges, fill=True, color=PALE, label="all, measured"))
    for name, color in (("all", INK), ("minima", COLORS[0])) if whole else (("minima", COLORS[0]),):
        mean, se = data[name].values / width, np.nan_to_num(data[f"{name}_se"].values) / width
        seen = mean > 0
        label = "minima, measured" if name == "minima" else None
        mark = "o" if name == "minima" else "none"
        artists.append(
            ax.errorbar(
                middle[seen], mean[seen], se[seen], fmt=mark, ms=2.2, lw=0.7, color=color, label=label
            )
        )
    if cell.curve_all is not None and whole:
        artists += ax.plot(cell.grid, cell.curve_all, color=INK, lw=1, label="all, exact")
    if cell.curve is not None:
        artists += ax.plot(cell.grid, cell.curve[0], color=COLORS[0], lw=1, label="minima, exact")
    mark_floor(ax, floor, floor_label)
    log_scale(ax)
    top = max(_top(cell), 1e-3)
    # one point in a bin, in one landscape of all; but the exact curve must show too
    bottom = 0.6 / (cell.cell.landscapes * width[0])
    if cell.curve_all is not None and whole:
        bottom = min(bottom, 0.02 * float(cell.curve_all.max()))
    ax.set_ylim(bottom, top * 2.5)
    ax.set_xlim(edges[0], edges[-1])
    ax.set_title(cell.label)
    return artists


def plot_bands(ax: Axes, family: FamilyResult) -> list[Mark]:
    """Draw the law of the energy of minima for each N: it narrows towards the floor as N grows."""
    artists: list[Mark] = []
    low, high = np.inf, -np.inf
    cells = some(family.cells, MOST_CURVES)
    for cell, color in zip(cells, shades(len(cells)), strict=True):
        edges, data = _edges(cell), cell.histogram
        total = float(data["minima"].sum())
        if total == 0:
            continue
        middle, scale = (edges[1:] + edges[:-1]) / 2, total * np.diff(edges)
        mean, se = data["minima"].values / scale, np.nan_to_num(data["minima_se"].values) / scale
        seen = mean > 0
        low, high = min(low, middle[seen].min()), max(high, middle[seen].max())
        artists.append(
            ax.errorbar(
                middle[seen], mean[seen], se[seen], fmt="o", ms=2.4, lw=0.7, color=color, label=cell.label
            )
        )
        if cell.curve is not None and cell.by_index is not None:
            artists += ax.plot(cell.grid, cell.curve[0] / cell.by_index[0], color=color, lw=1)
    mark_floor(ax, family.floor, family.floor_label)
    ax.set(xlabel="energy per spin of minima", ylabel="probability density")
    ax.set_ylim(bottom=0)
    if low < high:
        ax.set_xlim(low - 0.1 * (high - low), high + 0.1 * (high - low))
    legend_above(ax, "points: measured, lines: exact", 4)
    return artists


def plot_band_widths(ax: Axes, family: FamilyResult) -> list[Mark]:
    """Draw mean and standard deviation of the energy of minima against N, and the mean lowest energy."""
    cells = family.cells
    n = np.array([c.n for c in cells])
    known = [c for c in cells if c.energy_mean is not None and c.energy_sd is not None]
    artists: list[Mark] = []
    if known:
        m = np.array([float(c.energy_mean[0]) for c in known if c.energy_mean is not None])
        s = np.array([float(c.energy_sd[0]) for c in known if c.energy_sd is not None])
        x = [c.n for c in known]
        artists.append(
            ax.fill_between(x, m - s, m + s, color=COLORS[0], alpha=0.15, lw=0, label="minima, exact")
        )
        artists += ax.plot(x, m, color=COLORS[0], lw=1)
    mean = np.array([float(c.energies["mean"][0]) for c in cells])
    sd = np.array([float(c.energies["sd"][0]) for c in cells])
    artists.append(ax.errorbar(n, mean, sd, fmt="o", color=COLORS[0], label="minima", **BEHIND))
    low = np.array([float(c.lowest["mean"]) for c in cells])
    spread = np.nan_to_num(np.array([float(c.lowest["sd"]) for c in cells]))
    artists.append(ax.errorbar(n, low, spread, fmt="s", color=INK, label="lowest one"))
    if family.floor is not None:
        ax.axhline(family.floor, color=COLORS[1], lw=0.9, ls=(0, (4, 2)), label=family.floor_label)
    ax.set(xlabel="N", ylabel="energy per spin")
    whole_numbers(ax)
    legend_above(ax, "mean, bars and band: ± standard deviation")
    return artists


def plot_index_against_energy(ax: Axes, family: FamilyResult) -> list[Mark]:
    """Draw the mean of index/dimension at each energy: measured, exact at finite N, and the limit."""
    artists: list[Mark] = []
    cells = some(family.cells, MOST_CURVES)
    grid = np.zeros(0)
    for cell, color in zip(cells, shades(len(cells)), strict=True):
        edges, data = _edges(cell), cell.histogram
        grid = cell.grid
        middle = (edges[1:] + edges[:-1]) / 2
        most = cell.cell.levels - 1
        index, se = data["index"].values / most, np.nan_to_num(data["index_se"].values) / most
        seen = well_filled(cell)
        artists.append(
            ax.errorbar(
                middle[seen], index[seen], se[seen], fmt="o", ms=2.4, lw=0.7, color=color, label=cell.label
            )
        )
        if cell.curve is not None:
            total = cell.curve.sum(axis=0)
            shown = total > 1e-3 * total.max()
            mean = np.arange(most + 1) @ cell.curve[:, shown] / total[shown] / most
            artists += ax.plot(grid[shown], mean, color=color, lw=1)
    grid = np.linspace(grid[0], grid[-1], 193)
    limit = family.limiting_index(grid)
    if limit is not None:
        artists += ax.plot(grid, limit, color=COLORS[1], lw=1.6, ls=(0, (4, 2)), label="N → ∞", zorder=1)
    ax.set(xlabel="energy per spin", ylabel="mean index / dimension", ylim=(-0.03, 1.03))
    legend_above(ax, "points: measured, lines: exact", 4)
    return artists


def plot_lowest(ax: Axes, family: FamilyResult) -> list[Mark]:
    """Draw distribution functions of the lowest energy: measured (steps) and first-moment law (dashed)."""
    artists: list[Mark] = []
    cells = some(family.cells, MOST_CURVES)
    low, high = np.inf, -np.inf
    for cell, color in zip(cells, shades(len(cells)), strict=True):
        energy = cell.lowest["energy"].values
        if energy.size:
            low, high = min(low, energy[0]), max(high, energy[-1])
            artists.append(ax.ecdf(energy, color=color, label=cell.label))
        if cell.ground_state is not None:
            law = cell.ground_state
            artists += ax.plot(law.energy, law.cumulative, color=color, lw=1, ls=(0, (4, 2)))
    found = family.limits
    if found is not None and found["E_0"] is not None:
        ax.axvline(-found["E_0"], color=GREY, lw=0.9, ls=":", label="−E₀, N → ∞", zorder=0)
    mark_floor(ax, family.floor, family.floor_label)
    if low <= high:
        low = low if family.floor is None else min(low, family.floor)
        # the law of a small N has tails that no landscape reaches
        margin = 0.08 * (high - low) + 0.02
        ax.set_xlim(low - margin, high + margin)
    ax.set(xlabel="lowest energy per spin", ylabel="fraction of landscapes", ylim=(0, 1.02))
    laws = any(cell.ground_state is not None for cell in cells)
    legend_beside(ax, "steps: measured\ndashed: first moment" if laws else "measured")
    return artists
