"""The environment that a worker computes in, and its fingerprint.

Results depend bitwise on thread counts, the CPU's instruction set and library versions; so every worker gets
the same variables before it imports anything, and each one recomputes the fingerprint for itself.
"""

import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

WORKER_ENV: Mapping[str, str] = {
    "NPROC": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1",
}
GPU_ENV: Mapping[str, str] = {
    "JAX_PLATFORMS": "cuda",
    # several workers may share a device; JAX's default takes three quarters of its memory at once
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # kernels that add in a fixed order, none of them chosen by measuring which is fastest today
    "XLA_FLAGS": "--xla_gpu_deterministic_ops=true --xla_gpu_autotune_level=0",
}
_PACKAGES = ("jax", "jaxlib", "llvmlite", "numba", "numcodecs", "numpy", "scipy", "zarr")


class NoGpu(Exception):
    """This worker was told to use a GPU, and can't."""


def worker_env(gpus: float = 0) -> dict[str, str]:
    """Return the variables that every worker gets before it imports anything."""
    return {**WORKER_ENV, **(GPU_ENV if gpus else {})}


def carried_env(gpus: float = 0.0) -> dict[str, str]:
    """Return the variables of workers that inherit none: the path of modules, and what all must have."""
    return {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ} | worker_env(gpus)


@functools.cache
def environment() -> dict[str, Any]:
    """Return what the bytes of a result may depend on, for this process.

    Raises NoGpu in a worker that was told to use a GPU and has none that JAX can use.
    """
    found = {
        "python": f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}",
        "machine": platform.machine(),
        "cpu": _cpu(),
        "packages": {name: version_of(name) for name in _PACKAGES},
        "blas": _blas(),
        "threads": {name: os.environ.get(name, "") for name in (*WORKER_ENV, "XLA_FLAGS")},
    }
    # not a word of it on CPUs: their fingerprints, and so their stores, know nothing of GPUs
    return found | _device() if os.environ.get("JAX_PLATFORMS") == GPU_ENV["JAX_PLATFORMS"] else found


def fingerprint(of: Mapping[str, Any]) -> str:
    """Return the digest of an environment."""
    return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:16]


def differences(one: Mapping[str, Any], other: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return where two environments differ, as ``packages.jax: 0.10.2 / 0.12.0``."""
    found: list[str] = []
    for key in sorted(one.keys() | other.keys()):
        a, b = one.get(key), other.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            found.extend(differences(a, b, f"{prefix}{key}."))
        elif a != b:
            found.append(f"{prefix}{key}: {a} / {b}")
    return found


def _device() -> dict[str, Any]:
    from morsecensus.tasks.runtime.device import accelerator

    try:
        return {"device": accelerator()}
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise NoGpu(f"a worker on {socket.gethostname()} has no GPU that JAX can use: {reason}") from error


def version_of(name: str) -> str:
    """Return the version of an installed package, ``none`` if it isn't installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _cpu() -> dict[str, str]:
    """Return the model and a digest of the instruction-set flags: XLA and OpenBLAS choose kernels by them."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return {"model": platform.processor(), "flags": ""}
    fields: dict[str, str] = {}
    for line in text.partition("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    flags = " ".join(sorted((fields.get("flags") or fields.get("Features") or "").split()))
    model = fields.get("model name") or fields.get("CPU part") or ""
    return {"model": model, "flags": hashlib.sha256(flags.encode()).hexdigest()[:12]}


def _blas() -> str:
    import numpy as np

    config: Any = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip()
