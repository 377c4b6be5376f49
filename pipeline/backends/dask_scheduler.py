"""Where the report's batches are computed: on threads here, on a Dask cluster, or on Ray."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import dask.config

from morsecensus.analysis.dataset.batches import AT_ONCE
from morsecensus.pipeline.backends.start import start_executor
from morsecensus.pipeline.errors import RunError, UsageError, shown

if TYPE_CHECKING:
    from rich.console import Console

PACKAGE, MODULE = "morsecensus", "morsecensus.analysis.dataset.batches"
CONNECT_SECONDS = 5
BATCHES_PER_CPU = 2
"""Submitted at once: results come back in order, and all of these are waited for."""
ALLOWED = "threads, ray, ray:ADDRESS, or the address of a Dask scheduler, such as tcp://host:8786"


@contextmanager
def scheduler(where: str, console: "Console") -> Iterator[None]:
    """Set Dask's scheduler for a while.

    Args:
        where: threads, ray, ray:ADDRESS as in ``--address``, or the address of a Dask scheduler.
        console: for what the user should know while they wait.

    Raises:
        UsageError: ``where`` is none of these.
        RunError: nobody answers there, a package is missing, or workers died.
    """
    if where == "threads":
        with dask.config.set(scheduler="threads"):
            yield
    elif where.partition(":")[0] == "ray":
        with _ray(None if where == "ray" else where if "://" in where else where[4:]):
            yield
    elif "://" in where:
        with _distributed(where, console):
            yield
    else:
        raise UsageError(f"--dask: got {shown(where)}, allowed: {ALLOWED}")


@contextmanager
def _ray(address: str | None) -> Iterator[None]:
    if address == "":
        raise UsageError(f"--dask: got 'ray:', allowed: {ALLOWED}")
    try:
        session = start_executor("ray", address=address)
    except (UsageError, RunError) as error:
        text = str(error).removeprefix("--backend ray: ").removeprefix("--address: ")
        raise type(error)(f"--dask ray: {text}") from error
    from morsecensus.pipeline.backends.ray_pool import (
        RayPool,  # after the start, which sets what Ray reads when it is imported
    )

    with RayPool(session) as pool, dask.config.set({"scheduler": pool, AT_ONCE: pool.window}):
        yield


@contextmanager
def _distributed(address: str, console: "Console") -> Iterator[None]:
    try:
        import distributed
        from distributed.comm.core import CommClosedError
    except ImportError as error:
        raise RunError(
            "--dask: a Dask cluster needs the package distributed: "
            'pip install "morsecensus[distributed]", here and on the cluster'
        ) from error
    with _client(address) as client:
        cpus = sum(client.nthreads().values())
        if not cpus:
            console.print(f"{address} has no worker yet; waiting for one")
            client.wait_for_workers(1)
        try:
            _compare_versions(client, address)
            with dask.config.set({"scheduler": client, AT_ONCE: max(4, BATCHES_PER_CPU * cpus)}):
                yield
        except distributed.KilledWorker as error:
            raise RunError(
                f"--dask: workers at {address} died, perhaps for want of memory: {error}"
            ) from error
        except (distributed.CancelledError, CommClosedError) as error:
            raise RunError(
                f"--dask: lost the scheduler at {address}; report again when it is back"
            ) from error


def _client(address: str) -> Any:
    import distributed

    async def greet() -> None:
        arguments = distributed.Security().get_connection_args("client")
        async with distributed.rpc(address, connection_args=arguments) as scheduler:
            await scheduler.identity()

    try:
        # first: a client waits for as long as somebody listens, be it no Dask scheduler
        asyncio.run(asyncio.wait_for(greet(), CONNECT_SECONDS))
        return distributed.Client(address, timeout=CONNECT_SECONDS)
    except ValueError as error:
        raise UsageError(f"--dask: got {shown(address)}, allowed: {ALLOWED} ({_line(error)})") from error
    except (OSError, TypeError) as error:  # TypeError: tls without a certificate
        text = _line(error) or f"no answer in {CONNECT_SECONDS} s"
        raise RunError(f"--dask: cannot use a Dask scheduler at {address}: {text}") from error


def _compare_versions(client: Any, address: str) -> None:
    """Raise unless this package is on the workers and on the scheduler, which takes tasks apart too: a worker
    that can't import it dies of every task, in a circle that has no end."""

    # local functions travel as code
    def there(package: str, module: str) -> str:
        from importlib import import_module, metadata

        import_module(module)
        return metadata.version(package)

    mine = version(PACKAGE)
    try:
        found = {
            client.run_on_scheduler(there, PACKAGE, MODULE),
            *client.run(there, PACKAGE, MODULE).values(),
        }
    except (ImportError, PackageNotFoundError) as error:
        raise RunError(
            f"--dask: the scheduler or a worker of {address} has no working {PACKAGE}: {_line(error)}; "
            f"install {PACKAGE} {mine} there, and not as an editable"
        ) from error
    if found != {mine}:
        there_are = ", ".join(sorted(found - {mine}))
        raise RunError(
            f"--dask: {PACKAGE} {there_are} on the scheduler or a worker of {address}, {mine} here: install "
            "the same version there"
        )


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
