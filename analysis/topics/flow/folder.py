"""The tables and figures of the command ``flow``, in one folder."""

import math
from collections.abc import Sequence
from pathlib import Path

from morsecensus.analysis.page.style import save, style
from morsecensus.analysis.topics.flow.drawn import figures_of
from morsecensus.analysis.topics.flow.measure import FlowCell, Row
from morsecensus.analysis.topics.flow.outliers import Outliers
from morsecensus.analysis.topics.flow.tables import CURVES, ENDS, FLOWS, OUTLIERS, rows_of, write_spread
from morsecensus.storage.fresh_folder import fresh_folder

FILES = {FLOWS: "summary", CURVES: "curves", ENDS: "ends", OUTLIERS: "outliers"}
"""How the command calls the tables of the report, which has other topics beside them."""


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
    written = []
    for table, rows in rows_of(cells[0].model, cells, outliers, success).items():
        written.append(folder / f"{FILES[table]}.csv")
        write_spread(written[-1], table, rows, cells[0].parameters)
    with style():
        for name, figure in figures_of(cells, outliers, success):
            written.extend(save(figure, folder, name))
    return written


def finite(row: Row) -> Row:
    """A row with None for what isn't a number."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
