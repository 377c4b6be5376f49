"""The IDX format of MNIST: a magic number that says type and dimensions, sizes, bytes; gzipped or not.

Read without trust: sizes are held against the file before anything is made of them. Format: Y. LeCun,
C. Cortes, C. Burges, "The MNIST database of handwritten digits" (1998).
"""

import gzip
import math
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from morsecensus.storage.errors import StoreError

Bytes = NDArray[np.uint8]
FILES: Mapping[str, tuple[str, int]] = {
    "images": ("train-images-idx3-ubyte", 3),
    "labels": ("train-labels-idx1-ubyte", 1),
    "test_images": ("t10k-images-idx3-ubyte", 3),
    "test_labels": ("t10k-labels-idx1-ubyte", 1),
}
"""Name of an array -> its file and number of dimensions."""
CLASSES = 10
MOST_BYTES = 2**31
"""Of one file as it is unpacked."""
UNSIGNED_BYTE = 0x08


def read_folder(folder: Path) -> dict[str, Bytes]:
    """The four files of a folder: images as (examples, pixels), labels as (examples,).

    Files that are not gzipped are mapped into memory. Raises StoreError, naming the file, for one that is
    missing, there twice, of another type, cut short or too long, and for labels that don't fit.
    """
    found = {name: _read(_find(folder, file), dims) for name, (file, dims) in FILES.items()}
    for part in ("", "test_"):
        _check_labels(folder, part, found[f"{part}images"], found[f"{part}labels"])
    return {name: array.reshape(len(array), -1) if array.ndim > 1 else array for name, array in found.items()}


def _find(folder: Path, name: str) -> Path:
    there = [path for path in (folder / name, folder / f"{name}.gz") if path.is_file()]
    if len(there) == 1:
        return there[0]
    if there:
        raise StoreError(f"{folder}: got {name} and {name}.gz, allowed: one of them")
    raise StoreError(f"{folder}: there is no {name} or {name}.gz, allowed: a folder with the files of MNIST")


def _read(path: Path, dims: int) -> Bytes:
    data = (
        _unpacked(path)
        if path.suffix == ".gz"
        else np.memmap(path, np.uint8, "r")
        if path.stat().st_size
        else b""
    )
    head = bytes(data[: 4 + 4 * dims])
    wanted = bytes([0, 0, UNSIGNED_BYTE, dims])
    if head[:4] != wanted:
        raise StoreError(f"{path}: got magic number 0x{head[:4].hex()}, allowed: 0x{wanted.hex()}")
    sizes = [int.from_bytes(head[4 * k : 4 * k + 4], "big") for k in range(1, dims + 1)]
    if len(head) < 4 + 4 * dims or math.prod(sizes) != len(data) - len(head):
        raise StoreError(
            f"{path}: got {max(0, len(data) - len(head))} bytes after its head, allowed: the "
            f"{math.prod(sizes)} that it says; it is damaged"
        )
    return np.frombuffer(data, np.uint8, offset=len(head)).reshape(sizes)


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path) as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise StoreError(f"{path}: not a whole gzip file: {' '.join(str(error).split())}") from error
    if len(data) > MOST_BYTES:
        raise StoreError(f"{path}: got more than {MOST_BYTES} bytes, allowed: at most that many")
    return data


def _check_labels(folder: Path, part: str, images: Bytes, labels: Bytes) -> None:
    name = FILES[f"{part}labels"][0]
    if len(images) != len(labels):
        raise StoreError(
            f"{folder}: {name}: got {len(labels)} labels for {len(images)} images, allowed: as many"
        )
    if len(labels) and int(labels.max()) >= CLASSES:
        raise StoreError(f"{folder}: {name}: got label {int(labels.max())}, allowed: 0 to {CLASSES - 1}")
