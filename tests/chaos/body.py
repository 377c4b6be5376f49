"""The block body of the soak: no numerics, a deterministic function of (spec, block), rows that vary.

Importing it in a worker arms the hooks. MORSECENSUS_CHAOS may also say under ``body``: ``seconds`` (each
block takes so long), ``until`` (a file that every block waits for), lists of "n:block" to ``raise``, to
``exit``, to ask for ``bytes`` of memory at once (``allocate``) or to fill it bit by bit and wait (``hoard``),
``limit`` (bytes that a worker may take beyond what it has), and ``break`` (write the marker before what it
names: a negative control).
"""

import os
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chaos.hooks import install, role, script
from morsecensus.tasks.measurables.base import Table, active
from morsecensus.tasks.measurables.census import LANDSCAPE, POINT

BODY = "chaos.body:run_block"
LONGEST_WAIT = 200.0
"""Seconds: a trial that was killed leaves no block behind for ever."""

install("worker")
if role() == "worker" and script("body").get("break"):
    from chaos.broken import break_writes

    break_writes()


def _limit(more: int) -> None:
    most = resource.getpagesize() * int(Path("/proc/self/statm").read_text().split()[0]) + more
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


if role() == "worker" and "limit" in script("body"):
    _limit(script("body")["limit"])


def describe(spec: Mapping[str, Any]) -> dict[str, Any]:
    n, size = spec["n"], spec["block_size"]
    return {
        "rows_bound": 40 * size,
        "memory_bytes": 2**20,
        "expected_points": 20.0,
        "seconds_per_landscape": 0.001,
        "tables": [table.record() for table in _tables(spec)],
        "sizes": {"morse_index": n, "outcome": 4, "component": n, "eigenvalue": n - 1},
        "chunk_rows": 64,
    }


def _tables(spec: Mapping[str, Any]) -> tuple[Table, ...]:
    return active((LANDSCAPE, POINT), [name for name in ("positions", "spectra") if spec[name]])


def run_block(spec: Mapping[str, Any], block: int, scatter: object = None) -> dict[str, dict[str, Any]]:
    del scatter
    told = script("body")
    name = f"{spec['n']}:{block}"
    time.sleep(told.get("seconds", 0.0))
    if "until" in told:
        _wait_for(Path(told["until"]))
    if name in told.get("raise", ()):
        raise ArithmeticError(f"scripted failure of {name}")
    if name in told.get("exit", ()):
        os._exit(7)
    if name in told.get("allocate", ()):
        np.ones(told["bytes"] // 8)
    if name in told.get("hoard", ()):
        _hoard(told["bytes"])
    return tables(spec, block)


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody made {path}")
        time.sleep(0.01)


def _hoard(size: int) -> None:
    """Fill memory bit by bit, as a computation would, and hold it while the monitor looks."""
    held = []
    for _ in range(20):
        held.append(np.ones(size // 160))
        time.sleep(0.05)
    time.sleep(10.0)


def tables(spec: Mapping[str, Any], block: int) -> dict[str, dict[str, Any]]:
    """Return the tables of a block: random numbers of a generator that the block's name seeds."""
    n, size = spec["n"], spec["block_size"]
    random = np.random.default_rng([spec["seed"], n, block])
    sizes = {"morse_index": n, "outcome": 4, "component": n, "eigenvalue": n - 1}
    counts = random.integers(0, 40, size)
    out: dict[str, dict[str, Any]] = {}
    for table in _tables(spec):
        rows = int(counts.sum()) if table.ragged else size
        out[table.name] = {}
        for column in table.measurables:
            shape = (rows, *(sizes[dim] for dim in column.dims))
            real = column.dtype == "f8"
            out[table.name][column.name] = random.normal(size=shape) if real else random.integers(0, 2, shape)
    out["landscape"]["n_points"] = counts
    out["point"]["slot"] = np.repeat(np.arange(size), counts)
    return out
