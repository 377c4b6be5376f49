"""The figure of mean Euler curves: a panel with residuals below it for each of some cells."""

from collections.abc import Sequence

from morsecensus.analysis.page.style import Axes, Figure, new_figure
from morsecensus.analysis.topics.rows import some
from morsecensus.analysis.topics.topology.euler.measure import EulerCell, EulerResult
from morsecensus.analysis.topics.topology.euler.panels import plot_euler, plot_euler_residuals

MOST_PANELS = 6


def draw_euler(result: EulerResult) -> Figure | None:
    """None without a curve."""
    shown = some([cell for cell in result.cells if cell.curve is not None], MOST_PANELS)
    return _figure(shown) if shown else None


def _figure(cells: Sequence[EulerCell]) -> Figure:
    columns = 2 if len(cells) == 4 else min(3, len(cells))
    rows = -(-len(cells) // columns)
    figure, axes = new_figure(2 * rows, columns, 0.5 + 3.1 * rows)
    grid = axes[0].get_gridspec()
    if grid is not None:
        grid.set_height_ratios([2.4, 1.0] * rows)
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        upper, lower = axes[2 * row * columns + column], axes[(2 * row + 1) * columns + column]
        if place < len(cells):
            _panel(upper, lower, cells[place], first=column == 0)
        else:
            upper.set_visible(False)
            lower.set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _panel(upper: Axes, lower: Axes, found: EulerCell, first: bool) -> None:
    curve = found.curve
    assert curve is not None
    band = found.critical * curve.error
    plot_euler(upper, curve.levels, curve.mean, curve.error, curve.exact, band, legend=False)
    plot_euler_residuals(lower, curve.levels, (curve.mean - curve.exact) / curve.error, found.critical)
    upper.set(xlabel="", title=f"N = {found.n}, {found.cell.landscapes:,} landscapes")
    upper.set_ylabel("mean χ{H/N ≥ u}" if first else "")
    upper.tick_params(labelbottom=False)
    lower.set_xlim(*upper.get_xlim())
    if not first:
        lower.set_ylabel("")
