"""Whether a worker sees the run that its driver writes: nodes of a cluster need not share a disk.

Without this check a node would write its blocks, and their markers, into a new folder of its own, and nobody
would ever find them.
"""

import functools
import socket
import time
from collections.abc import Mapping
from typing import Any

from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files, open_files
from morsecensus.storage.layout import RUN
from morsecensus.storage.seals import digest, read_record
from morsecensus.storage.store import Run

PATIENCE_SECONDS = 5.0
"""How long to wait for a run.json that isn't there: network file systems show new files late."""
PAUSE_SECONDS = 0.25
GROWING = ("generations", "attributes")
"""What parts of one run may write into run.json while others of them compute."""


class StoreUnseen(Exception):
    """This node does not see the driver's store."""


def identity(run: Run) -> str:
    """Return what a worker must find in run.json, whatever environments and attributes others add to it."""
    return _digest(run.manifest.to_record())


def _digest(record: Mapping[str, Any]) -> str:
    return digest({name: value for name, value in record.items() if name not in GROWING})


@functools.lru_cache(maxsize=8)
def check_visible(store: str, wanted: str) -> None:
    """Raise StoreUnseen unless ``store`` is the driver's run as seen from here. Read once per process."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (problem := _problem(open_files(store), wanted)) is not None:
        if time.monotonic() > deadline:
            raise StoreUnseen(f"the store is not visible from node {socket.gethostname()}: {problem}")
        time.sleep(PAUSE_SECONDS)


def _problem(files: Files, wanted: str) -> str | None:
    try:
        found = _digest(read_record(files, RUN))
    except FileNotFoundError:
        return f"there is no run.json in {files.url}"
    except (OSError, StoreError) as error:
        return f"it cannot read {files.url}: {error}"
    return None if found == wanted else f"run.json in {files.url} is another one than the driver's"
