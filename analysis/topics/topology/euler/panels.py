"""Mean Euler curves against the exact one, and their residuals."""

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.page.style import COLORS, GREY, INK, PALE, Axes, Mark


def plot_euler(
    ax: Axes,
    levels: Floats,
    mean: Floats,
    error: Floats,
    exact: Floats,
    band: Floats,
    legend: bool = True,
) -> list[Mark]:
    """Draw the mean Euler characteristic of {H/N >= u}, its simultaneous band and the exact curve."""
    artists: list[Mark] = [
        ax.fill_between(levels, mean - band, mean + band, color=PALE, lw=0, label="95% band"),
        *ax.plot(levels, exact, color=COLORS[0], lw=1.1, label="exact"),
        ax.errorbar(levels, mean, error, fmt="o", ms=2, lw=0.7, color=INK, label="measured"),
    ]
    ax.axhline(0, color=GREY, lw=0.6, zorder=0)
    ax.set(xlabel="level u: energy per spin", ylabel="mean Euler characteristic of {H/N ≥ u}")
    if legend:
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.3 * (high - low))
        ax.legend(ncols=3, loc="upper center", columnspacing=1.2, handlelength=1.4)
    return artists


def plot_euler_residuals(ax: Axes, levels: Floats, score: Floats, critical: float) -> list[Mark]:
    """Draw (mean - exact) / standard error at each level, between the limits that none may pass in 95% of
    samples."""
    ax.axhspan(-critical, critical, color=PALE, lw=0, zorder=0)
    ax.axhline(0, color=GREY, lw=0.6, zorder=0)
    artists: list[Mark] = [*ax.plot(levels, score, color=INK, lw=0.9)]
    reach = 1.15 * max(critical, float(np.max(np.abs(score), initial=0.0)))
    ax.set_ylim(-reach, reach)
    ax.set(xlabel="level u: energy per spin", ylabel="residual / error")
    return artists
