"""Files that a study names: read, replaced by their content's digest, kept in the store for every worker.

A cell holds the digest, so a changed file is another cell, and the same numbers in another file are the same
cell. The store holds the content, so workers need the store alone, and a run can be resumed, verified and
repaired without the file.
"""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import UsageError, shown
from pipeline.visibility import StoreUnseen
from storage.couplings import input_key, npz_bytes, parse_npz, read_arrays
from storage.errors import StoreError
from storage.files import Files, open_files
from tasks import inputs
from tasks.landscapes import MODELS
from tasks.landscapes.tensors import Packed, describe, digest, pack

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_sources: dict[str, tuple[str, int]] = {}
"""Where this process read content from: digest -> URL, n."""


def resolve(model: str, parameters: Mapping[str, Any], n: int, folder: Path) -> dict[str, Any]:
    """Replace a parameter that names a file by what its content is; other parameters stay.

    Args:
        folder: that of the study: relative paths begin there.

    Raises ValueError, naming the parameter, for a file that cannot be read or isn't of couplings at this n.
    """
    name = MODELS[model].content_of
    if name is None:
        return dict(parameters)
    rest = {key: value for key, value in parameters.items() if key != name}
    url = parameters[name]
    if "://" not in url:
        url = str(folder / Path(url).expanduser())
    try:
        known = describe(_read(url, n))
    except (StoreError, OSError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from error
    _sources[known["sha256"]] = url, n
    return rest | known


def _read(url: str, n: int) -> Packed:
    arrays = read_arrays(url)
    try:
        return pack(arrays, n)
    except ValueError as error:
        raise ValueError(f"{url}: {error}") from error


def from_file(sha256: str) -> Packed:
    """Read content again from the file that this process had it from.

    Raises UsageError if it is no longer the same.
    """
    url, n = _sources[sha256]
    try:
        packed = _read(url, n)
    except (StoreError, OSError, ValueError) as error:
        raise UsageError(f"file: {error}") from error
    if digest(packed) != sha256:
        raise UsageError(f"file: {url} has changed since the study was read: run again")
    return packed


def block_size(asked: int | None, usual: int, held: int, landscapes: int) -> int:
    """Return the landscapes per block where so many are held: blocks are whole, and nothing is beyond them.

    The largest divisor of the number held and of the usual size, unless the study asks for one. Raises
    ValueError.
    """
    size = asked or gcd(usual, held)
    if -(-landscapes // size) * size > held:
        whole = "" if landscapes > held else f", in whole blocks of {size}; lower block or landscapes"
        raise ValueError(f"landscapes: got {landscapes}, allowed: the {held} in the file{whole}")
    return size


def put_inputs(files: Files, cells: Iterable[Mapping[str, Any]]) -> None:
    """Write the content that cells were given into the store, unless it is there and whole.

    Args:
        cells: their specs.
    """
    for sha256 in _given(cells):
        if _fault(files, sha256):
            files.write({input_key(sha256): npz_bytes(from_file(sha256))})


def input_faults(files: Files, cells: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what is wrong with the content that a store keeps for its cells, by its key.

    Args:
        cells: their specs.
    """
    found = {input_key(sha256): _fault(files, sha256) for sha256 in _given(cells)}
    return {key: what for key, what in found.items() if what}


def _given(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    models = ((spec, MODELS.get(str(spec.get("model")))) for spec in cells)
    given = (spec for spec, model in models if model is not None and model.content_of is not None)
    return sorted({spec["parameters"]["sha256"] for spec in given})


def _fault(files: Files, sha256: str) -> str:
    """Return what is wrong with content that a store keeps, empty if nothing is."""
    try:
        data = files.read(input_key(sha256))
    except FileNotFoundError:
        return "is missing"
    try:
        whole = digest(parse_npz(data, input_key(sha256))) == sha256
    except (StoreError, ValueError, OSError):
        whole = False
    return "" if whole else "has other content than its name says"


def find_in(store: str) -> None:
    """Let landscapes of this process find what they were given in a store."""
    inputs.find_with(partial(_find, store))


def _find(store: str, sha256: str) -> Mapping[str, np.ndarray]:
    if not _DIGEST.fullmatch(sha256):
        raise StoreError(f"{store}: sha256: got {shown(sha256)}, allowed: 64 hexadecimal digits")
    files, key = open_files(store), input_key(sha256)
    try:
        found = parse_npz(files.read(key), f"{files.url}: {key}")
    except FileNotFoundError as error:
        raise StoreUnseen(
            f"couplings {sha256[:12]}... are not visible: there is no {key} in {store}"
        ) from error
    if digest(found) != sha256:
        raise StoreError(f"{files.url}: {key} has other content than its name says: remove it and run again")
    return found
