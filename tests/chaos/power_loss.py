"""Power loss: a run is recorded, the power is cut after a random operation, and the store that a strict disk
may then hold is judged and run to its end.

A marker must never outlive its data, a record never what it vouches for, and a block whose receipt the driver
had must still be there.
"""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from rich.console import Console

from chaos.bench import Bench
from chaos.body import BODY
from chaos.disk_model import Disk, Operation, recorded
from chaos.faults import Result, fault
from morsecensus.pipeline.backends.executor import Done, Job
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.pipeline.worker.worker import run_job
from morsecensus.storage.dataset import dataset_hash, read_pointer
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import LEASE, RUN, marker_key
from morsecensus.storage.store import open_run
from morsecensus.storage.verify import verify

STUDIES: tuple[Mapping[str, Any], ...] = ({"n": "4:5", "landscapes": 8}, {"n": "4:6", "landscapes": 12})
"""A study and its extension, so that a second dataset is written beside the first."""


class Here:
    """An executor in this process, so that one log holds what driver and worker do."""

    def __init__(self, note: Any):
        self._note, self._jobs = note, []

    def window(self) -> int:
        return 1

    def places(self) -> int:
        return 1

    def submit(self, job: Job) -> None:
        self._jobs.append(job)

    def completed(self, timeout: float) -> list[Done]:
        del timeout
        jobs, self._jobs = self._jobs, []
        done = [Done(job, run_job(job)) for job in jobs]
        for one in done:
            if "summary" in one.receipt:
                job = one.job
                self._note(marker_key(job["cell"]["id"], job["block"], job["number"]))
        return done

    def close(self) -> None:
        pass


def _run(store: Path, studies: Sequence[Mapping[str, Any]], note: Any = lambda text: None) -> None:
    with patch("morsecensus.pipeline.run.run.start_executor", lambda *_, **__: Here(note)):
        for changes in studies:
            study = {"name": "power", "seed": 1, "cells": [{"xi": "q^3", "block": 4, **changes}]}
            run_study(parse_study(study), str(store), Settings(), Console(quiet=True), body=BODY)


@functools.cache
def recording(folder: Path) -> tuple[tuple[Operation, ...], str]:
    """Record the studies, each run into the same store; return what was done and the last dataset's hash."""
    store = folder / "power"
    with recorded(store) as (log, note):
        _run(store, STUDIES, note)
    return tuple(log), dataset_hash(str(store))


@fault(
    "power loss",
    "a run is cut after a random operation, and whatever was not fsynced may be gone, whole or in part",
)
def power_loss(bench: Bench, random: np.random.Generator, folder: Path) -> Result:
    log, expected = recording(bench.root)
    return cut(log, expected, int(random.integers(len(log) + 1)), random, folder / "store")


def cut(
    log: Sequence[Operation], expected: str, after: int, random: np.random.Generator, store: Path
) -> Result:
    """Cut the power after so many operations, judge what is left, and run the studies again."""
    disk = Disk()
    for one in log[:after]:
        disk.apply(one)
    disk.cut_power(random, store)
    acknowledged = [one.path for one in log[:after] if one.kind == "note"]
    wrong, lost = _wrong(store, acknowledged)
    if not wrong:
        # its holder, this process, is alive; after a real power loss it is of another boot, and 120 s old
        (store / LEASE).unlink(missing_ok=True)
        _run(store, STUDIES[-1:])
        if dataset_hash(str(store)) != expected:
            wrong = ["other bytes after the next run"]
    return Result("same bytes" if not wrong else "; ".join(wrong[:3]), lost, not wrong)


def _wrong(store: Path, acknowledged: Sequence[str]) -> tuple[list[str], int]:
    """What must not be, and the bytes of committed blocks that are gone."""
    if not (store / RUN).exists():
        return (["the run is gone"] if acknowledged else []), 0
    try:
        run = open_run(str(store))
        read_pointer(open_files(str(store)))
        problems = verify(run).problems
    except StoreError as error:
        return [str(error)], 0
    wrong = [problem.text for problem in problems]
    lost = 0
    for cell in run.manifest.cells:
        sizes = {
            key: entry[0]
            for marker in run.committed(cell).markers.values()
            for key, entry in marker.objects.items()
        }
        lost += sum(sizes.get(problem.key, 0) for problem in problems)
    wrong += [f"{key} was acknowledged and is gone" for key in acknowledged if not (store / key).exists()]
    return wrong, lost
