"""Table and figure of the command ``mean-field``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from morsecensus.analysis.page.style import COLORS, Axes, log_scale, save, style
from morsecensus.analysis.page.table import write_csv
from morsecensus.storage.fresh_folder import fresh_folder

NAME = "mean-field"
LABELS = {"energy": "energy per spin", "correlation": "C(t, 0)", "overlap": "overlap with the signal"}


def write_curves(rows: Sequence[Mapping[str, Any]], title: str, time: str, folder: Path) -> list[Path]:
    """Write mean-field.csv, and a figure of energies, correlations and overlaps as SVG and PNG.

    Args:
        rows: of the command, in the order of time.
        time: what ``t`` counts.

    Raises:
        OSError: the folder cannot be written.
        StoreError: a file of the user's is in the way.
    """
    with fresh_folder(folder) as new:
        write_csv(new / f"{NAME}.csv", [dict(row) for row in rows])
        written = [new / f"{NAME}.csv"]
        with style():
            written.extend(save(_figure(rows, title, time), new, NAME))
    return [folder / path.name for path in written]


def _figure(rows: Sequence[Mapping[str, Any]], title: str, time: str) -> Figure:
    shown = [name for name in LABELS if rows[0][name] is not None]
    figure = Figure(figsize=(3.6 * len(shown), 3.0), layout="constrained")
    for ax, name in zip(figure.subplots(1, len(shown)), shown, strict=True):
        _curve(ax, rows, name)
        ax.set(xlabel=time, ylabel=LABELS[name])
    figure.suptitle(title)
    return figure


def _curve(ax: Axes, rows: Sequence[Mapping[str, Any]], name: str) -> None:
    """Against log t; a look at t = 0 has no place there."""
    late = [row for row in rows if row["t"] > 0]
    ax.plot([row["t"] for row in late], [row[name] for row in late], "o-", ms=3, color=COLORS[0])
    log_scale(ax, "x")
