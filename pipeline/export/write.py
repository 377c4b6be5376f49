"""``morsecensus export``: a finished run as one zip file or one folder that stands for itself."""

import importlib.util
import shutil
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from morsecensus.pipeline.errors import UsageError, require_new, shown
from morsecensus.pipeline.export.citation import CITATION, citation
from morsecensus.pipeline.export.crate import CRATE, crate
from morsecensus.pipeline.export.datasheet import DATASHEET, datasheet
from morsecensus.pipeline.export.source import Source, read_source
from morsecensus.pipeline.phases import phase
from morsecensus.storage.errors import RemoteError
from morsecensus.storage.files import open_files
from morsecensus.storage.local_files import PARTIAL
from morsecensus.storage.sums import SUMS, folder_sums, sums_text

FORMATS: Mapping[str, tuple[str, ...]] = {
    "zip": ("rocrate",),
    "parquet": ("rocrate", "pyarrow"),
    "netcdf": ("rocrate", "h5netcdf", "h5py"),
}
"""Format -> the packages of the extra `export` that it takes."""
ENDINGS = {"zip": ".zip", "parquet": "-parquet", "netcdf": "-netcdf"}
NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The first that a zip file can say: the same dataset makes the same zip file."""


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes:
        manifest: SHA-256 of the manifest, which has that of every other file.
    """

    path: Path
    format: str
    files: int
    manifest: str

    def record(self) -> dict[str, str | int]:
        """Return it JSON-ready, as ``export --json`` prints it."""
        return {"path": str(self.path), "format": self.format, "files": self.files, "manifest": self.manifest}


def export_store(store: str, kind: str, out: Path | None = None) -> Export:
    """Write the dataset of a finished run in a format of others, with paperwork and checksums.

    Args:
        kind: one of FORMATS.
        out: a new file (zip) or folder; by default named after the study, here.

    Raises UsageError for a format that there isn't, a package that is missing, an ``out`` that is there
    already or can't be written, a run that isn't finished; StoreError for a damaged dataset. Nothing is left
    behind then.
    """
    _check_format(kind)
    if out is not None:
        require_new(out)
    phase("reading the dataset")
    source = read_source(store)
    out = out or Path(f"{source.name}{ENDINGS[kind]}")
    require_new(out)
    phase(f"writing {out}")
    with _written(out) as new:
        sums = (
            _write_zip(source, new, out.name) if kind == "zip" else _write_folder(source, kind, new, out.name)
        )
    return Export(out, kind, len(sums) + 1, sha256(sums_text(sums).encode()).hexdigest())


def _check_format(kind: str) -> None:
    if kind not in FORMATS:
        raise UsageError(f"--format: got {shown(kind)}, allowed: {', '.join(FORMATS)}")
    missing = [name for name in FORMATS[kind] if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"--format: {kind} takes {', '.join(missing)}, which is not installed: "
            'pip install "morsecensus[export]"'
        )


@contextmanager
def _written(out: Path) -> Iterator[Path]:
    """Yield a name beside ``out`` to write under; it becomes ``out`` by one renaming, or goes."""
    new = out.parent / f".{out.name}.{uuid.uuid4().hex}{PARTIAL}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        yield new
        new.rename(out)
    except RemoteError:
        raise  # of the store, not of --out
    except OSError as error:
        raise UsageError(f"--out: cannot write {out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        with suppress(OSError):
            new.unlink()


def _paperwork(source: Source, kind: str, name: str) -> dict[str, str]:
    return {
        DATASHEET: datasheet(source, kind, name),
        CITATION: citation(source),
        CRATE: crate(source, kind),
    }


def _write_zip(source: Source, new: Path, name: str) -> dict[str, str]:
    """The dataset is the zip file's root, so that Zarr opens it as it is; nothing is packed twice."""
    files = open_files(source.path)
    sums = {}
    with zipfile.ZipFile(new, "x", zipfile.ZIP_STORED) as packed:

        def add(key: str, data: bytes) -> None:
            packed.writestr(zipfile.ZipInfo(key, NO_TIME), data)
            sums[key] = sha256(data).hexdigest()

        for key in files.walk():
            add(key, files.read(key))
        for key, text in _paperwork(source, "zip", name).items():
            add(key, text.encode())
        packed.writestr(zipfile.ZipInfo(SUMS, NO_TIME), sums_text(sums))
    return sums


def _write_folder(source: Source, kind: str, new: Path, name: str) -> dict[str, str]:
    from morsecensus.pipeline.export.arrays import write_netcdf, write_parquet

    new.mkdir()
    (write_parquet if kind == "parquet" else write_netcdf)(source, new)
    for key, text in _paperwork(source, kind, name).items():
        (new / key).write_text(text, encoding="utf-8")
    sums = folder_sums(new)
    (new / SUMS).write_text(sums_text(sums), encoding="utf-8")
    return sums
