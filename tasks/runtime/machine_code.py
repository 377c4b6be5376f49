"""Functions compiled by numba, and where their machine code is kept."""

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import config
from numba.extending import overload

from morsecensus.tasks.runtime.compile_lock import one_at_a_time
from morsecensus.tasks.runtime.kept_code import code_folder

__all__ = ["allocating", "compiled", "inlined", "overload"]

_TASKS = Path(__file__).parents[1]


@cache
def _cache_folder(folder: Path) -> str:
    """Where machine code of a folder's functions is kept: named by its sources and by those of lanes.

    numba looks only at the file of the function that it compiles, so a change in another file, whose
    functions were inlined into it, would go unnoticed.
    """
    paths = [Path(__file__), *sorted(Path(__file__).parent.glob("simd*.py")), *sorted(folder.rglob("*.py"))]
    sources = hashlib.sha256(b"".join(path.read_bytes() for path in paths))
    base = folder / "__pycache__"
    writable = os.access(base if base.exists() else folder, os.W_OK)
    return str((base if writable else code_folder()) / f"numba-{sources.hexdigest()[:16]}")


def _folder(function: Any) -> Path:
    """The part of the room that a function stands in: a finder is one."""
    parts = Path(function.__code__.co_filename).resolve().relative_to(_TASKS.resolve()).parts[:-1]
    return _TASKS.joinpath(*parts[:2])


_SETTINGS: Any = config  # numba defines its settings at run time


def _jit(function: Any, **options: Any) -> Any:
    before = _SETTINGS.CACHE_DIR
    _SETTINGS.CACHE_DIR = _cache_folder(_folder(function))
    try:
        made = njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    finally:
        _SETTINGS.CACHE_DIR = before
    made.compile = one_at_a_time(made.compile, _cache_folder(_folder(function)))
    return made


def compiled(function: Any) -> Any:
    """Compile without the interpreter lock, and keep the machine code on disk.

    For functions that make no arrays: references to those that they are given aren't counted. Each call would
    do that atomically for each array, which took a third of a step of paths at N = 10."""
    return _jit(function, _nrt=False)


def allocating(function: Any) -> Any:
    """The same for a function that makes arrays, as slices that are assigned to slices do too."""
    return _jit(function)


def inlined(function: Any) -> Any:
    """Compile into the caller: vectors stay in registers."""
    return _jit(function, forceinline=True, _nrt=False)
