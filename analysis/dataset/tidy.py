"""A cell as tables that become data frames: one dimension (or two) each, words for codes, nan for unknown.

What is stored is made for machines: a status is a number that stands for a word, unknown counts are -1, and
all tables of a cell lie in one group, of which `to_dataframe` would make every landscape times every point.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from morsecensus.storage.tables import Column

UNKNOWN = "unknown"
"""Of a code that stands for no word."""
MACHINERY = (
    "cf_role",
    "coordinates",
    "flag_meanings",
    "flag_values",
    "instance_dimension",
    "sample_dimension",
)
"""Attributes that say how to read what is stored."""


class Translated(BackendArray):
    """A column, read lazily, of which each value is replaced by what it means."""

    def __init__(
        self, inner: xr.Variable, dtype: np.dtype[Any], meaning: Callable[[NDArray[Any]], NDArray[Any]]
    ):
        self.inner, self.meaning = inner, meaning
        self.shape, self.dtype = inner.shape, dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        return self.meaning(np.asarray(self.inner[key].values)).astype(self.dtype)


def tidy(
    dataset: xr.Dataset, columns: Mapping[str, Column], dimensions: tuple[str, ...], names: Mapping[str, str]
) -> xr.Dataset:
    """Return the columns of a cell that have exactly these dimensions, lazily.

    Args:
        dataset: of the cell, as it is stored.
        columns: what may stand in each array; counts that may be unknown become floats, with nan.
        names: new names of some of them.
    """
    found = {
        names.get(str(name), str(name)): _translated(variable, columns.get(str(name)))
        for name, variable in dataset.variables.items()
        if variable.dims == dimensions and name not in dataset.dims
    }
    coordinates = {name: dataset.variables[name] for name in dimensions if name in dataset.variables}
    bare = {name: one.copy(deep=False) for name, one in coordinates.items()}
    for one in bare.values():
        one.attrs = _attributes(one)
    return xr.Dataset(found, bare, dataset.attrs)


def _translated(variable: xr.Variable, column: Column | None) -> xr.Variable:
    words = str(variable.attrs.get("flag_meanings", "")).split()
    if words:
        values = np.asarray(variable.attrs["flag_values"])
        longest = max(map(len, (*words, UNKNOWN)))
        array = Translated(_bare(variable), np.dtype(f"<U{longest}"), _Words(values, np.array(words)))
    elif column is not None and column.optional and variable.dtype.kind == "i":
        array = Translated(_bare(variable), np.dtype("<f8"), _Known(column.unknown))
    else:
        result = variable.copy(deep=False)
        result.attrs, result.encoding = _attributes(variable), {}
        return result
    return xr.Variable(variable.dims, indexing.LazilyIndexedArray(array), _attributes(variable))


class _Words:
    def __init__(self, values: NDArray[Any], words: NDArray[np.str_]):
        self.order = np.argsort(values)
        self.values, self.words = values[self.order], words[self.order]

    def __call__(self, codes: NDArray[Any]) -> NDArray[Any]:
        places = np.minimum(np.searchsorted(self.values, codes), len(self.values) - 1)
        return np.where(self.values[places] == codes, self.words[places], UNKNOWN)


class _Known:
    def __init__(self, unknown: float):
        self.unknown = unknown

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
        return np.where(values == self.unknown, np.nan, values)


def _attributes(variable: xr.Variable) -> dict[str, Any]:
    return {name: value for name, value in variable.attrs.items() if name not in MACHINERY}


def _bare(variable: xr.Variable) -> xr.Variable:
    found = variable.copy(deep=False)
    found.attrs, found.encoding = {}, {}
    return found
