"""A block body without numerics: a deterministic function of (spec, block) with rows that vary.

Faults are scripted through MORSECENSUS_TEST in the environment of the worker, a JSON object or ``@`` and the
name of a file with one, which is read for each block: ``calls`` (a folder: one file per invocation),
``seconds`` (sleep), ``pieces`` (how many go through the scatter), and lists of "n:block" under ``hold``
(until the process is killed), ``raise``, ``exit``, ``full`` and ``full when written`` (the next file that the
process writes is refused). A piece may be told to ``raise`` or to ``poison`` its process, which then has
another environment.
"""

import errno
import json
import os
import time
import uuid
from pathlib import Path

import numpy as np

from morsecensus.pipeline.run.plan import available_memory
from morsecensus.pipeline.worker.environment import environment
from morsecensus.storage import local_files
from morsecensus.tasks.measurables.base import active
from morsecensus.tasks.measurables.census import LANDSCAPE, POINT

HUNGRY = 7
"""Blocks of this n take all the memory that a local Ray counts as its own, so they run one by one."""
PIECE_ROWS = 2**17
"""A piece's result is 1 MiB: Ray keeps small ones elsewhere than large ones."""


def describe(spec):
    n, size = spec["n"], spec["block_size"]
    if n == 1000:
        raise ValueError("this body stops at 999")
    return {
        "rows_bound": 40 * size,
        "memory_bytes": 2**60 if n > 1000 else _all_memory() if n == HUNGRY else 2**20,
        "expected_points": 20.0,
        "seconds_per_landscape": 0.001,
        "tables": [table.record() for table in _tables(spec)],
        "sizes": {"morse_index": n, "outcome": 4, "component": n, "eigenvalue": n - 1},
        "chunk_rows": 64,
    }


def _tables(spec):
    return active((LANDSCAPE, POINT), [name for name in ("positions", "spectra") if spec[name]])


def _all_memory():
    return int(0.9 * (available_memory() or 2**33))


def run_block(spec, block, scatter=None):
    script = _script(os.environ.get("MORSECENSUS_TEST", "{}"))
    name = f"{spec['n']}:{block}"
    if "calls" in script:
        (Path(script["calls"]) / f"{spec['n']}-{block}-{uuid.uuid4().hex}").touch()
    time.sleep(600 if name in script.get("hold", []) else script.get("seconds", 0))
    if name in script.get("raise", []):
        raise ArithmeticError(f"scripted failure of {name}")
    if name in script.get("exit", []):
        os._exit(7)
    if name in script.get("full", []):
        _refuse()
    if name in script.get("full when written", []):
        _refuse_to_write()
    if "pieces" in script:
        _check_pieces(scatter, script["pieces"], script.get("in piece", ""))
    return tables(spec, block)


def _script(text):
    return json.loads(Path(text[1:]).read_text() if text.startswith("@") else text)


def _refuse(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def _refuse_to_write():
    """Let the disk be full for the next file alone: the process may go on to other runs."""
    write = local_files._write_synced

    def refuse(*_):
        local_files._write_synced = write
        _refuse()

    local_files._write_synced = refuse


def _check_pieces(scatter, count, what):
    """Send pieces away, of which the first take longest, and see that they come back whole and in order."""
    if scatter is None:
        return
    places = list(range(count))
    found = scatter("synthetic_body:piece", [(place, 0.05 if place < 2 else 0.0, what) for place in places])
    assert [place for place, _ in found] == places
    for place, rows in found:
        assert rows.flags.writeable, "a view of Ray's object store"
        np.testing.assert_array_equal(rows, np.full(PIECE_ROWS, float(place)))


def piece(argument):
    place, seconds, what = argument
    time.sleep(seconds)
    if what == "raise":
        raise ArithmeticError(f"scripted failure of piece {place}")
    if what == "poison":
        os.environ["OMP_NUM_THREADS"] = "2"
        environment.cache_clear()
    return place, np.full(PIECE_ROWS, float(place))


def tables(spec, block):
    n, whole = spec["n"], spec["block_size"]
    size = min(whole, spec.get("most", (block + 1) * whole) - block * whole)
    random = np.random.default_rng([spec["seed"], n, block, len(spec["parameters"].get("xi", ""))])
    sizes = {"morse_index": n, "outcome": 4, "component": n, "eigenvalue": n - 1}
    counts = random.integers(0, 40, size)
    out = {}
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
