"""The tables of a run as data: what each column is called, holds and means. Which there are, a body says and
run.json records.

Two kinds of table. The *landscape* table has one row per landscape. A *ragged* table (points, say) has any
number of rows per landscape; in the stream it carries ``slot``, the number of the row's landscape within its
block, and in the dataset it becomes a CF contiguous ragged array.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from morsecensus.storage.errors import StoreError

FORMAT = 1
"""Version of the layout on disk; a store of another format is refused."""

STATUS, CLOSED = "status", "complete"
"""The column by which a body says of a landscape whether all is there, and its word for it."""
LANDSCAPE = "landscape"
"""Name and dimension of the table with one row per landscape, which every cell has."""
DTYPES = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}", re.ASCII)


@dataclass(frozen=True)
class Column:
    """One named array of a table.

    ``dims`` are the dimensions after the leading one; their sizes are given per cell, by these names.
    ``fill`` pads chunks and stands for *unknown*, None is nan; ``failed`` is what a landscape of a failed
    block gets in the dataset (``fill`` if None). Integers are counts, places or flags, at least 0, unless
    ``signed``. Where a column is ``optional``, *unknown* may stand on any row; elsewhere only in landscapes
    of failed blocks, and readers refuse it. ``portable``: other environments give it up to rounding.
    ``total``: its sum stands in the marker of each block.
    """

    name: str
    dtype: str
    meaning: str
    dims: tuple[str, ...] = ()
    unit: str = "1"
    fill: float | None = -1
    failed: float | None = None
    portable: bool = False
    optional: bool = False
    signed: bool = False
    total: bool = False
    attrs: Mapping[str, Any] = field(default_factory=dict)

    def shape(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Return the trailing shape, given the sizes of a cell."""
        return tuple(sizes[dim] for dim in self.dims)

    @property
    def little_endian(self) -> np.dtype:
        """The dtype as it is stored."""
        return np.dtype(self.dtype).newbyteorder("<")

    @property
    def unknown(self) -> float:
        """The value that stands for *unknown* and pads chunks."""
        return float("nan") if self.fill is None else self.fill

    @property
    def absent(self) -> float:
        """The value of a landscape whose block failed."""
        return self.unknown if self.failed is None else self.failed

    @property
    def attributes(self) -> dict[str, Any]:
        """Attributes of its array, in the words of the CF conventions."""
        return {"long_name": self.meaning, "units": self.unit, **self.attrs}

    @property
    def form(self) -> tuple[Any, ...]:
        """All that bytes depend on."""
        return self.name, self.dtype, self.dims, self.fill

    def to_record(self) -> dict[str, Any]:
        """Return the column as JSON holds it, without what is as usual."""
        return {"name": self.name, "dtype": self.dtype, "meaning": self.meaning, **self._unusual()}

    def _unusual(self) -> dict[str, Any]:
        found = {entry.name: getattr(self, entry.name) for entry in fields(self)[3:]}
        usual = {entry.name: entry.default for entry in fields(self)} | {"attrs": {}}
        changed = {name: value for name, value in found.items() if value != usual[name]}
        return changed | ({"dims": list(self.dims)} if self.dims else {})

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> "Column":
        """Return the column of a record.

        Raises TypeError, KeyError or StoreError if it is not one: its name becomes that of a folder, and its
        type says how bytes are read.
        """
        dims = tuple(record.get("dims", ()))
        for name in (record["name"], *dims):
            _require_name(name)
        if not all(isinstance(record.get(name), int | float | None) for name in ("fill", "failed")):
            raise StoreError(f"tables: {record['name']} is filled with what is no number")
        if record["dtype"] not in DTYPES:
            found = str(record["dtype"])[:20]
            raise StoreError(f"tables: type of {record['name']} is {found!r}, allowed: {', '.join(DTYPES)}")
        return Column(**{**record, "dims": dims})


SLOT = Column("slot", "u2", "landscape of the row within its block", fill=65535)
"""Written with every ragged table of the stream; not part of the dataset."""


def closed_value(column: Column) -> int | None:
    """Return what a column holds for a landscape of which all is there; None if it doesn't say so."""
    words = str(column.attributes.get("flag_meanings", "")).split()
    if column.name != STATUS or CLOSED not in words:
        return None
    return int(column.attributes["flag_values"][words.index(CLOSED)])


@dataclass(frozen=True)
class Table:
    """A named set of columns along one leading dimension; ragged ones have ``count`` and ``instance``, the
    names of the arrays that count the rows of each landscape and give the landscape of each row. ``prefix``
    stands before the names of its arrays.
    """

    name: str
    dimension: str
    columns: tuple[Column, ...]
    count: str = ""
    instance: str = ""
    prefix: str = ""

    @property
    def ragged(self) -> bool:
        """Whether a landscape may have any number of rows."""
        return bool(self.count)

    @property
    def streamed(self) -> tuple[Column, ...]:
        """Its columns in the stream."""
        return (SLOT, *self.columns) if self.ragged else self.columns

    def array_name(self, column: Column) -> str:
        """Return the name of a column's array in its cell's group."""
        return f"{self.prefix}{column.name}"

    @property
    def form(self) -> tuple[Any, ...]:
        """All that bytes depend on."""
        names = (self.name, self.dimension, self.count, self.instance, self.prefix)
        return (*names, *(column.form for column in self.columns))

    def to_record(self) -> dict[str, Any]:
        """Return the table as JSON holds it."""
        names = {name: getattr(self, name) for name in ("name", "dimension", "count", "instance", "prefix")}
        columns = [column.to_record() for column in self.columns]
        return {name: value for name, value in names.items() if value} | {"columns": columns}

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> "Table":
        """Return the table of a record; raises TypeError, KeyError or StoreError if it is not one."""
        names = {name: text for name, text in record.items() if name != "columns"}
        for text in names.values():
            _require_name(text)
        columns = tuple(Column.from_record(column) for column in record["columns"])
        return Table(**names, columns=columns)


def read_tables(records: Sequence[Mapping[str, Any]]) -> tuple[Table, ...]:
    """Return the tables of a cell.

    Raises TypeError, KeyError or StoreError for what are no tables, for a name that stands twice, and unless
    the first of them, and no other, has one row per landscape.
    """
    tables = tuple(Table.from_record(record) for record in records)
    if [table.ragged for table in tables] != [False, *(True for _ in tables[1:])] or (
        tables[0].name != LANDSCAPE or tables[0].dimension != LANDSCAPE
    ):
        raise StoreError(f"tables: the first one is called {LANDSCAPE!r}, and the others are ragged")
    _require_distinct("tables", (table.name for table in tables))
    _require_distinct("arrays", array_names(tables))
    return tables


def array_names(tables: Iterable[Table]) -> list[str]:
    """Return the names of all arrays of a cell, in the stream or in the dataset."""
    own = [table.array_name(column) for table in tables for column in table.streamed]
    named = [name for table in tables if table.ragged for name in (table.count, table.instance)]
    return [LANDSCAPE, *own, *named]


def _require_name(text: Any) -> None:
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise StoreError(
            f"tables: {str(text)[:60]!r} is no name, allowed: at most 100 letters, digits and underscores"
        )


def _require_distinct(what: str, names: Iterable[str]) -> None:
    found: Collection[str] = list(names)
    if len(set(found)) != len(found):
        raise StoreError(f"tables: two {what} have one name")
