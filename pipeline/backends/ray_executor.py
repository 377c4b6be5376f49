"""The Ray backend. Import it through ``start_executor``, which sets what Ray reads when it is imported."""

import copy
import itertools
import os
import queue
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

# before the import: Ray reads these once, RAY_AUTH_MODE too, which start_executor sets
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Ray runs its workers at niceness 15: beside other work they were 10 % slower than the serial backend
os.environ.setdefault("RAY_worker_niceness", "0")
# Ray gives a task that its memory monitor killed to a worker again without end: a block that never fits must
# fail like one whose worker dies (executor.MAX_RETRIES)
os.environ.setdefault("RAY_task_oom_retries", "3")

import ray
from ray.exceptions import RayError, RayTaskError
from ray.job_config import JobConfig

from morsecensus.pipeline.backends.executor import MAX_RETRIES, Done, Job, crashed, label
from morsecensus.pipeline.backends.ray_folder import refused, short_folder
from morsecensus.pipeline.backends.ray_size import look, places, size, window
from morsecensus.pipeline.errors import RunError
from morsecensus.pipeline.plugins import carried
from morsecensus.pipeline.worker.environment import carried_env
from morsecensus.pipeline.worker.program import program
from morsecensus.pipeline.worker.worker import run_job, run_piece
from morsecensus.tasks.runtime.scatter import Scatter, Take

OBJECT_STORE_BYTES = 100 * 2**20
"""Only receipts and a few pieces, of about 5 MB, are ever in it; Ray's minimum is 75 MiB."""


@ray.remote(num_cpus=1, max_retries=MAX_RETRIES)
def _call(job: Job) -> dict[str, Any]:
    # Ray lends out the CPU of a task that waits for others, never its GPU: pieces would wait for it for ever
    alone = "generation" not in job or job.get("gpus")
    core = ray.get_runtime_context().worker.core_worker  # Ray's public interface doesn't count tries
    attempt = 1 + getattr(core, "get_current_task_attempt_number", int)()
    return run_job({**job, "attempt": attempt}, None if alone else _scatter(job))


# No memory is asked for: the blocks that wait for their pieces may hold all of it, and none would ever run.
@ray.remote(num_cpus=1, max_retries=MAX_RETRIES)
def _call_piece(name: str, argument: Any, whole: Mapping[str, Any]) -> Any:
    return run_piece(name, argument, whole)


def _scatter(job: Job) -> Scatter:
    """Pieces as tasks within a task: Ray lends the CPU of a task that waits for others to them."""
    whole = {name: job[name] for name in ("generation", "plugins", "program", "store") if name in job}

    def scatter(name: str, arguments: Sequence[Any], done: Take | None = None, /) -> list[Any]:
        results: list[Any] = [None] * len(arguments)
        take = done or results.__setitem__
        pieces = enumerate(arguments)
        waiting: dict[ray.ObjectRef, int] = {}
        try:
            while True:
                for place, argument in itertools.islice(pieces, max(0, window() - len(waiting))):
                    called = _call_piece.options(name=f"{label(job)} piece")
                    waiting[called.remote(name, argument, whole)] = place
                if not waiting:
                    return results
                for ref in _ended(list(waiting)):
                    take(waiting.pop(ref), _piece(ref))
        finally:
            for ref in waiting:
                ray.cancel(ref)

    return scatter


def _ended(refs: list[ray.ObjectRef]) -> list[ray.ObjectRef]:
    """Wait for one, then take all that are there: a look costs time in proportion to how many are waited for.

    It must be Ray that waits, or it doesn't know that this task's CPU is free.
    """
    ray.wait(refs, num_returns=1)
    ready, _ = ray.wait(refs, num_returns=len(refs), timeout=0)
    return ready


def _piece(ref: ray.ObjectRef) -> Any:
    """The result of a piece, as a copy: Ray's arrays lie in its object store, and would keep it full."""
    try:
        return copy.deepcopy(ray.get(ref))
    except RayTaskError as error:
        raise error.cause from error


class RayExecutor:
    """Ray tasks: on a local Ray that starts by itself, or on a running cluster."""

    def __init__(self, *, workers: int | None = None, address: str | None = None, gpus: float = 0.0):
        self._gpus = gpus
        self._running: dict[ray.ObjectRef, Job] = {}
        self._ended: queue.SimpleQueue[ray.ObjectRef] = queue.SimpleQueue()
        common: dict[str, Any] = {
            "runtime_env": {"env_vars": carried_env(gpus)},
            # else workers look in the current folder first, and take a user's numpy.py for NumPy
            "job_config": JobConfig(_client_job=True),
            "log_to_driver": False,
            "logging_level": "ERROR",
        }
        self._folder = None if address else short_folder()
        local: dict[str, Any] = {
            "_temp_dir": self._folder,
            "num_cpus": workers,
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE_BYTES,
            "_node_ip_address": "127.0.0.1",
        }
        try:
            ray.init(address=address or "local", **common, **({} if address else local))
        except Exception as error:  # whatever Ray and the system have: OSError, AssertionError, its own
            self.close()
            raise RunError(refused(address or "a local Ray", error)) from error
        look.cache_clear()  # it may be of another cluster, in a process that had one before
        if gpus and size().gpus < 1:
            self.close()
            text = "no node that is up offers Ray a GPU: start one that has, or leave --gpus out"
            raise RunError(f"--gpus {gpus:g}: {text}")

    def window(self) -> int:
        return window(self._gpus)

    def places(self) -> int:
        return places(self._gpus)

    def submit(self, job: Job) -> None:
        # a request that no node can meet would wait for ever
        memory = int(min(job.get("memory_bytes", 0), size().most_memory))
        job = {**job, **carried(), "program": program(), "gpus": self._gpus}
        ref = _call.options(name=label(job), memory=memory or None, num_gpus=self._gpus or None).remote(job)
        self._running[ref] = job
        # not ray.wait: it takes time in proportion to the window, 2 ms a task at 10,000
        ref.future().add_done_callback(lambda _: self._ended.put(ref))

    def completed(self, timeout: float) -> list[Done]:
        found: list[ray.ObjectRef] = []
        try:
            found.append(self._ended.get(timeout=timeout))
            while True:
                found.append(self._ended.get_nowait())
        except queue.Empty:
            return [Done(self._running.pop(ref), _receipt(ref)) for ref in found]

    def close(self) -> None:
        # Ray ends the workers of a driver that leaves. Cancelling each task first crashed the driver when one
        # ended at that moment (a failed check in Ray's C++, with thousands of tasks)
        self._running.clear()
        ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _receipt(ref: ray.ObjectRef) -> dict[str, Any]:
    try:
        return ray.get(ref)
    except RayTaskError as error:  # a job's own exceptions are values: a node could not even begin
        message = f"a node cannot run morsecensus: {' '.join(str(error.cause).split())[:300]}"
        return {"error": {"kind": "program", "message": message, "traceback": str(error)[-20_000:]}}
    except RayError as error:
        return crashed(" ".join(str(error).split())[:2000])
