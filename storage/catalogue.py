"""The table of cells at the root of a dataset: which group holds what, for readers who have nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import zarr

from morsecensus.storage.layout import CellLayout
from morsecensus.storage.markers import Marker
from morsecensus.storage.seals import canonical

Line = Mapping[str, Any]
DIMENSION = "cell"
"""Has no coordinate of its name: every group below would inherit that one."""
MEANINGS = {
    "group": "group of the cell",
    "model": "model of its landscapes",
    "parameters": "parameters of the model, as JSON",
    "n": "dimension N as the study has it",
    "landscapes": "landscapes in the group",
    "closed": "landscapes of which everything that was sought is there; -1: not said",
    "rows": "rows over all landscapes: critical points, of a census",
}
TEXTS = ("group", "model", "parameters")


def line_of(cell: CellLayout, landscapes: int, markers: Mapping[int, Marker], closed: int) -> Line:
    """Return what the table says of a cell, whose group has so many landscapes and so many closed ones."""
    ragged = cell.ragged[:1]
    return {
        "group": cell.id,
        "model": str(cell.spec.get("model", "")),
        "parameters": canonical(cell.spec.get("parameters", {})).decode(),
        "n": int(cell.spec.get("n", -1)),
        "landscapes": landscapes,
        "closed": closed,
        "rows": sum(marker.rows[table.name] for table in ragged for marker in markers.values()),
    }


def write_catalogue(root: zarr.Group, lines: Sequence[Line]) -> None:
    """Write the table, a line a cell in the order of the study."""
    for name, meaning in MEANINGS.items():
        text = name in TEXTS
        array = root.create_array(
            name,
            shape=(len(lines),),
            chunks=(max(1, len(lines)),),
            dtype="string" if text else "<i8",
            fill_value="" if text else -1,
            dimension_names=(DIMENSION,),
            attributes={"long_name": meaning, **({} if text else {"units": "1"})},
            config={"write_empty_chunks": True},
        )
        array[:] = np.array([line[name] for line in lines], dtype=object if text else np.int64)
