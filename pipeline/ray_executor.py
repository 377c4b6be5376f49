"""The Ray backend: the only file that imports ray."""

import os
from typing import Any

# before the import: Ray reads these once. Local sessions are bound to this host, so no token is needed; a
# cluster's own mode comes from the user's environment.
os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Ray runs its workers at niceness 15: beside other work they were 10 % slower than the serial backend
os.environ.setdefault("RAY_worker_niceness", "0")

import ray
from ray.exceptions import RayError

from pipeline.environment import WORKER_ENV
from pipeline.errors import RunError
from pipeline.executors import MAX_RETRIES, Done, Job, crashed
from pipeline.worker import run_job

JOBS_PER_CPU = 3
"""Submitted at once: enough that no CPU waits for the driver, few enough that stopping is quick."""
OBJECT_STORE_BYTES = 100 * 2**20  # receipts are all that ever goes through it; Ray's minimum is 75 MiB


@ray.remote(num_cpus=1, max_retries=MAX_RETRIES)
def _call(job: Job) -> dict[str, Any]:
    return run_job(job)


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
        # asked each time: nodes may join
        return JOBS_PER_CPU * max(1, int(ray.cluster_resources().get("CPU", 1)))

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
