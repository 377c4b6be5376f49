"""Writing and reading one block of the stream.

Why a retry, a zombie or a second copy is harmless: the bytes are a function of (cell, environment, block),
every object is replaced whole and atomically, and the marker follows only after all of them are durable.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from morsecensus.storage.chunks import checksum, decode, encode
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files
from morsecensus.storage.layout import CellLayout, chunk_key
from morsecensus.storage.markers import Marker
from morsecensus.storage.object_table import Entry, ObjectTable
from morsecensus.storage.tables import Column, Table

Tables = Mapping[str, Mapping[str, Any]]


def encode_block(
    cell: CellLayout, block: int, generation: int, tables: Tables
) -> tuple[dict[str, bytes], dict]:
    """Return the objects of a block by key, and its rows and per-landscape counts by ragged table.

    ``tables`` is what a body returns: for each table its columns as arrays. Raises ValueError if a column is
    missing, unknown, of another shape or not exactly representable in the stored type.
    """
    objects: dict[str, bytes] = {}
    slots: dict[str, list[int]] = {}
    _same_names("tables", tables, {table.name for table in cell.tables})
    for table in cell.tables:
        given = tables[table.name]
        columns = table.streamed
        _same_names(f"columns of {table.name!r}", given, {column.name for column in columns})
        rows = cell.size_of(block)
        if table.ragged:
            slots[table.name] = _slot_counts(cell, table, cell.size_of(block), np.asarray(given["slot"]))
            rows = sum(slots[table.name])
        for column in columns:
            values = _conform(table, column, given[column.name], (rows, *column.shape(cell.sizes)))
            for chunk, padded in enumerate(_chunks(cell, table, column, values)):
                key = chunk_key(cell, table, column, block, chunk, generation)
                objects[key] = encode(padded, column.little_endian)
    return objects, slots


def write_block(
    files: Files,
    cell: CellLayout,
    block: int,
    tables: Tables,
    *,
    generation: int,
    fingerprint: str,
    provenance: Mapping[str, Any],
) -> Marker:
    """Write a block: its chunks, durably, then its marker. Raises ValueError for tables that do not fit."""
    objects, slots = encode_block(cell, block, generation, tables)
    landscape = tables[cell.landscape.name]
    rows = {name: sum(counts) for name, counts in slots.items()}
    entries = {key: (len(data), checksum(data)) for key, data in objects.items()}
    marker = Marker(
        cell=cell.id,
        cell_hash=cell.hash,
        fingerprint=fingerprint,
        generation=generation,
        block=block,
        rows=rows,
        slots=slots,
        objects=ObjectTable(cell, rows, block, generation, entries),
        totals={c.name: int(np.sum(landscape[c.name])) for c in cell.landscape.columns if c.total},
        provenance=provenance,
    )
    files.write(objects)
    files.write({marker.key: marker.to_bytes()})
    return marker


def read_chunk(
    files: Files, cell: CellLayout, table: Table, column: Column, place: tuple[int, int, int], entry: Entry
) -> np.ndarray:
    """Return the rows of one chunk of a committed block, padding among them.

    Args:
        place: number of the block, of the chunk, and of the generation.
        entry: what the block's marker says of the object.

    Raises StoreError, naming the block, if it is not what was written.
    """
    block, chunk, generation = place
    key = chunk_key(cell, table, column, block, chunk, generation)
    where = f"{files.url}: {cell.id} block {block}: {key}"
    data = _read_object(files, key, entry, where)
    leading = (1, cell.chunk_rows) if table.ragged else (cell.block_size,)
    try:
        found = decode(data, column.little_endian, (*leading, *column.shape(cell.sizes)))
    except ValueError as error:
        raise StoreError(f"{where}: {error}") from error
    return found[0] if table.ragged else found


def _read_object(files: Files, key: str, entry: Entry, where: str) -> bytes:
    size, crc = entry
    try:
        data = files.read(key)
    except FileNotFoundError:
        raise StoreError(f"{where} is missing; `morsecensus repair` recomputes the block") from None
    if len(data) != size:
        raise StoreError(f"{where} has {len(data)} bytes, written were {size}; `morsecensus repair` mends it")
    if checksum(data) != crc:
        raise StoreError(f"{where} has changed since it was written (CRC); `morsecensus repair` mends it")
    return data


def read_column(files: Files, cell: CellLayout, marker: Marker, table: Table, column: Column) -> np.ndarray:
    """Return a column of a committed block, without padding, checked against the marker."""
    rows = marker.rows[table.name] if table.ragged else cell.size_of(marker.block)
    parts = [
        read_chunk(
            files,
            cell,
            table,
            column,
            (marker.block, chunk, marker.generation),
            marker.objects.of(table, column, chunk),
        )
        for chunk in range(cell.row_chunks(rows) if table.ragged else 1)
    ]
    if not parts:
        return np.empty((0, *column.shape(cell.sizes)), column.little_endian)
    return np.concatenate(parts)[:rows]


def read_block(files: Files, cell: CellLayout, marker: Marker) -> dict[str, dict[str, np.ndarray]]:
    """Return all columns of a committed block, as its body returned them."""
    return {
        table.name: {c.name: read_column(files, cell, marker, table, c) for c in table.streamed}
        for table in cell.tables
    }


def _same_names(what: str, given: Mapping[str, Any], wanted: set[str]) -> None:
    if set(given) != wanted:
        missing, unknown = sorted(wanted - set(given)), sorted(set(given) - wanted)
        raise ValueError(f"{what}: missing {missing}, unknown {unknown}")


def _slot_counts(cell: CellLayout, table: Table, size: int, slot: np.ndarray) -> list[int]:
    if slot.ndim != 1 or (slot.size and (slot.min() < 0 or slot.max() >= size)):
        raise ValueError(f"{table.name}.slot: must be one number below {size} for each row")
    if np.any(np.diff(slot.astype(np.int64)) < 0):
        raise ValueError(f"{table.name}.slot: rows must be ordered by landscape")
    if len(slot) > cell.rows_bound:
        raise ValueError(f"{table.name}: got {len(slot)} rows, the bound is {cell.rows_bound}")
    return np.bincount(slot.astype(np.int64), minlength=size).tolist()


def _conform(table: Table, column: Column, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(values)
    name = f"{table.name}.{column.name}"
    if array.shape != shape:
        raise ValueError(f"{name}: shape is {array.shape}, must be {shape}")
    dtype = column.little_endian
    if array.dtype == dtype:
        return array
    if array.dtype.kind not in ("iub" if dtype.kind in "iu" else "iubf"):
        raise ValueError(f"{name}: type is {array.dtype}, must be {dtype}")
    # an out-of-range integer wraps silently in astype: compare
    with np.errstate(invalid="ignore"):
        cast = array.astype(dtype)
    if not np.array_equal(cast, array, equal_nan=dtype.kind == "f"):
        raise ValueError(f"{name}: values do not fit {dtype}")
    return cast


def _chunks(cell: CellLayout, table: Table, column: Column, values: np.ndarray) -> Iterator[np.ndarray]:
    if not table.ragged:
        # a short last block still fills its chunk
        padded = np.full((cell.block_size, *values.shape[1:]), column.unknown, column.little_endian)
        padded[: len(values)] = values
        yield padded
        return
    size = cell.chunk_rows
    for start in range(0, len(values), size):
        part = values[start : start + size]
        padded = np.full((1, size, *values.shape[1:]), column.unknown, column.little_endian)
        padded[0, : len(part)] = part
        yield padded
