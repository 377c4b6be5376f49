"""Where jobs run: one interface, a serial backend here, Ray in its own file.

Both give every worker process the environment of ``pipeline.environment``, so both give the same bytes.
"""

import contextlib
import json
import os
import queue
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.address import check_address
from pipeline.environment import WORKER_ENV
from pipeline.errors import UsageError, shown
from pipeline.stopping import StopRequest

Job = Mapping[str, Any]
MAX_RETRIES = 3
"""Times that a job is given to a new worker after its worker died (not after an exception)."""
LEAST_GPU = 0.01
"""Share of a GPU: a hundred workers on one device is more than any has memory for."""
BACKENDS = ("serial", "ray")
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Done:
    """A finished job: its receipt (which may hold an ``error``)."""

    job: Job
    receipt: dict[str, Any]


class Executor(Protocol):
    """Runs jobs through ``pipeline.worker.run_job``, in any order."""

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


class SerialExecutor:
    """One worker process, one job at a time. The driver itself never imports JAX."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._process: subprocess.Popen[str] | None = None
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the executor
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="serial", daemon=True)
        self._thread.start()

    def window(self) -> int:
        return 2  # the next job lies ready while one runs

    def submit(self, job: Job) -> None:
        self._inbox.put(job)

    def completed(self, timeout: float) -> list[Done]:
        try:
            return [self._outbox.get(timeout=timeout)]
        except queue.Empty:
            return []

    def close(self) -> None:
        self._closed.set()
        self._inbox.put(None)
        while self._thread.is_alive():
            # again and again: the thread may be about to start one
            if (process := self._process) is not None:
                process.kill()
            self._thread.join(0.1)
        self._end_process()
        self._noise.close()

    def _serve(self) -> None:
        while (job := self._inbox.get()) is not None and not self._closed.is_set():
            receipt = self._with_retries(job)
            if not self._closed.is_set():
                self._outbox.put(Done(job, receipt))

    def _with_retries(self, job: Job) -> dict[str, Any]:
        how = ""
        for attempt in range(1, MAX_RETRIES + 2):
            receipt = self._attempt({**job, "attempt": attempt})
            if receipt is not None:
                return receipt
            if self._closed.is_set():
                break
            how = self._end_process()
        return crashed(how)

    def _attempt(self, job: Job) -> dict[str, Any] | None:
        """Return the receipt, None if the worker died."""
        if self._process is None:
            self._process = self._start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except (OSError, ValueError):
            return None
        return json.loads(line) if line.endswith("\n") else None

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.worker"],
            env={**os.environ, **WORKER_ENV},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is for the driver
        )

    def _end_process(self) -> str:
        """End the worker and return how it ended, with the last lines it wrote."""
        process, self._process = self._process, None
        if process is None:
            return "no worker"
        if process.poll() is None:
            process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        code = process.wait()
        self._noise.seek(max(0, self._noise.seek(0, os.SEEK_END) - 2000))
        tail = self._noise.read().decode(errors="replace").strip()
        return f"{f'signal {-code}' if code < 0 else f'exit code {code}'}\n{tail}"


def crashed(how: str) -> dict[str, Any]:
    """Return the receipt of a job whose worker died every time."""
    first = how.partition("\n")[0]
    message = f"the worker process died {MAX_RETRIES + 1} times ({first})"
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
        from pipeline.ray_executor import RayExecutor

        return RayExecutor(workers=workers, address=address, gpus=gpus)
    if gpus:
        raise UsageError("--gpus: allowed only with --backend ray")
    if address is not None:
        raise UsageError("--address: allowed only with --backend ray")
    if workers not in (None, 1):
        raise UsageError(f"--workers: got {workers}, allowed: 1 with --backend serial; use --backend ray")
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
