"""Other laws of the couplings against the Gaussian one: numbers of points, a moment, and the bulk."""

import numpy as np

from morsecensus.analysis.page.style import (
    COLORS,
    GREY,
    INK,
    MARKERS,
    Axes,
    Figure,
    Mark,
    legend_above,
    legend_below,
    log_scale,
    new_figure,
    whole_numbers,
)
from morsecensus.analysis.theory.goe.density import log_density
from morsecensus.analysis.theory.goe.moments import catalan, goe_moment
from morsecensus.analysis.theory.goe.semicircle import semicircle_density
from morsecensus.analysis.topics.universality.measure import (
    GAUSSIAN,
    LawFamily,
    Universality,
    bulk_density,
    critical_moments,
)

ORDER = 4
"""The moment that is shown."""


def draw_laws(result: Universality) -> Figure:
    """Mean numbers, a moment, and the bulk of all laws."""
    figure, axes = new_figure(1, 3, 3.2)
    plot_difference(axes[0], result)
    plot_moment(axes[1], result)
    plot_bulk(axes[2], result)
    legend_below(figure, law_entries(result))
    return figure


def _styles(found: Universality) -> list[tuple[LawFamily, str, str, float]]:
    """Law, colour, marker and a shift in N, so that errors don't hide each other."""
    count = len(found.laws)
    return [
        (law, COLORS[k % len(COLORS)], MARKERS[k % len(MARKERS)], 0.5 * ((k + 0.5) / count - 0.5))
        for k, law in enumerate(found.laws)
    ]


def law_entries(found: Universality) -> list[tuple[str, str]]:
    """Name and colour of each law, for a legend."""
    names = [law.law + (f" ({law.family.finder})" if law.family.finder else "") for law in found.laws]
    return [(name, color) for name, (_, color, _, _) in zip(names, _styles(found), strict=True)]


def plot_difference(ax: Axes, found: Universality) -> list[Mark]:
    """Draw the relative difference of mean numbers from the exact Gaussian ones. Returns the points."""
    rows = found.totals
    artists: list[Mark] = []
    for law, color, marker, shift in _styles(found):
        names = {result.cell.name for result in law.cells}
        mine = [row for row in rows if row["cell"] in names]
        x = [row["n"] + shift for row in mine]
        y, error = ([100 * row[name] for row in mine] for name in ("relative", "relative_se"))
        artists.append(ax.errorbar(x, y, error, fmt=marker, color=color))
    ax.axhline(0, color=INK, lw=0.8)
    ax.set(xlabel="N", ylabel="mean number against exact, %")
    whole_numbers(ax)
    return artists


def plot_moment(ax: Axes, found: Universality) -> list[Mark]:
    """Draw a moment of the bulk at critical points, measured and Gaussian. Returns the points."""
    rows = [row for row in found.bulk if row["order"] == ORDER]
    artists: list[Mark] = []
    for law, color, marker, shift in _styles(found):
        names = {result.cell.name for result in law.cells}
        mine = [row for row in rows if row["cell"] in names]
        if mine:
            x = [row["n"] + shift for row in mine]
            y, error = ([row[name] for row in mine] for name in ("moment", "se"))
            artists.append(ax.errorbar(x, y, error, fmt=marker, color=color))
    sizes = [n for n in found.sizes if n >= 3]
    grid = np.arange(min(sizes), max(sizes) + 1) if sizes else np.zeros(0, dtype=np.int64)
    exact = [critical_moments(found.covariance, int(n))[0][ORDER // 2 - 1] for n in grid]
    ax.plot(grid, exact, color=INK, lw=1, label="Gaussian, at critical points")
    ax.plot(grid, [goe_moment(int(n) - 1, ORDER) for n in grid], color=GREY, ls="--", lw=1, label="GOE, N−1")
    ax.axhline(catalan(ORDER // 2), color=GREY, ls=":", lw=1, label="Catalan number")
    log_scale(ax)  # heavy tails reach far up
    ax.set(xlabel="N", ylabel=f"moment {ORDER} of the bulk")
    whole_numbers(ax)
    legend_above(ax)
    return artists


def plot_bulk(ax: Axes, found: Universality) -> list[Mark]:
    """Draw the density of the bulk at the largest N of each law. Returns the steps."""
    artists: list[Mark] = []
    largest = 0
    for law, color, _, _ in _styles(found):
        cells = [c for c in law.cells if "spectrum" in c.cell.dataset and c.cell.points and c.n >= 3]
        if not cells:
            continue
        last = max(cells, key=lambda result: result.n)
        largest = max(largest, last.n)
        edges, height = bulk_density(last.cell, found.covariance)
        width = 1.6 if law.law == GAUSSIAN else 0.9
        artists.append(ax.stairs(height, edges, color=color, lw=width))
    grid = np.linspace(-3, 3, 301)
    if largest > 2:
        m = largest - 1
        density = np.exp(log_density(m, grid * np.sqrt(m / 2))) / m * np.sqrt(m / 2)
        ax.plot(grid, density, color=GREY, ls="--", lw=1, label=f"GOE, N−1 = {m}")
    ax.plot(grid, semicircle_density(grid), color=GREY, ls=":", lw=1.2, label="semicircle")
    ax.set(xlabel="eigenvalue of G, scaled", ylabel="density")
    ax.set_ylim(bottom=0)
    legend_above(ax)
    return artists
