"""Mean numbers of critical points of simple and complex landscapes against N."""

import numpy as np

from morsecensus.analysis.page.style import (
    COLORS,
    MARKERS,
    Axes,
    Figure,
    Mark,
    legend_beside,
    log_scale,
    new_figure,
    whole_numbers,
)
from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.topics.two_body.measure import Comparison


def draw_growth(comparison: Comparison) -> Figure:
    """One panel."""
    figure, axes = new_figure(1, 1, 3.4)
    plot_growth(axes[0], comparison)
    return figure


def plot_growth(ax: Axes, comparison: Comparison) -> list[Mark]:
    """Draw measured means (points) on exact curves (lines), a colour for each model. Returns the points."""
    models: dict[str, list[FamilyResult]] = {}
    for family in comparison.families:
        models.setdefault(str(family.cells[0].cell.theory.isotropic), []).append(family)
    artists: list[Mark] = []
    sizes = [cell.n for family in comparison.families for cell in family.cells]
    grid = np.arange(min(sizes), max(sizes) + 1)
    for (xi, families), color in zip(models.items(), _colors(len(models)), strict=True):
        covariance = families[0].cells[0].cell.theory.isotropic
        if covariance is not None:
            ax.plot(grid, [FiniteN(covariance, int(n)).total() for n in grid], color=color, lw=1)
        for place, family in enumerate(families):
            # finders that agree would hide each other
            shift = 0.12 * (place - (len(families) - 1) / 2)
            rows = [
                (c.n + shift, float(c.counts["total"]), float(c.counts["total_se"])) for c in family.cells
            ]
            x, mean, error = np.array([row for row in rows if row[1] > 0] or [(np.nan,) * 3]).T
            label = f"ξ = {xi}" + (f", {family.finder}" if family.finder else "")
            marker = MARKERS[place % len(MARKERS)]
            artists.append(ax.errorbar(x, mean, np.nan_to_num(error), fmt=marker, color=color, label=label))
    log_scale(ax)
    ax.set(xlabel="N", ylabel="mean number on the sphere")
    whole_numbers(ax)
    legend_beside(ax, "points: measured\nlines: exact")
    return artists


def _colors(count: int) -> list[str]:
    return [COLORS[number % len(COLORS)] for number in range(count)]
