"""One reading of a cell's points for all that is asked of them.

A `Reduction` says which columns it needs, what it makes of a batch and what of all batches. `together` makes
one of several, and `scan` reads each batch once for all of them: 1 reading of a column, whoever asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import xarray as xr

from morsecensus.analysis.dataset.batches import Batch, Floats, Moments, reduce_points
from morsecensus.tasks.measurables.base import Table
from morsecensus.tasks.measurables.census import POINT

Result = TypeVar("Result")


@dataclass(frozen=True)
class Reduction(Generic[Result]):
    """Something that is computed from the rows of a ragged table.

    Attributes:
        columns: that a batch must have; none where no row is needed.
        per_batch: what is kept of a batch, much less than it; it and what it refers to may travel to a
            worker.
        finish: the result, from what was kept of all batches in order.
    """

    columns: tuple[str, ...]
    per_batch: Callable[[Batch], Any]
    finish: Callable[[list[Any]], Result]

    def then(self, function: Callable[[Result], Any]) -> "Reduction[Any]":
        """The same, with something done to its result."""
        return Reduction(self.columns, self.per_batch, lambda parts: function(self.finish(parts)))


def settled(value: Result) -> Reduction[Result]:
    """A result that needs no point."""
    return Reduction((), _nothing, lambda parts: value)


def together(reductions: Sequence[Reduction[Any]]) -> Reduction[list[Any]]:
    """Several reductions as one, with a list of their results."""
    columns = dict.fromkeys(name for one in reductions for name in one.columns)
    asked = [one.per_batch for one in reductions]  # what travels: `finish` may hold a whole cell

    def finish(parts: list[Any]) -> list[Any]:
        kept = zip(*parts, strict=True) if parts else ([] for _ in reductions)
        return [one.finish(list(own)) for one, own in zip(reductions, kept, strict=True)]

    return Reduction(tuple(columns), lambda batch: [function(batch) for function in asked], finish)


def scan(
    dataset: xr.Dataset,
    reduction: Reduction[Result],
    table: Table = POINT,
    batch_bytes: int | None = None,
) -> Result:
    """Reduce the rows of a table, each batch read once; none where the reduction needs no column."""
    if not reduction.columns:
        return reduction.finish([])
    parts = reduce_points(dataset, reduction.columns, reduction.per_batch, batch_bytes, table)
    return reduction.finish(list(parts))


def vectors(
    columns: Sequence[str], function: Callable[[Batch], Floats], finish: Callable[[Floats], Result]
) -> Reduction[Result]:
    """A vector per landscape that ``function`` computes, shape (landscapes of the batch, d); ``finish`` takes
    those of all landscapes, shape (landscapes, d)."""
    return Reduction(tuple(columns), function, lambda parts: finish(np.concatenate(parts).astype(np.float64)))


def moments(
    columns: Sequence[str], function: Callable[[Batch], Floats], finish: Callable[[Moments], Result]
) -> Reduction[Result]:
    """The moments over landscapes of such a vector."""
    return Reduction(
        tuple(columns), lambda batch: Moments.of(function(batch)), lambda parts: finish(_added(parts))
    )


def _added(parts: list[Moments]) -> Moments:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _nothing(batch: Batch) -> None:
    del batch
