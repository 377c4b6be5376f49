"""The Ray backend: the only file that imports ray."""

import copy
import itertools
import os
from collections.abc import Mapping, Sequence
from typing import Any

# before the import: Ray reads these once. Local sessions are bound to this host, so no token is needed; a
# cluster's own mode comes from the user's environment.
os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Ray runs its workers at niceness 15: beside other work they were 10 % slower than the serial backend
os.environ.setdefault("RAY_worker_niceness", "0")
# Ray gives a task that its memory monitor killed to a worker again without end: a block that never fits must
# fail like one whose worker dies (executors.MAX_RETRIES)
os.environ.setdefault("RAY_task_oom_retries", "3")

import ray
from ray.exceptions import RayError, RayTaskError

from pipeline.environment import WORKER_ENV
from pipeline.errors import RunError
from pipeline.executors import MAX_RETRIES, Done, Job, crashed
from pipeline.worker import run_job, run_piece
from tasks.scatter import Scatter

JOBS_PER_CPU = 3
"""Submitted at once: enough that no CPU waits for the driver, few enough that stopping is quick."""
OBJECT_STORE_BYTES = 100 * 2**20
"""Only receipts and a few pieces, of about 5 MB, are ever in it; Ray's minimum is 75 MiB."""


@ray.remote(num_cpus=1, max_retries=MAX_RETRIES)
def _call(job: Job) -> dict[str, Any]:
    return run_job(job, _scatter(job["generation"]) if "generation" in job else None)


# No memory is asked for: the blocks that wait for their pieces may hold all of it, and none would ever run.
@ray.remote(num_cpus=1, max_retries=MAX_RETRIES)
def _call_piece(name: str, argument: Any, generation: Mapping[str, Any]) -> Any:
    return run_piece(name, argument, generation)


def _scatter(generation: Mapping[str, Any]) -> Scatter:
    """Pieces as tasks within a task: Ray lends the CPU of a task that waits for others to them."""

    def scatter(name: str, arguments: Sequence[Any]) -> list[Any]:
        results: list[Any] = [None] * len(arguments)
        pieces = enumerate(arguments)
        waiting: dict[ray.ObjectRef, int] = {}
        try:
            while True:
                for place, argument in itertools.islice(pieces, max(0, _window() - len(waiting))):
                    waiting[_call_piece.remote(name, argument, generation)] = place
                if not waiting:
                    return results
                ready, _ = ray.wait(list(waiting), num_returns=1)
                for ref in ready:
                    results[waiting.pop(ref)] = _piece(ref)
        finally:
            for ref in waiting:
                ray.cancel(ref)

    return scatter


def _piece(ref: ray.ObjectRef) -> Any:
    """The result of a piece, as a copy: Ray's arrays lie in its object store, and would keep it full."""
    try:
        return copy.deepcopy(ray.get(ref))
    except RayTaskError as error:
        raise error.cause from error


def _window() -> int:
    """How many tasks to keep submitted; asked each time, since nodes may join or leave."""
    return JOBS_PER_CPU * max(1, int(ray.cluster_resources().get("CPU", 1)))


class RayExecutor:
    """Ray tasks: on a local Ray that starts by itself, or on a running cluster."""

    def __init__(self, *, workers: int | None = None, address: str | None = None):
        names = (*WORKER_ENV, "PYTHONPATH")
        wanted = {**{k: os.environ[k] for k in names if k in os.environ}, **WORKER_ENV}
        common: dict[str, Any] = {
            "runtime_env": {"env_vars": wanted},
            "log_to_driver": False,
            "logging_level": "ERROR",
        }
        local: dict[str, Any] = {
            "num_cpus": workers,
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE_BYTES,
            "_node_ip_address": "127.0.0.1",
        }
        try:
            ray.init(address=address or "local", **common, **({} if address else local))
        except (ConnectionError, RuntimeError, ValueError) as error:
            where = address or "a local Ray"
            mode = os.environ["RAY_AUTH_MODE"]
            text = " ".join(str(error).split())[:200]
            raise RunError(f"--backend ray: cannot use {where} (RAY_AUTH_MODE={mode}): {text}") from error
        # a request that no node can meet would wait for ever
        self._most = max((node["Resources"].get("memory", 0) for node in ray.nodes()), default=0)
        self._running: dict[ray.ObjectRef, Job] = {}

    def window(self) -> int:
        return _window()

    def submit(self, job: Job) -> None:
        memory = int(min(job.get("memory_bytes", 0), self._most))
        self._running[_call.options(memory=memory or None).remote(job)] = job

    def completed(self, timeout: float) -> list[Done]:
        ready, _ = ray.wait(list(self._running), num_returns=1, timeout=timeout)
        return [Done(self._running.pop(ref), _receipt(ref)) for ref in ready]

    def close(self) -> None:
        for ref in self._running:
            ray.cancel(ref, force=True)
        self._running.clear()
        ray.shutdown()


def _receipt(ref: Any) -> dict[str, Any]:
    try:
        return ray.get(ref)
    except RayError as error:
        return crashed(" ".join(str(error).split())[:2000])
