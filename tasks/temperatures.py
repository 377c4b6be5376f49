"""Where dynamics freezes and where statics does, of isotropic models at N to infinity.

In units of E H H' = N xi, weight exp(-H/T), without a field (xi'(0) = 0):

- T_s: the overlap 0 between two draws is stable for T >= T_s, where e = -xi(1)/T: M. Talagrand, Probab.
  Theory Relat. Fields 134 (2006) 339, has T_s^2 = max over q of xi(q) / (-log(1-q) - q), also for mixtures.
- T_d (of mixtures: T_MCT): the highest temperature at which the equilibrium correlation has a plateau q,
  T^2 = xi'(q) (1-q)/q, so T_d^2 is the maximum of that over q (A. Crisanti, H. Horner and H.-J. Sommers,
  Z. Phys. B 92 (1993) 257).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from morsecensus.tasks.covariance import Covariance

SMALLEST, LARGEST = 1e-4, 1 - 1e-9
"""Overlaps at which maxima are looked for; at 0 both functions are xi''(0)."""
ZOOMS, POINTS = 12, 40
"""Times that the neighbourhood of the highest point of a grid becomes the next grid."""


@dataclass(frozen=True)
class Transition:
    """A temperature, and the overlap that appears there: 0 where it grows from zero."""

    temperature: float
    overlap: float


def static_transition(covariance: Covariance) -> Transition:
    """T_s; raises ValueError with a field."""
    _no_field(covariance)
    return _highest(covariance, lambda q: covariance.value(q) / (-np.log1p(-q) - q))


def dynamic_transition(covariance: Covariance) -> Transition:
    """T_d; raises ValueError with a field."""
    _no_field(covariance)
    return _highest(covariance, lambda q: covariance.derivative(q) * (1 - q) / q)


def _no_field(covariance: Covariance) -> None:
    if covariance.derivative(0.0) != 0.0:
        raise ValueError(f"xi: got {covariance} with a term of degree 1, allowed: none for temperatures")


def _highest(covariance: Covariance, square: Callable[[float], float]) -> Transition:
    """The maximum of T^2 over q; at q = 0 both functions are xi''(0)."""
    grid = np.concatenate([np.geomspace(SMALLEST, 0.01, 100), np.linspace(0.01, LARGEST, 2000)])
    best, value = _best(grid, square)
    at_zero = covariance.second_derivative(0.0)
    if best == 0 or value <= at_zero * (1 + 1e-9):
        return Transition(sqrt(at_zero), 0.0)
    for _ in range(ZOOMS):
        grid = np.linspace(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)], POINTS)
        best, value = _best(grid, square)
    return Transition(sqrt(value), float(grid[best]))


def _best(grid: NDArray[np.float64], square: Callable[[float], float]) -> tuple[int, float]:
    values = [float(square(float(q))) for q in grid]
    best = int(np.argmax(values))
    return best, values[best]
