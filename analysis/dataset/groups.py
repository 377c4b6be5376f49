"""The groups of a dataset, one a cell, opened lazily and read through checked columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import xarray as xr

from morsecensus.analysis.dataset.columns import COLUMNS, checked, columns_of
from morsecensus.analysis.dataset.unknown import with_unknown
from morsecensus.storage.dataset import check_dataset, checked_path
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import RUN
from morsecensus.storage.tables import FORMAT, Table

ZARR_FORMAT = 3
"""Arrays of format 2 may ask for a codec that unpickles them; a dataset has none."""


def checked_dataset(path: str, how: str = "sizes") -> str:
    """Return the path of a dataset after a check of its objects.

    Args:
        path: of a dataset, or of a run, which means its current one.
        how: "sizes" or "crc".

    Raises StoreError, naming the object, if one is missing or not as it was written, or for another format.
    """
    if open_files(path).size(RUN) is not None:
        path = checked_path(path, how)
    else:
        check_dataset(path, how)
    found = _root(path).attrs.get("format")
    if found != FORMAT:
        raise StoreError(
            f"{path}: format is {found!r}, this version reads {FORMAT}: use the version that wrote it"
        )
    return path


def group_names(path: str) -> list[str]:
    """Return the names of a dataset's groups: those that its metadata name, whatever else lies there."""
    return sorted(name for name, _ in _root(path).groups())


def open_group(
    path: str,
    name: str,
    tables: Sequence[Table] | None = None,
    sizes: Mapping[str, int] | None = None,
    packed: Any = None,
) -> xr.Dataset:
    """Open one group of a dataset without loading any column; which objects there are is not checked.

    Values are, when they are read, by what the cell's ``tables`` say, or those of a census: see
    `analysis.dataset.columns`. With tables, and the ``sizes`` of their dimensions, columns that the dataset
    leaves out because nothing is known in them are there. ``packed`` is a Zarr store of a dataset that is no
    folder; the path is then a name for messages. Raises StoreError if there is no such group or if one of its
    arrays could run code when it is read.
    """
    import zarr

    place = path if packed is None else packed
    root = _root(place)
    group = root.get(name) if name else root
    if not isinstance(group, zarr.Group):
        raise StoreError(f"{path}: there is no group {name[:60]!r}, allowed: {', '.join(group_names(path))}")
    # Also in a group of format 3: consolidated metadata may mix formats.
    if any(member.metadata.zarr_format != ZARR_FORMAT for _, member in group.members()):
        raise StoreError(
            f"{path}: {name} holds arrays of another Zarr format than {ZARR_FORMAT}: no dataset of ours"
        )
    dataset = xr.open_zarr(place, group=name or None, chunks=None, consolidated=True, zarr_format=ZARR_FORMAT)
    # without its run, nothing says what may be unknown in a dataset of another body
    known = {} if "body" in dataset.attrs else COLUMNS
    found = checked(dataset, f"{path}: {name}", known if tables is None else columns_of(tables))
    if sizes is not None:
        found = with_unknown(found, tables or (), sizes)
    found.encoding["source"] = path
    return found


def _root(place: Any) -> Any:
    import zarr

    return zarr.open_group(place, mode="r", zarr_format=ZARR_FORMAT)
