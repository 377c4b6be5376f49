"""Blocks whose landscapes all give arrays of the same shapes: one table, a row a landscape.

A column is declared as JSON holds it, the form in which a store says what it holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
RowTable = dict[str, Any]


def number(
    name: str, meaning: str, dims: tuple[str, ...] = (), *, dtype: str = "f8", **more: Any
) -> dict[str, Any]:
    """Declare a column; *unknown* is NaN for floats and -1 for integers, and may stand on any row."""
    fill: dict[str, Any] = {"fill": None} if dtype.startswith("f") else {}
    return {"name": name, "dtype": dtype, "meaning": meaning, "dims": [*dims], "optional": True} | fill | more


def flags(words: Sequence[str]) -> dict[str, Any]:
    """Attributes of a column whose numbers stand for words."""
    return {"attrs": {"flag_values": [*range(len(words))], "flag_meanings": " ".join(words)}}


def status(meaning: str) -> dict[str, Any]:
    """Declare the column that says whether a landscape has all it should: 0 yes, 1 no, 2 its block failed."""
    return number("status", meaning, dtype="i1", failed=2, **flags(("complete", "open", "failed")))


def landscape_table(*columns: dict[str, Any]) -> RowTable:
    """Declare the table with a row a landscape."""
    return {"name": "landscape", "dimension": "landscape", "columns": [*columns]}


def instances(spec: Mapping[str, Any], block: int) -> range:
    """The landscapes of a block: ``block_size``, as far as there are ``most``, if the spec has that."""
    first = block * spec["block_size"]
    return range(first, min(first + spec["block_size"], spec.get("most", first + spec["block_size"])))


def stacked(rows: Iterable[Arrays]) -> Arrays:
    """Join the rows of landscapes, column by column."""
    known = list(rows)
    return {name: np.stack([row[name] for row in known]) for name in known[0]}
