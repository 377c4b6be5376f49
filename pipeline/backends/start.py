"""A backend by name, started: serial, or Ray, here or on a cluster."""

import importlib.util
import os
import secrets

from morsecensus.pipeline.backends.address import check_address
from morsecensus.pipeline.backends.executor import Executor
from morsecensus.pipeline.errors import UsageError, shown

LEAST_GPU = 0.01
"""Share of a GPU: a hundred workers on one device is more than any has memory for."""
MOST_WORKERS = 1024
"""Of one machine; a cluster has the CPUs that it has."""
BACKENDS = ("serial", "ray")


def start_executor(
    backend: str, *, workers: int | None = None, address: str | None = None, gpus: float = 0.0
) -> Executor:
    """Start a backend. ``workers`` limits a local Ray, ``address`` joins a running cluster, ``gpus`` is the
    share of a GPU that each worker gets. Raises UsageError as `require_backend`.
    """
    require_backend(backend, workers=workers, address=address, gpus=gpus)
    if backend == "ray":
        _authenticate(address)
        from morsecensus.pipeline.backends.ray_executor import RayExecutor

        return RayExecutor(workers=workers, address=address, gpus=gpus)
    from morsecensus.pipeline.backends.serial_executor import SerialExecutor

    return SerialExecutor()


def require_backend(
    backend: str, *, workers: int | None = None, address: str | None = None, gpus: float = 0.0
) -> None:
    """UsageError unless there is such a backend, and these options are for it."""
    if backend not in BACKENDS:
        raise UsageError(f"--backend: got {shown(backend)}, allowed: {' or '.join(BACKENDS)}")
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise UsageError(f"--workers: got {workers}, allowed: integers from 1 to {MOST_WORKERS}")
    if gpus != 0 and not LEAST_GPU <= gpus <= 1:
        raise UsageError(f"--gpus: got {gpus:g}, allowed: 0, or a share of one GPU from {LEAST_GPU} to 1")
    if backend == "ray":
        if address is not None:
            check_address(address)
        if importlib.util.find_spec("ray") is None:
            raise UsageError('--backend ray: needs the package ray: pip install "morsecensus[ray]"')
        return
    if gpus:
        raise UsageError("--gpus: allowed only with --backend ray")
    if address is not None:
        raise UsageError("--address: allowed only with --backend ray")
    if workers not in (None, 1):
        raise UsageError(f"--workers: got {workers}, allowed: 1 with --backend serial; use --backend ray")


def _authenticate(address: str | None) -> None:
    """Say how the processes of a Ray session know each other, before ray is imported.

    A local session listens on all interfaces, whatever address it is given (seen in Ray 2.60), and whoever
    may connect may run code: it gets a token of its own. A cluster's mode is for the user to say.
    """
    if "RAY_AUTH_MODE" in os.environ:
        return
    os.environ["RAY_AUTH_MODE"] = "disabled" if address else "token"
    if not address:
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
