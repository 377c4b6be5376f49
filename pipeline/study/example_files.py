"""Examples that networks are trained on: read from the folder that a study names, kept in the store.

As with couplings (`pipeline.study.inputs`) a cell holds the digest of the content, not where it was, and the
store holds the content once: workers, `verify` and `repair` need the store alone.
"""

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from morsecensus.storage.couplings import npz_bytes
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files
from morsecensus.storage.idx import read_folder
from morsecensus.storage.mapped import examples_key, read_mapped
from morsecensus.tasks.networks.examples import digest

Spec = Mapping[str, Any]
_known: dict[str, Mapping[str, np.ndarray]] = {}
"""What this process has read, by digest."""


def read_examples(folder: Path) -> tuple[str, Mapping[str, np.ndarray]]:
    """Return digest and arrays of the files of a folder; raises ValueError, one line, naming ``folder``."""
    if not folder.is_dir():
        raise ValueError(f"folder: there is no folder {folder}")
    try:
        return _read(folder)
    except (StoreError, OSError) as error:
        raise ValueError(f"folder: {error}") from error


@functools.lru_cache(maxsize=4)
def _read(folder: Path) -> tuple[str, Mapping[str, np.ndarray]]:
    arrays = read_folder(folder)
    sha256 = digest(arrays)
    _known[sha256] = arrays
    return sha256, arrays


def put_examples(files: Files, cells: Iterable[Spec]) -> None:
    """Write the examples of some cells into the store, unless they are there and whole.

    Args:
        cells: their specs, of a study that this process has read.
    """
    for sha256 in _given(cells):
        if _fault(files, sha256):
            files.write({examples_key(sha256): npz_bytes(_known[sha256])})


def example_faults(files: Files, cells: Iterable[Spec]) -> dict[str, str]:
    """Return what is wrong with the examples that a store keeps for its cells, by their key."""
    found = {examples_key(sha256): _fault(files, sha256) for sha256 in _given(cells)}
    return {key: what for key, what in found.items() if what}


def _given(cells: Iterable[Spec]) -> list[str]:
    return sorted({spec["network"]["sha256"] for spec in cells if "network" in spec} - {""})


def _fault(files: Files, sha256: str) -> str:
    try:
        whole = digest(read_mapped(files, examples_key(sha256))) == sha256
    except FileNotFoundError:
        return "is missing"
    except (StoreError, KeyError, OSError):
        whole = False
    return "" if whole else "has other content than its name says"
