"""Blocks whose landscapes all give arrays of the same shapes: one table, a row a landscape.

A column is declared as JSON holds it, the form in which a store says what it holds.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from morsecensus.tasks.measurables.base import words
from morsecensus.tasks.measurables.words import STATUSES

Arrays = dict[str, np.ndarray]
RowTable = dict[str, Any]


def number(
    name: str, meaning: str, dims: tuple[str, ...] = (), *, dtype: str = "f8", **more: Any
) -> dict[str, Any]:
    """Declare a column; *unknown* is NaN for floats and -1 for integers, and may stand on any row."""
    fill: dict[str, Any] = {"fill": None} if dtype.startswith("f") else {}
    return {"name": name, "dtype": dtype, "meaning": meaning, "dims": [*dims], "optional": True} | fill | more


def status(meaning: str) -> dict[str, Any]:
    """Declare the column that says whether a landscape has all it should: 0 yes, 1 no, 2 its block failed."""
    return number("status", meaning, dtype="i1", failed=2, attrs=words(STATUSES))


def landscape_table(*columns: dict[str, Any]) -> RowTable:
    """Declare the table with a row a landscape."""
    return {"name": "landscape", "dimension": "landscape", "columns": [*columns]}


def stacked(rows: Iterable[Arrays]) -> Arrays:
    """Join the rows of landscapes, column by column."""
    known = list(rows)
    return {name: np.stack([row[name] for row in known]) for name in known[0]}
