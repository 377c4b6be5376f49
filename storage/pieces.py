"""Which rows of a dataset's tables lie in which chunks of which blocks, and their cut into pieces."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from morsecensus.storage.layout import CellLayout, first_place
from morsecensus.storage.markers import Marker
from morsecensus.storage.shards import Piece, Source, owner_column, piece_rows
from morsecensus.storage.tables import SLOT, Column, Table, closed_value


class Rows:
    """The rows of a table of a cell in its dataset, block after block.

    Args:
        markers: of the committed blocks.
        blocks: whose landscapes the dataset has, in order, committed or not.
    """

    def __init__(self, cell: CellLayout, table: Table, markers: Mapping[int, Marker], blocks: Sequence[int]):
        self.cell, self.table, self._markers = cell, table, markers
        places = np.concatenate([[0], np.cumsum([cell.size_of(block) for block in blocks])]).astype(np.int64)
        self._landscape = dict(zip(blocks, places.tolist(), strict=False))
        self._blocks = sorted(markers) if table.ragged else list(blocks)
        self._ends = np.cumsum([self._rows_of(block) for block in self._blocks], dtype=np.int64)
        self._chunk = cell.chunk_rows if table.ragged else cell.block_size
        # once, not for each object: a run has millions of them
        self._first = {block: first_place(cell, one.rows, table) for block, one in markers.items()}

    def _rows_of(self, block: int) -> int:
        return self._markers[block].rows[self.table.name] if self.table.ragged else self.cell.size_of(block)

    @property
    def total(self) -> int:
        """Number of rows."""
        return int(self._ends[-1]) if len(self._ends) else 0

    def counts(self, landscapes: int) -> np.ndarray:
        """Return the rows of each landscape, of a ragged table. Shape (landscapes,)."""
        found = np.zeros(landscapes, np.int64)
        for block in self._blocks:
            first = self._landscape[block]
            found[first : first + self.cell.size_of(block)] = self._markers[block].slots[self.table.name]
        return found

    def pieces(self, place: str, column: Column) -> Iterator[Piece]:
        """Yield the pieces of a column, for an array at a key."""
        goal = owner_column(self.table) if column == SLOT else column
        trailing = column.shape(self.cell.sizes)
        size = piece_rows(goal, trailing, self.total, self._chunk)
        number = self.table.streamed.index(column)
        for first in range(0, self.total, size):
            yield Piece(
                place=place,
                cell=self.cell,
                table=self.table.name,
                column=column.name,
                length=self.total,
                first=first,
                sources=tuple(self._sources(number, first, min(first + size, self.total))),
                counted=None if self.table.ragged else closed_value(column),
            )

    def _sources(self, column: int, first: int, end: int) -> Iterator[Source]:
        """Yield what rows ``first`` to ``end`` of a column, given by its number, are made of."""
        for place in range(int(np.searchsorted(self._ends, first, "right")), len(self._blocks)):
            block = self._blocks[place]
            rows = self._rows_of(block)
            before = int(self._ends[place]) - rows
            if before >= end:
                return
            yield from self._of_block(column, block, max(first - before, 0), min(end - before, rows))

    def _of_block(self, column: int, block: int, first: int, end: int) -> Iterator[Source]:
        marker = self._markers.get(block)
        if marker is None:
            yield Source(block, -1, 0, first, end - first)
            return
        chunks = self.cell.row_chunks(self._rows_of(block)) if self.table.ragged else 1
        place = self._first[block] + column * chunks
        for chunk in range(first // self._chunk, -(-end // self._chunk)):
            begin = chunk * self._chunk
            skip = max(first - begin, 0)
            rows = min(end - begin, self._chunk) - skip
            size, crc = marker.objects.at(place + chunk)
            yield Source(block, marker.generation, chunk, skip, rows, size, crc, self._landscape[block])
