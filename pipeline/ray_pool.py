"""Ray as a pool of workers for Dask: every call is a Ray task.

Dask takes any `concurrent.futures.Executor`. ``ray.util.dask`` would do too; it rewrites Dask's graphs
through names that Dask keeps to itself, and patches Dask when it is imported.
"""

import copy
import socket
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from pipeline.errors import RunError
from pipeline.executors import MAX_RETRIES
from pipeline.ray_executor import RayExecutor  # before ray: it sets what Ray reads from the environment

import ray  # isort: skip
from ray.exceptions import RayError, RayTaskError  # isort: skip

CONNECT_SECONDS = 5


@ray.remote(num_cpus=1, max_retries=MAX_RETRIES)
def _call(function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    return function(*arguments, **keywords)


class RayPool(Executor):
    """A pool on a local Ray, which starts and ends with it, or on a running cluster.

    Raises RunError if there is no Ray to use.
    """

    def __init__(self, address: str | None = None):
        _knock(address or "")
        try:
            self._session = RayExecutor(address=address)
        except RunError as error:
            raise RunError(str(error).replace("--backend", "--dask", 1)) from error
        # the name that Dask looks for: calls that it submits at once
        self._max_workers = self._session.window()

    @property
    def window(self) -> int:
        """Calls that keep all CPUs busy."""
        return self._max_workers

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        found: Future[Any] = Future()

        def finish(done: Future[Any]) -> None:
            error = done.exception()
            if error is None:
                # a copy: Ray's arrays lie in its object store, can't be written to, and would keep it full
                found.set_result(copy.deepcopy(done.result()))
            else:
                found.set_exception(_plain(error))

        _call.remote(function, arguments, keywords).future().add_done_callback(finish)
        return found

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._session.close()


def _knock(address: str) -> None:
    """Raise unless somebody listens: Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if host and "://" not in host and port.isdigit():
        try:
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        except (OSError, OverflowError) as error:
            raise RunError(f"--dask ray: cannot use {address}: {error}") from error


def _plain(error: BaseException) -> BaseException:
    if isinstance(error, RayTaskError):
        return error.cause
    if isinstance(error, RayError):
        text = " ".join(str(error).split())[:500]
        return RunError(f"--dask: a Ray worker died, perhaps for want of memory: {text}")
    return error
