"""Size and CRC of each object of a block, packed: a run has millions of objects, and their keys follow from
the layout."""

import struct
from collections.abc import Iterator, Mapping

from morsecensus.storage.layout import CellLayout, block_objects, object_place
from morsecensus.storage.tables import Column, Table

_ENTRY = struct.Struct("<QI")
Entry = tuple[int, str]
"""Size in bytes, and CRC-32 as eight hexadecimal digits."""


class ObjectTable:
    """What a marker says of the objects of its block, in the order of ``block_objects``.

    Raises ValueError if ``entries`` are not exactly the objects of such a block, or if an entry is no size
    and CRC.
    """

    __slots__ = ("_block", "_cell", "_generation", "_packed", "_rows")

    def __init__(
        self,
        cell: CellLayout,
        rows: Mapping[str, int],
        block: int,
        generation: int,
        entries: Mapping[str, Entry],
    ):
        self._cell, self._rows, self._block, self._generation = cell, rows, block, generation
        packed = bytearray()
        # lazily: the rows that a forged marker claims may be any number
        for key in self:
            if key not in entries:
                raise ValueError(f"{key} is missing")
            size, crc = entries[key]
            packed += _pack(size, crc)
        self._packed = bytes(packed)
        if len(self) != len(entries):
            raise ValueError("there are objects of no such block")

    def __iter__(self) -> Iterator[str]:
        return block_objects(self._cell, self._rows, self._block, self._generation)

    def __len__(self) -> int:
        return len(self._packed) // _ENTRY.size

    def of(self, table: Table, column: Column, chunk: int) -> Entry:
        """The entry of one chunk of a column."""
        return self.at(object_place(self._cell, self._rows, table, column, chunk))

    def items(self) -> Iterator[tuple[str, Entry]]:
        """All keys with their entries."""
        return ((key, self.at(place)) for place, key in enumerate(self))

    def at(self, place: int) -> Entry:
        """The entry of the object that stands there in the order of ``block_objects``."""
        size, crc = _ENTRY.unpack_from(self._packed, place * _ENTRY.size)
        return size, f"{crc:08x}"


def _pack(size: int, crc: str) -> bytes:
    number = int(crc, 16)
    if f"{number:08x}" != crc:
        raise ValueError(f"{crc!r} is no CRC-32")
    try:
        return _ENTRY.pack(size, number)
    except struct.error as error:
        raise ValueError(f"{size!r} is no size") from error
