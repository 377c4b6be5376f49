"""Commit markers: a block is done if and only if its marker is valid.

A marker is written last, after everything it names is durable. It carries its own digest, the hash of the
cell, the environment's fingerprint, the rows of each table, and size and CRC of each object.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from storage.errors import StoreError
from storage.files import PARTIAL, Files
from storage.layout import CellLayout, Generation, block_objects, commits_key, marker_key
from storage.seals import read_record, seal


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
    objects: Mapping[str, tuple[int, str]]
    totals: Mapping[str, int] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Where the marker lies."""
        return marker_key(self.cell, self.block, self.generation)

    def to_bytes(self) -> bytes:
        """Return the sealed text of the marker."""
        return seal(asdict(self))


def read_marker(files: Files, cell: CellLayout, block: int, generation: int, of: Generation) -> Marker:
    """Return the marker of a block.

    Raises FileNotFoundError if there is none, and StoreError if it is torn or edited, or speaks of another
    cell, block, environment or set of objects than this block has.
    """
    key = marker_key(cell.id, block, generation)
    record = read_record(files, key)
    try:
        record["objects"] = {k: (int(size), str(crc)) for k, (size, crc) in record["objects"].items()}
        marker = Marker(**record)
        # one more than it names is enough to differ; the rows that it claims may be any number
        most = len(marker.objects) + 1
        expected = set(itertools.islice(block_objects(cell, marker.rows, block, generation), most))
        consistent = (
            all(
                len(counts) == cell.block_size and sum(counts) == marker.rows[table]
                for table, counts in marker.slots.items()
            )
            and marker.slots.keys() == marker.rows.keys()
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise StoreError(f"{files.url}: {key} is not a marker of this format") from error
    claims = {
        "cell": (marker.cell, cell.id),
        "cell_hash": (marker.cell_hash, cell.hash),
        "block": (marker.block, block),
        "generation": (marker.generation, generation),
        "fingerprint": (marker.fingerprint, of.fingerprint),
    }
    for name, (claimed, true) in claims.items():
        if claimed != true:
            raise StoreError(
                f"{files.url}: {key} is foreign: its {name} is {claimed!r}, this block's is {true!r}"
            )
    if set(marker.objects) != expected or not consistent:
        raise StoreError(
            f"{files.url}: {key} is foreign: its objects or counts are not those of such a block"
        )
    return marker


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
        for name in files.names(commits_key(cell.id, number)):
            stem, _, ending = name.partition(".")
            if ending != "json" or not stem.isdecimal() or name.endswith(PARTIAL):
                continue
            block = int(stem)
            if block >= cell.blocks or block in markers:
                continue
            try:
                markers[block] = read_marker(files, cell, block, number, generation)
            except StoreError as error:
                damaged[number, block] = str(error)
    return Committed(dict(sorted(markers.items())), damaged)
