"""Descents of ReLU students against the bars of time: CPU seconds of one thread, into which a busy machine
enters little, over what is allowed."""

import os
import subprocess
import sys

from benchmarks.harness import Row

BARS = {7: 10.0, 10: 36.0, 15: 162.0}
"""Teachers -> seconds for 1,000 descents to a gradient of 1e-10: twice what a sketch took."""
RUNS = 1000
PROGRAM = """
import time
from morsecensus.tasks.records.shares import shares_of
spec = {{"model": "relu-units", "parameters": {{"units": {k}}}, "n": {k}, "seed": 5}}
start = time.process_time()
shares_of(spec | {{"runs": 1}})
ready = time.process_time()
found = shares_of(spec | {{"runs": {runs}}})
print(ready - start, time.process_time() - ready, found["spurious"], found["open"])
"""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def run() -> list[Row]:
    return [_row(k, bar) for k, bar in BARS.items()]


def _row(k: int, bar: float) -> Row:
    """In a process of its own; the first run alone, for what has to be compiled."""
    words = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(k=k, runs=RUNS)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **ONE_THREAD},
    ).stdout.split()
    compiled, spent, spurious, left = float(words[0]), float(words[1]), int(words[2]), int(words[3])
    details = (
        f"{spent:.1f} s, and {compiled:.1f} s with compilation before; {spurious} end above 0, {left} open"
    )
    return Row(f"{RUNS:,} descents of k = m = {k} students: CPU s / {bar:g} s", spent / bar, "<= 1", details)
