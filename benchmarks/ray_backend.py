"""The Ray backend on two workers against two bare processes on the same work: real blocks of about a
second."""

import json
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path

from rich.console import Console

from benchmarks.harness import WORKERS, Row, processes, total_rate

BLOCKS = 20
REPEATS = 3
SECONDS = 1.0
"""Of a block: how many landscapes that is, is measured first."""
SAMPLE = 12


def _study(block: int):
    from morsecensus.pipeline.study.study import parse_study

    cell = {"xi": "q^3", "n": 9, "landscapes": block * BLOCKS, "block": block, "spectra": False}
    return parse_study({"name": "ray-backend", "seed": 3, "cells": [cell]})


def bare_blocks(worker: int, size: int) -> tuple[int, float]:
    """Every second block, computed and thrown away; the first one warms up and doesn't count."""
    from morsecensus.tasks.block import run_block

    spec = dict(_study(size).cells[0].spec)
    run_block(spec, worker)
    start = time.perf_counter()
    mine = range(worker + WORKERS, BLOCKS, WORKERS)
    for block in mine:
        run_block(spec, block)
    return len(mine), time.perf_counter() - start


def ray_blocks(folder: Path, size: int) -> tuple[float, float]:
    """Blocks per second of a real run, writes included, and the idle share between blocks, both by worker."""
    from morsecensus.pipeline.run.run import Settings, run_study

    run_study(_study(size), str(folder), Settings("ray", WORKERS), Console(quiet=True))
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


def _rate(pool: ProcessPoolExecutor, size: int) -> float:
    """Blocks of so many landscapes a second, of all processes."""
    return total_rate(pool, partial(bare_blocks, size=size))


def run() -> list[Row]:
    bare, ray, gaps = [], [], []
    with processes() as pool, tempfile.TemporaryDirectory() as folder:
        size = max(1, round(SECONDS * SAMPLE * _rate(pool, SAMPLE) / WORKERS))
        for repeat in range(REPEATS):
            bare.append(_rate(pool, size))
            rate, gap = ray_blocks(Path(folder) / str(repeat), size)
            ray.append(rate)
            gaps.append(gap)
    ours, theirs = statistics.median(ray), statistics.median(bare)
    return [
        Row(
            "ray backend on 2 workers against two bare processes, blocks/s",
            ours / theirs,
            ">= 0.95",
            f"{ours:.2f}/s against {theirs:.2f}/s, median of {REPEATS}, {size} landscapes a block; "
            "writes and fsync included",
        ),
        Row(
            "ray backend: share of time between blocks of about 1 s",
            statistics.median(gaps),
            "<= 0.05",
            f"median of {REPEATS}",
        ),
    ]
