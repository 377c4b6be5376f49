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
MOST_IDLE = 2
"""Fixtures of a module start workers in one environment, its tests in another."""

_idle: list[tuple[dict[str, str], Path, WorkerProcess]] = []
"""The one that waits for the shortest time is the last."""


class _Kept:
    """A worker that is ended only if it is at work or died; else the next run has it, in the same environment
    and folder."""

    def __init__(self) -> None:
        self._environment = {name: value for name, value in os.environ.items() if name != OWN}
        self._folder, self._busy, self._sound = Path.cwd(), False, True
        for number, (environment, folder, worker) in enumerate(_idle):
            if (environment, folder) == (self._environment, self._folder):
                del _idle[number]
                self._worker = worker
                return
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
        while len(_idle) > MOST_IDLE:
            _idle.pop(0)[2].end()
        return "kept"


@contextmanager
def shared() -> Iterator[None]:
    """Serial runs in this process share their workers, as far as these are alike."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(serial_executor, "WorkerProcess", _Kept)
        yield
    end_idle()


@contextmanager
def unshared() -> Iterator[None]:
    """Runs start and end workers of their own, as they do for users: what a job leaves in its process, or how
    a worker ends, is looked at."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(serial_executor, "WorkerProcess", WorkerProcess)
        yield


def end_idle() -> None:
    """End those that wait."""
    while _idle:
        _idle.pop()[2].end()
