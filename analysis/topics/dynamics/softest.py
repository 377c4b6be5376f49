"""The softest direction along trajectories: lowest eigenvalue of the Hessian against time."""

from collections.abc import Mapping, Sequence

import numpy as np

from morsecensus.analysis.page.style import GREY, Axes, Figure, Mark
from morsecensus.analysis.topics.dynamics.figure import draw_by_rule
from morsecensus.analysis.topics.dynamics.measure import Setting
from morsecensus.analysis.topics.dynamics.read import Runs


def draw_softest(setting: Setting) -> Figure | None:
    """A panel for each algorithm, a colour for each N; None where no cell has looked for it."""
    figure = draw_by_rule(setting, _has_lowest, plot_softest)
    if figure is not None:
        figure.axes[0].set_ylabel("lowest Hessian eigenvalue")
    return figure


def _has_lowest(runs: Runs) -> bool:
    return "lowest" in runs.data and bool(_known(runs).any())


def _known(runs: Runs) -> np.ndarray:
    """Looks at a time above 0, for a logarithmic axis, at which no landscape's runs have all ended."""
    return (runs.times > 0) & np.isfinite(runs.mean("lowest")[0])


def plot_softest(ax: Axes, group: Sequence[Runs], colors: Mapping[int, str]) -> list[Mark]:
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
