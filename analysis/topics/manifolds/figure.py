"""Index against value of H for all critical manifolds of a cell, found and in closed form."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from morsecensus.analysis.page.style import COLORS, GREY, Axes, Figure, Mark, new_figure
from morsecensus.analysis.topics.manifolds.match import CheckedCell

MOST_PANELS = 6
CAPTION = (
    "Critical manifolds of all landscapes of a cell: value of H and index in closed form (circles) and found "
    "(dots). Degenerate: more zero eigenvalues than the manifold has dimensions. The index of those counts "
    "negative eigenvalues alone."
)


def draw_manifolds(found: Sequence[CheckedCell[Any, Any]]) -> Figure:
    """A panel for each of the last cells."""
    shown = [checked for checked in found if checked.landscapes][-MOST_PANELS:] or list(found[:1])
    columns = min(3, len(shown))
    figure, axes = new_figure(-(-len(shown) // columns), columns, 2.4 * -(-len(shown) // columns) + 0.4)
    for ax, checked in zip(axes, shown, strict=False):
        plot_manifolds(ax, checked)
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    labels = {label: mark for ax in axes for mark, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(labels.values(), labels.keys(), loc="outside lower center", ncols=len(labels))
    return figure


def plot_manifolds(ax: Axes, checked: CheckedCell[Any, Any]) -> list[Mark]:
    """Draw closed-form manifolds as circles and found ones as dots in them. Returns both."""
    index, energy = checked.column("index"), checked.column("energy") * checked.shape.ambient
    exact = np.array([(each.manifold.loss, each.manifold.index) for each in checked.every]).reshape(-1, 2)
    artists: list[Mark] = [
        ax.scatter(
            exact[:, 0], exact[:, 1], s=26, facecolors="none", edgecolors=GREY, lw=0.7, label="closed form"
        )
    ]
    kinds = (
        ("found", COLORS[0], [e.row for e in checked.found if not e.manifold.degenerate]),
        ("found, degenerate", COLORS[1], [e.row for e in checked.found if e.manifold.degenerate]),
        ("found, not in closed form", COLORS[3], checked.spurious),
    )
    for label, color, rows in kinds:
        if rows:
            artists.append(ax.scatter(energy[rows], index[rows], s=5, color=color, label=label))
    ax.set(xlabel="H = loss", ylabel="Morse index")
    ax.locator_params(axis="y", integer=True)
    ax.set_title(checked.shape.title, parse_math=False)
    return artists
