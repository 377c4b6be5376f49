"""The ground-state energy for N -> infinity, by one step of replica symmetry breaking at zero temperature.

The Crisanti-Sommers functional at T = 0 (W.-K. Chen and A. Sen, arXiv:1512.08492) for an order parameter that
jumps from 0 to y at overlap q0 and has susceptibility chi at 1, with L = chi + y (1 - q0):

    -E = min of [ x1 chi + y (x0 - xi(q0)) + q0/L + log(L/chi)/y ] / 2.

Without a degree-1 term q0 = 0 and only x0, x1 enter; for pure p >= 3 the result is E_0 of the Kac-Rice
complexity. With a field q0 > 0. Where one state is all, -E = sqrt(x1).
"""

from dataclasses import dataclass
from math import log, log1p, sqrt

import numpy as np

from morsecensus.analysis.theory.limits.roots import find_root
from morsecensus.tasks.covariance import Covariance

WEAKEST = 1e-10
"""Variance of a field over xi'(1) that moves energies at all: q0 is as small, and in what is stationary there
rounding of 1e-16 hides it."""


@dataclass(frozen=True)
class GroundState:
    """The one-step ground state for N -> infinity.

    Attributes:
        energy: per spin (negative).
        susceptibility: chi of one state.
        slope: y, the rate at which the number of low states grows with energy; 0 where one state is all.
        overlap: q0 between different low states.
        replicon: the smaller of 1 - xi''(1) chi^2 and 1 - xi''(q0) L^2. Negative: one step isn't enough and
        `energy`
            is only a lower bound. Positive is necessary, not sufficient.
    """

    energy: float
    susceptibility: float
    slope: float
    overlap: float
    replicon: float


def ground_state(covariance: Covariance) -> GroundState:
    """The lowest energy per spin, from the stationary points of the functional."""
    single = _single_state(covariance)
    if covariance.x2 <= covariance.x1:
        return single
    solve = _with_field if covariance.derivative(0.0) > WEAKEST * covariance.x1 else _without_field
    return max([single, *solve(covariance)], key=lambda state: state.energy)


def _single_state(covariance: Covariance) -> GroundState:
    x1, x2 = covariance.x1, covariance.x2
    return GroundState(-sqrt(x1), 1 / sqrt(x1), 0.0, 1.0, 1 - x2 / x1)


def _state(covariance: Covariance, chi: float, y: float, q0: float) -> GroundState:
    length = chi + y * (1 - q0)
    gain = covariance.x1 * chi + y * (covariance.x0 - covariance.value(q0))
    energy = -0.5 * (gain + q0 / length + log(length / chi) / y)
    replicon = min(1 - covariance.x2 * chi**2, 1 - covariance.second_derivative(q0) * length**2)
    return GroundState(energy, chi, y, q0, replicon)


def _without_field(covariance: Covariance) -> list[GroundState]:
    """q0 = 0. In r = y/chi: chi = 1/sqrt(x1 (1+r)), and one equation for r."""
    x0, x1 = covariance.x0, covariance.x1

    def stationarity(r: float) -> float:
        # (1+r) log(1+r)/r^2 - 1/r falls from 1/2 at r = 0 to 0: below 1e-4 its series is exact to 1e-13.
        value = 0.5 - r / 6 + r**2 / 12 if r < 1e-4 else (1 + r) * log1p(r) / r**2 - 1 / r
        return value - x0 / x1

    # Within rounding of r = 0 (a 2-spin model with next to nothing added) there is one state.
    if stationarity(1e-8) <= 0:
        return []
    high = 1.0
    while stationarity(high) > 0:
        high *= 2
    r = find_root(stationarity, 1e-8, high)
    chi = 1 / sqrt(x1 * (1 + r))
    return [_state(covariance, chi, r * chi, 0.0)]


def _with_field(covariance: Covariance) -> list[GroundState]:
    """Stationarity in q0 gives L, in chi gives chi; what is left is one equation for q0 in (0, 1)."""

    def solve(q0: float) -> tuple[float, float]:
        length = sqrt(q0 / covariance.derivative(q0))
        chi = (1 - q0) / (length * (covariance.x1 - covariance.derivative(q0)))
        return chi, (length - chi) / (1 - q0)

    def stationarity(q0: float) -> float:
        chi, y = solve(q0)
        length = chi + y * (1 - q0)
        gain = covariance.x0 - covariance.value(q0) - q0 * (1 - q0) / length**2
        # Times y^2: the sign is the same and y = 0 isn't singular.
        return y**2 * gain + y * (1 - q0) / length - log(length / chi)

    # q0 can be as small as the field: a logarithmic grid up to 1/2, a linear one beyond.
    grid = np.concatenate([np.geomspace(1e-12, 0.5, 240), np.linspace(0.5, 0.999, 240)[1:]])
    values = [stationarity(float(q)) for q in grid]
    found = []
    for i in np.flatnonzero(np.diff(np.sign(values))):
        q0 = find_root(stationarity, float(grid[i]), float(grid[i + 1]))
        chi, y = solve(q0)
        if y > 1e-9 / chi:
            found.append(_state(covariance, chi, y, q0))
    return found
