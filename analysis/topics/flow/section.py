"""The tables and figures of flows, in one folder."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from morsecensus.analysis.page.style import Figure, new_figure, save, style
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
from morsecensus.analysis.topics.flow.measure import FlowCell, Row, curve_rows, end_rows, summary_rows
from morsecensus.analysis.topics.flow.outliers import Outliers, outlier_rows
from morsecensus.storage.fresh_folder import fresh_folder


def write_flows(
    cells: Sequence[FlowCell], outliers: Sequence[Outliers], success: float, folder: Path, about: str
) -> list[Path]:
    """Write curves.csv, ends.csv, summary.csv, and outliers.csv if there are any; figures as SVG and PNG.

    Args:
        cells: of one model.
        outliers: one for each N; may be empty.
        success: overlap above which an end counts as recovered.
        about: the text of flow.json: what was computed, and with what.

    Returns:
        The files.

    Raises:
        OSError: the folder cannot be written.
        StoreError: a file of the user's is in the way.
    """
    with fresh_folder(folder) as new:
        written = _write_into(new, cells, outliers, success)
        (new / "flow.json").write_text(about)
    return [folder / path.relative_to(new) for path in written]


def _write_into(
    folder: Path, cells: Sequence[FlowCell], outliers: Sequence[Outliers], success: float
) -> list[Path]:
    tables = {
        "summary": summary_rows(cells, success),
        "curves": curve_rows(cells),
        "ends": end_rows(cells),
    } | ({"outliers": outlier_rows(outliers)} if outliers else {})
    written = [_write_table(folder / f"{name}.csv", rows) for name, rows in tables.items()]
    with style():
        for name, figure in _figures(cells, outliers, success):
            written.extend(save(figure, folder, name))
    return written


def finite(row: Row) -> Row:
    """A row with None for what isn't a number."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}


def _write_table(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(
            finite({k: float(v) if hasattr(v, "dtype") else v for k, v in row.items()}) for row in rows
        )
    return path


def _figures(
    cells: Sequence[FlowCell], outliers: Sequence[Outliers], success: float
) -> list[tuple[str, Figure]]:
    numbers = sorted({cell.number for cell in cells})
    figures = []
    for number in numbers:
        name = "flow" if len(numbers) == 1 else f"flow-{number}"
        figures.append((name, _curves([cell for cell in cells if cell.number == number])))
    planted = cells[0].overlap is not None
    if planted and len(numbers) > 1:
        figures.append(("recovery", _recovery(cells, success)))
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
        figure.suptitle(f"{level_name(cells)} = {noise_level(cells[0]):.4g}", fontsize=8.5)
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
