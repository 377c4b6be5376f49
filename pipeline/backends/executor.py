"""Where jobs run: one interface; the serial backend and Ray, each in its own file.

Both give every worker process the environment of ``pipeline.worker.environment``, so both give the same
bytes.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from morsecensus.pipeline.backends.address import check_address
from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.stopping import StopRequest

Job = Mapping[str, Any]
MAX_RETRIES = 3
"""Times that a job is given to a new worker after its worker died (not after an exception)."""
LEAST_GPU = 0.01
"""Share of a GPU: a hundred workers on one device is more than any has memory for."""
BACKENDS = ("serial", "ray")
POLL_SECONDS = 0.25
SHOWN_LINES, SHOWN_TAIL = 3, 300
"""Of what a worker printed before it died: lines, and characters, that a message shows."""


@dataclass(frozen=True)
class Done:
    """A finished job: its receipt (which may hold an ``error``)."""

    job: Job
    receipt: dict[str, Any]


class Executor(Protocol):
    """Runs jobs through ``pipeline.worker.worker.run_job``, in any order."""

    def window(self) -> int:
        """How many jobs to keep submitted."""
        ...

    def submit(self, job: Job) -> None:
        """Take a job."""
        ...

    def completed(self, timeout: float) -> list[Done]:
        """Return jobs that finished; waits up to ``timeout`` seconds for one."""
        ...

    def close(self) -> None:
        """Abandon what still runs, and end the workers."""
        ...


def crashed(how: str) -> dict[str, Any]:
    """Return the receipt of a job whose worker died every time.

    Args:
        how: one line on how it ended, then what it printed last.
    """
    first, _, tail = how.partition("\n")
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    said = " | ".join(lines[-SHOWN_LINES:])[-SHOWN_TAIL:]
    message = f"the worker process died {MAX_RETRIES + 1} times ({first})" + (f": {said}" if said else "")
    return {"error": {"kind": "crash", "message": message, "traceback": how}}


def ask(executor: Executor, job: Job, stop: StopRequest, stopped: str) -> dict[str, Any]:
    """Run one job on an idle executor and return its receipt; raises Interrupted, saying ``stopped``."""
    executor.submit(job)
    while not (done := executor.completed(POLL_SECONDS)):
        stop.check(stopped)
    return done[0].receipt


def start_executor(
    backend: str, *, workers: int | None = None, address: str | None = None, gpus: float = 0.0
) -> Executor:
    """Start a backend. ``workers`` limits a local Ray, ``address`` joins a running cluster, ``gpus`` is the
    share of a GPU that each worker gets.
    """
    if backend not in BACKENDS:
        raise UsageError(f"--backend: got {shown(backend)}, allowed: {' or '.join(BACKENDS)}")
    if workers is not None and workers < 1:
        raise UsageError(f"--workers: got {workers}, allowed: integers >= 1")
    if gpus != 0 and not LEAST_GPU <= gpus <= 1:
        raise UsageError(f"--gpus: got {gpus:g}, allowed: 0, or a share of one GPU from {LEAST_GPU} to 1")
    if backend == "ray":
        if address is not None:
            check_address(address)
        _authenticate(address)
        from morsecensus.pipeline.backends.ray_executor import RayExecutor

        return RayExecutor(workers=workers, address=address, gpus=gpus)
    if gpus:
        raise UsageError("--gpus: allowed only with --backend ray")
    if address is not None:
        raise UsageError("--address: allowed only with --backend ray")
    if workers not in (None, 1):
        raise UsageError(f"--workers: got {workers}, allowed: 1 with --backend serial; use --backend ray")
    from morsecensus.pipeline.backends.serial_executor import SerialExecutor

    return SerialExecutor()


def _authenticate(address: str | None) -> None:
    """Say how the processes of a Ray session know each other, before ray is imported.

    A local session listens on all interfaces, whatever address it is given (seen in Ray 2.60), and whoever
    may connect may run code: it gets a token of its own. A cluster's mode is for the user to say.
    """
    if "RAY_AUTH_MODE" in os.environ:
        return
    os.environ["RAY_AUTH_MODE"] = "disabled" if address else "token"
    if not address:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
