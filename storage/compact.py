"""Compaction: the committed blocks of a run as one CF dataset that plain xarray opens.

One group per cell, and a table of them at the root; ragged tables become contiguous ragged arrays
(``row_size`` counts rows per landscape, ``row_landscape`` gives each row's landscape). Every dataset is
written under a new name, and the pointer to it last, so a reader never sees half of one. Memory is bounded by
one shard of one column.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from morsecensus.storage.ahead import in_order
from morsecensus.storage.blocks import read_column
from morsecensus.storage.catalogue import Line, line_of, write_catalogue
from morsecensus.storage.chunks import ZSTD_LEVEL
from morsecensus.storage.dataset import DATASET, content_digest, object_table, read_pointer
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files, LocalFiles
from morsecensus.storage.inventory import INVENTORY_KEY, Entry, inventory_bytes
from morsecensus.storage.layout import LATEST, CellLayout
from morsecensus.storage.markers import Marker
from morsecensus.storage.seals import canonical, seal
from morsecensus.storage.store import Run, quiet_zarr
from morsecensus.storage.tables import FORMAT, SLOT, Column, Table

CHUNK_BYTES = 2**20
"""Of one inner chunk, before compression: a column of 131,072 doubles."""
CHUNKS_PER_SHARD = 16
PROFILE = "profile"
COMMITTED = "committed.zarr"
"""Name of a dataset of the committed blocks of an unfinished run."""


def compact(run: Run, between: Callable[[], None] = lambda: None) -> str:
    """Write the dataset of a run and point to it; return its name. Does nothing if the current one is up to
    date and has its inventory. ``between`` is called between columns; what it raises ends the writing.

    Landscapes of blocks that are not committed are there too, as failed with reason *error*: no average can
    leave them out unnoticed. Raises StoreError, naming the block, if a committed block is damaged.
    """
    content = content_digest(run)
    current = read_pointer(run.files)
    if current is not None and current.content == content and INVENTORY_KEY in current.objects:
        return current.dataset
    name = f"dataset-{_next_number(run)}.zarr"
    with quiet_zarr(), run.files.errors(name):
        _write(run, run.files, name, between, whole=True)
    run.files.sync(name)
    objects = object_table(run.files, name)
    inventory = inventory_bytes(objects)
    run.files.write({f"{name}/{INVENTORY_KEY}": inventory})
    objects[INVENTORY_KEY] = Entry.of(inventory)
    pointer = {"dataset": name, "content": content, "objects": objects}
    run.files.write({LATEST: seal(pointer)})
    return name


def write_committed(run: Run, folder: Path) -> str:
    """Write a dataset of the committed blocks alone into a local folder, and return its path.

    The run is only read: its driver may be at work. Cells without a committed block have no group, and rows
    name their landscape by its place in the group. Raises StoreError as `compact`.
    """
    files = LocalFiles(folder.absolute())
    with quiet_zarr(), run.files.errors(COMMITTED):
        _write(run, files, COMMITTED, lambda: None, whole=False)
    files.write({f"{COMMITTED}/{INVENTORY_KEY}": inventory_bytes(object_table(files, COMMITTED))})
    return str(folder / COMMITTED)


def datasets(run: Run) -> list[str]:
    """Return the names of all datasets of a run, current and former."""
    return [name for name in run.files.names("") if DATASET.fullmatch(name)]


def _next_number(run: Run) -> int:
    # also past unfinished ones: nothing that may be half written is ever written into again
    return 1 + max((int(name[8:-5]) for name in datasets(run)), default=0)


def _write(run: Run, files: Files, name: str, between: Callable[[], None], whole: bool) -> None:
    manifest = run.manifest
    attrs = {
        "Conventions": "CF-1.11, ACDD-1.3",
        "title": f"Census of critical points: {manifest.name}",
        "source": f"morsecensus {manifest.software.get('morsecensus', '')}".strip(),
        **manifest.attributes,
        "format": FORMAT,
        "study": canonical(manifest.study).decode(),
        "fingerprints": [generation.fingerprint for generation in manifest.generations],
    }
    store = files.zarr(name)
    root = zarr.create_group(store, attributes=attrs)
    lines = [_write_cell(root, run, cell, between, whole) for cell in manifest.cells]
    write_catalogue(root, [line for line in lines if line is not None])
    # xarray warns about every store without consolidated metadata; a dataset never changes, so it cannot go
    # stale
    zarr.consolidate_metadata(store)


def _markers(run: Run, cell: CellLayout) -> Mapping[int, Marker]:
    """The markers of a cell, all of them read; raises StoreError where the roll-up says something else."""
    markers = run.committed(cell).markers
    for block, one in run.summaries(cell).blocks.items():
        if block not in markers or not one.agrees(markers[block]):
            raise StoreError(
                f"{run.url}: {cell.id} block {block}: its marker has changed since it was committed; "
                "`morsecensus repair` mends it"
            )
    return markers


def _write_cell(
    root: zarr.Group, run: Run, cell: CellLayout, between: Callable[[], None], whole: bool
) -> Line | None:
    """Write the group of a cell and return its line of the catalogue; nothing where it has no blocks."""
    markers = _markers(run, cell)
    blocks = range(cell.blocks) if whole else sorted(markers)
    if not blocks:
        return None
    attrs = {"cell_hash": cell.hash, "landscapes_failed": cell.padded - sum(map(cell.size_of, markers))}
    kind = {"featureType": PROFILE} if any(_height(table) for table in cell.ragged) else {}
    group = root.create_group(cell.id, attributes={**cell.attrs, **attrs, **kind})
    numbers = np.concatenate([block * cell.block_size + np.arange(cell.size_of(block)) for block in blocks])
    _coordinates(group, cell, numbers, kind)
    for column in cell.landscape.columns:
        between()
        if _says_nothing(run, cell, markers, cell.landscape, column):
            continue
        parts = _landscape_parts(run, cell, markers, blocks, column)
        _write_array(group, column.name, column, (cell.landscape.dimension,), len(numbers), cell.sizes, parts)
    for table in cell.ragged:
        _write_ragged(group, run, cell, markers, numbers, table, between)
    return line_of(cell, len(numbers), markers, group)


def _height(table: Table) -> str:
    """Name of the array along which the rows of a landscape are ordered, if a table has declared one: its
    landscapes are profiles then, in the words of the CF conventions, chapter 9.
    """
    return next((table.array_name(one) for one in table.columns if one.attrs.get("axis") == "Z"), "")


def _says_nothing(
    run: Run, cell: CellLayout, markers: Mapping[int, Marker], table: Table, column: Column
) -> bool:
    """Whether a column that may be unknown on any row is so on all of them: readers put it back by the run's
    tables. Reads until something is known.
    """
    if not column.optional:
        return False
    rows = 0
    with closing(_read(run, cell, markers, table, column)) as parts:
        for part in parts:
            rows += len(part)
            if (~np.isnan(part) if column.fill is None else part != column.fill).any():
                return False
    return rows > 0


def _coordinates(group: zarr.Group, cell: CellLayout, numbers: np.ndarray, kind: Mapping[str, str]) -> None:
    role = {"cf_role": "profile_id"} if kind else {}
    ids = Column("landscape", "i8", "number of the landscape: its couplings are a function of it", attrs=role)
    _write_array(group, ids.name, ids, (ids.name,), len(numbers), {}, iter([numbers]))
    if "morse_index" in cell.sizes:
        size = cell.sizes["morse_index"]
        index = Column("morse_index", "i2", "Morse index")
        _write_array(group, index.name, index, (index.name,), size, {}, iter([np.arange(size)]))


def _write_ragged(
    group: zarr.Group,
    run: Run,
    cell: CellLayout,
    markers: Mapping[int, Marker],
    numbers: np.ndarray,
    table: Table,
    between: Callable[[], None],
) -> None:
    counts = np.zeros(len(numbers), np.int64)
    firsts = {block: int(np.searchsorted(numbers, block * cell.block_size)) for block in markers}
    for block, marker in markers.items():
        counts[firsts[block] : firsts[block] + cell.size_of(block)] = marker.slots[table.name]
    rows = int(counts.sum())
    size = Column(
        table.count, "i8", "rows of the landscape", fill=0, attrs={"sample_dimension": table.dimension}
    )
    _write_array(group, size.name, size, ("landscape",), len(numbers), {}, iter([counts]))
    # without instance_dimension, for that would be another representation of the same features
    owner = Column(table.instance, "i8", "landscape of the row")
    owners = _read(run, cell, markers, table, SLOT)
    parts = (part.astype(np.int64) + firsts[block] for block, part in zip(markers, owners, strict=True))
    _write_array(group, owner.name, owner, (table.dimension,), rows, {}, parts)
    height = _height(table)
    for column in table.columns:
        between()
        if _says_nothing(run, cell, markers, table, column):
            continue
        parts = _read(run, cell, markers, table, column)
        along = [name for name in (table.instance, height) if name and name != table.array_name(column)]
        more = {"coordinates": " ".join(along)}
        _write_array(
            group, table.array_name(column), column, (table.dimension,), rows, cell.sizes, parts, more
        )


def _landscape_parts(
    run: Run, cell: CellLayout, markers: Mapping[int, Marker], blocks: Sequence[int], column: Column
) -> Iterator[np.ndarray]:
    absent = np.full((cell.block_size, *column.shape(cell.sizes)), column.absent, column.little_endian)
    parts = _read(run, cell, markers, cell.landscape, column)
    for block in blocks:
        yield next(parts) if block in markers else absent[: cell.size_of(block)]


def _read(
    run: Run, cell: CellLayout, markers: Mapping[int, Marker], table: Table, column: Column
) -> Generator[np.ndarray, None, None]:
    """The parts of a column in the order of the blocks; markers are in that order."""

    def read(marker: Marker) -> np.ndarray:
        return read_column(run.files, cell, marker, table, column)

    return in_order(read, markers.values(), run.files.readers)


def _write_array(
    group: zarr.Group,
    name: str,
    column: Column,
    leading: tuple[str, ...],
    length: int,
    sizes: Mapping[str, int],
    parts: Iterator[np.ndarray],
    more: Mapping[str, Any] | None = None,
) -> None:
    """Create an array and fill it shard by shard from consecutive parts."""
    trailing = column.shape(sizes)
    chunk, shard = _extents(column, trailing, length)
    array = group.create_array(
        name,
        shape=(length, *trailing),
        chunks=(chunk, *trailing),
        shards=(shard, *trailing),
        dtype=column.little_endian,
        fill_value=column.unknown,
        filters=None,
        compressors=[ZstdCodec(level=ZSTD_LEVEL, checksum=False), Crc32cCodec()],
        dimension_names=(*leading, *column.dims),
        attributes={**column.attributes, **(more or {})},
        config={"write_empty_chunks": True},
    )
    start = 0
    for whole in _regroup(parts, shard):
        array[start : start + len(whole)] = whole
        start += len(whole)


def _extents(column: Column, trailing: tuple[int, ...], length: int) -> tuple[int, int]:
    """Return rows per chunk and per shard: powers of two, and not more than the array needs."""
    width = column.little_endian.itemsize * int(np.prod(trailing, dtype=np.int64))
    needed = 1 << max(0, length - 1).bit_length()
    chunk = min(needed, max(1, CHUNK_BYTES // max(1, width)))
    chunk = 1 << (chunk.bit_length() - 1)
    return chunk, min(chunk * CHUNKS_PER_SHARD, max(chunk, needed))


def _regroup(parts: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Yield the same rows in runs of exactly ``size``, the last one shorter."""
    held: list[np.ndarray] = []
    count = 0
    for part in parts:
        held.append(part)
        count += len(part)
        if count >= size:
            joined = np.concatenate(held)
            while len(joined) >= size:
                yield joined[:size]
                joined = joined[size:]
            held, count = [joined], len(joined)
    if count:
        yield np.concatenate(held)
