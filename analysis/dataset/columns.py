"""Columns of a dataset as they are read: a value that no writer puts there is an error, not a number.

Zarr reads what is missing as fill values, and *unknown* is -1 or nan, so damage of any origin would enter
means as minus one point. What may be unknown, and what may be negative, is said by the run's own tables.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from xarray.backends import BackendArray
from xarray.core import indexing

from morsecensus.storage.errors import StoreError
from morsecensus.storage.tables import LANDSCAPE, Column, Table, read_tables
from morsecensus.tasks.measurables.census import CENSUS
from morsecensus.tasks.measurables.words import ERROR

REASON = "reason"


def columns_of(tables: Sequence[Table]) -> dict[str, Column]:
    """Return the columns of a dataset by the name of their array."""
    found = {table.array_name(column): column for table in tables for column in table.columns}
    places = [(table.count, table.instance) for table in tables if table.ragged]
    names = (LANDSCAPE, "morse_index", *(name for pair in places for name in pair))
    return found | {name: Column(name, "i8", name, failed=0) for name in names}


COLUMNS = columns_of(read_tables([table.record() for table in CENSUS]))
"""Those of a census: for a dataset that lies without its run, which doesn't say what may be unknown in it."""


def improper(column: Column, values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values can't be those of a row that was computed, in the shape of the values."""
    if values.dtype.kind == "f":
        return np.zeros(values.shape, bool) if column.optional else np.isnan(values)
    if column.signed or values.dtype.kind != "i":
        return np.zeros(values.shape, bool)
    wrong = values < 0
    return wrong & (values != column.unknown) if column.optional else wrong


class CheckedArray(BackendArray):
    """A column, read lazily; what is read is checked first.

    Raises StoreError, naming the column and the row, for a value that can't be.
    """

    def __init__(self, where: str, column: Column, inner: xr.Variable, reason: xr.Variable | None):
        self.where, self.column = where, column
        self.inner, self.reason = inner, reason
        self.shape, self.dtype = inner.shape, inner.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        try:
            values = np.asarray(self.inner[key].values)
        except ValueError as error:  # checksums of chunks
            what = "`morsecensus verify` names what is damaged, `repair` on its run mends it"
            raise StoreError(f"{self.where}: {error}: {what}") from error
        wrong = improper(self.column, values)
        if wrong.any() and self.reason is not None:
            failed = np.asarray(self.reason[key[0]].values) == ERROR
            wrong &= ~failed.reshape(failed.shape + (1,) * (wrong.ndim - failed.ndim))
        if wrong.any():
            self._refuse(key[0], values, wrong)
        return values

    def _refuse(self, leading: Any, values: NDArray[Any], wrong: NDArray[np.bool_]) -> None:
        rows = np.atleast_1d(np.arange(self.shape[0])[leading])
        place = np.argwhere(wrong)[0]
        row = rows[place[0]] if len(rows) > 1 else rows[0]
        raise StoreError(
            f"{self.where}: {values[tuple(place)]} at {self.inner.dims[0]} {row}, which no census writes "
            "there: the dataset is damaged or was changed; `morsecensus verify` its run"
        )


def checked(dataset: xr.Dataset, where: str, columns: Mapping[str, Column] = COLUMNS) -> xr.Dataset:
    """Return a cell's dataset, lazy as before, whose columns are checked as they are read.

    Args:
        where: the dataset and its group, for messages.
        columns: what may stand in each array; others aren't checked.
    """
    variables = dataset.variables
    reason = _bare(variables[REASON]) if REASON in variables else None
    found: Mapping[Any, xr.Variable] = {
        name: _wrap(f"{where}/{name}", columns[str(name)], variable, reason)
        for name, variable in variables.items()
        if str(name) in columns and variable.ndim
    }
    indexes = set(dataset.indexes)
    return dataset.assign({name: v for name, v in found.items() if name not in indexes})


def _wrap(where: str, column: Column, variable: xr.Variable, reason: xr.Variable | None) -> xr.Variable:
    may_fail = variable.dims[0] == LANDSCAPE and column.failed in (None, column.fill)
    array = CheckedArray(where, column, _bare(variable), reason if may_fail else None)
    return xr.Variable(
        variable.dims, indexing.LazilyIndexedArray(array), variable.attrs, variable.encoding, fastpath=True
    )


def _bare(variable: xr.Variable) -> xr.Variable:
    """The data alone: attributes and encoding would travel to workers once more."""
    found = variable.copy(deep=False)
    found.attrs, found.encoding = {}, {}
    return found
