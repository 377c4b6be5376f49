"""Compaction: the committed blocks of a run as one CF dataset that plain xarray opens.

One group per cell, and a table of them at the root; ragged tables become contiguous ragged arrays
(``row_size`` counts rows per landscape, ``row_landscape`` gives each row's landscape). What is small is
written here; columns are pieces of whole shards, which others may write at the same time. Every dataset is
written under a new name, and the pointer to it last, so a reader never sees half of one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import zarr
from zarr.storage import MemoryStore

from morsecensus.storage.catalogue import Line, line_of, write_catalogue
from morsecensus.storage.dataset import DATASET, content_digest, is_current, read_pointer
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files
from morsecensus.storage.inventory import INVENTORY_KEY, Entry, inventory_bytes
from morsecensus.storage.layout import LATEST, CellLayout
from morsecensus.storage.local_files import LocalFiles
from morsecensus.storage.markers import Marker
from morsecensus.storage.pieces import Rows
from morsecensus.storage.seals import canonical, seal
from morsecensus.storage.shards import (
    Piece,
    Written,
    create_array,
    knows_something,
    owner_column,
    write_piece,
)
from morsecensus.storage.store import Run, quiet_zarr
from morsecensus.storage.tables import FORMAT, SLOT, Column, Table, closed_value

PROFILE = "profile"
COMMITTED = "committed.zarr"
"""Name of a dataset of the committed blocks of an unfinished run."""


class Writers(Protocol):
    """Who reads and writes the pieces of a dataset."""

    def any_known(self, pieces: Iterable[Piece]) -> bool:
        """Whether any of the pieces of a column knows something; reads until one does."""
        ...

    def write(self, pieces: Iterable[Piece]) -> Iterator[Written]:
        """Write pieces, in any order."""
        ...


class Here:
    """This thread alone."""

    def __init__(self, source: Files, target: Files):
        self._source, self._target = source, target

    def any_known(self, pieces: Iterable[Piece]) -> bool:
        return any(knows_something(self._source, piece) for piece in pieces)

    def write(self, pieces: Iterable[Piece]) -> Iterator[Written]:
        return (write_piece(self._source, self._target, piece) for piece in pieces)


def compact(run: Run, between: Callable[[], None] = lambda: None, writers: Writers | None = None) -> str:
    """Write the dataset of a run and point to it; return its name. Does nothing if the current one is up to
    date and has its inventory. ``between`` is called between pieces; what it raises ends the writing.

    Landscapes of blocks that are not committed are there too, as failed with reason *error*: no average can
    leave them out unnoticed. Raises StoreError, naming the block, if a committed block is damaged.
    """
    content = content_digest(run)
    current = read_pointer(run.files)
    if current is not None and INVENTORY_KEY in current.objects and is_current(run.files, current, content):
        return current.dataset
    name = f"dataset-{_next_number(run)}.zarr"
    with quiet_zarr(), run.files.errors(name):
        objects = _write(run, run.files, name, writers or Here(run.files, run.files), between, whole=True)
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
        _write(run, files, COMMITTED, Here(run.files, files), lambda: None, whole=False)
    return str(folder / COMMITTED)


def datasets(run: Run) -> list[str]:
    """Return the names of all datasets of a run, current and former."""
    return [name for name in run.files.names("") if DATASET.fullmatch(name)]


def _next_number(run: Run) -> int:
    # also past unfinished ones: nothing that may be half written is ever written into again
    return 1 + max((int(name[8:-5]) for name in datasets(run)), default=0)


def _write(
    run: Run, files: Files, name: str, writers: Writers, between: Callable[[], None], whole: bool
) -> dict[str, Entry]:
    """Write a dataset with its inventory; return what is recorded of each object, by its key within it."""
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
    memory: dict[str, Any] = {}
    store = MemoryStore(memory)
    root = zarr.create_group(store, attributes=attrs)
    objects: dict[str, Entry] = {}
    lines = [_write_cell(root, run, cell, name, writers, between, objects, whole) for cell in manifest.cells]
    write_catalogue(root, [line for line in lines if line is not None])
    # xarray warns about every store without consolidated metadata; a dataset never changes, so it cannot go
    # stale
    zarr.consolidate_metadata(store)
    own = {key: buffer.to_bytes() for key, buffer in memory.items()}
    found = {key.removeprefix(f"{name}/"): entry for key, entry in objects.items()}
    found = dict(sorted((found | {key: Entry.of(data) for key, data in own.items()}).items()))
    files.write({f"{name}/{key}": data for key, data in own.items()})
    inventory = inventory_bytes(found)
    files.write({f"{name}/{INVENTORY_KEY}": inventory})
    return found | {INVENTORY_KEY: Entry.of(inventory)}


def _markers(run: Run, cell: CellLayout) -> Mapping[int, Marker]:
    """The markers of a cell, all of them read; raises StoreError where the roll-up says something else."""
    summaries = run.summaries(cell).blocks  # first: a run at work commits meanwhile
    markers = run.committed(cell).markers
    for block, one in summaries.items():
        if block not in markers or not one.agrees(markers[block]):
            raise StoreError(
                f"{run.url}: {cell.id} block {block}: its marker has changed since it was committed; "
                "`morsecensus repair` mends it"
            )
    return markers


def _write_cell(
    root: zarr.Group,
    run: Run,
    cell: CellLayout,
    name: str,
    writers: Writers,
    between: Callable[[], None],
    objects: dict[str, Entry],
    whole: bool,
) -> Line | None:
    """Write the columns of a cell, add its objects, and return its line of the catalogue; nothing where it
    has no blocks.
    """
    markers = _markers(run, cell)
    blocks = range(cell.blocks) if whole else sorted(markers)
    if not blocks:
        return None
    attrs = {"cell_hash": cell.hash, "landscapes_failed": cell.padded - sum(map(cell.size_of, markers))}
    kind = {"featureType": PROFILE} if any(_height(table) for table in cell.ragged) else {}
    group = root.create_group(cell.id, attributes={**cell.attrs, **attrs, **kind})
    numbers = np.concatenate([block * cell.block_size + np.arange(cell.size_of(block)) for block in blocks])
    _coordinates(group, cell, numbers, kind)

    def pieces(rows: Rows, array: str, column: Column) -> Iterator[Piece]:
        for piece in rows.pieces(f"{name}/{cell.id}/{array}", column):
            between()
            yield piece

    def kept(rows: Rows) -> list[Column]:
        columns = rows.table.columns
        return [one for one in columns if not _says_nothing(rows, one, pieces(rows, one.name, one), writers)]

    tables = [Rows(cell, table, markers, blocks) for table in cell.tables]
    columns = {rows.table.name: kept(rows) for rows in tables}

    def everything() -> Iterator[Piece]:
        for rows in tables:
            for array, column in _arrays(group, rows, columns[rows.table.name], numbers):
                yield from pieces(rows, array, column)

    closed = [closed_value(column) for column in columns[cell.landscape.name]]
    count = 0 if any(value is not None for value in closed) else -1
    for written in writers.write(everything()):
        objects |= written.objects
        count += written.counted
    return line_of(cell, len(numbers), markers, count)


def _arrays(
    group: zarr.Group, rows: Rows, columns: Sequence[Column], numbers: np.ndarray
) -> Iterator[tuple[str, Column]]:
    """Create the arrays of a table; yield each one's name, with the column of the stream that fills it."""
    cell, table = rows.cell, rows.table
    height = _height(table)
    if table.ragged:
        size = Column(
            table.count, "i8", "rows of the landscape", fill=0, attrs={"sample_dimension": table.dimension}
        )
        _small(group, size, rows.counts(len(numbers)))
        owner = owner_column(table)
        create_array(group, owner.name, owner, (table.dimension,), rows.total, {}, owner.attributes)
        yield owner.name, SLOT
    for column in columns:
        array = table.array_name(column)
        along = [one for one in (table.instance, height) if one and one != array]
        attributes = {**column.attributes, **({"coordinates": " ".join(along)} if table.ragged else {})}
        create_array(group, array, column, (table.dimension,), rows.total, cell.sizes, attributes)
        yield array, column


def _height(table: Table) -> str:
    """Name of the array along which the rows of a landscape are ordered, if a table has declared one: its
    landscapes are profiles then, in the words of the CF conventions, chapter 9.
    """
    return next((table.array_name(one) for one in table.columns if one.attrs.get("axis") == "Z"), "")


def _says_nothing(rows: Rows, column: Column, pieces: Iterator[Piece], writers: Writers) -> bool:
    """Whether a column that may be unknown on any row is so on all of them: readers put it back by the run's
    tables.
    """
    return column.optional and rows.total > 0 and not writers.any_known(pieces)


def _coordinates(group: zarr.Group, cell: CellLayout, numbers: np.ndarray, kind: Mapping[str, str]) -> None:
    role = {"cf_role": "profile_id"} if kind else {}
    ids = Column("landscape", "i8", "number of the landscape: its couplings are a function of it", attrs=role)
    _small(group, ids, numbers)
    if "morse_index" in cell.sizes:
        index = Column("morse_index", "i2", "Morse index")
        _small(group, index, np.arange(cell.sizes["morse_index"]), index.name)


def _small(group: zarr.Group, column: Column, values: np.ndarray, dimension: str = "landscape") -> None:
    array = create_array(group, column.name, column, (dimension,), len(values), {}, column.attributes)
    array[:] = values
