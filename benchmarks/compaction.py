"""Points per second of a dataset that is written by its driver alone, and by one or two workers of Ray; and
what the driver itself spends on it.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.harness import Row
from benchmarks.streaming import LANDSCAPES, _cell, _tables
from morsecensus.storage.blocks import write_block
from morsecensus.storage.compact import Writers, compact
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import Generation, Manifest
from morsecensus.storage.store import Run, write_manifest

BLOCKS, POINTS = 32, 2_000
"""Blocks, and points of each of their 64 landscapes: 4.1 million."""
REPEATS = 3


@dataclass(frozen=True)
class Spent:
    """Seconds of one compaction: by the clock, and of the driver's processor."""

    wall: float
    driver: float


def _store(folder: str) -> Run:
    cell = replace(_cell(positions=False), landscapes=BLOCKS * LANDSCAPES)
    manifest = Manifest("compaction", {}, (cell,), (Generation("bench", {}),), {})
    run = write_manifest(open_files(folder), manifest)
    for block in range(BLOCKS):
        write_block(
            run.files,
            cell,
            block,
            _tables(cell, POINTS),
            generation=0,
            fingerprint="bench",
            provenance={"seconds": 1.0},
        )
    return run


@contextmanager
def _workers(run: Run, count: int) -> Iterator[Writers]:
    from morsecensus.pipeline.backends.start import start_executor
    from morsecensus.pipeline.run.run import worker_environment
    from morsecensus.pipeline.run.writers import Workers
    from morsecensus.pipeline.stopping import StopRequest

    executor = start_executor("ray", workers=count)
    try:
        here = worker_environment(executor, StopRequest())
        yield Workers(executor, run, here, lambda: None)
    finally:
        executor.close()


def _measured(run: Run, writers: Writers | None) -> Spent:
    """The median of some compactions, after one that starts what is to be started."""
    found = []
    for _ in range(REPEATS + 1):
        run.files.remove("latest.json")
        wall, driver = time.perf_counter(), time.process_time()
        name = compact(run, writers=writers)
        found.append(Spent(time.perf_counter() - wall, time.process_time() - driver))
        run.files.remove(name)
    return Spent(*(statistics.median(getattr(one, name) for one in found[1:]) for name in ("wall", "driver")))


def run() -> list[Row]:
    """Rates against the driver alone."""
    with tempfile.TemporaryDirectory() as folder:
        store = _store(folder)
        found: dict[Any, Spent] = {0: _measured(store, None)}
        for count in (1, 2):
            with _workers(store, count) as writers:
                found[count] = _measured(store, writers)
    millions = BLOCKS * LANDSCAPES * POINTS / 1e6
    return [
        Row(
            f"dataset by {count} workers against its driver alone",
            found[0].wall / found[count].wall,
            ">= 0.8" if count == 1 else ">= 1",
            f"{millions / found[count].wall:.2f} and {millions / found[0].wall:.2f} million points/s; "
            f"the driver's processor {found[count].driver:.2f} and {found[0].driver:.2f} s",
        )
        for count in (1, 2)
    ]
