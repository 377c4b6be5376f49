"""Overlaps of critical points by N, and the variance of their numbers against N."""

import numpy as np

from morsecensus.analysis.page.style import (
    COLORS,
    EXACT,
    GREY,
    INK,
    Axes,
    Figure,
    Mark,
    new_figure,
    whole_numbers,
)
from morsecensus.analysis.topics.pairs.measure import CellPairs, FamilyPairs, exact_variances
from morsecensus.analysis.topics.pairs.overlaps import exact_pairs, uniform_pairs
from morsecensus.analysis.topics.pairs.variances import (
    count_kinds,
    counts_of,
    poisson_variances,
    sample_variance,
)
from morsecensus.analysis.topics.rows import some

MOST_COLUMNS = 4
"""Values of N in the figure of overlaps."""


def draw_overlaps(family: FamilyPairs) -> Figure:
    """Overlaps of up to `MOST_COLUMNS` cells, a row for each kind of points."""
    chosen = some(family.cells, MOST_COLUMNS)
    kinds = chosen[0].overlaps.kinds
    figure, axes = new_figure(len(kinds), len(chosen), 0.9 + 1.75 * len(kinds))
    for row in range(len(kinds)):
        for column, found in enumerate(chosen):
            ax = axes[row * len(chosen) + column]
            plot_overlaps(ax, found, row)
            kind = found.overlaps.kinds[row][0]
            ax.set_title(f"N = {found.cell.n}, {kind.name}", fontsize=7)
    figure.supxlabel("overlap q", fontsize=8.5)
    figure.supylabel("pairs per unit of q", fontsize=8.5)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def draw_variances(family: FamilyPairs) -> Figure:
    """Variances against N, of all points and of minima."""
    figure, axes = new_figure(1, 2, 2.9)
    for place, ax in enumerate(axes):
        plot_relative_variance(ax, family, place)
    axes[0].legend(loc="upper right")
    return figure


def plot_overlaps(ax: Axes, found: CellPairs, pair: int) -> list[Mark]:
    """Draw pairs per unit of overlap: measured (points), exact (steps), uniform (dashes). Returns the
    points."""
    overlaps = found.overlaps
    edges, width = overlaps.edges, np.diff(overlaps.edges)
    if found.theory is not None:
        exact, error = exact_pairs(found.theory, overlaps.kinds[pair])
        ax.stairs(exact / width, edges, color=COLORS[1], lw=1.1, label="exact")
        ax.fill_between(
            edges,
            np.append((exact - error) / width, 0),
            np.append((exact + error) / width, 0),
            step="post",
            color=COLORS[1],
            alpha=0.25,
            lw=0,
        )
    uniform = uniform_pairs(overlaps, pair, found.cell.n) / width
    ax.stairs(uniform, edges, color=GREY, lw=0.9, ls="--", label="uniform points")
    value, error = overlaps.density(pair)
    middle = (edges[1:] + edges[:-1]) / 2
    points = ax.errorbar(
        middle, value, np.nan_to_num(error), fmt="o", ms=1.8, lw=0.7, color=INK, label="measured", zorder=3
    )
    ax.set_xlim(-1, 1)
    ax.set_ylim(bottom=0)
    return [points]


def plot_relative_variance(ax: Axes, family: FamilyPairs, place: int) -> list[Mark]:
    """Draw variance over squared mean against N: measured (points), exact (dashes), independent points
    (circles).

    Args:
        ax: to draw on.
        family: measured.
        place: of the kind in `count_kinds`: 0 for all points, 1 for minima.

    Returns:
        the points.
    """
    sizes = np.array([found.cell.n for found in family.cells])
    rows = []
    for found in family.cells:
        counts = counts_of(found.cell)[:, place]
        variance, error = sample_variance(counts)
        rows.append((float(variance), float(error), float(counts.mean()) ** 2))
    variance, error, square = np.array(rows).T
    known = [(found, exact_variances(found)) for found in family.cells]
    exact = np.array(
        [
            (
                found.cell.n,
                e[1][place] / e[0][place] ** 2,
                e[2][place] / e[0][place] ** 2,
                _poisson(found, e[0], place),
            )
            for found, e in known
            if e is not None
        ]
    ).reshape(-1, 4)
    ax.plot(
        exact[:, 0],
        exact[:, 3],
        color=GREY,
        ls="--",
        lw=0.9,
        marker="o",
        mfc="none",
        label="independent points",
    )
    ax.errorbar(exact[:, 0], exact[:, 1], exact[:, 2], color=COLORS[1], lw=1, label="exact", **EXACT)
    points = ax.errorbar(
        sizes, variance / square, error / square, fmt="o", color=INK, label="measured", zorder=3
    )
    ax.set(xlabel="N", ylabel="variance / mean²", title=("all points", "minima")[place])
    ax.set_ylim(bottom=0)
    whole_numbers(ax)
    return [points]


def _poisson(found: CellPairs, means: np.ndarray, place: int) -> float:
    kinds = count_kinds(found.cell.n)
    return float(poisson_variances(kinds, means, found.cell.n, found.parity)[place] / means[place] ** 2)
