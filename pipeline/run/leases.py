"""Taking leases as a command does: told why it waits, stopped by a signal, refused in one line."""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from rich.console import Console

from morsecensus.pipeline.backends.executor import POLL_SECONDS
from morsecensus.pipeline.errors import RunError, UsageError
from morsecensus.pipeline.phases import is_shown, note
from morsecensus.pipeline.run.faults import FATAL
from morsecensus.pipeline.stopping import StopRequest
from morsecensus.pipeline.worker.worker import DISK_FULL
from morsecensus.storage.errors import RemoteError
from morsecensus.storage.files import Files
from morsecensus.storage.lease import Held, Lease
from morsecensus.storage.parts import Part, take_compaction, take_part, take_whole

Tell: TypeAlias = Callable[[str], None]
Between: TypeAlias = Callable[[], None]


def take_lease(files: Files, console: Console, stop: StopRequest, *, beside: bool = False) -> Lease:
    """Take the lease of a store, to have it alone, or beside its parts, to write the dataset.

    Raises UsageError if nothing can be written there, StoreError, naming the holder, if it is held.
    """
    return _taken(files, console, stop, partial(take_compaction if beside else take_whole, files))


def take_lease_of_part(files: Files, console: Console, stop: StopRequest, part: Part, plan: str) -> Lease:
    """Take the lease of a part of a plan, given by its digest; errors as `take_lease`."""
    return _taken(files, console, stop, partial(take_part, files, part, plan))


def wait_for_lease(files: Files, console: Console, stop: StopRequest, stopped: str) -> Lease:
    """Take the lease of a store beside its parts, as soon as nobody else has it; raises Interrupted, saying
    ``stopped``, after a signal.
    """
    told = False
    while True:
        try:
            return take_lease(files, console, stop, beside=True)
        except Held as error:
            if not told:
                told = True
                _tell(console, f"waiting: {error}")
            stop.check(stopped)
            time.sleep(POLL_SECONDS)


def _taken(
    files: Files, console: Console, stop: StopRequest, take: Callable[[Tell, Between], Lease]
) -> Lease:
    try:
        return take(
            lambda text: _tell(console, text),
            lambda: stop.check("stopped while waiting for another driver: nothing was touched"),
        )
    except RemoteError:
        raise
    except OSError as error:
        if error.errno in DISK_FULL:
            raise RunError(f"{files.url}: {FATAL['full']}") from error
        raise UsageError(f"--store: cannot write {files.url}: {error.strerror or error}") from error


def _tell(console: Console, text: str) -> None:
    """Say why nothing happens: where phases are shown, or by the console."""
    if is_shown():
        note(text)
    else:
        console.print(text, highlight=False, markup=False)
