"""The xarray engine "morsecensus": a dataset of a run, or a copy of it, refused where it has holes.

`xarray.open_dataset(path, engine="morsecensus", group="c0000")` and `open_datatree(path, engine=...)`. xarray
loads every engine's module when the first one is asked for, so this file imports nothing but xarray.
"""

import os
from collections.abc import Iterable
from typing import Any

import xarray as xr
from xarray.backends import BackendEntrypoint


class MorseCensusBackend(BackendEntrypoint):
    """Opens datasets of morsecensus, lazily and only for reading.

    ``filename_or_obj`` is the path or URL of a dataset, or of a run, whose current dataset is opened.
    ``check``: "sizes" holds a listing against the dataset's inventory, "crc" reads all contents as well.
    """

    description = "Censuses of critical points, refused where an object is missing or damaged"
    url = "https://docs.xarray.dev/en/stable/internals/how-to-add-new-backend.html"
    open_dataset_parameters = ("filename_or_obj", "drop_variables", "group", "check")
    supports_groups = True

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        group: str | None = None,
        check: str = "sizes",
    ) -> xr.Dataset:
        """Open one group; the root, which has attributes alone, if none is named.

        Raises StoreError, naming the object, for a dataset with holes, and for one that isn't ours.
        """
        from morsecensus.analysis.dataset.groups import checked_dataset, open_group

        path = checked_dataset(_path(filename_or_obj), check)
        return open_group(path, _name(group)).drop_vars(_dropped(drop_variables), errors="ignore")

    def open_groups_as_dict(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        group: str | None = None,
        check: str = "sizes",
    ) -> dict[str, xr.Dataset]:
        """Open the root and every cell, or one group as the root; raises as `open_dataset`."""
        from morsecensus.analysis.dataset.groups import checked_dataset, group_names, open_group

        path, dropped = checked_dataset(_path(filename_or_obj), check), _dropped(drop_variables)
        names = {"/": _name(group)} | (
            {} if _name(group) else {f"/{name}": name for name in group_names(path)}
        )
        return {
            key: open_group(path, name).drop_vars(dropped, errors="ignore") for key, name in names.items()
        }

    def open_datatree(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        group: str | None = None,
        check: str = "sizes",
    ) -> xr.DataTree:
        """Open all cells as children of one tree; raises as `open_dataset`."""
        groups = self.open_groups_as_dict(
            filename_or_obj, drop_variables=drop_variables, group=group, check=check
        )
        return xr.DataTree.from_dict(groups)

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Never: who wants the check asks for it, and the engine "zarr" opens the same folders."""
        return False


def _path(value: Any) -> str:
    if isinstance(value, str | os.PathLike):
        return os.fspath(value)
    raise TypeError(f"morsecensus: got a {type(value).__name__}, allowed: the path or URL of a dataset")


def _name(group: str | None) -> str:
    return (group or "").strip("/")


def _dropped(names: str | Iterable[str] | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())
