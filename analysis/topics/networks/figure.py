"""Figures of trained networks: costs above the floor, costs against steps, lines between runs, spectra."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import NullLocator

from morsecensus.analysis.page.style import (
    COLORS,
    GREY,
    Axes,
    Figure,
    Mark,
    legend_below,
    log_scale,
    new_figure,
    shades,
)
from morsecensus.analysis.topics.networks.measure import CURVE, largest, measures
from morsecensus.analysis.topics.networks.read import Network

Networks = Sequence[Network]
MOST_PANELS = 6
KERNEL = 0.02
"""Standard deviation of the Gaussian that stands for a node, in units of the largest eigenvalue."""


def draw_costs(found: Networks) -> Figure | None:
    """Cost above the floor and test errors against the number of weights, each run a dot."""
    if len(found) < 2:
        return None
    figure, axes = new_figure(1, 2, 2.9)
    for number, one in enumerate(found):
        color = COLORS[number % len(COLORS)]
        for ax, name in zip(axes, ("excess", "end_test_errors"), strict=True):
            plot_runs(ax, one, name, color)
    labels = ("training cost above the floor", "test errors")
    for ax, label in zip(axes, labels, strict=True):
        ax.set(xscale="log", xlabel="weights", ylabel=label, ylim=(0, None))
        sizes = sorted({one.weights for one in found})
        ax.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=30, ha="right")
        ax.xaxis.set_minor_locator(NullLocator())
    legend_below(figure, [(one.name, COLORS[number % len(COLORS)]) for number, one in enumerate(found)])
    return figure


def plot_runs(ax: Axes, one: Network, name: str, color: str) -> list[Mark]:
    """Runs of a network, and their mean with its error."""
    values = one.column(name)
    mean, error = one.mean(name)
    dots = ax.plot(np.full(one.runs, one.weights), values, "o", ms=2.2, color=color, alpha=0.45)
    mean_mark = ax.errorbar(one.weights, mean, np.nan_to_num(error), fmt="_", ms=11, color=color, capsize=3)
    return [*dots, mean_mark]


def draw_looks(found: Networks) -> Figure | None:
    """Training and test costs against steps."""
    several = [one for one in found if one.data.sizes["look"] > 1]
    if not several:
        return None
    figure, axes = new_figure(1, 2, 2.9)
    for number, one in enumerate(several):
        steps = one.data["step"].values[0]
        for ax, name in zip(axes, ("cost", "test_cost"), strict=True):
            ax.plot(
                steps, one.column(name).mean(axis=0), "o-", ms=2.6, lw=0.9, color=COLORS[number % len(COLORS)]
            )
    for ax, label in zip(axes, ("training cost", "test cost"), strict=True):
        ax.set_xscale("symlog", linthresh=1)
        ax.set(xlabel="steps", ylabel=label, ylim=(0, None))
    legend_below(figure, [(one.name, COLORS[number % len(COLORS)]) for number, one in enumerate(several)])
    return figure


def draw_paths(found: Networks) -> Figure | None:
    """Costs on the lines between runs, a panel for each network, means over pairs."""
    paired = [one for one in found if one.paths and len(one.paired)][:MOST_PANELS]
    if not paired:
        return None
    columns = min(3, len(paired))
    rows = -(-len(paired) // columns)
    figure, axes = new_figure(rows, columns, 2.5 * rows + 0.4)
    for ax, one in zip(axes, paired, strict=False):
        plot_paths(ax, one)
    for ax in axes[len(paired) :]:
        ax.remove()
    entries = list(zip(paired[0].paths, COLORS, strict=False))
    entries += [(CURVE, COLORS[4])] if any("curve_cost" in one.data for one in paired) else []
    legend_below(figure, entries)
    return figure


def plot_paths(ax: Axes, one: Network) -> list[Mark]:
    """Mean costs on each kind of line."""
    costs = one.column("path_cost")[one.paired].mean(axis=0)
    times = np.linspace(0, 1, costs.shape[1])
    marks = [
        mark for cost, color in zip(costs, COLORS, strict=False) for mark in ax.plot(times, cost, color=color)
    ]
    if "curve_cost" in one.data:
        curve = one.column("curve_cost")[one.paired].mean(axis=0)
        marks += ax.plot(times, curve, color=COLORS[4], lw=1.2)
    ax.set(
        xlabel="place on the line", ylabel="training cost", title=f"{one.name}, {one.layers}", ylim=(0, None)
    )
    return list(marks)


def draw_spectra(found: Networks) -> Figure | None:
    """Densities of Hessians over their largest eigenvalue, and the largest nodes in order."""
    known = [one for one in found if "node" in one.data]
    if not known:
        return None
    figure, axes = new_figure(1, 2, 2.9)
    for one, color in zip(known, shades(len(known)), strict=True):
        plot_density(axes[0], one, color)
        plot_largest(axes[1], one, color)
    axes[0].axvline(0, color=GREY, lw=0.7)
    log_scale(axes[0])
    axes[0].set(xlabel="eigenvalue / largest", ylabel="density", ylim=(1e-5, None))
    axes[1].set(xlabel="rank", ylabel="eigenvalue / largest", ylim=(0, 1.04))
    legend_below(figure, list(zip([one.name for one in known], shades(len(known)), strict=True)))
    return figure


def plot_density(ax: Axes, one: Network, color: str) -> list[Mark]:
    """The mean over runs and starts, each node a Gaussian."""
    nodes, weights = measures(one)
    places = nodes / largest(one)[0][:, None, None]
    grid = np.linspace(min(-0.15, float(places.min()) - 0.05), 1.1, 400)
    bumps = np.exp(-(((grid[:, None] - places.ravel()[None]) / KERNEL) ** 2) / 2)
    share = weights.ravel() / weights.sum()
    return [*ax.plot(grid, bumps @ share / (KERNEL * np.sqrt(2 * np.pi)), color=color, lw=1)]


def plot_largest(ax: Axes, one: Network, color: str) -> list[Mark]:
    """The nodes of the first run's first start whose residual is small."""
    nodes, residuals = (one.column(name)[0, 0] for name in ("node", "node_residual"))
    sharp = np.sort(nodes[residuals < 1e-2 * np.nanmax(nodes)])[::-1][:30] / np.nanmax(nodes)
    return [*ax.plot(np.arange(1, len(sharp) + 1), sharp, "o", ms=2.8, color=color)]
