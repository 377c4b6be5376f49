"""The Ray backend on two workers against two bare processes on the same work: real blocks of about a
second."""

import json
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from rich.console import Console

from benchmarks.harness import WORKERS, Row, processes

BLOCKS = 20
REPEATS = 7
STUDY = {
    "name": "ray-backend",
    "seed": 3,
    "cells": [{"xi": "q^3", "n": 9, "landscapes": 12 * BLOCKS, "block": 12, "spectra": False}],
}


def _spec() -> dict:
    from morsecensus.pipeline.study.study import parse_study

    return dict(parse_study(STUDY).cells[0].spec)


def bare_blocks(worker: int) -> tuple[int, float]:
    """Every second block, computed and thrown away; the first one warms up and doesn't count."""
    from morsecensus.tasks.block import run_block

    spec = _spec()
    run_block(spec, worker)
    start = time.perf_counter()
    mine = range(worker + WORKERS, BLOCKS, WORKERS)
    for block in mine:
        run_block(spec, block)
    return len(mine), time.perf_counter() - start


def ray_blocks(folder: Path) -> tuple[float, float]:
    """Blocks per second of a real run, writes included, and the idle share between blocks, both by worker."""
    from morsecensus.pipeline.run.run import Settings, run_study
    from morsecensus.pipeline.study.study import parse_study

    run_study(parse_study(STUDY), str(folder), Settings("ray", WORKERS), Console(quiet=True))
    by_worker: dict[int, list[tuple[float, float]]] = {}
    for marker in (folder / "commits").rglob("*.json"):
        provenance = json.loads(marker.read_text())["provenance"]
        span = (provenance["started"], provenance["started"] + provenance["seconds"])
        by_worker.setdefault(provenance["pid"], []).append(span)
    rate, idle, busy = 0.0, 0.0, 0.0
    for spans in map(sorted, by_worker.values()):
        rate += (len(spans) - 1) / (spans[-1][1] - spans[0][1])
        idle += sum(max(0.0, b[0] - a[1]) for a, b in pairwise(spans))
        busy += spans[-1][1] - spans[0][1]
    return rate, idle / busy


def run() -> list[Row]:
    bare, ray, gaps = [], [], []
    with processes() as pool, tempfile.TemporaryDirectory() as folder:
        for repeat in range(REPEATS):
            bare.append(sum(done / spent for done, spent in pool.map(bare_blocks, range(WORKERS))))
            rate, gap = ray_blocks(Path(folder) / str(repeat))
            ray.append(rate)
            gaps.append(gap)
    ours, theirs = statistics.median(ray), statistics.median(bare)
    return [
        Row(
            "ray backend on 2 workers against two bare processes, blocks/s",
            ours / theirs,
            ">= 0.95",
            f"{ours:.2f}/s against {theirs:.2f}/s, median of {REPEATS}; writes and fsync included",
        ),
        Row(
            "ray backend: share of time between blocks of about 1 s",
            statistics.median(gaps),
            "<= 0.05",
            f"median of {REPEATS}",
        ),
    ]
