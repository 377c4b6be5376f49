"""Pieces of a dataset: whole shards of one array, made of chunks of blocks, written by whoever is asked to.

A piece says which rows of which objects it is made of, with their sizes and CRCs, so that who writes it reads
no marker. Its bytes are those that zarr would write into the whole array. Memory is bounded by one shard.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from functools import lru_cache, partial
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.storage import MemoryStore

from morsecensus.storage.ahead import in_order
from morsecensus.storage.blocks import read_chunk
from morsecensus.storage.chunks import ZSTD_LEVEL
from morsecensus.storage.files import Files
from morsecensus.storage.inventory import Entry
from morsecensus.storage.layout import CellLayout
from morsecensus.storage.tables import SLOT, Column, Table

CHUNK_BYTES = 2**20
"""Of one inner chunk, before compression: a column of 131,072 doubles."""
CHUNKS_PER_SHARD = 16
CHUNKS_OF_BLOCKS = 4
"""A piece has as many shards as take so many chunks of a block: at its ends chunks are read twice."""


class Source(NamedTuple):
    """Rows of one chunk of a committed block; of a block that is not committed ``generation`` is -1.

    ``landscape`` is the place in the dataset of the block's first landscape.
    """

    block: int
    generation: int
    chunk: int
    skip: int
    rows: int
    size: int = 0
    crc: str = ""
    landscape: int = 0


@dataclass(frozen=True)
class Piece:
    """Rows of one array, from row ``first`` of ``length`` on.

    Attributes:
        place: key of the array.
        column: of the stream; the slots of a ragged table become the landscapes of its rows.
        counted: a value whose occurrences are counted.
    """

    place: str
    cell: CellLayout
    table: str
    column: str
    length: int
    first: int
    sources: tuple[Source, ...]
    counted: int | None = None

    def to_record(self, cell: Mapping[str, Any]) -> dict[str, Any]:
        """Return the piece as JSON holds it, given the record of its cell, which many pieces share."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)} | {"cell": cell}

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> "Piece":
        """Return the piece of a record."""
        sources = tuple(Source(*source) for source in record["sources"])
        return Piece(**{**record, "cell": CellLayout.from_record(record["cell"]), "sources": sources})


@dataclass(frozen=True)
class Written:
    """What became of a piece: its objects by their keys, and how often the value that it counts is there."""

    objects: Mapping[str, Entry]
    counted: int = 0


def owner_column(table: Table) -> Column:
    """The column of the dataset that says which landscape a row is of."""
    # without instance_dimension, for that would be another representation of the same features
    return Column(table.instance, "i8", "landscape of the row")


def write_piece(source: Files, target: Files, piece: Piece) -> Written:
    """Write the shards of a piece durably; raises StoreError, naming the block, if an object isn't as its
    marker says.
    """
    table, column = _column(piece)
    goal = owner_column(table) if column == SLOT else column
    objects: dict[str, Entry] = {}
    counted = 0
    with closing(_parts(source, piece)) as parts:
        for whole, data in _encoded(piece, goal, parts):
            counted += 0 if piece.counted is None else int(np.count_nonzero(whole == piece.counted))
            target.write(data)
            objects |= {key: Entry.of(one) for key, one in data.items()}
    return Written(objects, counted)


def knows_something(source: Files, piece: Piece) -> bool:
    """Whether any row of a piece of an optional column is known; reads until one is."""
    fill = _column(piece)[1].fill
    with closing(_parts(source, piece)) as parts:
        return any((~np.isnan(part) if fill is None else part != fill).any() for part in parts)


def _column(piece: Piece) -> tuple[Table, Column]:
    table = piece.cell.table(piece.table)
    return table, next(one for one in table.streamed if one.name == piece.column)


def _parts(files: Files, piece: Piece) -> Generator[np.ndarray, None, None]:
    return in_order(partial(_read, files, piece, *_column(piece)), piece.sources, files.readers)


def _read(files: Files, piece: Piece, table: Table, column: Column, source: Source) -> np.ndarray:
    cell = piece.cell
    if source.generation < 0:
        return np.full((source.rows, *column.shape(cell.sizes)), column.absent, column.little_endian)
    place = (source.block, source.chunk, source.generation)
    part = read_chunk(files, cell, table, column, place, (source.size, source.crc))
    rows = part[source.skip : source.skip + source.rows]
    return rows.astype(np.int64) + source.landscape if column == SLOT else rows


def _encoded(
    piece: Piece, column: Column, parts: Iterable[np.ndarray]
) -> Iterator[tuple[np.ndarray, dict[str, bytes]]]:
    """Yield the rows of each shard, and its object by its key, as zarr writes them."""
    chunk, shard = extents(column, column.shape(piece.cell.sizes), piece.length)
    for number, whole in enumerate(_regroup(parts, shard), start=piece.first // shard):
        key = "/".join([piece.place, "c", str(number), *("0" for _ in column.dims)])
        yield whole, {key: _shard(column.dtype, column.fill, chunk, shard, whole)}


def _shard(dtype: str, fill: float | None, chunk: int, shard: int, whole: np.ndarray) -> bytes:
    """The bytes of a shard with these rows, as zarr writes them at the end of any array."""
    with _ALONE:
        memory, array = _array_of_one(dtype, fill, chunk, shard, whole.shape)
        array[:] = whole
        (key,) = memory
        return memory.pop(key).to_bytes()


_ALONE = Lock()


# To make one takes as long as to write it, and most columns of a table have one form.
@lru_cache(maxsize=64)
def _array_of_one(
    dtype: str, fill: float | None, chunk: int, shard: int, shape: tuple[int, ...]
) -> tuple[dict[str, Any], zarr.Array]:
    """An array of one shard, and the memory that holds its object once it is written."""
    memory: dict[str, Any] = {}
    form = _form(Column("array", dtype, "", fill=fill), chunk, shard, shape)
    array = zarr.create_array(MemoryStore(memory), **form)
    memory.clear()
    return memory, array


def _form(column: Column, chunk: int, shard: int, shape: Sequence[int]) -> dict[str, Any]:
    """What the bytes of an array depend on, as zarr has it."""
    return {
        "shape": tuple(shape),
        "chunks": (chunk, *shape[1:]),
        "shards": (shard, *shape[1:]),
        "dtype": column.little_endian,
        "fill_value": column.unknown,
        "filters": None,
        "compressors": [ZstdCodec(level=ZSTD_LEVEL, checksum=False), Crc32cCodec()],
        "config": {"write_empty_chunks": True},
    }


def create_array(
    group: zarr.Group,
    name: str,
    column: Column,
    leading: Sequence[str],
    length: int,
    sizes: Mapping[str, int],
    attributes: Mapping[str, Any],
) -> zarr.Array:
    """Create an array of a dataset, with no values yet."""
    trailing = column.shape(sizes)
    chunk, shard = extents(column, trailing, length)
    return group.create_array(
        name,
        dimension_names=(*leading, *column.dims) if leading else None,
        attributes=dict(attributes),
        **_form(column, chunk, shard, (length, *trailing)),
    )


def extents(column: Column, trailing: Sequence[int], length: int) -> tuple[int, int]:
    """Return rows per chunk and per shard: powers of two, and not more than the array needs."""
    width = column.little_endian.itemsize * int(np.prod(trailing, dtype=np.int64))
    needed = 1 << max(0, length - 1).bit_length()
    chunk = min(needed, max(1, CHUNK_BYTES // max(1, width)))
    chunk = 1 << (chunk.bit_length() - 1)
    return chunk, min(chunk * CHUNKS_PER_SHARD, max(chunk, needed))


def piece_rows(column: Column, trailing: Sequence[int], length: int, chunk_rows: int) -> int:
    """Return rows per piece, for columns whose blocks have chunks of so many rows."""
    shard = extents(column, trailing, length)[1]
    return shard * max(1, -(-CHUNKS_OF_BLOCKS * chunk_rows // shard))


def _regroup(parts: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
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
