"""The p-values of a whole study against uniform quantiles."""

from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv

from morsecensus.analysis.page.style import COLORS, GREY, INK, PALE, Axes, Figure, Mark, new_figure


def draw_p_values(counts: Sequence[float], others: Sequence[float]) -> Figure | None:
    """The p-values of the count tests, and of all other tests; None where there are no two of either."""
    sets = [
        (counts, "counts by index, one per cell", COLORS[0]),
        (others, "all other tests (not independent)", COLORS[2]),
    ]
    shown = [one for one in sets if len(one[0]) > 1]
    if not shown:
        return None
    figure, axes = new_figure(1, 2, 3.3)  # of half the width also where there is one
    for ax, (values, label, color) in zip(axes, shown, strict=False):
        plot_p_values(ax, values, label, color)
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    return figure


def plot_p_values(ax: Axes, p_values: Sequence[float], label: str, color: str = INK) -> list[Mark]:
    """Draw sorted p-values against uniform quantiles, with the band that holds 95% of each one."""
    sorted_values = np.sort(np.asarray(p_values, dtype=np.float64))
    size = len(sorted_values)
    rank = np.arange(1, size + 1)
    quantile = rank / (size + 1)
    # The k-th of n uniform numbers has the law Beta(k, n + 1 - k).
    band = betaincinv(rank, size + 1 - rank, [[0.025], [0.975]])
    artists: list[Mark] = [
        ax.fill_between(quantile, band[0], band[1], color=PALE, lw=0, label="95% of each rank"),
        *ax.plot([0, 1], [0, 1], color=GREY, lw=0.8),
        *ax.plot(quantile, sorted_values, "o", color=color, label=label),
    ]
    ax.set(xlabel="uniform quantile", ylabel="p-value", xlim=(0, 1), ylim=(0, 1))
    # in the corner that the points are farther from
    ax.legend(loc="upper left" if sorted_values.mean() < 0.5 else "lower right")
    return artists
