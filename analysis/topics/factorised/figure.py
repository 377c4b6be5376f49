"""Index against value of H for all critical manifolds of a cell, found and in closed form."""

import numpy as np

from morsecensus.analysis.page.style import COLORS, GREY, Axes, Mark
from morsecensus.analysis.topics.factorised.measure import CheckedCell


def plot_manifolds(ax: Axes, checked: CheckedCell) -> list[Mark]:
    """Draw closed-form manifolds as circles and found ones as dots in them. Returns both."""
    index, energy = checked.column("index"), checked.column("energy") * checked.shape.ambient
    every = [each for landscape in checked.landscapes for each in landscape.found]
    spurious = [row for landscape in checked.landscapes for row in landscape.spurious]
    exact = np.array([(each.manifold.loss, each.manifold.index) for each in every]).reshape(-1, 2)
    artists: list[Mark] = [
        ax.scatter(
            exact[:, 0], exact[:, 1], s=26, facecolors="none", edgecolors=GREY, lw=0.7, label="closed form"
        )
    ]
    kinds = (
        ("found", COLORS[0], [e.row for e in every if e.row >= 0 and not e.manifold.degenerate]),
        ("found, degenerate", COLORS[1], [e.row for e in every if e.row >= 0 and e.manifold.degenerate]),
        ("found, not in closed form", COLORS[3], spurious),
    )
    for label, color, rows in kinds:
        if rows:
            artists.append(ax.scatter(energy[rows], index[rows], s=5, color=color, label=label))
    ax.set(xlabel="H = loss", ylabel="Morse index")
    ax.locator_params(axis="y", integer=True)
    shape = checked.shape
    ax.set_title(
        f"{shape.layers} layers, width {shape.width}, {shape.rows} x {shape.rows + shape.extra}",
        parse_math=False,
    )
    return artists
