"""A block body without numerics: a deterministic function of (spec, block) with rows that vary.

Faults are scripted through MORSECENSUS_TEST, a JSON object in the environment of the worker:
``calls`` (a folder: one file per invocation), ``seconds`` (sleep), and lists of "n:block" under ``raise``,
``exit`` and ``full``.
"""

import errno
import json
import os
import time
import uuid
from pathlib import Path

import numpy as np

from storage.schema import LANDSCAPE, POINT


def describe(spec):
    n, size = spec["n"], spec["block_size"]
    if n == 1000:
        raise ValueError("this body stops at 999")
    return {
        "rows_bound": 40 * size,
        "memory_bytes": 2**20 if n < 1000 else 2**60,
        "expected_points": 20.0,
        "seconds_per_landscape": 0.001,
        "sizes": {"index": n, "outcome": 4, "component": n, "eigenvalue": n - 1},
        "chunk_rows": 64,
    }


def run_block(spec, block):
    script = json.loads(os.environ.get("MORSECENSUS_TEST", "{}"))
    name = f"{spec['n']}:{block}"
    if "calls" in script:
        (Path(script["calls"]) / f"{spec['n']}-{block}-{uuid.uuid4().hex}").touch()
    time.sleep(script.get("seconds", 0))
    if name in script.get("raise", []):
        raise ArithmeticError(f"scripted failure of {name}")
    if name in script.get("exit", []):
        os._exit(7)
    if name in script.get("full", []):
        raise OSError(errno.ENOSPC, "No space left on device")
    return tables(spec, block)


def tables(spec, block):
    n, size = spec["n"], spec["block_size"]
    random = np.random.default_rng([spec["seed"], n, block, len(spec["parameters"]["xi"])])
    sizes = {"morse_index": n, "outcome": 4, "component": n, "eigenvalue": n - 1}
    options = [name for name in ("positions", "spectra") if spec[name]]
    counts = random.integers(0, 40, size)
    out = {}
    for table, rows in ((LANDSCAPE, size), (POINT, int(counts.sum()))):
        out[table.name] = {}
        for column in table.active(options):
            shape = (rows, *column.shape(sizes))
            real = column.dtype == "f8"
            out[table.name][column.name] = random.normal(size=shape) if real else random.integers(0, 2, shape)
    out["landscape"]["n_points"] = counts
    out["point"]["slot"] = np.repeat(np.arange(size), counts)
    return out
