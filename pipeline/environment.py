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
_PACKAGES = ("jax", "jaxlib", "llvmlite", "numba", "numcodecs", "numpy", "scipy", "zarr")


@functools.cache
def environment() -> dict[str, Any]:
    """Return what the bytes of a result may depend on, for this process."""
    return {
        "python": f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}",
        "machine": platform.machine(),
        "cpu": _cpu(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "blas": _blas(),
        "threads": {name: os.environ.get(name, "") for name in (*WORKER_ENV, "XLA_FLAGS")},
    }


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


def _version(name: str) -> str:
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
