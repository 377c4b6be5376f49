"""Figures of escapes: times against log(R/r), against the softest curvature, and their law."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import NullFormatter

from morsecensus.analysis.page.style import (
    COLORS,
    GREY,
    INK,
    Axes,
    Figure,
    Mark,
    legend_below,
    new_figure,
    plain_ticks,
    shades,
)
from morsecensus.analysis.theory.escapes import softest_alone
from morsecensus.analysis.topics.escapes.measure import radius_rows, setting_of
from morsecensus.analysis.topics.escapes.read import EscapeCell

Cells = Sequence[EscapeCell]
EDGES = np.linspace(-2, 6, 33)


def draw_escapes(cells: Cells) -> Figure:
    """Left: scaled times against log(R/r); middle: times against curvature; right: what is left of a log."""
    figure, axes = new_figure(1, 3, 3.2)
    plot_logarithm(axes[0], cells)
    plot_rates(axes[1], cells)
    plot_law(axes[2], cells)
    highest = max(int(one.index.max()) for one in cells)
    legend_below(figure, [(f"index {index}", COLORS[index - 1]) for index in range(1, _drawn(highest) + 1)])
    return figure


def _drawn(highest: int) -> int:
    return min(highest, len(COLORS))


def plot_logarithm(ax: Axes, cells: Cells) -> list[Mark]:
    """Means over saddles and kicks of each cell less log(R/r); lines: the law; dashed: log(R/r) alone."""
    marks: list[Mark] = []
    alike = len({setting_of(one) for one in cells}) == 1
    for one, color in zip(cells, shades(len(cells)), strict=True):
        rows, x = list(radius_rows(one)), np.log(one.ratios)
        name = f"N = {one.n}" if alike else f"{setting_of(one)}, N = {one.n}"
        beyond, exact = (np.array([row[key] for row in rows]) - x for key in ("scaled", "exact"))
        error = [row["scaled_se"] for row in rows]
        marks.append(ax.errorbar(x, beyond, error, fmt="o", ms=3, color=color, label=name))
        marks += ax.plot(x, exact, color=color, lw=0.9)
    marks.append(ax.axhline(0, color=GREY, ls="--", lw=0.9, label="log(R/r) alone"))
    ax.set(xlabel="log(R/r)", ylabel=r"$|\lambda_{\min}|\,T-\log(R/r)$")
    ax.legend(fontsize=6, loc="center", bbox_to_anchor=(0.5, 0.42))
    return marks


def plot_rates(ax: Axes, cells: Cells) -> list[Mark]:
    """Mean time of each saddle at the smallest kicks of the last cell against |lambda_min|."""
    marks: list[Mark] = []
    one = cells[-1]
    times = np.nanmean(one.time[:, 0], axis=1)
    for index in range(1, _drawn(int(one.index.max())) + 1):
        own = one.index == index
        marks += ax.plot(one.rate[own], times[own], "o", ms=2.4, color=COLORS[index - 1], alpha=0.7)
    rates = np.geomspace(one.rate.min(), one.rate.max(), 50)
    alone, _ = softest_alone(one.dimension, float(one.ratios[0]))
    marks += ax.plot(rates, alone / rates, color=INK, lw=0.9)
    ax.set(xscale="log", yscale="log", xlabel=r"$|\lambda_{\min}|$", ylabel="mean time T")
    ax.set_title(f"N = {one.n}", fontsize=8)
    for axis, own in (("x", ax.xaxis), ("y", ax.yaxis)):
        plain_ticks(ax, axis)
        own.set_minor_formatter(NullFormatter())
    return marks


def plot_law(ax: Axes, cells: Cells) -> list[Mark]:
    """|lambda_min| T less log(R sqrt(d)/r), all cells and lengths, and the density where one mode grows."""
    marks: list[Mark] = []
    highest = _drawn(max(int(one.index.max()) for one in cells))
    for index in range(1, highest + 1):
        left = np.concatenate([_left(one, index) for one in cells])
        if len(left):
            density = np.histogram(left, EDGES)[0] / len(left) / np.diff(EDGES)
            marks.append(ax.stairs(density, EDGES, color=COLORS[index - 1], lw=1.1))
    y = np.linspace(EDGES[0], EDGES[-1], 200)
    marks += ax.plot(y, np.sqrt(2 / np.pi) * np.exp(-y - np.exp(-2 * y) / 2), color=INK, lw=0.9)
    ax.set(xlabel=r"$|\lambda_{\min}|\,T-\log(R\sqrt{d}/r)$", ylabel="density", ylim=(0, None))
    return marks


def _left(one: EscapeCell, index: int) -> np.ndarray:
    less = np.log(one.ratios) + np.log(one.dimension) / 2
    left = (one.scaled - less[None, :, None])[one.index == index].ravel()
    return left[np.isfinite(left)]
