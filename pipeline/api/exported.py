"""Datasets without their run, opened as those of a run: a copy of one, or what ``export`` made of it."""

import importlib.util
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morsecensus.pipeline.api.stored import StoredCell, StoredStudy
from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.plugins import register_installed
from morsecensus.pipeline.worker.bodies import BODIES, DEFAULT_BODY, Description, describe
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.inventory import CHECKS, ROOT
from morsecensus.storage.layout import CellLayout
from morsecensus.storage.sums import export_faults, missing_names
from morsecensus.storage.tables import read_tables

if TYPE_CHECKING:
    import xarray as xr

    from morsecensus.storage.tables import Table

Read = Callable[[str, "tuple[Table, ...]"], "xr.Dataset"]
"""Opens a group by its name, columns checked by some tables as they are read."""
AGAIN = "copy it again from where it is whole"


@dataclass(frozen=True)
class Dataset:
    """A dataset without its run.

    Attributes:
        names: of its groups, in order.
        attributes: of its root.
    """

    place: str
    names: tuple[str, ...]
    attributes: Mapping[str, Any]
    read: Read


def open_exported(place: str, check: str) -> StoredStudy | None:
    """Open a dataset that has no run around it; None if nothing of the kind is there.

    Args:
        place: a zip file or a folder that ``export`` made, or the path or URL of a dataset.
        check: "sizes" looks whether every file is there, "crc" reads all of them.

    Raises StoreError for what is damaged, and, saying what opens them, for tables of Parquet and for a file
    of one cell; UsageError if a package is missing.
    """
    if check not in CHECKS:
        raise UsageError(f"check: got {shown(check)}, allowed: {' or '.join(CHECKS)}")
    found = _find(place)
    if found is None:
        return None
    _check(place, check)
    dataset = found(place, check)
    specs = {name: _spec(dataset, name) for name in dataset.names}
    register_installed({str(spec["model"]) for spec in specs.values()})
    return _study(dataset, [_cell(dataset, name, spec) for name, spec in specs.items()])


def _find(place: str) -> Callable[[str, str], Dataset] | None:
    if "://" not in place:
        path = Path(place)
        if path.is_file() and path.suffix == ".nc":
            raise StoreError(
                f"{place}: a file of one cell, allowed: its folder; xarray.open_dataset opens one"
            )
        if path.is_file():
            return _zip
        if (path / "cells.parquet").is_file():
            raise StoreError(
                f"{place}: tables of Parquet, allowed: a store, a dataset, an exported zip file or folder of "
                f'netCDF; pandas.read_parquet("{place}/points") reads these'
            )
        if any(path.glob("*.nc")):
            return _netcdf
    return _zarr if open_files(place).size(ROOT) is not None else None


def _check(place: str, check: str) -> None:
    """Hold what was exported against its manifest."""
    if "://" in place:
        return
    faults = missing_names(Path(place))
    if not faults and check == "crc" and (found := export_faults(Path(place))) is not None:
        faults = [f"{name} {what}" for name, what in found[1]]
    if faults:
        raise StoreError(f"{place}: {faults[0]}: {AGAIN}")


def _zarr(place: str, check: str, packed: Any = None) -> Dataset:
    from morsecensus.analysis.dataset.groups import checked_dataset, open_group

    if packed is None:
        checked_dataset(place, check)
    root = open_group(place, "", (), packed=packed)
    names = tuple(map(str, root["group"].values)) if "group" in root else ()
    return Dataset(
        place, names, root.attrs, lambda name, tables: open_group(place, name, tables, packed=packed)
    )


def _zip(place: str, check: str) -> Dataset:
    from zarr.storage import ZipStore

    if not zipfile.is_zipfile(place):
        raise StoreError(f"{place}: no dataset: neither a zip file nor a folder; if it was one, {AGAIN}")
    with zipfile.ZipFile(place) as packed:
        if ROOT not in packed.namelist():
            raise StoreError(
                f"{place}: a zip file without a dataset at its root, allowed: as export makes it"
            )
    return _zarr(place, check, ZipStore(place, mode="r"))


def _netcdf(place: str, check: str) -> Dataset:
    import xarray as xr

    from morsecensus.analysis.dataset.columns import checked, columns_of
    from morsecensus.pipeline.export.arrays import GROUPS

    del check  # by the manifest alone
    if importlib.util.find_spec("h5netcdf") is None:
        raise UsageError(f'{place}: netCDF takes h5netcdf: pip install "morsecensus[export]"')
    files = {path.stem: path for path in sorted(Path(place).glob("*.nc"))}

    def read(name: str, tables: "tuple[Table, ...]") -> "xr.Dataset":
        try:
            found = xr.open_dataset(files[name], engine="h5netcdf", chunks=None)
        except OSError as error:
            raise StoreError(f"{files[name]}: cannot be read as netCDF: {AGAIN}") from error
        return checked(found, str(files[name]), columns_of(tables))

    first = read(next(iter(files)), ())
    missing = [name for name in str(first.attrs.get(GROUPS, "")).split() if name not in files]
    if missing:
        raise StoreError(f"{place}: {missing[0]}.nc is missing: {AGAIN}")
    return Dataset(place, tuple(files), first.attrs, read)


def _spec(dataset: Dataset, name: str) -> dict[str, Any]:
    attributes = dataset.read(name, ()).attrs
    try:
        spec = json.loads(attributes["spec"])
        return {"model": "", "parameters": {}, "n": 0, **spec, "body": attributes.get("body", "census")}
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{dataset.place}: {name} doesn't say of what it is: no dataset of ours") from error


def _cell(dataset: Dataset, name: str, spec: dict[str, Any]) -> StoredCell:
    from morsecensus.analysis.dataset.cells import cell_of

    word = str(spec.pop("body"))
    try:
        body, known = _described(word, spec)
        tables, sizes = read_tables(known.tables), known.sizes
    except (UsageError, StoreError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{dataset.place}: {name}: this version can't say what its columns are ({error}); "
            'xarray.open_datatree(..., engine="zarr") opens a dataset as it is'
        ) from error
    data = dataset.read(name, tables)
    landscapes = int(data.sizes["landscape"])
    layout = CellLayout(
        id=name,
        hash=str(data.attrs.get("cell_hash", "")),
        body=body,
        spec=spec,
        landscapes=landscapes,
        block_size=1,
        chunk_rows=known.chunk_rows,
        rows_bound=int(data.sizes.get("row", 0)),
        sizes=sizes,
        tables=tables,
        attrs={} if body == DEFAULT_BODY else {"body": word},
    )
    return StoredCell(name, cell_of(layout, data), layout, data)


def _described(word: str, spec: dict[str, Any]) -> tuple[str, Description]:
    """What a body of ours says of a cell, with its recorded name. Another is whatever function a stranger
    wrote into a file, so nothing is imported for it: which code is run is for the user to say.
    """
    if word not in BODIES:
        raise UsageError(f"body: got {shown(word)}, allowed: {', '.join(BODIES)}")
    body = BODIES[word].recorded
    return body, describe(body, spec)


def _study(dataset: Dataset, cells: list[StoredCell]) -> StoredStudy:
    from morsecensus.analysis.dataset.cells import Cell, Study
    from morsecensus.analysis.dataset.others import OtherCell

    said = dataset.attributes
    try:
        name = str(json.loads(said["study"])["name"])
    except (KeyError, TypeError, ValueError):
        name = str(said.get("title", "")).rpartition(": ")[2]
    provenance = {
        "study": name,
        "begun": str(said.get("date_created", "")),
        "dataset": dataset.place,
        "seed": ", ".join(sorted({str(cell.layout.spec.get("seed", "")) for cell in cells})),
        "software": {"morsecensus": str(said.get("source", "")), "commit": str(said.get("git_commit", ""))},
    }
    read = [cell.read for cell in cells]
    census = tuple(one for one in read if isinstance(one, Cell))
    others = tuple(one for one in read if isinstance(one, OtherCell))
    return StoredStudy(tuple(cells), Study(name, census, provenance, others))
