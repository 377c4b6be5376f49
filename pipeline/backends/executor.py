"""Where jobs run: the interface of the serial backend and of Ray, each in its own file.

Both give every worker process the environment of ``pipeline.worker.environment``, so both give the same
bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from morsecensus.pipeline.stopping import StopRequest

Job = Mapping[str, Any]
MAX_RETRIES = 3
"""Times that a job is given to a new worker after its worker died (not after an exception)."""
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

    def places(self) -> int:
        """How many jobs are worked at together; those of the window beyond lie ready."""
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


def label(job: Job) -> str:
    """Return what a job is called where backends show names: ``cell:block``, ``cell/array:row`` of a piece of
    the dataset, or the kind of job.
    """
    if "piece" in job:
        return f"{job['piece']['place'].partition('/')[2]}:{job['piece']['first']}"
    return f"{job['cell']['id']}:{job['block']}" if "block" in job else str(job["job"])


def crashed(how: str) -> dict[str, Any]:
    """Return the receipt of a job whose worker died every time.

    Args:
        how: one line on how it ended, then what it printed last.
    """
    first, _, tail = how.partition("\n")
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    said = " | ".join(lines[-SHOWN_LINES:])[-SHOWN_TAIL:]
    message = f"the worker process died {MAX_RETRIES + 1} times ({first})" + (f": {said}" if said else "")
    error = {"kind": "crash", "message": message, "traceback": how}
    return {"error": error, "attempt": MAX_RETRIES + 1}


def ask(
    executor: Executor,
    job: Job,
    stop: StopRequest,
    stopped: str,
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Run one job on an idle executor and return its receipt; raises Interrupted, saying ``stopped``.

    Args:
        meanwhile: called a few times a second.
    """
    executor.submit(job)
    while not (done := executor.completed(POLL_SECONDS)):
        stop.check(stopped)
        meanwhile()
    return done[0].receipt
