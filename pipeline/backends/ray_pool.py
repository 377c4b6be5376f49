"""Ray as a pool of workers for Dask: every call is a Ray task.

Dask takes any `concurrent.futures.Executor`. ``ray.util.dask`` would do too; it rewrites Dask's graphs
through names that Dask keeps to itself, and patches Dask when it is imported.
"""

import copy
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from morsecensus.pipeline.backends.executor import MAX_RETRIES
from morsecensus.pipeline.backends.executor import Executor as Session
from morsecensus.pipeline.errors import RunError


@ray.remote(num_cpus=1, max_retries=MAX_RETRIES)
def _call(function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    return function(*arguments, **keywords)


class RayPool(Executor):
    """A pool on the Ray of a session, which ends with it."""

    def __init__(self, session: Session):
        self._session = session
        # the name that Dask looks for: calls that it submits at once
        self._max_workers = session.window()

    @property
    def window(self) -> int:
        """Calls that keep all CPUs busy."""
        return self._max_workers

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        found: Future[Any] = Future()

        def finish(done: Future[Any]) -> None:
            try:
                # a copy: Ray's arrays lie in its object store, can't be written to, and would keep it full
                result = copy.deepcopy(done.result())
            except BaseException as error:  # of the copy too: what a callback raises is lost, and Dask waits
                found.set_exception(_plain(error))
            else:
                found.set_result(result)

        _call.remote(function, arguments, keywords).future().add_done_callback(finish)
        return found

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._session.close()


def _plain(error: BaseException) -> BaseException:
    if isinstance(error, RayTaskError):
        return error.cause
    if isinstance(error, RayError):
        text = " ".join(str(error).split())[:500]
        return RunError(f"--dask: a Ray worker died, perhaps for want of memory: {text}")
    return error
