"""The homotopy finder behind the interface of the oracles: the one place that calls it."""

import time

import numpy as np
from jaxtyping import Complex

from benchmarks.oracles.polynomials import Roots
from morsecensus.tasks.finders.homotopy.books import enumerate_solutions
from morsecensus.tasks.finders.homotopy.start import polynomial_system
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.landscapes.base import Couplings
from morsecensus.tasks.landscapes.spin import MixedSpin


def solve(landscape: MixedSpin, couplings: Couplings, seed: int, threads: int = 1) -> Roots:
    """All roots, with the books closed.

    Raises:
        RuntimeError: if the books stayed open.
    """
    system = polynomial_system(landscape, couplings)
    start = time.perf_counter()
    enumeration = enumerate_solutions(system, ("oracle", seed), HomotopyOptions(threads=threads))
    seconds = time.perf_counter() - start
    if not enumeration.complete:
        found = enumeration.found
        raise RuntimeError(f"the books of {landscape} stayed open: {found} of {enumeration.expected}")
    return Roots(_all_multiples(landscape, enumeration.solutions), seconds)


def _all_multiples(
    landscape: MixedSpin, solutions: Complex[np.ndarray, "found unknowns"]
) -> Complex[np.ndarray, "all unknowns"]:
    """A pure form's solutions stand for their multiples with grad H(x) = x, p-2 of them."""
    if not landscape.covariance.is_pure:
        return solutions
    order = landscape.covariance.degree - 2
    x, mu = solutions[:, :-1], solutions[:, -1:]
    solutions = x * mu ** (-1 / order)
    return np.concatenate([solutions * np.exp(2j * np.pi * k / order) for k in range(order)])
