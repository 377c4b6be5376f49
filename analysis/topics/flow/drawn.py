"""The figures of one model's flows, drawn: curves, recovery, outliers."""

from collections.abc import Sequence

from morsecensus.analysis.page.style import Figure, new_figure
from morsecensus.analysis.topics.flow.figure import (
    level_name,
    noise_level,
    plot_end_overlaps,
    plot_energies,
    plot_outlier_vectors,
    plot_outliers,
    plot_overlaps,
    plot_recovery,
)
from morsecensus.analysis.topics.flow.measure import FlowCell, alike
from morsecensus.analysis.topics.flow.outliers import Outliers


def figures_of(
    cells: Sequence[FlowCell], outliers: Sequence[Outliers], success: float
) -> list[tuple[str, Figure]]:
    """Draw all figures of one model's flows: a name and a figure each.

    Args:
        success: final overlap above which a start counts as one that found the signal.
    """
    numbers = sorted({cell.number for cell in cells})
    figures = []
    for number in numbers:
        name = "flow" if len(numbers) == 1 else f"flow-{number}"
        figures.append((name, _curves([cell for cell in cells if cell.number == number])))
    compared = alike(cells)
    if len({cell.number for cell in compared}) > 1 and compared[0].overlap is not None:
        figures.append(("recovery", _recovery(compared, success)))
    if outliers:
        figure, axes = new_figure(1, 2, 3.2)
        plot_outliers(axes[0], outliers)
        plot_outlier_vectors(axes[1], outliers)
        figures.append(("outliers", figure))
    return figures


def _curves(cells: Sequence[FlowCell]) -> Figure:
    planted = cells[0].overlap is not None
    figure, axes = new_figure(1, 2 if planted else 1, 3.2)
    plot_energies(axes[0], cells)
    if planted:
        plot_overlaps(axes[1], cells)
        start = cells[0].given_overlap
        where = "uniform starts" if start is None else f"starts at m = {start:g}"
        figure.suptitle(f"{level_name(cells)} = {noise_level(cells[0]):.4g}, {where}", fontsize=8.5)
    return figure


def _recovery(cells: Sequence[FlowCell], success: float) -> Figure:
    sizes = sorted({cell.n for cell in cells})
    shown = sizes if len(sizes) < 4 else [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    figure, axes = new_figure(1, 1 + len(shown), 3.5)
    plot_recovery(axes[0], cells, success)
    for ax, n in zip(axes[1:], shown, strict=True):
        plot_end_overlaps(ax, [cell for cell in cells if cell.n == n])
        if ax is not axes[1]:
            ax.set_ylabel("")
            ax.set_yticklabels([])
    # The panels are narrow: one legend under all of them.
    entries = [ax.get_legend_handles_labels() for ax in axes[:2]]
    known = {
        label: handle for handles, labels in entries for handle, label in zip(handles, labels, strict=True)
    }
    figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=min(len(known), 5))
    return figure
