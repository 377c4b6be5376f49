"""Merge trees: disconnectivity graphs, connectedness of sublevel sets, lifetimes, barriers."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.page.rounding import estimate
from morsecensus.analysis.page.style import (
    COLORS,
    GREY,
    INK,
    Axes,
    Mark,
    legend_above,
    log_scale,
    shades,
    whole_numbers,
)
from morsecensus.analysis.topics.topology.trees.heights import Scaling
from morsecensus.analysis.topics.topology.trees.measure import CellTrees

FEWEST = 5
"""Landscapes or minima below which a point of a curve isn't drawn. Arbitrary; the CSV holds all."""
NAMES = {"escape": "to a lower minimum", "lowest": "to the global one"}


def plot_components(ax: Axes, cells: Sequence[CellTrees]) -> list[Mark]:
    """Draw the mean number of components of {H/N <= u} for each N, with one standard error."""
    artists: list[Mark] = []
    for cell, color in zip(cells, shades(len(cells)), strict=True):
        found = cell.connected
        curve, levels = found.components, found.levels
        error = np.nan_to_num(curve.se)
        ax.fill_between(levels, curve.mean - error, curve.mean + error, color=color, alpha=0.25, lw=0)
        artists += ax.plot(levels, curve.mean, color=color, label=f"N = {cell.n}")
    ax.axhline(1, color=GREY, lw=0.7, zorder=0)
    ax.set_ylim(bottom=0)
    ax.set(xlabel="level u: energy per spin", ylabel="components of {H/N ≤ u}, mean")
    return artists


def plot_with_lowest(ax: Axes, cells: Sequence[CellTrees]) -> list[Mark]:
    """Draw the share of the minima at or below u that lie in the global minimum's component."""
    artists: list[Mark] = []
    for cell, color in zip(cells, shades(len(cells)), strict=True):
        found = cell.connected
        shown = found.connected.of >= FEWEST
        levels, curve = found.levels[shown], found.with_lowest
        mean, error = curve.mean[shown], np.nan_to_num(curve.se[shown])
        ax.fill_between(levels, mean - error, mean + error, color=color, alpha=0.25, lw=0)
        artists += ax.plot(levels, mean, color=color, label=f"N = {cell.n}")
    ax.set_ylim(0, 1.04)
    ax.set(xlabel="level u: energy per spin", ylabel="share of minima ≤ u with the lowest")
    return artists


def plot_connected(ax: Axes, cells: Sequence[CellTrees]) -> list[Mark]:
    """Draw the probability that {H/N <= u} is one component, given that it isn't empty, with 95% intervals;
    for even H also up to x -> -x, dashed."""
    artists: list[Mark] = []
    for cell, color in zip(cells, shades(len(cells)), strict=True):
        found = cell.connected
        shown = found.connected.of >= FEWEST
        levels, one = found.levels[shown], found.connected
        ax.fill_between(levels, one.lower[shown], one.upper[shown], color=color, alpha=0.13, lw=0)
        artists += ax.plot(levels, one.share[shown], color=color, label=f"N = {cell.n}")
        if found.up_to_sign is not None:
            artists += ax.plot(levels, found.up_to_sign.share[shown], color=color, lw=1, ls=(0, (4, 2)))
    ax.set_ylim(0, 1.04)
    ax.set(xlabel="level u: energy per spin", ylabel="probability that {H/N ≤ u} is connected")
    return artists


def plot_onset(ax: Axes, cells: Sequence[CellTrees]) -> list[Mark]:
    """Draw the mean level from which the set is connected, its spread, the minima and the ground state."""
    n = np.array([cell.n for cell in cells], dtype=np.float64)
    spread = np.nan_to_num([cell.joined.sd for cell in cells])
    ax.errorbar(n, [c.joined.mean for c in cells], spread, fmt="none", color=COLORS[0], lw=4, alpha=0.25)
    rows = [
        ("connected from", COLORS[0], "o", [(c.joined.mean, c.joined.se) for c in cells]),
        ("minima", COLORS[2], "s", [c.minima_energy for c in cells]),
        ("ground state", INK, "v", [(c.ground.mean, c.ground.se) for c in cells]),
    ]
    if any(cell.forest.even for cell in cells):
        sign = [(c.joined_up_to_sign.mean, c.joined_up_to_sign.se) for c in cells]
        rows.insert(1, ("connected up to sign from", COLORS[1], "D", sign))
    artists: list[Mark] = []
    for label, color, mark, values in rows:
        mean, error = np.array(values, dtype=np.float64).T
        artists.append(ax.errorbar(n, mean, np.nan_to_num(error), fmt=mark, color=color, label=label))
    ax.set(xlabel="N", ylabel="energy per spin")
    whole_numbers(ax)
    legend_above(ax)
    return artists


def plot_classes(ax: Axes, cells: Sequence[CellTrees]) -> list[Mark]:
    """Draw the mean number of finite classes of H_0 in a landscape that live longer, in units of energy."""
    artists: list[Mark] = []
    least = np.inf
    for cell, color in zip(cells, shades(len(cells)), strict=True):
        found = cell.lifetimes
        shown = found.mean > 0
        if not shown.any():
            continue
        at, mean = cell.spins * found.times[shown], found.mean[shown]
        error = np.nan_to_num(found.se[shown])
        # A log axis has no room for a band that reaches zero.
        ax.fill_between(at, np.maximum(mean - error, mean / 10), mean + error, color=color, alpha=0.2, lw=0)
        artists += ax.plot(at, mean, color=color, label=f"N = {cell.n}")
        least = min(least, float(mean.min()))
    log_scale(ax)
    if np.isfinite(least):
        ax.set_ylim(bottom=0.7 * least)
    ax.set_xlim(left=0)
    ax.set(xlabel="spins × lifetime: energy", ylabel="classes of H$_0$ in a landscape that live longer")
    return artists


def plot_height_by_energy(ax: Axes, cells: Sequence[CellTrees], kind: str, edges: np.ndarray) -> list[Mark]:
    """Draw the mean barrier of minima, in units of energy, in bins of theirs, with one standard error."""
    centre, artists = (edges[:-1] + edges[1:]) / 2, []
    for cell, color in zip(cells, shades(len(cells)), strict=True):
        found = cell.heights[kind]
        shown = found.held >= FEWEST
        if shown.any():
            error = cell.spins * np.nan_to_num(found.binned_se[shown])
            mean = cell.spins * found.binned[shown]
            label = f"N = {cell.n}"
            artists.append(
                ax.errorbar(centre[shown], mean, error, fmt="o-", lw=0.9, color=color, label=label)
            )
    ax.set_ylim(bottom=0)
    ax.set(xlabel="energy of the minimum, per spin", ylabel=f"spins × barrier {NAMES[kind]}")
    return artists


def plot_heights(ax: Axes, cells: Sequence[CellTrees], fits: Sequence[Scaling], energy: bool) -> list[Mark]:
    """Draw mean barriers and their medians (open) against N, per spin or in units of energy, with the fitted
    powers."""
    artists: list[Mark] = []
    middle = 1
    for kind, color in (("escape", COLORS[0]), ("lowest", COLORS[1])):
        rows = [(c.n, c.heights[kind]) for c in cells if c.heights[kind].minima]
        n = np.array([size for size, _ in rows], dtype=np.float64)
        spins = np.array([c.spins for c in cells if c.heights[kind].minima], dtype=np.float64)
        factor = spins if energy else np.ones(len(n))
        label = NAMES[kind]
        for fit in (fit for fit in fits if fit.kind == kind):
            power = fit.exponent if energy else fit.exponent - 1
            grid = np.linspace(n.min(), n.max(), 50)
            unit = 1.0 if energy else np.interp(grid, n, spins)
            ax.plot(grid, fit.prefactor * grid**fit.exponent / unit, color=color, lw=0.9)
            label += f": N^({estimate(power, fit.se)})"
        mean = factor * [h.mean for _, h in rows]
        error = factor * np.nan_to_num([h.se for _, h in rows])
        artists.append(ax.errorbar(n, mean, error, fmt="o", color=color, label=label))
        half = factor * [h.quantiles[middle] for _, h in rows]
        error = factor * np.nan_to_num([h.quantiles_se[middle] for _, h in rows])
        artists.append(ax.errorbar(n, half, error, fmt="D", mfc="white", ms=3, color=color))
    ax.set_ylim(bottom=0)
    ax.set(xlabel="N", ylabel="spins × barrier: energy" if energy else "barrier: energy per spin")
    whole_numbers(ax)
    legend_above(ax, columns=1)
    return artists


def plot_disconnectivity(
    ax: Axes, lines: Floats, lowest: float, title: str = "", joined: float | None = None
) -> list[Mark]:
    """Draw a disconnectivity graph: lines from minima up to where their components join.

    Args:
        ax: to draw on.
        lines: (x, energy per spin) of start, elbow and end of each line, shape (lines, 3, 2).
        lowest: energy of the global minimum, which is marked.
        title: of the panel.
        joined: level from which all minima, also those not drawn, are in one component; None: not drawn.
    """
    gap = np.full((len(lines), 1, 2), np.nan)
    path = np.concatenate([lines, gap], axis=1).reshape(-1, 2)
    artists: list[Mark] = []
    if joined is not None:
        label = "one component from here"
        artists.append(ax.axhline(joined, color=COLORS[0], lw=0.8, ls=":", label=label, zorder=1))
    artists += ax.plot(path[:, 0], path[:, 1], color=INK, lw=0.8, solid_joinstyle="round")
    at = lines[np.argmin(np.abs(lines[:, 0, 1] - lowest)), 0]
    artists += ax.plot(at[0], at[1], "o", color=COLORS[1], label="global minimum", zorder=3)
    x = lines[:, :, 0]
    ax.set_xlim(float(x.min()) - 1, float(x.max()) + 1)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.set(ylabel="energy per spin", title=title)
    # Below the axis there are no ticks; within it lines may be anywhere.
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2)
    return artists


def plot_lifetimes(ax: Axes, n: Sequence[int], lifetimes: Sequence[Floats]) -> list[Mark]:
    """Draw for each N the share of finite H_0 classes that live longer: how fast the essential one wins."""
    artists: list[Mark] = []
    for size, values, color in zip(n, lifetimes, shades(len(n)), strict=True):
        if values.size:
            artists.append(ax.ecdf(values, complementary=True, color=color, label=f"N = {size}"))
    log_scale(ax)
    fewest = min((1 / v.size for v in lifetimes if v.size), default=0.1)
    ax.set_ylim(0.8 * fewest, 1.3)
    ax.set_xlim(left=0)
    ax.set(xlabel="lifetime: energy per spin", ylabel="share of classes of H$_0$ that live longer")
    if artists:
        ax.legend(loc="upper right")
    return artists
