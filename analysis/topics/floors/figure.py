"""The lowest energy over the floor of the minima, against the number of spins."""

import numpy as np

from morsecensus.analysis.page.style import (
    COLORS,
    GREY,
    MARKERS,
    Axes,
    Figure,
    Mark,
    legend_beside,
    new_figure,
    whole_numbers,
)
from morsecensus.analysis.topics.floors.measure import Floors, floor_and_ground, floor_rows
from morsecensus.analysis.topics.rows import label


def draw_floors(found: Floors) -> Figure:
    """One panel."""
    figure, axes = new_figure(1, 1, 3.2)
    plot_floors(axes[0], found)
    return figure


def plot_floors(ax: Axes, found: Floors) -> list[Mark]:
    """Draw measured ratios (points), first-moment law (lines) and limits (dashed). Returns the points."""
    artists: list[Mark] = []
    for place, family in enumerate(found.families):
        rows = floor_rows(Floors((family,)))
        limits = floor_and_ground(family)
        if not rows or limits is None:
            continue
        color = COLORS[place % len(COLORS)]
        spins = np.array([row["spins"] for row in rows])
        text = label(rows[0]) + (f", {family.finder}" if family.finder else "")
        ratio, error = (np.array([row[name] for row in rows]) for name in ("ratio", "ratio_se"))
        mark = MARKERS[place % len(MARKERS)]
        artists.append(ax.errorbar(spins, ratio, np.nan_to_num(error), fmt=mark, color=color, label=text))
        law = [(row["spins"], row["first_moment"]) for row in rows if row["first_moment"] is not None]
        if law:
            ax.plot(*np.array(law).T, color=color, lw=1)
        ax.axhline(limits[1] / limits[0], color=color, lw=0.9, ls=(0, (4, 2)), zorder=0)
    ax.axhline(1, color=GREY, lw=0.8, zorder=0)
    ax.annotate("floor", (1, 1), (-2, -9), ("axes fraction", "data"), "offset points", color=GREY, ha="right")
    ax.set(xlabel="spins, over all spheres", ylabel=r"mean lowest energy / $(-E_\infty)$")
    whole_numbers(ax)
    legend_beside(ax, "points: measured\nlines: first-moment law\ndashed: $E_0/E_\\infty$, N → ∞")
    return artists
