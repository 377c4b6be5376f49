"""The serial backend: one worker process, one job at a time, on a thread that cannot fail in silence."""

import contextlib
import queue
import threading
from typing import Any

from morsecensus.pipeline.backends.executor import MAX_RETRIES, Done, Job, crashed
from morsecensus.pipeline.backends.worker_process import WorkerProcess
from morsecensus.pipeline.errors import RunError
from morsecensus.pipeline.plugins import carried


class SerialExecutor:
    """One worker process, one job at a time. The driver itself never imports JAX."""

    def __init__(self) -> None:
        self._inbox: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._process: WorkerProcess | None = None
        self._closed = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, name="serial", daemon=True)
        self._thread.start()

    def window(self) -> int:
        return 2  # the next job lies ready while one runs

    def places(self) -> int:
        return 1

    def submit(self, job: Job) -> None:
        self._inbox.put({**job, **carried()})

    def completed(self, timeout: float) -> list[Done]:
        # before the look: what it put there until its end is then there
        ended = not self._thread.is_alive()
        with contextlib.suppress(queue.Empty):
            return [self._outbox.get(timeout=0 if ended else timeout)]
        if ended:
            raise RunError(f"--backend serial: the thread that serves its worker ended: {self._failure!r}")
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

    def _serve(self) -> None:
        try:
            while (job := self._inbox.get()) is not None and not self._closed.is_set():
                receipt = self._with_retries(job)
                if not self._closed.is_set():
                    self._outbox.put(Done(job, receipt))
        except BaseException as error:
            self._failure = error  # `completed` raises it: nobody waits for a thread that is gone

    def _with_retries(self, job: Job) -> dict[str, Any]:
        how = ""
        for attempt in range(1, MAX_RETRIES + 2):
            try:
                if self._process is None:
                    self._process = WorkerProcess()
                receipt = self._process.ask({**job, "attempt": attempt})
            except OSError as error:
                how = f"cannot be started: {error.strerror or error}"
                continue
            if receipt is not None:
                return receipt
            if self._closed.is_set():
                break
            how = self._end_process()
        return crashed(how)

    def _end_process(self) -> str:
        process, self._process = self._process, None
        return "no worker" if process is None else process.end()
