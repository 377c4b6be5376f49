"""Figure: both kinds of sharpness against rescaling, and against test errors."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import NullLocator

from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.page.style import COLORS, Axes, Figure, Mark, legend_below, log_scale, new_figure
from morsecensus.analysis.topics.networks.read import Network
from morsecensus.analysis.topics.sharpness.measure import KINDS, at_scales, plain, scales

STYLES = {"sharpness": "-", "adaptive": "--"}
NAMES = {"sharpness": "largest eigenvalue of H", "adaptive": "of |w| H |w|"}


def draw_sharpness(found: Sequence[Network]) -> Figure:
    """Left: ratios against c; middle and right: each run, test errors against both kinds."""
    figure, axes = new_figure(1, 3, 2.9)
    for number, one in enumerate(found):
        color = COLORS[number % len(COLORS)]
        plot_ratios(axes[0], one, color)
        for ax, name in zip(axes[1:], KINDS, strict=True):
            plot_errors(ax, one, name, color)
    log_scale(axes[0])
    axes[0].set_xscale("log")
    ticks = np.unique(np.concatenate([scales(one) for one in found]))
    axes[0].set_xticks(ticks, [f"{c:g}" for c in ticks])
    axes[0].xaxis.set_minor_locator(NullLocator())
    axes[0].set(xlabel="c", ylabel="over its value at c = 1")
    for ax, name in zip(axes[1:], KINDS, strict=True):
        ax.set(xlabel=NAMES[name], ylabel="test errors")
    legend_below(figure, [(one.name, COLORS[number % len(COLORS)]) for number, one in enumerate(found)])
    return figure


def plot_ratios(ax: Axes, one: Network, color: str) -> list[Mark]:
    """Means over runs; dashed: the adaptive one."""
    marks: list[Mark] = []
    own = int(np.flatnonzero(scales(one) == 1)[0])
    for name, line in STYLES.items():
        values = at_scales(one, name)
        mean, error = mean_and_error(values / values[:, [own]])
        error = np.nan_to_num(error)
        marks.append(ax.errorbar(scales(one), mean, error, fmt="o", ls=line, ms=2.6, lw=0.9, color=color))
    return marks


def plot_errors(ax: Axes, one: Network, name: str, color: str) -> list[Mark]:
    """Runs as dots, their mean with both errors."""
    x, y = plain(one, name), plain(one, "end_test_errors")
    (x_mean, x_error), (y_mean, y_error) = mean_and_error(x), mean_and_error(y)
    dots = ax.plot(x, y, "o", ms=2.2, color=color, alpha=0.45)
    errors = np.nan_to_num([float(y_error), float(x_error)])
    return [*dots, ax.errorbar(float(x_mean), float(y_mean), *errors, fmt="s", ms=3.6, color=color)]
