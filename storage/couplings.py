"""Files of couplings: named arrays in an npz file or a Zarr group, read without trust, written for others.

An npz is opened here, not by NumPy: its arrays can be of numbers alone, nothing is unpickled, and no header
makes anybody allocate more than the file said it has. Sizes are checked before anything is read.
"""

import io
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files, open_files
from morsecensus.storage.local_files import LocalFiles

MOST_BYTES = 2**31
"""Of all arrays of a file together: every worker holds them."""
MOST_ARRAYS = 64
KINDS = "fiu"
"""Kinds of numbers that may be read: real ones."""
INPUTS = "inputs"
"""Where a store keeps what its cells were given, each as ``<digest>.npz``."""

Arrays = dict[str, NDArray[Any]]


def input_key(sha256: str) -> str:
    """Return where a store keeps content."""
    return f"{INPUTS}/{sha256}.npz"


def growth_key(sha256: str, name: str = "") -> str:
    """Return where a store keeps what content has grown by, or one object of it."""
    return f"{INPUTS}/{sha256}/{name}".rstrip("/")


def read_arrays(url: str) -> Arrays:
    """Read all arrays of an npz file, or of a Zarr group (format 3): a path or an fsspec URL.

    Raises StoreError if it isn't there, is none of these, is too large or holds other than numbers.
    """
    clean = url.rstrip("/")
    folder, _, name = clean.rpartition("/")
    files = open_files(folder or ("/" if clean != url or url.startswith("/") else "."))
    size = _size(files, name, url)
    if size is not None:
        if size > MOST_BYTES:
            _refuse(url, f"{size} bytes, allowed: at most {MOST_BYTES}")
        return parse_npz(files.read(name), url)
    if files.size(f"{name}/zarr.json") is None:
        _refuse(url, "no such file, and no Zarr group of format 3 there")
    return _read_group(files, name, url)


def _size(files: Files, name: str, url: str) -> int | None:
    if isinstance(files, LocalFiles) and files.path(name).is_dir():
        return None
    try:
        return files.size(name)
    except OSError as error:
        _refuse(url, error.strerror or str(error))


def _refuse(url: str, what: str, cause: Exception | None = None) -> NoReturn:
    raise StoreError(f"{url}: {what}") from cause


def parse_npz(data: bytes, url: str) -> Arrays:
    """Read the arrays of an npz file's bytes; raises StoreError, naming ``url``."""
    if data.startswith(np.lib.format.MAGIC_PREFIX):
        _refuse(
            url, "one array without a name, allowed: an npz file, as numpy.savez(..., degree_3=...) writes"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS:
                _refuse(url, f"{len(members)} arrays, allowed: at most {MOST_ARRAYS}")
            total = sum(member.file_size for member in members)
            if total > MOST_BYTES:
                _refuse(url, f"{total} bytes of arrays, allowed: at most {MOST_BYTES}")
            return {_array_name(m.filename, url): _read_member(archive, m, url) for m in members}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise StoreError(f"{url}: not an npz file: {' '.join(str(error).split())[:200]}") from error


def _array_name(filename: str, url: str) -> str:
    if not filename.endswith(".npy"):
        _refuse(url, f"holds {filename[:60]!r}, allowed: arrays, as numpy.savez writes them")
    return filename.removesuffix(".npy")


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, url: str) -> NDArray[Any]:
    stream = io.BytesIO(archive.read(member))
    try:
        version = np.lib.format.read_magic(stream)
        read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}[version[0]]
        shape, by_columns, dtype = read(stream)
    except (ValueError, KeyError) as error:
        raise StoreError(f"{url}: {member.filename} is no array of numbers: {str(error)[:200]}") from error
    if dtype.kind not in KINDS:
        _refuse(url, f"{member.filename.removesuffix('.npy')}: numbers of type {dtype}, allowed: real ones")
    rest = stream.read()
    if math.prod(shape) * dtype.itemsize != len(rest) or any(length < 0 for length in shape):
        _refuse(url, f"{member.filename}: {len(rest)} bytes for an array of shape {shape}: it is damaged")
    return np.frombuffer(rest, dtype).reshape(shape, order="F" if by_columns else "C")


def _read_group(files: Files, name: str, url: str) -> Arrays:
    import zarr

    try:
        group = zarr.open_group(files.zarr(name), mode="r", zarr_format=3)
        members: list[tuple[str, Any]] = [(str(key), member) for key, member in group.members()]
    except (ValueError, KeyError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise StoreError(f"{url}: not a Zarr group of format 3: {reason}") from error
    _check_group(members, url)
    return {key: np.asarray(member[...]) for key, member in members}


def _check_group(members: list[tuple[str, Any]], url: str) -> None:
    import zarr

    if len(members) > MOST_ARRAYS:
        _refuse(url, f"{len(members)} arrays, allowed: at most {MOST_ARRAYS}")
    for key, member in members:
        if not isinstance(member, zarr.Array):
            _refuse(url, f"{key[:60]!r} is a group, allowed: arrays")
        # Consolidated metadata may mix formats, and one of format 2 may ask for a codec that unpickles.
        if member.metadata.zarr_format != 3 or member.dtype.kind not in KINDS:
            _refuse(url, f"{key}: numbers of type {member.dtype}, allowed: real ones, in Zarr format 3")
    total = sum(member.nbytes for _, member in members)
    if total > MOST_BYTES:
        _refuse(url, f"{total} bytes of arrays, allowed: at most {MOST_BYTES}")


def npz_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return an npz file; equal arrays give equal bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in sorted(arrays.items()):
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()


def write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], attributes: Mapping[str, Any]) -> None:
    """Write arrays to a new npz file, or to a new Zarr group if the name ends in .zarr.

    Args:
        attributes: of the group, JSON-ready; an npz has no place for them.

    Raises StoreError if there is something already.
    """
    if path.exists():
        _refuse(str(path), "is there already, allowed: a new name")
    if path.suffix == ".zarr":
        import zarr

        group = zarr.open_group(path, mode="w", zarr_format=3, attributes=dict(attributes))
        for name, array in _sorted(arrays):
            group.create_array(name, data=np.ascontiguousarray(array))
        return
    with path.open("xb") as stream:
        stream.write(npz_bytes(arrays))


def _sorted(arrays: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, NDArray[Any]]]:
    yield from sorted(arrays.items())
