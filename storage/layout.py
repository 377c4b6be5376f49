"""Where everything of a run lies, and what run.json says about it.

Generation 0 lies at the root; blocks computed in another environment lie under ``generation-<g>/``, so that
no writer ever overwrites bytes of another environment.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from morsecensus.storage.errors import StoreError
from morsecensus.storage.format_1 import tables_of
from morsecensus.storage.seals import digest
from morsecensus.storage.tables import FORMAT, LANDSCAPE, Column, Table, read_tables

RUN = "run.json"
LEASE = "lease.json"
LATEST = "latest.json"
_CELL_NAME = re.compile(r"c\d{4,9}", re.ASCII)


@dataclass(frozen=True)
class CellLayout:
    """One cell as the store needs it: identity, sizes, and what a worker gets (``spec``, opaque here).

    ``landscapes`` is what was asked for; the store holds whole blocks, but for a last one that is short where
    there are no more than ``most`` landscapes. ``tables`` are what a block returns, the one with a row per
    landscape first; ``sizes`` are those of their dimensions by name. ``rows_bound`` bounds the rows of one
    block and thereby the row axis of the stream.
    """

    id: str
    hash: str
    body: str
    spec: Mapping[str, Any]
    landscapes: int
    block_size: int
    chunk_rows: int
    rows_bound: int
    sizes: Mapping[str, int]
    tables: tuple[Table, ...]
    memory_bytes: int = 0
    attrs: Mapping[str, Any] = field(default_factory=dict)
    most: int | None = None

    @property
    def blocks(self) -> int:
        """Number of blocks: whole as long as there are landscapes, so that extending changes no block."""
        return -(-self.landscapes // self.block_size)

    @property
    def padded(self) -> int:
        """Number of landscapes that are computed."""
        whole = self.blocks * self.block_size
        return whole if self.most is None else min(whole, self.most)

    def size_of(self, block: int) -> int:
        """Number of landscapes of a block."""
        return min(self.block_size, self.padded - block * self.block_size)

    @property
    def row_axis(self) -> int:
        """Length of the row axis of the stream: the bound in whole chunks."""
        return max(1, -(-self.rows_bound // self.chunk_rows)) * self.chunk_rows

    def to_record(self) -> dict[str, Any]:
        """Return the cell as JSON holds it."""
        return {**asdict(replace(self, tables=())), "tables": [table.to_record() for table in self.tables]}

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> "CellLayout":
        """Return the cell of a record; raises TypeError, KeyError or StoreError if it is not one.

        A record that has ``options`` instead of tables is older than tables in records.
        """
        known: dict[str, Any] = {k: v for k, v in record.items() if k not in ("blocks", "options")}
        if not _CELL_NAME.fullmatch(known["id"]):  # it becomes the name of folders
            raise StoreError(f"run.json: a cell is called {known['id'][:60]!r}, allowed: names such as c0003")
        known["tables"] = read_tables(known["tables"]) if "tables" in known else tables_of(record["options"])
        return CellLayout(**known)

    def row_chunks(self, rows: int) -> int:
        """Number of chunks that hold so many rows of a block."""
        return -(-rows // self.chunk_rows)

    @property
    def landscape(self) -> Table:
        """The table with one row per landscape."""
        return self.table(LANDSCAPE)

    @property
    def ragged(self) -> tuple[Table, ...]:
        """Those with any number of rows per landscape."""
        return tuple(table for table in self.tables if table.ragged)

    def table(self, name: str) -> Table:
        """Return the table of this name."""
        return next(table for table in self.tables if table.name == name)


@dataclass(frozen=True)
class Generation:
    """One environment that computed blocks of a run."""

    fingerprint: str
    environment: Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """The content of run.json.

    ``begun`` is the day on which the run was created, and ``attributes`` what the root of its dataset says
    beside what the store itself knows, in words of ACDD. Empty in stores that are older.
    """

    name: str
    study: Mapping[str, Any]
    cells: tuple[CellLayout, ...]
    generations: tuple[Generation, ...]
    software: Mapping[str, str]
    begun: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    def to_record(self) -> dict[str, Any]:
        """Return the JSON record of run.json, without its seal; its ``tables`` by the names that its cells
        give them.
        """
        record = asdict(replace(self, cells=()))
        cells = [cell.to_record() | {"blocks": cell.blocks} for cell in self.cells]
        # most cells of a run have the same tables, and those are long
        tables = {digest(cell["tables"])[:12]: cell["tables"] for cell in cells}
        record["cells"] = [{**cell, "tables": digest(cell["tables"])[:12]} for cell in cells]
        return {"format": FORMAT, **record, "tables": tables}

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> "Manifest":
        """Return the manifest of a record; raises StoreError for another format."""
        if record.get("format") != FORMAT:
            raise StoreError(
                f"run.json: format is {record.get('format')!r}, this version reads {FORMAT}: "
                "use the version of morsecensus that wrote the store"
            )
        return Manifest(
            name=record["name"],
            study=record["study"],
            cells=tuple(_cell(cell, record.get("tables", {})) for cell in record["cells"]),
            generations=tuple(Generation(**g) for g in record["generations"]),
            software=record["software"],
            begun=_text(record.get("begun", "")),
            attributes={name: _text(text) for name, text in record.get("attributes", {}).items()},
        )

    def cell(self, name: str) -> CellLayout:
        """Return the cell of this id."""
        return next(cell for cell in self.cells if cell.id == name)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:60]!r} is no text")
    return value


def _cell(record: Mapping[str, Any], tables: Mapping[str, Any]) -> CellLayout:
    named = {"tables": tables[record["tables"]]} if "tables" in record else {}
    return CellLayout.from_record({**record, **named})


def cell_name(number: int) -> str:
    """Return the id of a cell, such as c0003."""
    return f"c{number:04d}"


def prefix(generation: int) -> str:
    """Return where the blocks of a generation lie."""
    return f"generation-{generation}/" if generation else ""


def stream_key(generation: int) -> str:
    """Return the key of the Zarr hierarchy that workers write."""
    return f"{prefix(generation)}stream.zarr"


def commits_key(cell: str, generation: int) -> str:
    """Return the folder of the markers of a cell."""
    return f"{prefix(generation)}commits/{cell}"


def marker_key(cell: str, block: int, generation: int) -> str:
    """Return the key of the marker of a block."""
    return f"{commits_key(cell, generation)}/{block:06d}.json"


def rollup_key(cell: str) -> str:
    """Return the key of the roll-up of a cell's markers."""
    return f"rollup/{cell}.json"


def failed_key(cell: str, block: int) -> str:
    """Return the key of the record of a failed block."""
    return f"failed/{cell}/{block:06d}.json"


def paths_key(cell: str, block: int | None = None, generation: int = 0, landscape: int | None = None) -> str:
    """Return the prefix of what a block at work keeps of a large landscape; of a whole block or cell without
    the rest. Gone when the block is committed."""
    if block is None:
        return f"paths/{cell}"
    whole = f"paths/{cell}/{block:06d}"
    return whole if landscape is None else f"{whole}/{generation}/{landscape}"


def chunk_key(cell: CellLayout, table: Table, column: Column, block: int, chunk: int, generation: int) -> str:
    """Return the key of one chunk of the stream; ``chunk`` counts along the rows of a ragged table."""
    leading = (block, chunk) if table.ragged else (block,)
    index = leading + (0,) * len(column.dims)
    name = table.array_name(column)
    return f"{stream_key(generation)}/{cell.id}/{name}/c.{'.'.join(map(str, index))}"


def first_place(cell: CellLayout, rows: Mapping[str, int], table: Table) -> int:
    """Return where the first object of a table stands in the order of ``block_objects``."""
    place = 0
    for other in cell.tables:
        if other.name == table.name:
            return place
        place += len(other.streamed) * (cell.row_chunks(rows[other.name]) if other.ragged else 1)
    raise ValueError(f"{table.name}: no table of {cell.id}")


def object_place(cell: CellLayout, rows: Mapping[str, int], table: Table, column: Column, chunk: int) -> int:
    """Return where an object stands in the order of ``block_objects``."""
    chunks = cell.row_chunks(rows[table.name]) if table.ragged else 1
    return first_place(cell, rows, table) + table.streamed.index(column) * chunks + chunk


def block_objects(cell: CellLayout, rows: Mapping[str, int], block: int, generation: int) -> Iterator[str]:
    """Yield the keys of all objects of a block that has so many rows in each ragged table."""
    for table in cell.tables:
        chunks = cell.row_chunks(rows[table.name]) if table.ragged else 1
        for column in table.streamed:
            for chunk in range(chunks):
                yield chunk_key(cell, table, column, block, chunk, generation)
