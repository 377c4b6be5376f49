"""Bertini 2 (the wheel `bertini2`, whose module is called `bertini`): total-degree homotopy, power series
endgame, in double or in adaptive multiple precision."""

import importlib
import importlib.util
import time
from functools import reduce
from operator import mul
from typing import Any

import numpy as np

from benchmarks.oracles.polynomials import Polynomials, Roots

ADAPTIVE, DOUBLE = "adaptive", "double"
LOOSE, SHARP = 1e-11, 1e-13
"""Tolerances of roots: Bertini's default, and one that leaves its errors well below 1e-10."""
ZERO = 1e-6
"""A root with smaller coordinates is the root zero, which the finder leaves out."""


def missing() -> str | None:
    """What to do if the wheel isn't there."""
    found = importlib.util.find_spec("bertini")
    return None if found else "bertini2 isn't installed: .venv/bin/uv pip install bertini2 (or make bench)"


def solve(
    polynomials: Polynomials, seed: int, precision: str, tolerance: float = LOOSE, threads: int = 1
) -> Roots:
    """All finite, distinct roots. Call it in a process of its own: the module patches NumPy when imported."""
    # By name: type checks don't need the wheel.
    bertini: Any = importlib.import_module("bertini")
    # Else it writes every solve to the working directory, and returns what it finds there.
    bertini.recording(False)
    bertini.random.set_random_seed(seed)
    system = _system(bertini, polynomials)
    solver = bertini.ZeroDimSolver(system, mptype=precision, final_tolerance=tolerance, num_threads=threads)
    start = time.perf_counter()
    result = solver.solve(show_progress=False)
    seconds = time.perf_counter() - start
    points = np.array([[complex(value) for value in root] for root in result.solutions], dtype=complex)
    points = points.reshape(-1, polynomials.unknowns)
    return Roots(points[np.abs(points).max(axis=1) > ZERO], seconds)


def _system(bertini: Any, polynomials: Polynomials) -> Any:
    variables = [bertini.Variable(f"x{a}") for a in range(polynomials.unknowns)]
    system = bertini.System()
    system.add_variable_group(bertini.VariableGroup(variables))
    for equation in polynomials.equations:
        # Strings: floats are refused, since they would cap the precision.
        system.add_function(
            sum(
                reduce(mul, (variables[a] for a in monomial), bertini.coefficient(repr(value)))
                for monomial, value in equation.items()
            )
        )
    return system
