"""What ends a run, as one line that says what to do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from morsecensus.pipeline.errors import RunError
from morsecensus.pipeline.worker.worker import DISK_FULL
from morsecensus.storage.errors import RemoteError
from morsecensus.storage.files import Files

TAKEN = "another driver took over this run, or may have; this one stops"
FATAL = {
    "full": "the disk is full: free space, then run again; what is committed is safe",
    "write": "cannot write the store: mend that, then run again; what is committed is safe",
    "environment": "use workers of one kind, or another --store",
    "plugin": "give its file with --plugin, or install its package on every node; then run again",
    "program": "install the driver's version on every node, then run again; what is committed is safe",
    "unseen": "use a folder that every node shares, or a bucket; then run again",
}


@contextmanager
def writing(files: Files) -> Iterator[None]:
    """Turn what the driver's own writes may meet, metadata and the dataset among them, into a RunError."""
    try:
        yield
    except RemoteError:
        raise
    except OSError as error:
        kind = "full" if error.errno in DISK_FULL else "write"
        raise RunError(f"{files.url}: {error.strerror or error}; {FATAL[kind]}") from error


def advised(error: Mapping[str, str]) -> str:
    """Return a worker's error with what to do about it, where that is known."""
    return "; ".join([error["message"], *([FATAL[error["kind"]]] if error["kind"] in FATAL else [])])
