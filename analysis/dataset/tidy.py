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

from morsecensus.analysis.dataset.columns import REASON
from morsecensus.storage.tables import LANDSCAPE, STATUS, Column
from morsecensus.tasks.measurables.words import ERROR, FAILED

Key = tuple[Any, ...]
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
        self, inner: xr.Variable, dtype: np.dtype[Any], meaning: Callable[[NDArray[Any], Key], NDArray[Any]]
    ):
        self.inner, self.meaning = inner, meaning
        self.shape, self.dtype = inner.shape, dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        return self.meaning(np.asarray(self.inner[key].values), key).astype(self.dtype)


def tidy(
    dataset: xr.Dataset, columns: Mapping[str, Column], dimensions: tuple[str, ...], names: Mapping[str, str]
) -> xr.Dataset:
    """Return the columns of a cell that have exactly these dimensions, lazily.

    Args:
        dataset: of the cell, as it is stored.
        columns: what may stand in each array; counts that may be unknown become floats, with nan; in a cell
            with failed landscapes those too that are unknown in these alone.
        names: new names of some of them.
    """
    failed = _failed(dataset)
    found = {
        names.get(str(name), str(name)): _translated(variable, columns.get(str(name)), failed)
        for name, variable in dataset.variables.items()
        if variable.dims == dimensions and name not in dataset.dims
    }
    coordinates = {name: dataset.variables[name] for name in dimensions if name in dataset.variables}
    bare = {name: one.copy(deep=False) for name, one in coordinates.items()}
    for one in bare.values():
        one.attrs = _attributes(one)
    return xr.Dataset(found, bare, dataset.attrs)


def _failed(dataset: xr.Dataset) -> xr.Variable | None:
    """Which landscapes are of failed blocks; None if there are none of them.

    Status alone doesn't say it in a census: landscapes in which nothing was found fail too, and are known.
    """
    if not int(dataset.attrs.get("landscapes_failed", 0)):
        return None
    if REASON in dataset.variables:
        return dataset.variables[REASON] == ERROR
    return dataset.variables[STATUS] == FAILED if STATUS in dataset.variables else None


def _translated(variable: xr.Variable, column: Column | None, failed: xr.Variable | None) -> xr.Variable:
    words = str(variable.attrs.get("flag_meanings", "")).split()
    if words:
        values = np.asarray(variable.attrs["flag_values"])
        longest = max(map(len, (*words, UNKNOWN)))
        array = Translated(_bare(variable), np.dtype(f"<U{longest}"), _Words(values, np.array(words)))
    elif column is not None and column.optional and variable.dtype.kind == "i":
        array = Translated(_bare(variable), np.dtype("<f8"), _Known(column.unknown))
    elif failed is not None and _lost_with_its_block(variable, column):
        array = Translated(_bare(variable), np.dtype("<f8"), _Computed(failed.values))
    else:
        result = variable.copy(deep=False)
        result.attrs, result.encoding = _attributes(variable), {}
        return result
    return xr.Variable(variable.dims, indexing.LazilyIndexedArray(array), _attributes(variable))


def _lost_with_its_block(variable: xr.Variable, column: Column | None) -> bool:
    """Whether a count is unknown in landscapes of failed blocks: others are 0 there, as numbers of points."""
    if column is None or variable.dtype.kind != "i" or variable.dims[0] != LANDSCAPE:
        return False
    return column.failed in (None, column.fill)


class _Words:
    def __init__(self, values: NDArray[Any], words: NDArray[np.str_]):
        self.order = np.argsort(values)
        self.values, self.words = values[self.order], words[self.order]

    def __call__(self, codes: NDArray[Any], key: Key) -> NDArray[Any]:
        places = np.minimum(np.searchsorted(self.values, codes), len(self.values) - 1)
        return np.where(self.values[places] == codes, self.words[places], UNKNOWN)


class _Known:
    def __init__(self, unknown: float):
        self.unknown = unknown

    def __call__(self, values: NDArray[Any], key: Key) -> NDArray[Any]:
        return np.where(values == self.unknown, np.nan, values)


class _Computed:
    """Counts that may be -1, as a Morse sum, are told by the landscape from those that nobody computed."""

    def __init__(self, failed: NDArray[np.bool_]):
        self.failed = failed

    def __call__(self, values: NDArray[Any], key: Key) -> NDArray[Any]:
        failed = np.asarray(self.failed[key[0]])
        return np.where(failed.reshape(failed.shape + (1,) * (values.ndim - failed.ndim)), np.nan, values)


def _attributes(variable: xr.Variable) -> dict[str, Any]:
    return {name: value for name, value in variable.attrs.items() if name not in MACHINERY}


def _bare(variable: xr.Variable) -> xr.Variable:
    found = variable.copy(deep=False)
    found.attrs, found.encoding = {}, {}
    return found
