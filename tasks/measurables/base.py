"""What a measurable and a table of them are.

Two kinds of table. The *landscape* table has one row per landscape. A *ragged* table (points, arcs, pairs)
has any number of rows per landscape. ``dims`` are the dimensions after the leading one. The dimension of
per-index counts is called ``morse_index`` because a point's own column is called ``index``, and xarray would
take that for the coordinate of a dimension of the same name.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Found:
    """All that is known of one landscape: what a measurable is read off.

    Attributes:
        census: `tasks.points.census.Census`.
        known: what the model knows of its couplings, by the name of the column.
        topology: `tasks.topology.census.Topology`, where it was asked for.
    """

    census: Any
    known: Mapping[str, Any] = field(default_factory=dict)
    topology: Any = None

    @cached_property
    def _whole(self) -> tuple[Any, Any]:
        return self.census.points()

    @property
    def points(self) -> Any:
        """All points of the manifold, in canonical order."""
        return self._whole[0]

    @property
    def classes(self) -> Any:
        """The class of each of these points."""
        return self._whole[1]

    @cached_property
    def degenerate(self) -> Any:
        """How many degenerate points, or continuous sets, each class stands for, shape (classes,)."""
        classes = self.census.classes
        images = classes.separate(self.census.landscape.symmetry.size).sum(axis=1)
        return images * (classes.points.degenerate != 0)

    @cached_property
    def arcs(self) -> Any:
        """Degree, upper and lower point of each entry of the boundary matrices, shape (arcs, 3)."""
        boundary = self.topology.complex.boundary
        parts = [np.insert(part, 0, degree, axis=1) for degree, part in boundary.items()]
        return np.concatenate([np.zeros((0, 3), dtype=np.int64), *parts])


Reader = Callable[[Found], Any]


@dataclass(frozen=True)
class Measurable:
    """One named array of a table.

    Attributes:
        of: reads it off a landscape: a number, or an array of shape ``dims``; with one row more in front in a
            ragged table.
        dims: names of the dimensions; their sizes are given per cell, by these names.
        fill: pads chunks and stands for *unknown*; None is nan.
        failed: what a landscape of a failed block gets (``fill`` if None).
        option: the switch of a cell that turns the column on.
        portable: two environments agree on it to rounding.
        optional: *unknown* may stand on any row; elsewhere only in landscapes of failed blocks.
        signed: may be negative; other integers are counts, places or flags.
        total: its sum over a block stands in the block's marker.
        attrs: further attributes of the array in the dataset.
    """

    name: str
    dtype: str
    meaning: str
    of: Reader
    dims: tuple[str, ...] = ()
    unit: str = "1"
    fill: float | None = -1
    failed: float | None = None
    option: str | None = None
    portable: bool = False
    optional: bool = False
    signed: bool = False
    total: bool = False
    attrs: Mapping[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The declaration, JSON-ready, without what is as usual."""
        return dict(self._record)

    @cached_property
    def _record(self) -> dict[str, Any]:
        """Worked out once: a plan of many cells asks for each again and again."""
        kept = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name not in _OURS}
        usual = {entry.name: entry.default for entry in fields(self)} | {"attrs": {}}
        changed = {name: value for name, value in kept.items() if value != usual[name]}
        return changed | ({"dims": list(self.dims)} if self.dims else {})


_OURS = ("of", "option")


@dataclass(frozen=True)
class Table:
    """A named set of measurables along one leading dimension.

    Attributes:
        count: of a ragged table, the array that counts the rows of each landscape.
        instance: and the one that gives the landscape of each row.
        prefix: before the names of its arrays in a dataset.
        option: the switch of a cell that turns the table on.
    """

    name: str
    dimension: str
    measurables: tuple[Measurable, ...]
    count: str = ""
    instance: str = ""
    prefix: str = ""
    option: str | None = None

    @property
    def ragged(self) -> bool:
        """Whether a landscape may have any number of rows."""
        return bool(self.count)

    def record(self) -> dict[str, Any]:
        """The declaration, JSON-ready."""
        own = {name: getattr(self, name) for name in ("name", "dimension", "count", "instance", "prefix")}
        columns = [measurable.record() for measurable in self.measurables]
        return {name: value for name, value in own.items() if value} | {"columns": columns}


def active(tables: Sequence[Table], options: Collection[str]) -> tuple[Table, ...]:
    """The tables and measurables of a cell that switched on these options."""
    return tuple(
        replace(table, measurables=tuple(m for m in table.measurables if _is_on(m, options)))
        for table in tables
        if _is_on(table, options)
    )


def _is_on(entry: Measurable | Table, options: Collection[str]) -> bool:
    return entry.option is None or entry.option in options


def read_off(table: Table, found: Found) -> dict[str, np.ndarray]:
    """The measurables of one landscape by name, each with a row for each row of a ragged table."""
    return {measurable.name: np.asarray(measurable.of(found)) for measurable in table.measurables}


def words(meanings: Sequence[str], **more: int) -> dict[str, Any]:
    """CF attributes that say what each number of a column means; ``more`` are words with numbers far off."""
    return {
        "flag_values": [*range(len(meanings)), *more.values()],
        "flag_meanings": " ".join((*meanings, *more)),
    }


def flag(name: str, meaning: str, of: Reader, meanings: Sequence[str], **more: Any) -> Measurable:
    """A number that stands for a word."""
    return Measurable(name, "i1", meaning, of, attrs=words(meanings), **more)


def count(name: str, meaning: str, of: Reader, dims: tuple[str, ...] = (), **more: Any) -> Measurable:
    """A whole number; -1 is unknown."""
    return Measurable(name, "i8", meaning, of, dims, **more)


def number(name: str, meaning: str, of: Reader, dims: tuple[str, ...] = (), **more: Any) -> Measurable:
    """A real number; nan is unknown."""
    return Measurable(name, "f8", meaning, of, dims, fill=None, **more)


BY_INDEX = ("morse_index",)
