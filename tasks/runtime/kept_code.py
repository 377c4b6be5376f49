"""Where machine code is kept from one process to the next: a folder that its user alone can write to.

Who can write there can run code as that user, so no folder that others may have made is taken.
"""

import atexit
import os
import shutil
import stat
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

MOST_BYTES = 2**29
"""Of programs that JAX keeps, over all environments: some thousands of cells."""
_DAMAGED = "persistent compilation cache entry"
"""Of what JAX says when it can't read or write one."""


@cache
def code_folder() -> Path:
    """The user's folder for machine code, ``$XDG_CACHE_HOME/morsecensus`` or ``~/.cache/morsecensus``; one of
    this process alone where there is none that only the user can write to."""
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = base / "morsecensus"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _private(folder) and os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # no home, or a disk that is full or read-only
        pass
    folder = Path(tempfile.mkdtemp(prefix="morsecensus-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _private(folder: Path) -> bool:
    found = folder.stat()
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def keep_programs(environment: str) -> None:
    """Have JAX keep what it compiles, and take what it kept before, if it isn't loaded yet.

    ``JAX_COMPILATION_CACHE_DIR`` of the user's own is left alone.

    Args:
        environment: names what programs and their results depend on beside what JAX itself looks at, such as
            the instructions of the CPU: a home may be that of other machines too.
    """
    if "JAX_COMPILATION_CACHE_DIR" in os.environ or "jax" in sys.modules:
        return
    folder = code_folder() / f"jax-{environment}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        _prune(folder.parent)
    except OSError:
        return
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    _drop_damaged(folder)


def _prune(base: Path) -> None:
    """Leave the younger half where programs take too much room."""
    files = [path.stat() for path in base.glob("jax-*/*")]
    if sum(found.st_size for found in files) <= MOST_BYTES:
        return
    middle = sorted(found.st_mtime for found in files)[len(files) // 2]
    for path in base.glob("jax-*/*"):
        if path.stat().st_mtime <= middle:
            path.unlink(missing_ok=True)


def _drop_damaged(folder: Path) -> None:
    """Programs of a process that was killed while it wrote one are dropped when the damage is met: JAX warns,
    compiles anew, and would never write over them."""
    shown: Any = warnings.showwarning

    def show(message: Any, *where: Any, **more: Any) -> None:
        if _DAMAGED not in str(message):
            shown(message, *where, **more)
            return
        for path in folder.iterdir():
            path.unlink(missing_ok=True)

    warnings.filterwarnings("always", message=f"Error (reading|writing) {_DAMAGED}")
    warnings.showwarning = show
