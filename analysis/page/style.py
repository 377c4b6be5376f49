"""How figures look, and the one file that imports matplotlib.

Figures are objects, drawn by Agg: no pyplot, no global state. Plot functions elsewhere take an ``ax``.
"""

import re
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
from matplotlib.legend import Legend
from matplotlib.patches import Patch
from matplotlib.ticker import LogFormatterSciNotation, MaxNLocator

from morsecensus.analysis.page.formulas import plain

WIDTH = 7.2
"""Inches: two columns of a journal page."""
INK, GREY, PALE = "#222222", "#8a8a8a", "#d5d9de"
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's palette: distinct for colour-blind readers."""
MARKERS = "osD^vP*"
"""In the order in which what a figure tells apart takes them, modulo their number."""
EXACT: dict[str, Any] = {"marker": "_", "ms": 9}
"""A dash at each N on exact lines: visible where there is one N only."""

BEHIND: dict[str, Any] = {"elinewidth": 4, "ecolor": PALE, "ms": 6, "zorder": 1.5}
"""Symbols and bars that others at the same N can be read upon."""
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


def new_panel(width: float = 3.3, height: float = 2.8) -> tuple[Figure, Axes]:
    """Return a small figure and its only axes, in inches: as wide as a phone shows without shrinking it."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


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
    vector.write_text(_rounded(vector.read_text(encoding="utf-8")), encoding="utf-8")
    figure.set_layout_engine("none")  # what the first one found holds for the second
    figure.dpi = matplotlib.rcParams["savefig.dpi"]
    FigureCanvasAgg(figure).print_png(raster, metadata={"Software": None})  # `savefig` would draw twice
    return vector, raster


def _rounded(drawing: str) -> str:
    """An SVG with coordinates to a hundredth of a point: half the size, and the same picture."""
    places = re.compile(r'(?<= )(d|x|y)="[^"]*"')
    return places.sub(lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), drawing)


def shades(count: int) -> list[str]:
    """Return colours from light to dark for an ordered quantity such as N."""
    positions = np.linspace(0.72, 0.08, count) if count > 1 else np.array([0.3])
    return [to_hex(matplotlib.colormaps["viridis"](p)) for p in positions]


class _Plain(LogFormatterSciNotation):
    """Labels of a logarithmic axis: 0.2 and 200, and powers of ten where those are long."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        text = super().__call__(x, pos)
        return f"{x:g}" if text and 1e-3 <= abs(x) < 1e4 else text


def log_scale(ax: Axes, axis: str = "y") -> None:
    """Make an axis logarithmic, with labels as one writes numbers."""
    ax.set_yscale("log") if axis == "y" else ax.set_xscale("log")
    plain_ticks(ax, axis)


def plain_ticks(ax: Axes, axis: str = "y") -> None:
    """Label an axis that is logarithmic, wholly or in part, as one writes numbers."""
    own = ax.yaxis if axis == "y" else ax.xaxis
    own.set_major_formatter(_Plain())
    own.set_minor_formatter(_Plain(minor_thresholds=(1.2, 0.5)))


def whole_numbers(ax: Axes) -> None:
    """Put ticks of the x axis at whole numbers only, with half a unit of room for a single one."""
    low, high = ax.get_xlim()
    if high - low < 1:
        middle = round((low + high) / 2)
        ax.set_xlim(middle - 0.5, middle + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def legend_beside(ax: Axes, title: str) -> None:
    """A legend to the right of the axes."""
    _names(ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title=title, title_fontsize=7.5))


def legend_above(ax: Axes, title: str = "", columns: int = 2) -> None:
    """A legend over the axes, where no curve can be under it; none where nothing drawn has a name."""
    if not ax.get_legend_handles_labels()[0]:
        return
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1.01), "alignment": "left"}
    space = {"borderpad": 0, "borderaxespad": 0.2, "columnspacing": 1.2, "handlelength": 1.6}
    _names(ax.legend(ncols=columns, title=title, title_fontsize=7.5, **place, **space))


def legend_below(figure: Figure, entries: Sequence[tuple[str, str]]) -> None:
    """Draw one legend of coloured boxes under all panels; entries are (label, colour)."""
    boxes = [Patch(facecolor=color, edgecolor=GREY, linewidth=0.4, label=label) for label, color in entries]
    _names(figure.legend(handles=boxes, loc="outside lower center", ncols=-(-len(boxes) // 2)))


def _names(legend: Legend) -> None:
    """Entries are names, of models and whatever a store says of a finder: in letters, never parsed."""
    for text in legend.get_texts():
        text.set_parse_math(False)
        text.set_text(plain(text.get_text()))
