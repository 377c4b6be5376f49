"""Runs of many blocks: what the driver needs for each, and how long it takes to find out what is done.

Each size is measured in a process of its own, so that memory is that size's. Blocks do nothing: what is
measured is the driver. Markers are real ones, of blocks with all the columns of a census.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.harness import Row, seconds
from morsecensus.tasks.runtime.memory import peak_bytes

SIZES = (1_000, 10_000, 100_000)
RAY_SIZES = (1_000, 20_000)
PROVENANCE = {
    "host": "node-0123",
    "pid": 1,
    "attempt": 1,
    "started": 1.7e9,
    "seconds": 8.1,
    "peak_bytes": 6e8,
}


def _layout(blocks: int) -> Any:
    from morsecensus.pipeline.run.plan import make_plan
    from morsecensus.pipeline.study.study import parse_study

    cell = {"xi": "q^3", "n": 10, "landscapes": 100 * blocks, "block": 100}
    return make_plan(parse_study({"name": "scale", "seed": 1, "cells": [cell]})).cells[0].layout


def _new_run(store: str, blocks: int) -> Any:
    from morsecensus.storage.files import open_files
    from morsecensus.storage.layout import Generation, Manifest
    from morsecensus.storage.store import write_manifest

    return write_manifest(
        open_files(store), Manifest("scale", {}, (_layout(blocks),), (Generation("bench", {}),), {})
    )


def _receipt() -> dict[str, Any]:
    summary = {"generation": 0, "landscapes": 100, "points": 20_000, "seconds": 8.1, "content": "0" * 64}
    return {"summary": summary, "host": "node-0123", "pid": 1}


def _peak() -> float:
    """Peak resident memory of this process in MiB."""
    return peak_bytes() / 2**20


class _Instant:
    """An executor whose jobs are done as soon as they are asked for."""

    def __init__(self) -> None:
        self._jobs: list[Any] = []

    def window(self) -> int:
        return 64

    def places(self) -> int:
        return 64

    def submit(self, job: Any) -> None:
        self._jobs.append(json.loads(json.dumps(job)))  # a copy, as it travels

    def completed(self, timeout: float) -> list[Any]:
        from morsecensus.pipeline.backends.executor import Done

        done, self._jobs = self._jobs, []
        return [Done(job, _receipt()) for job in done]

    def close(self) -> None:
        pass


class _NothingOnRay:
    """The Ray executor with jobs that do nothing."""

    def __init__(self) -> None:
        from morsecensus.pipeline.backends.ray_executor import RayExecutor

        self._ray = RayExecutor(workers=2)

    def window(self) -> int:
        return self._ray.window()

    def places(self) -> int:
        return self._ray.places()

    def submit(self, job: Any) -> None:
        self._ray.submit({**job, "job": "environment"})

    def completed(self, timeout: float) -> list[Any]:
        from morsecensus.pipeline.backends.executor import Done

        return [Done(done.job, _receipt()) for done in self._ray.completed(timeout)]

    def close(self) -> None:
        self._ray.close()


def _drive(store: str, blocks: int, backend: str) -> dict[str, float]:
    from morsecensus.pipeline.backends.executor import Executor
    from morsecensus.pipeline.run.progress import Progress
    from morsecensus.pipeline.run.session import Session
    from morsecensus.pipeline.stopping import StopRequest
    from morsecensus.storage.lease import acquire

    run = _new_run(store, blocks)
    executor: Executor = _NothingOnRay() if backend == "ray" else _Instant()
    with acquire(run.files) as lease:
        session = Session(run, 0, lease, StopRequest())
        before = _peak()
        with Progress(session.counts) as progress:
            spent = seconds(lambda: session.work(executor, progress))
    executor.close()
    assert session.computed == blocks
    return {"seconds": spent, "MiB": _peak() - before}


def _write_markers(run: Any, blocks: int) -> None:
    from morsecensus.storage.layout import block_objects
    from morsecensus.storage.markers import Marker
    from morsecensus.storage.object_table import ObjectTable

    cell = run.manifest.cells[0]
    rows = {table.name: 100 * cell.block_size for table in cell.ragged}
    slots = {name: [100] * cell.block_size for name in rows}
    (Path(run.url) / "commits" / cell.id).mkdir(parents=True)
    for block in range(blocks):
        entries = {key: (4096, f"{block:08x}") for key in block_objects(cell, rows, block, 0)}
        marker = Marker(
            cell=cell.id,
            cell_hash=cell.hash,
            fingerprint="bench",
            generation=0,
            block=block,
            rows=rows,
            slots=slots,
            objects=ObjectTable(cell, rows, block, 0, entries),
            totals={"n_points": 20_000, "n_starts": 10_000},
            provenance=PROVENANCE,
        )
        (Path(run.url) / marker.key).write_bytes(marker.to_bytes())


def _resume(store: str, blocks: int, what: str) -> dict[str, float]:
    from morsecensus.pipeline.run.check import status
    from morsecensus.storage.rollup import write_rollup
    from morsecensus.storage.store import open_run

    if what == "write":
        _write_markers(_new_run(store, blocks), blocks)
        return {}
    run = open_run(store)
    cell, before = run.manifest.cells[0], _peak()
    if what == "markers":  # all of them, as a dataset is made of
        return {"seconds": seconds(lambda: run.committed(cell)), "MiB": _peak() - before}
    if what == "first":  # nothing is rolled up yet
        start = time.perf_counter()
        found = run.summaries(cell)
        spent = time.perf_counter() - start
        write_rollup(run.files, cell, found.blocks)
        return {"seconds": spent, "MiB": _peak() - before}
    if what == "status":
        return {"seconds": seconds(lambda: status(store)), "MiB": _peak() - before}
    return {"seconds": seconds(lambda: run.summaries(cell)), "MiB": _peak() - before}


def _apart(what: str, store: Path, blocks: int) -> dict[str, float]:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale", what, str(store), str(blocks)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def _driver_rows(folder: Path) -> list[Row]:
    rows = []
    for backend, sizes, who in (
        ("instant", SIZES, "no worker at all"),
        ("ray", RAY_SIZES, "no-op tasks on Ray"),
    ):
        found = {size: _apart(backend, folder / f"{backend}-{size}", size) for size in sizes}
        each = {size: 1e3 * found[size]["seconds"] / size for size in sizes}
        rows.append(
            Row(
                f"driver's time a block, {sizes[-1]:,} blocks against {sizes[0]:,}: {who}",
                each[sizes[-1]] / each[sizes[0]],
                "<= 1.5",
                ", ".join(f"{size:,}: {each[size]:.2f} ms, +{found[size]['MiB']:.0f} MiB" for size in sizes),
            )
        )
    return rows


def _resume_rows(folder: Path) -> list[Row]:
    found: dict[str, dict[int, dict[str, float]]] = {}
    for size in SIZES:
        store = folder / f"markers-{size}"
        _apart("write", store, size)
        for what in ("markers", "first", "status", "resume"):
            found.setdefault(what, {})[size] = _apart(what, store, size)
    names = {
        "markers": ("reading every marker", ""),
        "first": ("what is done, nothing rolled up", ""),
        "status": ("status", "<= 10"),
        "resume": ("what is done, rolled up", "<= 10"),
    }
    last = SIZES[-1]
    return [
        Row(
            f"seconds at {last:,} markers: {text}",
            found[what][last]["seconds"],
            wanted,
            ", ".join(
                f"{size:,}: {one['seconds']:.2f} s, +{one['MiB']:.0f} MiB"
                for size, one in found[what].items()
            ),
        )
        for what, (text, wanted) in names.items()
    ]


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        return _driver_rows(Path(folder)) + _resume_rows(Path(folder))


def _measure(what: str, store: str, blocks: int) -> dict[str, float]:
    return _drive(store, blocks, what) if what in ("instant", "ray") else _resume(store, blocks, what)


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
