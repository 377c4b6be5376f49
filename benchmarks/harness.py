"""Rows of the table, and pairs of worker processes in the environment that the pipeline gives its workers."""

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from morsecensus.pipeline.worker.environment import WORKER_ENV

WORKERS = 2


@dataclass(frozen=True)
class Row:
    """One line of the table: ``ratio`` is the figure, ``wanted`` the bar ("" for none), ``details`` the raw
    numbers of this run."""

    what: str
    ratio: float
    wanted: str
    details: str


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def interleaved(actions: dict[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Median of each measurement, all of them taken in turn, `repeats` times."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(repeats):
        for name, action in actions.items():
            taken[name].append(action())
    return {name: statistics.median(values) for name, values in taken.items()}


@contextmanager
def processes(count: int = WORKERS):
    """Spawned processes with one thread each, as the workers of a run have."""
    before = {name: os.environ.get(name) for name in WORKER_ENV}
    os.environ.update(WORKER_ENV)
    try:
        with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
            list(pool.map(time.sleep, [0.2] * count))  # all of them are up before the clock starts
            yield pool
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


def total_rate(pool: ProcessPoolExecutor, task: Callable[[int], tuple[int, float]]) -> float:
    """Sum over the processes of things done per second; each process gets its own number."""
    return sum(done / spent for done, spent in pool.map(task, range(WORKERS)))
