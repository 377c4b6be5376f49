"""Mean numbers of critical points against the field, and the rate at which they grow with N."""

import numpy as np

from morsecensus.analysis.page.style import (
    GREY,
    INK,
    Axes,
    Figure,
    Mark,
    legend_above,
    log_scale,
    new_figure,
    shades,
)
from morsecensus.analysis.results import CellResult
from morsecensus.analysis.topics.trivialisation.measure import (
    FieldSweep,
    Trivialisation,
    exact_totals,
    field_of,
    limiting_complexity,
)

GRID = 161
"""Field variances at which curves are drawn."""


def draw_sweeps(result: Trivialisation) -> Figure:
    """Mean numbers, and their rates."""
    figure, axes = new_figure(1, 2, 3.3)
    plot_totals(axes[0], result)
    plot_rates(axes[1], result)
    return figure


def plot_totals(ax: Axes, result: Trivialisation) -> list[Mark]:
    """Draw measured means (points) on exact curves (lines), one colour for each N. Returns the points."""
    grid = _grid(result)
    artists: list[Mark] = []
    for sweep, color in zip(result.sweeps, shades(len(result.sweeps)), strict=True):
        ax.plot(grid, exact_totals(result.base, sweep.n, grid), color=color, lw=1)
        x, mean, error = _measured(sweep)
        artists.append(ax.errorbar(x, mean, error, fmt="o", ms=3.5, color=color, label=f"N = {sweep.n}"))
        if result.transition > 0:
            ax.plot(result.transition, 2 * sweep.n, marker="o", ms=8, mfc="none", mec=GREY, mew=0.7, zorder=0)
    ax.axhline(2, color=GREY, lw=0.8, ls=":", zorder=0)
    ax.text(grid[-1], 2.05, "2 points", color=GREY, ha="right", va="bottom", fontsize=7.5)
    _mark_transition(ax, result, "")
    log_scale(ax)
    ax.set(xlabel="field variance σ²", ylabel="mean number on the sphere")
    legend_above(ax, "points: measured, lines: exact", 4)
    return artists


def plot_rates(ax: Axes, result: Trivialisation) -> list[Mark]:
    """Draw (1/N) log(mean / 2) against its limit, which has a kink at the transition. Returns the points."""
    grid = _grid(result)
    artists: list[Mark] = []
    for sweep, color in zip(result.sweeps, shades(len(result.sweeps)), strict=True):
        ax.plot(grid, np.log(exact_totals(result.base, sweep.n, grid) / 2) / sweep.n, color=color, lw=1)
        x, mean, error = _measured(sweep)
        artists.append(
            ax.errorbar(x, np.log(mean / 2) / sweep.n, error / mean / sweep.n, fmt="o", ms=3.5, color=color)
        )
    ax.plot(grid, limiting_complexity(result.base, grid), color=INK, lw=1, ls="--", label="limit, N → ∞")
    _mark_transition(ax, result, "trivial beyond")
    ax.set(xlabel="field variance σ²", ylabel="log(mean number / 2) / N")
    legend_above(ax, "the same, over N")
    return artists


def _grid(result: Trivialisation) -> np.ndarray:
    reach = max(float(sweep.fields.max()) for sweep in result.sweeps)
    # the limit has a kink at the transition: a node there
    return np.unique(np.append(np.linspace(0.0, reach, GRID), np.clip(result.transition, 0.0, reach)))


def _measured(sweep: FieldSweep) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    def triple(cell: CellResult) -> tuple[float, float, float]:
        return field_of(cell), float(cell.counts["total"]), float(np.nan_to_num(cell.counts["total_se"]))

    # a logarithmic scale has no zero
    rows = [row for row in map(triple, sweep.cells) if row[1] > 0] or [(np.nan,) * 3]
    x, mean, error = np.array(rows).T
    return x, mean, error


def _mark_transition(ax: Axes, result: Trivialisation, text: str) -> None:
    if result.transition > 0:
        ax.axvline(result.transition, color=GREY, lw=0.8, ls="--", zorder=0)
        ax.annotate(
            text,
            (result.transition, 1.0),
            (4, -2),
            xycoords=ax.get_xaxis_transform(),
            textcoords="offset points",
            color=GREY,
            fontsize=7.5,
            ha="left",
            va="top",
        )
