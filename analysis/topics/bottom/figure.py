"""Figures of the bottom of landscapes: the bands against N, how they scale, where descents end."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import NullFormatter

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.page.style import (
    COLORS,
    EXACT,
    GREY,
    INK,
    Axes,
    Figure,
    Mark,
    log_scale,
    new_figure,
    shades,
    whole_numbers,
)
from morsecensus.analysis.topics.bottom.bands import Band
from morsecensus.analysis.topics.bottom.measure import BottomCell, BottomFamily

WEIGHTED = COLORS[4]
"""Of what is weighted with hits; the first colours are those of indices."""


def draw_bands(found: BottomFamily) -> Figure:
    """One panel, to be taken in at once."""
    figure, axes = new_figure(1, 1, 4.4)
    plot_bands(axes[0], found)
    return figure


def draw_scaling(found: BottomFamily) -> Figure:
    """Band, width, lowest minimum, spacings."""
    figure, axes = new_figure(2, 2, 5.8)
    plot_means(axes[0], found)
    plot_widths(axes[1], found)
    plot_lowest(axes[2], found)
    plot_gaps(axes[3], found)
    return figure


def draw_basins(found: BottomFamily) -> Figure:
    """Shares of starts, starts to the lowest minimum, softest modes, what is closed."""
    figure, axes = new_figure(2, 2, 5.8)
    plot_shares(axes[0], found)
    plot_starts(axes[1], found)
    plot_softest(axes[2], found)
    plot_closed(axes[3], found)
    return figure


def _indices(found: BottomFamily) -> range:
    return range(max(cell.sought for cell in found.cells) + 1)


def _with(found: BottomFamily, k: int) -> list[BottomCell]:
    """Cells in which points of an index were sought and found."""
    return [cell for cell in found.cells if k <= cell.sought and cell.bottom.bands[k].points]


def _theory(cells: Sequence[BottomCell], k: int) -> tuple[Floats, Floats, Floats]:
    """N, mean and sd of the energy of an index where theory knows them."""
    rows = [
        (cell.n, float(cell.result.energy_mean[k]), float(cell.result.energy_sd[k]))
        for cell in cells
        if cell.result.energy_mean is not None and cell.result.energy_sd is not None
    ]
    n, mean, sd = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return n, mean, sd


def _limits(ax: Axes, found: BottomFamily) -> None:
    if found.family.floor is not None:
        ax.axhline(
            found.family.floor,
            color=COLORS[1],
            lw=0.9,
            ls=(0, (4, 2)),
            label=found.family.floor_label,
            zorder=0,
        )
    if found.ground is not None:
        label = r"ground state $-E_0$, $N \to \infty$"
        ax.axhline(found.ground, color=INK, lw=0.9, ls=":", label=label, zorder=0)


def plot_bands(ax: Axes, found: BottomFamily) -> list[Mark]:
    """Draw mean, standard deviation and extremes of the energy of each index on the exact band."""
    artists: list[Mark] = []
    n = [cell.n for cell in found.cells]
    step = 0.012 * max(max(n) - min(n), 8)
    for k in _indices(found):
        cells, color = _with(found, k), COLORS[(0, 2, 3, 5)[k % 4]]
        if not cells:
            continue
        x, mean, sd = _theory(cells, k)
        if x.size:
            wide = x if x.size > 1 else x + 2 * step * np.array([-1.0, 1.0])  # one N has a band too
            artists.append(ax.fill_between(wide, mean - sd, mean + sd, color=color, alpha=0.2, lw=0))
            artists += ax.plot(wide, mean + 0 * wide, color=color, lw=0.9)
        own = np.array([cell.n for cell in cells]) + (k - 1) * step
        bands = [cell.bottom.bands[k] for cell in cells]
        artists.append(
            ax.vlines(own, [b.lowest for b in bands], [b.highest for b in bands], color=color, lw=0.6)
        )
        label = "minima" if k == 0 else f"index {k}"
        artists.append(_spread(ax, own, bands, color, "o", label, lw=2.6))
    weighted = [(cell.n, cell.bottom.weighted) for cell in found.cells if cell.bottom.weighted is not None]
    if weighted:
        x = np.array([size for size, _ in weighted]) - 2 * step
        bands = [band for _, band in weighted]
        artists.append(_spread(ax, x, bands, WEIGHTED, "D", "minima by hits: where descents end", lw=1.4))
    _limits(ax, found)
    ax.set(xlabel="N", ylabel="energy per spin")
    _sizes(ax, found)
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.04 * (high - low), high + 0.34 * (high - low))
    ax.legend(
        loc="upper right",
        ncols=2,
        title="thick: mean ± sd, thin: extremes, shades: exact mean ± sd",
        title_fontsize=7.5,
    )
    return artists


def _spread(ax: Axes, x: Floats, bands: Sequence[Band], color: str, mark: str, label: str, lw: float) -> Mark:
    sd = np.nan_to_num([band.sd for band in bands])
    mean = [band.mean for band in bands]
    return ax.errorbar(x, mean, sd, fmt=mark, ms=4.2, mfc="white", color=color, elinewidth=lw, label=label)


def plot_means(ax: Axes, found: BottomFamily) -> list[Mark]:
    """Draw mean energies with errors against 1/N, with exact ones and the floor."""
    artists: list[Mark] = []
    for k in _indices(found):
        cells, color = _with(found, k), COLORS[(0, 2, 3, 5)[k % 4]]
        x, mean, _ = _theory(cells, k)
        artists += ax.plot(1 / x, mean, color=color, lw=0.9, **EXACT)
        bands = [cell.bottom.bands[k] for cell in cells]
        artists.append(_means(ax, cells, bands, color, "minima" if k == 0 else f"index {k}"))
    cells = [cell for cell in found.cells if cell.bottom.weighted is not None]
    bands = [cell.bottom.weighted for cell in cells if cell.bottom.weighted is not None]
    if cells:
        artists.append(_means(ax, cells, bands, WEIGHTED, "minima by hits"))
    if found.family.floor is not None:
        ax.axhline(
            found.family.floor, color=COLORS[1], lw=0.9, ls=(0, (4, 2)), label=found.family.floor_label
        )
    ax.set(xlabel="1/N", ylabel="mean energy per spin")
    ax.set_xlim(left=0)
    _room(ax, 0.45)
    ax.legend(loc="upper left", ncols=2, title="points: measured, lines: exact", title_fontsize=7.5)
    return artists


def _means(ax: Axes, cells: Sequence[BottomCell], bands: Sequence[Band], color: str, label: str) -> Mark:
    x = 1 / np.array([cell.n for cell in cells], dtype=np.float64)
    error = np.nan_to_num([band.mean_se for band in bands])
    return ax.errorbar(x, [band.mean for band in bands], error, fmt="o", color=color, label=label)


def plot_widths(ax: Axes, found: BottomFamily) -> list[Mark]:
    """Draw standard deviations of energies against N, both logarithmic, with exact ones."""
    artists: list[Mark] = []
    for k in _indices(found):
        cells, color = _with(found, k), COLORS[(0, 2, 3, 5)[k % 4]]
        x, _, sd = _theory(cells, k)
        artists += ax.plot(x, sd, color=color, lw=0.9, **EXACT)
        bands = [cell.bottom.bands[k] for cell in cells]
        label = "minima" if k == 0 else f"index {k}"
        artists.append(_widths(ax, cells, bands, color, label))
    cells = [cell for cell in found.cells if cell.bottom.weighted is not None]
    bands = [cell.bottom.weighted for cell in cells if cell.bottom.weighted is not None]
    if cells:
        artists.append(_widths(ax, cells, bands, WEIGHTED, "minima by hits"))
    ax.set(xscale="log", xlabel="N", ylabel="standard deviation of the energy")
    log_scale(ax)
    sizes = sorted({cell.n for cell in found.cells})
    ax.set_xticks(sizes, [str(n) for n in sizes])
    ax.xaxis.set_minor_formatter(NullFormatter())
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.4)
    ax.legend(loc="upper right", ncols=2)
    return artists


def _widths(ax: Axes, cells: Sequence[BottomCell], bands: Sequence[Band], color: str, label: str) -> Mark:
    held = [
        (cell.n, band.sd, np.nan_to_num(band.sd_se))
        for cell, band in zip(cells, bands, strict=True)
        if band.sd > 0
    ]
    x, sd, error = np.array(held or [(np.nan,) * 3], dtype=np.float64).T
    return ax.errorbar(x, sd, error, fmt="o", color=color, label=label)


def plot_lowest(ax: Axes, found: BottomFamily) -> list[Mark]:
    """Draw the mean lowest minimum against log(N)/N, with the first-moment law and the limit."""
    cells = found.cells
    n = np.array([cell.n for cell in cells], dtype=np.float64)
    data = [cell.result.lowest for cell in cells]
    mean = [float(each["mean"]) for each in data]
    error = np.nan_to_num([float(each["se"]) for each in data])
    artists: list[Mark] = [
        ax.errorbar(np.log(n) / n, mean, error, fmt="s", color=INK, label="mean, one error")
    ]
    laws = [(cell.n, cell.result.ground_state) for cell in cells]
    known = np.array([(size, law.mean) for size, law in laws if law is not None]).reshape(-1, 2)
    if known.size:
        x, y = np.log(known[:, 0]) / known[:, 0], known[:, 1]
        artists += ax.plot(x, y, color=INK, lw=0.9, marker="_", ms=9, label="first-moment law")
    if found.ground is not None:
        ax.axhline(found.ground, color=INK, lw=0.9, ls=":", label="$-E_0$, $N \\to \\infty$")
    if found.slope is not None and found.ground is not None:
        far = np.linspace(0, float((np.log(n) / n).max()), 2)
        ax.plot(
            far, found.ground + far / (2 * found.slope), color=GREY, lw=0.9, ls="--", label="log(N)/(2 c N)"
        )
    ax.set(xlabel="log(N)/N", ylabel="lowest minimum, energy per spin")
    ax.set_xlim(left=0)
    _room(ax, 0.35)
    ax.legend(loc="upper left", ncols=2)
    return artists


def plot_gaps(ax: Axes, found: BottomFamily) -> list[Mark]:
    """Draw the mean numbers of minima expected between neighbouring levels."""
    artists: list[Mark] = []
    for place, (cell, color) in enumerate(zip(found.cells, shades(len(found.cells)), strict=True)):
        gaps = [gap for gap in cell.gaps if np.isfinite(gap.unfolded)]
        if not gaps:
            continue
        x = np.array([gap.rank for gap in gaps]) + 0.06 * (place - len(found.cells) / 2)
        y, error = np.array([(gap.unfolded, gap.unfolded_se) for gap in gaps]).T
        artists.append(ax.errorbar(x, y, error, fmt="o", color=color, label=f"N = {cell.n}"))
    if not artists:  # no theory unfolds them
        ax.set_visible(False)
        return artists
    ax.axhline(1, color=GREY, lw=0.9, zorder=0)
    ax.set(xlabel="level", ylabel="minima expected down to the next level")
    whole_numbers(ax)
    _room(ax, 0.3)
    ax.legend(loc="upper left", ncols=3, title="1 for a Poisson process", title_fontsize=7.5)
    return artists


def plot_shares(ax: Axes, found: BottomFamily) -> list[Mark]:
    """Draw the mean share of starts of the minimum that has so many, by its rank (Zipf)."""
    artists: list[Mark] = []
    for cell, color in zip(found.cells, shades(len(found.cells)), strict=True):
        shares = cell.bottom.shares[np.isfinite(cell.bottom.ground)]
        if not shares.size:
            continue
        mean = np.nan_to_num(shares).mean(axis=0)
        seen = mean > 0
        artists += ax.plot(np.arange(1, len(mean) + 1)[seen], mean[seen], color=color, label=f"N = {cell.n}")
    ax.set(xscale="log", yscale="log", xlabel="rank", ylabel="mean share of starts")
    if artists:
        ax.legend(loc="lower left", ncols=2)
    return artists


def plot_starts(ax: Axes, found: BottomFamily) -> list[Mark]:
    """Draw the shares of the lowest minimum and of the one with most starts, and what chance would give."""
    artists: list[Mark] = []
    n = np.array([cell.n for cell in found.cells])
    for name, color, mark in (("largest", COLORS[0], "o"), ("ground", INK, "s")):
        value, error = np.array([getattr(cell, name) for cell in found.cells]).T
        label = "minimum with most starts" if name == "largest" else "lowest minimum"
        artists.append(ax.errorbar(n, value, np.nan_to_num(error), fmt=mark, color=color, label=label))
    even = [1 / float(cell.bottom.distinct.mean()) for cell in found.cells]
    artists += ax.plot(n, even, color=GREY, lw=0.9, marker="_", ms=9, label="1 / mean number")
    ax.set(yscale="log", xlabel="N", ylabel="share of starts")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high * (high / low) ** 0.35)
    _sizes(ax, found)
    ax.legend(loc="upper right")
    return artists


def plot_softest(ax: Axes, found: BottomFamily) -> list[Mark]:
    """Draw the smallest Hessian eigenvalue at minima: mean, standard deviation, the smallest of all."""
    n = np.array([cell.n for cell in found.cells])
    softest = [cell.bottom.softest for cell in found.cells]
    artists: list[Mark] = [_spread(ax, n, softest, COLORS[0], "o", "mean ± sd", lw=1.4)]
    lowest = [band.lowest for band in softest]
    artists += ax.plot(n, lowest, color=COLORS[0], lw=0, marker="_", ms=9, label="the smallest")
    ax.set(xlabel="N", ylabel="softest mode of minima")
    ax.set_ylim(bottom=0)
    _sizes(ax, found)
    _room(ax, 0.25)
    ax.legend(loc="upper right", ncols=2)
    return artists


def plot_closed(ax: Axes, found: BottomFamily) -> list[Mark]:
    """Draw the share of landscapes that have all points of an index."""
    artists: list[Mark] = []
    for k in _indices(found):
        cells = [cell for cell in found.cells if k <= cell.sought]
        share = [100 * float(cell.result.counts["closed"][k]) for cell in cells]
        label = "minima" if k == 0 else f"index {k}"
        x, color = [cell.n for cell in cells], COLORS[(0, 2, 3, 5)[k % 4]]
        artists += ax.plot(x, share, color=color, lw=0.9, marker="o", label=label)
    ax.set(xlabel="N", ylabel="landscapes that are closed (%)", ylim=(-3, 130))
    ax.set_yticks([0, 25, 50, 75, 100])
    _sizes(ax, found)
    ax.legend(loc="upper right", ncols=3)
    return artists


def _sizes(ax: Axes, found: BottomFamily) -> None:
    """Ticks at the N that there are."""
    n = sorted({cell.n for cell in found.cells})
    ax.set_xticks(n)
    ax.set_xlim(n[0] - 0.06 * n[-1], n[-1] + 0.06 * n[-1])


def _room(ax: Axes, share: float) -> None:
    """Room for a legend above."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + share * (high - low))
