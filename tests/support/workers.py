"""Worker processes that runs of one test process take over from each other, as blocks of one run do: a start
loads NumPy, Zarr and perhaps JAX, which takes longer than most runs of tests compute.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from morsecensus.pipeline.backends import serial_executor
from morsecensus.pipeline.backends.worker_process import WorkerProcess

OWN = "PYTEST_CURRENT_TEST"
"""What every test has another value of."""

_idle: list[tuple[dict[str, str], Path, WorkerProcess]] = []


class _Kept:
    """A worker that is ended only if it is at work or died; else the next run has it, in the same environment
    and folder."""

    def __init__(self) -> None:
        self._environment = {name: value for name, value in os.environ.items() if name != OWN}
        self._folder, self._busy, self._sound = Path.cwd(), False, True
        while _idle:
            environment, folder, worker = _idle.pop()
            if (environment, folder) == (self._environment, self._folder):
                self._worker = worker
                return
            worker.end()
        self._worker = WorkerProcess()

    def ask(self, job):
        self._busy = True
        receipt = self._worker.ask(job)
        self._busy, self._sound = False, receipt is not None
        return receipt

    def kill(self) -> None:
        if self._busy:
            self._worker.kill()

    def end(self) -> str:
        if self._busy or not self._sound:
            return self._worker.end()
        _idle.append((self._environment, self._folder, self._worker))
        return "kept"


@contextmanager
def shared() -> Iterator[None]:
    """Serial runs in this process share their worker."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(serial_executor, "WorkerProcess", _Kept)
        yield


def end_idle() -> None:
    """End the one that waits."""
    while _idle:
        _idle.pop()[2].end()
