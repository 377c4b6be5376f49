"""How figures look, and the one file that imports matplotlib.

Figures are objects, drawn by Agg: no pyplot, no global state. Plot functions elsewhere take an ``ax``.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes as Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.container import Container
from matplotlib.figure import Figure as Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

WIDTH = 7.2
"""Inches: two columns of a journal page."""
INK, GREY, PALE = "#222222", "#8a8a8a", "#d5d9de"
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's palette: distinct for colour-blind readers."""
MARKERS = "osD^vP*"
"""In the order in which what a figure tells apart takes them, modulo their number."""
EXACT: dict[str, Any] = {"marker": "_", "ms": 9}
"""A dash at each N on exact lines: visible where there is one N only."""

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.6,
    "errorbar.capsize": 0,
    "mathtext.fontset": "dejavusans",
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "svg.fonttype": "path",
    "svg.hashsalt": "morsecensus",
}
Mark = Artist | Container
"""What a plot function returns."""


@contextmanager
def style() -> Iterator[None]:
    """Switch the style on for the figures made and saved inside."""
    with matplotlib.rc_context(dict(STYLE)):
        yield


def new_figure(rows: int, columns: int, height: float, share: bool = False) -> tuple[Figure, list[Axes]]:
    """Return a figure of full width and its axes, row by row.

    Args:
        rows: of panels.
        columns: of panels.
        height: of the whole figure in inches.
        share: whether all panels share both scales.
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=share, sharey=share)
    return figure, [ax for row in grid for ax in row]


def join(figure: Figure, first: Axes, last: Axes) -> Axes:
    """Replace two panels by one that spans them."""
    grid, span = first.get_gridspec(), (first.get_subplotspec(), last.get_subplotspec())
    if grid is None or span[0] is None or span[1] is None:
        raise ValueError("join: got axes outside a grid; give two panels of one figure")
    first.remove()
    last.remove()
    return figure.add_subplot(grid[span[0].num1 : span[1].num1 + 1])


def save(figure: Figure, folder: Path, name: str) -> tuple[Path, Path]:
    """Write a figure as SVG and PNG; the bytes don't depend on when."""
    vector, raster = folder / f"{name}.svg", folder / f"{name}.png"
    figure.savefig(vector, metadata={"Date": None, "Creator": None})
    figure.set_layout_engine("none")  # what the first one found holds for the second
    figure.savefig(raster, metadata={"Software": None})
    return vector, raster


def shades(count: int) -> list[str]:
    """Return colours from light to dark for an ordered quantity such as N."""
    positions = np.linspace(0.82, 0.08, count) if count > 1 else np.array([0.3])
    return [to_hex(matplotlib.colormaps["viridis"](p)) for p in positions]


def whole_numbers(ax: Axes) -> None:
    """Put ticks of the x axis at whole numbers only, with half a unit of room for a single one."""
    low, high = ax.get_xlim()
    if high - low < 1:
        middle = round((low + high) / 2)
        ax.set_xlim(middle - 0.5, middle + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def legend_beside(ax: Axes, title: str) -> None:
    """A legend to the right of the axes. Its entries are names of models: text, never formulas."""
    legend = ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title=title, title_fontsize=7.5)
    for text in legend.get_texts():
        text.set_parse_math(False)


def legend_below(figure: Figure, entries: Sequence[tuple[str, str]]) -> None:
    """Draw one legend of coloured boxes under all panels; entries are (label, colour)."""
    boxes = [Patch(facecolor=color, edgecolor=GREY, linewidth=0.4, label=label) for label, color in entries]
    legend = figure.legend(handles=boxes, loc="outside lower center", ncols=-(-len(boxes) // 2))
    for text in legend.get_texts():
        text.set_parse_math(
            False
        )  # a label may hold what a store says of a finder: no formula, whatever it is
