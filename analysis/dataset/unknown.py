"""Columns that a cell could have filled and didn't: a dataset lacks them, estimates find them unknown."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from morsecensus.storage.tables import Column, Table


class UnknownArray(BackendArray):
    """A column of one value, *unknown*; takes no memory, and travels to workers as its shape."""

    def __init__(self, column: Column, shape: tuple[int, ...]):
        self.unknown, self.shape, self.dtype = column.unknown, shape, np.dtype(column.dtype)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        axes = (np.arange(size)[part] for size, part in zip(self.shape, key, strict=True))
        kept = (axis for axis in axes if axis.ndim)  # an integer takes its dimension away
        return np.full(tuple(map(len, kept)), self.unknown, self.dtype)


def with_unknown(dataset: xr.Dataset, tables: Sequence[Table], sizes: Mapping[str, int]) -> xr.Dataset:
    """Return a cell's dataset with those columns of its tables that may be unknown throughout and are not
    there. A column that CF makes a coordinate, as the energy of points, is one like the others.
    """
    heights = [name for name, one in dataset.coords.items() if "axis" in one.attrs]
    found = dataset.reset_coords(heights).assign(
        {
            table.array_name(column): _variable(table, column, {**sizes, **dataset.sizes})
            for table in tables
            for column in table.columns
            if column.optional and table.array_name(column) not in dataset
        }
    )
    found.encoding = dataset.encoding
    return found


def _variable(table: Table, column: Column, sizes: Mapping[Any, int]) -> xr.Variable:
    dims = (table.dimension, *column.dims)
    array = UnknownArray(column, tuple(sizes[dim] for dim in dims))
    return xr.Variable(dims, indexing.LazilyIndexedArray(array), column.attributes)
