"""Reductions over the points of a dataset, batch by batch; the whole is never in memory.

A batch is a run of whole landscapes: in a contiguous ragged array their rows are consecutive, so every
quantity of a landscape is known within one batch. Dask reads and reduces a few batches at a time; any
scheduler that is set (threads by default, a distributed client) does it. To a worker elsewhere travel the
function and a dataset of which nothing is loaded, some kilobytes; it reads its batch itself.
"""

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

import dask.config
import numpy as np
import xarray as xr
from dask.base import compute
from dask.delayed import delayed
from numpy.typing import ArrayLike, NDArray

from morsecensus.storage.dataset import check_dataset
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.tasks.measurables.base import Table
from morsecensus.tasks.measurables.census import POINT

Floats = NDArray[np.float64]
Result = TypeVar("Result")

BATCH_BYTES = 48 * 2**20
"""Of all columns of a batch. Arbitrary: large against a chunk (1 MiB), small against any memory."""
AT_ONCE = "morsecensus.batches-at-once"
"""Key of Dask's configuration: batches between two rests, 4 where it isn't set. More keep a cluster busy."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Consecutive whole landscapes.

    Attributes:
        landscapes: how many.
        owner: landscape of each row, counted from the first one of the batch, shape (rows,).
        columns: the columns asked for, each of shape (rows, ...).
        first: place of the first one in the dataset.
    """

    landscapes: int
    owner: NDArray[np.int64]
    columns: Mapping[str, np.ndarray]
    first: int

    def per_landscape(
        self, group: NDArray[np.integer], groups: int, weight: Floats | None = None
    ) -> NDArray[Any]:
        """Count rows (or sum a weight) by landscape and group, shape (landscapes, groups)."""
        flat = np.bincount(self.owner * groups + group, weight, self.landscapes * groups)
        return flat.reshape(self.landscapes, groups)


def reduce_points(
    dataset: xr.Dataset,
    names: Sequence[str],
    function: Callable[[Batch], Result],
    batch_bytes: int | None = None,
    table: Table = POINT,
) -> Iterator[Result]:
    """Yield ``function(batch)`` for every batch in order.

    Args:
        dataset: with the table's row counts (``row_size``) and columns along its dimension (``row``).
        names: columns that the function reads.
        function: its result holds much less than its batch; it and what it refers to may be pickled.
        batch_bytes: the size of a batch, BATCH_BYTES by default; one landscape is never split.
        table: a ragged one.

    Raises:
        StoreError: the dataset isn't where a worker looks for it.
    """
    offsets = row_offsets(dataset, table)
    sizes = np.diff(offsets)
    columns = dataset[list(names)]
    bounds = _batch_bounds(offsets, _row_bytes(dataset, names), batch_bytes or BATCH_BYTES)
    at_once = dask.config.get(AT_ONCE, 4)
    for start in range(0, len(bounds), at_once):
        jobs = [
            delayed(_apply)(_rows(columns, table.dimension, offsets[a], offsets[b]), sizes[a:b], a, function)
            for a, b in bounds[start : start + at_once]
        ]
        yield from cast(tuple[Result, ...], compute(*jobs))


def row_offsets(dataset: xr.Dataset, table: Table = POINT) -> NDArray[np.int64]:
    """Return the first row of each landscape in a ragged table, and the number of all rows, shape
    (landscapes + 1,).

    Raises StoreError if the landscapes have other rows together than the table.
    """
    offsets = np.concatenate([[0], np.cumsum(dataset[table.count].values.astype(np.int64))])
    rows = int(dataset.sizes[table.dimension])
    if offsets[-1] != rows:
        where = dataset.encoding.get("source", "dataset")
        if "source" in dataset.encoding:
            _require_there(where)
        raise StoreError(
            f"{where}: {table.count} adds up to {offsets[-1]} rows, there are {rows}: the dataset is "
            "damaged; `morsecensus verify` its run"
        )
    return offsets


def _rows(columns: xr.Dataset, dimension: str, first: np.int64, end: np.int64) -> xr.Dataset:
    """Some rows, nothing loaded: where landscapes were left out, a batch takes its own places along."""
    return columns.isel({dimension: slice(int(first), int(end))})


def _apply(
    columns: xr.Dataset,
    sizes: NDArray[np.int64],
    first: int,
    function: Callable[[Batch], Result],
) -> Result:
    if "source" in columns.encoding:
        _require(columns.encoding["source"])
    owner = np.repeat(np.arange(len(sizes)), sizes)
    read = {str(name): columns[name].values for name in columns.data_vars}
    return function(Batch(len(sizes), owner, read, first))


@lru_cache
def _require(dataset: str) -> None:
    """Raise unless the dataset is here, whole, once a process: Zarr reads absent chunks as fill values, and a
    worker's copy may be another one than ours."""
    _require_there(dataset)
    check_dataset(dataset)


def _require_there(dataset: str) -> None:
    if open_files(dataset).size("zarr.json") is None:
        raise StoreError(
            f"{dataset}: not there on {socket.gethostname()}: workers need the store at the same path or URL"
        )


def _row_bytes(dataset: xr.Dataset, names: Sequence[str]) -> int:
    # 8 bytes for the owner of the row
    widths = (dataset[name].dtype.itemsize * int(np.prod(dataset[name].shape[1:])) for name in names)
    return 8 + sum(widths)


def _batch_bounds(offsets: NDArray[np.int64], width: int, size: int) -> list[tuple[int, int]]:
    """First and last-but-one landscape of each batch."""
    rows, last = max(1, size // width), len(offsets) - 1
    bounds, start = [], 0
    while start < last:
        end = int(np.searchsorted(offsets, offsets[start] + rows, side="right")) - 1
        end = min(max(end, start + 1), last)
        bounds.append((start, end))
        start = end
    return bounds


def bin_of(values: Floats, edges: Floats) -> NDArray[np.int64]:
    """Bin of each value, clipped into the first and the last one."""
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)


def of_several(total: Floats, squares: Floats) -> NDArray[np.bool_]:
    """Whether two landscapes or more have any, from the sum over landscapes of their numbers of something and
    of the squares of these: a ratio that one landscape makes alone has no error over landscapes."""
    return np.asarray(total) ** 2 > squares * (1 + 1e-12)  # sums of billions are rounded


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over landscapes of a vector and of its outer product: enough for a mean and its covariance.

    Attributes:
        count: landscapes, those without points included.
        total: shape (d,).
        outer: shape (d, d).
    """

    count: int
    total: Floats
    outer: Floats

    @classmethod
    def of(cls, rows: ArrayLike) -> "Moments":
        """Moments of a sample, shape (landscapes, d)."""
        values = np.asarray(rows, dtype=np.float64)
        return cls(len(values), values.sum(axis=0), values.T @ values)

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(self.count + other.count, self.total + other.total, self.outer + other.outer)

    def take(self, kept: NDArray[Any]) -> "Moments":
        """The moments of some components."""
        return Moments(self.count, self.total[kept], self.outer[np.ix_(kept, kept)])

    def scaled(self, factor: Floats) -> "Moments":
        """The moments of the components times a factor each."""
        return Moments(self.count, self.total * factor, self.outer * np.outer(factor, factor))

    @property
    def mean(self) -> Floats:
        """Mean over landscapes."""
        return self.total / max(self.count, 1)

    @property
    def covariance(self) -> Floats:
        """Sample covariance of one landscape's vector; nan for fewer than two landscapes."""
        if self.count < 2:
            return np.full_like(self.outer, np.nan)
        return (self.outer - self.count * np.outer(self.mean, self.mean)) / (self.count - 1)

    @property
    def standard_error(self) -> Floats:
        """Of the mean; nan for fewer than two landscapes."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0) / max(self.count, 1))
