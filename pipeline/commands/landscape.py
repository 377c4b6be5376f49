"""One landscape on one worker, in the environment of a study's blocks: what several commands ask for."""

import dataclasses
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from morsecensus.pipeline.backends.executor import ask
from morsecensus.pipeline.backends.start import start_executor
from morsecensus.pipeline.commands.how_far import told
from morsecensus.pipeline.errors import RunError, UsageError, shown
from morsecensus.pipeline.phases import phase, time_text
from morsecensus.pipeline.run.faults import advised
from morsecensus.pipeline.run.plan import available_memory, size_text
from morsecensus.pipeline.run.run import STARTING, Settings, worker_environment
from morsecensus.pipeline.stopping import StopRequest
from morsecensus.pipeline.study.inputs import put_inputs, resolve
from morsecensus.pipeline.worker.bodies import DEFAULT_BODY, Description, describe
from morsecensus.storage.files import open_files
from morsecensus.tasks.landscapes.registry import MODELS

STOPPED = "stopped; nothing was kept"
COMPILING = 4.0
"""Seconds of work that are less than what compiling takes, where no program was kept."""


def check_integer(name: str, value: int, least: int, most: int) -> None:
    """Raise UsageError for an option that is out of its range."""
    if not least <= value <= most:
        raise UsageError(f"{name}: got {value}, allowed: integers from {least} to {most}")


def resolved(model: str, parameters: Mapping[str, Any], n: int) -> dict[str, Any]:
    """Return a cell's parameters: what a file holds in place of its name; raises UsageError."""
    try:
        return resolve(model, parameters, n, Path())
    except ValueError as error:
        raise UsageError(f"--{' '.join(str(error).split())}") from error


def described(spec: Mapping[str, Any], landscape: int, remedy: str = "") -> Description:
    """Say what a landscape takes, before anything is started for it.

    Args:
        remedy: what to do where its finder can't take it, if the message doesn't say.

    Raises UsageError for that, and if its file holds fewer landscapes.
    """
    check_integer("--landscape", landscape, 0, spec["parameters"].get("held", 2**63) - 1)
    try:
        return describe(DEFAULT_BODY, spec)
    except UsageError as error:
        raise UsageError(f"{error} ({remedy})" if remedy else str(error)) from error


def check_memory(spec: Mapping[str, Any], description: Description, settings: Settings) -> None:
    """Raise UsageError for a landscape that this machine can't hold."""
    memory = None if settings.address else available_memory()
    if memory is not None and description.memory_bytes > memory:
        raise UsageError(
            f"--n: got {spec['n']}, which needs {size_text(description.memory_bytes)}, allowed: what "
            f"fits in the {size_text(memory)} available; lower n"
        )


def on_worker(
    what: str,
    spec: Mapping[str, Any],
    landscape: int,
    description: Description,
    settings: Settings,
    doing: str,
    stopped: str = STOPPED,
    **more: Any,
) -> dict[str, Any]:
    """Have a worker do one job about one landscape, and return its record.

    Args:
        what: the job, such as ``enumerate``; ``doing`` says the same for people who wait.
        stopped: what is said if they don't.
        more: passed on to it.

    Raises UsageError for a landscape that is too large, RunError if the worker fails, Interrupted.
    """
    check_memory(spec, description, settings)
    workers = settings.workers if settings.backend == "ray" else None
    seconds = description.seconds_per_landscape
    with _given(spec, settings) as given, tempfile.TemporaryDirectory(prefix="morsecensus-note-") as folder:
        note = Path(folder) / "note.json"
        phase(STARTING.get(settings.backend, "starting"))
        executor = start_executor(settings.backend, workers=workers, address=settings.address)
        with closing(executor), StopRequest() as stop:
            job = {
                "job": what,
                "spec": spec,
                "landscape": landscape,
                **given,
                **more,
                **({} if settings.address else {"note": str(note)}),
                "generation": dataclasses.asdict(worker_environment(executor, stop)),
                "memory_bytes": description.memory_bytes,
            }
            phase(f"{doing}, {_how_long(seconds)}")
            receipt = ask(executor, job, stop, stopped, told(note))
    if "error" in receipt:
        raise RunError(f"{what}: {advised(receipt['error'])}")
    return receipt["record"]


def _how_long(seconds: float | None) -> str:
    if seconds is not None and seconds < COMPILING:
        return "compiling for the most part"
    return f"about {time_text(seconds)} on one CPU beside compiling"


@contextmanager
def _given(spec: Mapping[str, Any], settings: Settings) -> Iterator[dict[str, str]]:
    """What a job says of where its couplings are: in a store of their own while it runs, nothing if they are
    drawn."""
    if MODELS[spec["model"]].content_of is None:
        yield {}
        return
    if settings.address is not None:
        raise UsageError(
            f"--address: got {shown(settings.address)} with --model {spec['model']}, allowed: a study with "
            "--store in a folder that every node shares or a bucket; or this machine alone, without --address"
        )
    with tempfile.TemporaryDirectory(prefix="morsecensus-given-") as folder:
        put_inputs(open_files(folder), [spec])
        yield {"store": folder}
