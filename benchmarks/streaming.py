"""Points per second streamed into a store, durably and with a marker, against zarr alone writing the same
columns to the same layout, without fsync, checksums of objects or markers."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from benchmarks.harness import Row, interleaved, seconds
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.blocks import write_block
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import CellLayout, Generation, Manifest
from morsecensus.storage.store import Run, write_manifest
from morsecensus.tasks.measurables.census import LANDSCAPE

REPEATS = 9
LANDSCAPES = 64
POINTS = {100: "small blocks", 2_000: "", 20_000: "large landscapes"}
"""Points of a landscape; a block has 64 landscapes."""


def _cell(positions: bool) -> CellLayout:
    study = {
        "name": "streaming",
        "seed": 1,
        "cells": [
            {
                "xi": "q^3",
                "n": 20,
                "landscapes": 100 * LANDSCAPES,
                "block": LANDSCAPES,
                "positions": positions,
                "spectra": positions,
            }
        ],
    }
    return make_plan(parse_study(study)).cells[0].layout


def _tables(cell: CellLayout, points: int) -> dict[str, dict[str, np.ndarray]]:
    """Columns as a body returns them: doubles of random mantissa, small integers."""
    random = np.random.default_rng(0)
    rows = {table.name: LANDSCAPES * points if table.ragged else LANDSCAPES for table in cell.tables}
    tables: dict[str, dict[str, np.ndarray]] = {}
    for table in cell.tables:
        tables[table.name] = {}
        for column in table.streamed:
            shape = (rows[table.name], *column.shape(cell.sizes))
            real = column.dtype == "f8"
            values = random.normal(size=shape) if real else random.integers(0, 20, shape)
            tables[table.name][column.name] = values.astype(column.little_endian)
        if table.ragged:
            tables[table.name]["slot"] = np.repeat(np.arange(LANDSCAPES, dtype=np.uint16), points)
    return tables


def _ours(run: Run, cell: CellLayout, tables: Any) -> Callable[[], float]:
    blocks = iter(range(cell.blocks))

    def write() -> None:
        write_block(run.files, cell, next(blocks), tables, generation=0, fingerprint="bench", provenance={})

    return lambda: seconds(write)


def _bare(run: Run, cell: CellLayout, tables: Any) -> Callable[[], float]:
    group = zarr.open_group(str(Path(run.url) / "stream.zarr"), mode="r+")
    arrays = {
        (table.name, column.name): group[f"{cell.id}/{table.array_name(column)}"]
        for table in cell.tables
        for column in table.streamed
    }
    blocks = iter(range(cell.blocks))

    def write() -> None:
        block = next(blocks)
        for (table, column), array in arrays.items():
            values = tables[table][column]
            if table == LANDSCAPE.name:
                array[block * LANDSCAPES : (block + 1) * LANDSCAPES] = values
            else:
                # whole chunks, as a region that is cut in the middle of one would be read first
                size = -(-len(values) // cell.chunk_rows) * cell.chunk_rows
                padded = np.zeros((size, *values.shape[1:]), values.dtype)
                padded[: len(values)] = values
                array[block, :size] = padded

    return lambda: seconds(write)


def run() -> list[Row]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for positions in (False, True):
            cell = _cell(positions)
            for points, remark in POINTS.items():
                tables = _tables(cell, points)
                actions = {}
                for name, make in (("ours", _ours), ("bare", _bare)):
                    where = Path(folder) / f"{name}-{positions}-{points}"
                    manifest = Manifest("streaming", {}, (cell,), (Generation("bench", {}),), {})
                    made = write_manifest(open_files(str(where)), manifest)
                    actions[name] = make(made, cell, tables)
                for action in actions.values():
                    action()
                found = interleaved(actions, REPEATS)
                rate = {name: LANDSCAPES * points / value for name, value in found.items()}
                what = "with positions and spectra" if positions else "scalars"
                rows.append(
                    Row(
                        f"points streamed against bare zarr, {LANDSCAPES * points} a block, {what}",
                        rate["ours"] / rate["bare"],
                        ">= 0.8",
                        f"{rate['ours']:.3g}/s against {rate['bare']:.3g}/s{', ' + remark if remark else ''}",
                    )
                )
    return rows
