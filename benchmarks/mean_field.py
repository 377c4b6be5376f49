"""Dynamics at N to infinity against the bars of time: CPU seconds of one thread, so a busy machine does not
enter, over what is allowed."""

import os
import subprocess
import sys

from benchmarks.harness import Row

CASES = (
    (
        "equations to t = 10, 1e-8: CPU s / 3 s",
        3.0,
        "f = curve(cubic, 10.0, looks=[1, 2, 5, 10]); print(max(f.looks(np.array([1.0, 2, 5, 10]))[1][0]))",
    ),
    (
        "equations to t = 100, 1e-6: CPU s / 120 s",
        120.0,
        "f = curve(cubic, 100.0, looks=[100]); print(f.energy_error[-1])",
    ),
    (
        "recursion, 3,000 steps of gradient descent: CPU s / 30 s",
        30.0,
        "print(descend(cubic, 0.05, [0] * 3000).energy[-1])",
    ),
)
PROGRAM = """
import time
import numpy as np
from morsecensus.analysis.theory.dynamics.kernels import Kernels
from morsecensus.analysis.theory.dynamics.recursion import descend
from morsecensus.analysis.theory.dynamics.romberg import curve
from morsecensus.tasks.covariance import Covariance
cubic = Kernels.of(Covariance.pure(3))
start = time.process_time()
{code}
print(time.process_time() - start)
"""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def run() -> list[Row]:
    return [_row(*case) for case in CASES]


def _row(what: str, bar: float, code: str) -> Row:
    """In a process of its own, whose largest memory is that of the case."""
    script = PROGRAM.format(code=code) + (
        "from morsecensus.tasks.runtime.memory import peak_bytes; print(peak_bytes())"
    )
    words = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **ONE_THREAD},
    ).stdout.split()
    value, spent, memory = float(words[0]), float(words[1]), float(words[2]) / 1e9
    return Row(what, spent / bar, "<= 1", f"{spent:.2f} s, {memory:.2f} GB, printed {value:.9g}")
