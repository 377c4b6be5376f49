"""Commit markers: a block is done if and only if its marker is valid.

A marker is written last, after everything it names is durable. It carries its own digest, the hash of the
cell, the environment's fingerprint, the rows of each table, and size and CRC of each object.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from morsecensus.storage.ahead import in_order
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files
from morsecensus.storage.layout import CellLayout, Generation, commits_key, marker_key
from morsecensus.storage.object_table import ObjectTable
from morsecensus.storage.seals import digest, read_record, seal


@dataclass(frozen=True)
class Marker:
    """What a marker says. ``slots`` counts the rows of each landscape of the block, per ragged table.

    ``provenance`` holds what may differ between two computations of the same bytes: host, times, attempts.
    """

    cell: str
    cell_hash: str
    fingerprint: str
    generation: int
    block: int
    rows: Mapping[str, int]
    slots: Mapping[str, Sequence[int]]
    objects: ObjectTable
    totals: Mapping[str, int] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Where the marker lies."""
        return marker_key(self.cell, self.block, self.generation)

    @property
    def content(self) -> str:
        """The digest of what the block's objects hold."""
        return digest(dict(self.objects.items()))

    def to_bytes(self) -> bytes:
        """Return the sealed text of the marker."""
        record = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        slots = {table: list(counts) for table, counts in self.slots.items()}
        return seal(record | {"slots": slots, "objects": dict(self.objects.items())})


def read_marker(files: Files, cell: CellLayout, block: int, generation: int, of: Generation) -> Marker:
    """Return the marker of a block.

    Raises FileNotFoundError if there is none, and StoreError if it is torn or edited, or speaks of another
    cell, block, environment or set of objects than this block has.
    """
    key = marker_key(cell.id, block, generation)
    record = read_record(files, key)
    if record.keys() != {entry.name for entry in fields(Marker)}:
        raise StoreError(f"{files.url}: {key} is not a marker of this format")
    truth = {
        "cell": cell.id,
        "cell_hash": cell.hash,
        "block": block,
        "generation": generation,
        "fingerprint": of.fingerprint,
    }
    for name, true in truth.items():
        if record[name] != true:
            raise StoreError(
                f"{files.url}: {key} is foreign: its {name} is {record[name]!r}, this block's is {true!r}"
            )
    try:
        return Marker(**record | truth | _contents(record, cell, block, generation))
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise StoreError(
            f"{files.url}: {key} is foreign: its objects or counts are not those of such a block ({error})"
        ) from error


def _contents(record: Mapping[str, Any], cell: CellLayout, block: int, generation: int) -> dict[str, Any]:
    """Return the parts of a marker that are checked and packed."""
    rows, totals = (dict(record[name].items()) for name in ("rows", "totals"))
    slots = {table: array("q", counts) for table, counts in record["slots"].items()}
    if slots.keys() != rows.keys() or slots.keys() != {table.name for table in cell.ragged}:
        raise ValueError("its tables are others")
    for table, counts in slots.items():
        if len(counts) != cell.size_of(block) or sum(counts) != rows[table] or min(counts, default=0) < 0:
            raise ValueError(f"{table}: its rows don't add up")
    if not all(type(value) is int for value in totals.values()):
        raise ValueError("its totals are no numbers")
    float(record["provenance"].get("seconds", 0.0))
    objects = ObjectTable(cell, rows, block, generation, record["objects"])
    return {"rows": rows, "slots": slots, "totals": totals, "objects": objects}


@dataclass(frozen=True)
class Committed:
    """The valid markers of a cell by block, and what is wrong with the others by (generation, block)."""

    markers: Mapping[int, Marker]
    damaged: Mapping[tuple[int, int], str]


def committed(files: Files, cell: CellLayout, generations: Sequence[Generation]) -> Committed:
    """Return the committed blocks of a cell; where generations overlap, the oldest one counts."""
    markers: dict[int, Marker] = {}
    damaged: dict[tuple[int, int], str] = {}
    for number, generation in enumerate(generations):
        named = set(marked(files.names(commits_key(cell.id, number))))
        wanted = [block for block in sorted(named - markers.keys()) if block < cell.blocks]
        for block, found in read_markers(files, cell, wanted, number, generation):
            if isinstance(found, Marker):
                markers[block] = found
            else:
                damaged[number, block] = str(found)
    return Committed(dict(sorted(markers.items())), damaged)


def read_markers(
    files: Files, cell: CellLayout, blocks: Iterable[int], generation: int, of: Generation
) -> Iterator[tuple[int, Marker | StoreError]]:
    """Yield the markers of some blocks, or what is wrong with them; those that are gone are left out."""

    def read(block: int) -> tuple[int, Marker | StoreError | None]:
        try:
            return block, read_marker(files, cell, block, generation, of)
        except StoreError as error:
            return block, error
        except FileNotFoundError:
            return block, None

    for block, found in in_order(read, blocks, files.readers):
        if found is not None:
            yield block, found


def marked(names: Iterable[str]) -> Iterator[int]:
    """Yield the blocks that have a marker, by the names of a folder of markers."""
    for name in names:
        stem, _, ending = name.partition(".")
        if ending == "json" and stem.isdecimal():
            yield int(stem)
