"""Large arrays that a store keeps for its cells: mapped where the store is a folder, so that all processes
of a machine share one copy of them."""

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morsecensus.storage.couplings import INPUTS, Arrays, parse_npz
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files
from morsecensus.storage.local_files import LocalFiles

_LOCAL_HEADER, _LENGTHS = 30, 26
"""Of a member of a zip file: length of what is always there, and place of two lengths of what follows."""


def examples_key(sha256: str) -> str:
    """Return where a store keeps the examples that networks are trained on."""
    return f"{INPUTS}/{sha256}.examples.npz"


def read_mapped(files: Files, key: str) -> Arrays:
    """Read the arrays of bytes of an npz that is not compressed.

    Raises FileNotFoundError, and StoreError for an object that is none.
    """
    if not isinstance(files, LocalFiles):
        return parse_npz(files.read(key), f"{files.url}: {key}")
    path = files.path(key)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        return {member.filename.removesuffix(".npy"): _mapped(path, member) for member in members}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise StoreError(f"{files.url}: {key}: not an npz file: {' '.join(str(error).split())}") from error


def _mapped(path: Path, member: zipfile.ZipInfo) -> NDArray[np.uint8]:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError("it is compressed")
    with path.open("rb") as stream:
        stream.seek(member.header_offset + _LENGTHS)
        more = sum(int.from_bytes(stream.read(2), "little") for _ in range(2))
        begin = member.header_offset + _LOCAL_HEADER + more
        stream.seek(begin)
        head = io.BytesIO(stream.read(min(member.file_size, 1024)))
    if np.lib.format.read_magic(head) != (1, 0):
        raise ValueError("it is no array as numpy writes them")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(head)
    if dtype != np.uint8 or by_columns or int(np.prod(shape)) + head.tell() != member.file_size:
        raise ValueError("it is no array of bytes, or damaged")
    return np.memmap(path, np.uint8, "r", begin + head.tell(), shape)
