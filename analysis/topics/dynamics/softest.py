"""The softest direction along trajectories: lowest eigenvalue of the Hessian against time."""

from collections.abc import Sequence

import numpy as np

from morsecensus.analysis.page.style import GREY, Axes, Figure, Mark, legend_below, new_figure, shades
from morsecensus.analysis.topics.dynamics.measure import Setting
from morsecensus.analysis.topics.dynamics.read import Runs


def draw_softest(setting: Setting) -> Figure | None:
    """A panel for each algorithm, a colour for each N; None where no cell has looked for it."""
    groups = [[runs for runs, _ in group if _has_lowest(runs)] for group in setting.rules()]
    groups = [group for group in groups if group]
    if not groups:
        return None
    columns = min(len(groups), 3)
    rows = -(-len(groups) // columns)
    figure, axes = new_figure(rows, columns, 2.7 * rows)
    sizes = sorted({runs.n for group in groups for runs in group})
    colors = dict(zip(sizes, shades(len(sizes)), strict=True))
    for ax, group in zip(axes, groups, strict=False):
        plot_softest(ax, group, colors)
    for ax in axes[len(groups) :]:
        ax.remove()
    axes[0].set_ylabel("lowest Hessian eigenvalue")
    legend_below(figure, [(f"N = {n:g}", color) for n, color in colors.items()])
    return figure


def _has_lowest(runs: Runs) -> bool:
    return "lowest" in runs.data and bool(_known(runs).any())


def _known(runs: Runs) -> np.ndarray:
    """Looks at a time above 0, for a logarithmic axis, at which no landscape's runs have all ended."""
    return (runs.times > 0) & np.isfinite(runs.mean("lowest")[0])


def plot_softest(ax: Axes, group: Sequence[Runs], colors: dict[int, str]) -> list[Mark]:
    """Means over landscapes of one algorithm's cells."""
    marks: list[Mark] = [ax.axhline(0, color=GREY, lw=0.9)]
    for runs in group:
        mean, error = runs.mean("lowest")
        there = _known(runs)
        bars = np.nan_to_num(error[there])
        style = {"fmt": "o-", "ms": 2.8, "lw": 0.9, "color": colors[runs.n]}
        marks.append(ax.errorbar(runs.times[there], mean[there], bars, **style))
    label = "time" if group[0].has_time else "steps"
    ax.set(xscale="log", xlabel=label, title=group[0].label)
    return marks
