"""One landscape on one worker, in the environment of a study's blocks: what several commands ask for."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from morsecensus.pipeline.backends.executor import Executor, ask
from morsecensus.pipeline.backends.start import start_executor
from morsecensus.pipeline.errors import RunError, UsageError
from morsecensus.pipeline.run.plan import available_memory, size_text, time_text
from morsecensus.pipeline.run.run import Settings, advised, worker_environment
from morsecensus.pipeline.stopping import StopRequest
from morsecensus.pipeline.worker.bodies import DEFAULT_BODY

STOPPED = "stopped; nothing was kept"


def check_integer(name: str, value: int, least: int, most: int) -> None:
    """Raise UsageError for an option that is out of its range."""
    if not least <= value <= most:
        raise UsageError(f"{name}: got {value}, allowed: integers from {least} to {most}")


def check_memory(spec: Mapping[str, Any], needed: int) -> None:
    """Raise UsageError for a landscape that this machine can't hold."""
    memory = available_memory()
    if memory is not None and needed > memory:
        raise UsageError(
            f"--n: got {spec['n']}, which needs {size_text(needed)}, allowed: what fits in the "
            f"{size_text(memory)} available; lower n"
        )


def on_worker(
    what: str,
    spec: Mapping[str, Any],
    landscape: int,
    settings: Settings,
    console: Console,
    *,
    doing: str,
    remedy: str = "",
    **more: Any,
) -> dict[str, Any]:
    """Have a worker do one job about one landscape, and return its record.

    Args:
        what: the job, such as ``enumerate``.
        doing: the same for people who wait.
        remedy: what to do about a landscape that can't be taken, where its own message doesn't say.
        more: passed on to the job.

    Raises UsageError for a landscape that is too large, RunError if the worker fails, Interrupted.
    """
    check_integer("--landscape", landscape, 0, 2**63 - 1)
    workers = settings.workers if settings.backend == "ray" else None
    executor = start_executor(settings.backend, workers=workers, address=settings.address)
    with StopRequest() as stop:
        try:
            description = _describe(spec, executor, stop, settings, remedy)
            job = {
                "job": what,
                "spec": spec,
                "landscape": landscape,
                **more,
                "generation": dataclasses.asdict(worker_environment(executor, stop)),
                "memory_bytes": description["memory_bytes"],
            }
            with _Waiting(console, doing, description["seconds_per_landscape"]):
                receipt = ask(executor, job, stop, STOPPED)
        finally:
            executor.close()
    if "error" in receipt:
        raise RunError(f"{what}: {advised(receipt['error'])}")
    return receipt["record"]


def _describe(
    spec: Mapping[str, Any], executor: Executor, stop: StopRequest, settings: Settings, remedy: str
) -> dict[str, Any]:
    """Ask a worker what the landscape takes: it has JAX, and the driver needn't load it."""
    receipt = ask(executor, {"job": "describe", "body": DEFAULT_BODY, "spec": spec}, stop, STOPPED)
    if "error" in receipt:
        error = receipt["error"]
        if error["kind"] == "usage":
            raise UsageError(f"{error['message']} ({remedy})" if remedy else error["message"])
        raise RunError(f"workers cannot start: {advised(error)}")
    description = receipt["description"]
    if not settings.address:
        check_memory(spec, description["memory_bytes"])
    return description


class _Waiting:
    """Says that something is going on: a clock on a terminal, one line elsewhere if it will take a while."""

    def __init__(self, console: Console, doing: str, seconds: float | None):
        self._text = f"{doing}, about {time_text(seconds)} on one CPU"
        self._console, self._long = console, seconds is None or seconds > 5
        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        self._clock = Progress(*columns, console=console, transient=True)

    def __enter__(self) -> None:
        if self._console.is_terminal:
            self._clock.add_task(self._text)
            self._clock.start()
        elif self._long:
            self._console.print(self._text, highlight=False)

    def __exit__(self, *_: object) -> None:
        self._clock.stop()
