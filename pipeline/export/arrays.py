"""The numbers of a dataset in the formats of others: Parquet by Arrow, netCDF by h5netcdf.

Parquet is for tables: words for codes, lists for what has further dimensions, a folder a cell. All cells
have the columns of all, for readers go by those of one file; lists are of any length, as cells differ in it.
netCDF keeps the ragged arrays of CF, a file a cell.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.export.source import Source
from morsecensus.storage.layout import CellLayout
from morsecensus.storage.tables import LANDSCAPE

if TYPE_CHECKING:
    import pyarrow as pa
    import xarray as xr

    Cells = Mapping[str, Mapping[str, xr.Variable]]

VALUES = 2**23
"""Numbers of one row group, 64 MiB: what is in memory at a time."""
GROUPS = "groups"
"""Attribute of a netCDF file: the names of all files of the export."""
NETCDF_CHUNK = 2**17
"""Numbers of one chunk of a netCDF variable, 1 MiB of doubles."""


def write_parquet(source: Source, folder: Path) -> None:
    """Write ``<table>/cell=<group>/part-0.parquet`` for each table of each cell, and ``cells.parquet``.

    Raises UsageError if a column is words in one cell and numbers in another.
    """
    for name in dict.fromkeys(table.name for cell in source.cells for table in cell.tables):
        place = folder / {LANDSCAPE: "landscapes"}.get(name, f"{name}s")
        cells = _distinct(_cells(source, name))
        schema = _schema_of_all(name, cells)  # readers take the columns of the first file for those of all
        for cell, columns in cells.items():
            _write_table(columns, schema, place / f"cell={cell}" / "part-0.parquet")
    _write_cells(source, folder / "cells.parquet")


def _cells(source: Source, name: str) -> "Cells":
    """The columns of a table in each cell that has it; nothing is loaded."""
    return {
        cell.id: _columns(source.group(cell), cell, table.dimension)
        for cell in source.cells
        for table in cell.tables
        if table.name == name
    }


def _distinct(cells: "Cells") -> "Cells":
    """The same with names of their own for what has one name and other numbers of dimensions in cells of
    other bodies: the energy of a landscape, and ``energy_by_look``.
    """
    depths: dict[str, set[int]] = {}
    for columns in cells.values():
        for name, column in columns.items():
            depths.setdefault(name, set()).add(column.ndim)
    return {
        cell: {_own_name(name, column, depths[name]): column for name, column in columns.items()}
        for cell, columns in cells.items()
    }


def _own_name(name: str, column: "xr.Variable", depths: Collection[int]) -> str:
    further = "_".join(map(str, column.dims[1:]))
    return f"{name}_by_{further}" if further and len(depths) > 1 else name


def _schema_of_all(name: str, cells: "Cells") -> "pa.Schema":
    """The columns of a table in any cell; where cells have integers of two lengths, or integers and counts
    that may be unknown, the type that holds both."""
    import pyarrow as pa

    schema = pa.schema([])
    for cell, columns in cells.items():
        own = pa.schema([_field(*column) for column in columns.items()])
        try:
            schema = pa.unify_schemas([schema, own], promote_options="permissive")
        except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
            said = " ".join(str(error).split())
            raise UsageError(
                f"--format: parquet has one type for each column of the table {name}, and {cell} has another "
                f"than the cells before it ({said}), allowed: zip, netcdf"
            ) from error
    return schema


def _columns(data: "xr.Dataset", cell: CellLayout, dimension: str) -> "dict[str, xr.Variable]":
    """All that has a value for each row of a table, translated, the landscape first."""
    from morsecensus.analysis.dataset.columns import columns_of
    from morsecensus.analysis.dataset.tidy import tidy

    known = columns_of(cell.tables)
    owners = {table.instance: LANDSCAPE for table in cell.ragged}
    kinds = dict.fromkeys(v.dims for v in data.variables.values() if v.dims[:1] == (dimension,))
    found: dict[str, Any] = {}
    for dims in kinds:
        part = tidy(data, known, tuple(map(str, dims)), owners)
        found |= {str(name): part[name].variable for name in part.variables if part[name].dims == dims}
    order = [LANDSCAPE, *known]
    return dict(sorted(found.items(), key=lambda one: order.index(one[0])))


def _write_table(columns: "Mapping[str, xr.Variable]", schema: "pa.Schema", place: Path) -> None:
    """Write the columns of a schema, null where the cell has none of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    length = len(next(iter(columns.values())))
    step = max(1, VALUES // sum(int(np.prod(column.shape[1:])) for column in columns.values()))
    place.parent.mkdir(parents=True)
    with pq.ParquetWriter(place, schema, compression="zstd") as writer:
        for first in range(0, length, step):
            rows = slice(first, min(first + step, length))
            arrays = [_piece(columns.get(field.name), rows, field.type) for field in schema]
            writer.write_table(pa.table(arrays, schema=schema))


def _piece(column: "xr.Variable | None", rows: slice, kind: "pa.DataType") -> "pa.Array":
    import pyarrow as pa

    return pa.nulls(rows.stop - rows.start, kind) if column is None else _array(column[rows].values, kind)


def _field(name: str, column: "xr.Variable") -> "pa.Field":
    import pyarrow as pa

    words = column.dtype.kind == "U"
    kind = pa.dictionary(pa.int8(), pa.string()) if words else pa.from_numpy_dtype(column.dtype)
    for _ in column.dims[1:]:
        kind = pa.list_(kind)
    said = {key: str(column.attrs[key]) for key in ("long_name", "units") if key in column.attrs}
    return pa.field(name, kind, metadata={**said, "dimensions": " ".join(map(str, column.dims))})


def _array(values: np.ndarray, kind: "pa.DataType") -> "pa.Array":
    import pyarrow as pa

    if values.ndim == 1:
        flat = pa.array(values)
        return (flat.dictionary_encode() if values.dtype.kind == "U" else flat).cast(kind)
    inner = _array(values.reshape(-1, *values.shape[2:]), kind.value_type)
    offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(offsets), inner)


def _write_cells(source: Source, place: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from morsecensus.analysis.dataset.groups import open_group

    table = open_group(source.path, "")
    fields = [pa.array(one.values.tolist()) for one in table.variables.values()]
    about = {name: str(value) for name, value in source.attributes.items()}
    cells = pa.table(dict(zip(map(str, table.variables), fields, strict=True)))
    pq.write_table(cells.replace_schema_metadata(about), place, compression="zstd")


def write_netcdf(source: Source, folder: Path) -> None:
    """Write ``<group>.nc`` for each cell, with the attributes of the root beside its own, and the names of
    all: a folder that lost a file then shows it.
    """
    names = {GROUPS: " ".join(cell.id for cell in source.cells)}
    for cell in source.cells:
        data = source.group(cell)
        attributes = {**dict(_plain(source.attributes)), **dict(_plain(data.attrs)), **names}
        _write_group(data, folder / f"{cell.id}.nc", attributes)


def _write_group(data: "xr.Dataset", place: Path, attributes: Mapping[str, Any]) -> None:
    """Not by xarray: Dask would lay out the file otherwise each time."""
    import h5netcdf

    with h5netcdf.File(place, "w") as file:
        file.attrs.update(attributes)
        file.dimensions = {str(name): size for name, size in data.sizes.items()}
        for name, variable in sorted(data.variables.items(), key=lambda one: str(one[0])):
            width = max(1, int(np.prod(variable.shape[1:])))
            rows = max(1, min(NETCDF_CHUNK // width, variable.shape[0]))
            chunks = (rows, *(max(1, size) for size in variable.shape[1:]))
            made = file.create_variable(
                str(name),
                tuple(map(str, variable.dims)),
                variable.dtype,
                chunks=chunks,
                compression="gzip",
                compression_opts=4,
                shuffle=True,
            )
            made.attrs.update(_netcdf_attributes(variable))
            for first in range(0, variable.shape[0], rows):
                part = slice(first, min(first + rows, variable.shape[0]))
                made[part] = variable[part].values


def _netcdf_attributes(variable: "xr.Variable") -> dict[str, Any]:
    found = dict(_plain(variable.attrs))
    if "coordinates" in variable.encoding:
        found["coordinates"] = variable.encoding["coordinates"]
    if "flag_values" in found:  # of the type of the variable, as CF has it
        found["flag_values"] = np.array(found["flag_values"], variable.dtype)
    return found


def _plain(attributes: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """Attributes as netCDF has them: texts, numbers, and lists of one kind."""
    for name, value in attributes.items():
        if isinstance(value, bool):
            value = int(value)
        if isinstance(value, list):
            value = (
                "; ".join(map(str, value)) if not all(isinstance(v, int | float) for v in value) else value
            )
        if value is not None and value != []:
            yield str(name), value
