"""Spiked landscapes for N -> infinity: rates of mean numbers at an overlap, and the lines they imply.

H has covariance N xi and mean -N xi_s(m). With x0, x1, x2 = xi, xi', xi'' at 1, C = [[x0, x1], [x1, x1+x2]],
``e = E + xi_s(m)``, ``d = D + m xi_s'(m)``, the formula of `analysis.theory.models.spiked.finite_n` gives for
all critical points

    Sigma(m, E, D) = [1 + log(x2/x1)]/2 + log(1-m^2)/2 - (1-m^2) xi_s'(m)^2/(2 x1)
                     + Omega(D/sqrt(x2)) - (e, d) C^{-1} (e, d)^T/2.

Minima need D <= -2 sqrt(x2) and cost more. Their Hessian is ``G - D - sqrt(x2) theta u u^T`` with ``theta =
xi_s''(m) (1-m^2)/sqrt(x2)``: for theta > 1 its lowest eigenvalue leaves the semicircle (J. Baik, G. Ben
Arous, S. Peche, arXiv:math/0403022) to -D - sqrt(x2) (theta + 1/theta), and where that is negative it must be
held back, which has the rate L of M. Maida (arXiv:math/0609738), with t = -D/sqrt(x2):

    L(theta, t) = -int_t^rho sqrt(y^2-4) dy/4 - theta (t-rho)/2 + (t^2-rho^2)/8,  2 <= t < rho.

with rho = theta + 1/theta, and 0 for t >= rho or theta <= 1.

These are rates of means (annealed). V. Ros, G. Ben Arous, G. Biroli, C. Cammarota (arXiv:1804.02686) have the
spiked tensor, S. Sarao Mannelli, F. Krzakala, P. Urbani, L. Zdeborova (arXiv:1902.00139) the matrix and
tensor.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import inf, log, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.limits.complexity import log_potential
from morsecensus.tasks.covariance import Covariance, Signal

Floats = NDArray[np.float64]

_FARTHEST = 60.0
"""Of -D/sqrt(x2), beyond its mean and beyond where no eigenvalue must be held back: rates there are lower."""


def held_back_rate(theta: float, t: float) -> float:
    """L(theta, t): rate at which no eigenvalue of a GOE matrix minus theta u u^T is below -t, semicircle on
    [-2, 2]; infinite for t < 2, where of order N eigenvalues are."""
    if t < 2:
        return inf
    if theta <= 1 or t >= theta + 1 / theta:
        return 0.0
    rho = theta + 1 / theta
    area = _edge_integral(rho) - _edge_integral(t)
    return max(0.0, -area / 4 - theta * (t - rho) / 2 + (t**2 - rho**2) / 8)


def _edge_integral(t: float) -> float:
    """int_2^t sqrt(y^2 - 4) dy."""
    root = sqrt(t**2 - 4)
    return t * root / 2 - 2 * log((t + root) / 2)


@dataclass(frozen=True)
class SpikedLimit:
    """The limit N -> infinity of a spiked landscape: noise of covariance N xi around the mean -N xi_s(m)."""

    covariance: Covariance
    signal: Signal

    def perturbation(self, overlap: float) -> float:
        """theta: strength of the signal's direction in the Hessian, over sqrt(x2)."""
        curvature = self.signal.second_derivative(overlap) * (1 - overlap**2)
        return curvature / sqrt(self.covariance.x2)

    def complexity(self, overlap: float, energy: float | None = None) -> float:
        """Rate of the number of all critical points at an overlap, -1 < m < 1, and an energy if given."""
        mean, variance, cost = self._radial_law(overlap, energy)
        return cost + self._best(mean, variance)

    def minima_complexity(self, overlap: float, energy: float | None = None) -> float:
        """The same of minima; -inf where there can't be any."""
        mean, variance, cost = self._radial_law(overlap, energy)
        theta, unit = self.perturbation(overlap), sqrt(self.covariance.x2)

        def rate(t: float) -> float:
            return (
                float(log_potential(t)) - held_back_rate(theta, t) - (mean + unit * t) ** 2 / (2 * variance)
            )

        if variance == 0:
            t = -mean / unit
            return cost + float(log_potential(t)) - held_back_rate(theta, t)
        free = [theta + 1 / theta] if theta > 1 else []
        pieces = [2.0, *free, max(2.0, -mean / unit, *free) + _FARTHEST]
        return cost + max(_highest(rate, low, high) for low, high in pairwise(pieces))

    def _radial_law(self, overlap: float, energy: float | None) -> tuple[float, float, float]:
        """Mean of D, N times its variance, and the rate of all that doesn't depend on D."""
        if not -1 < overlap < 1:
            raise ValueError(f"overlap: got {overlap:g}, allowed: between -1 and 1")
        x0, x1, x2 = self.covariance.x0, self.covariance.x1, self.covariance.x2
        slope = self.signal.derivative(overlap)
        cost = 0.5 * (1 + log(x2 / x1)) + 0.5 * log(1 - overlap**2)
        cost -= (1 - overlap**2) * slope**2 / (2 * x1)
        if energy is None:
            return -overlap * slope, x1 + x2, cost
        excess = energy + self.signal.value(overlap)
        variance = 0.0 if self.covariance.is_pure else max(x1 + x2 - x1**2 / x0, 0.0)
        return x1 / x0 * excess - overlap * slope, variance, cost - excess**2 / (2 * x0)

    def _best(self, mean: float, variance: float) -> float:
        """max over D of Omega(D/sqrt(x2)) - (D - mean)^2/(2 variance)."""
        unit = sqrt(self.covariance.x2)
        if variance == 0:
            return float(log_potential(mean / unit))
        # Omega' = a t + b at a maximum: t/2 inside; outside t = g + 1/g with Omega' = g.
        a, b = unit**2 / variance, -unit * mean / variance
        candidates = [-2.0, 2.0]
        if a != 0.5 and abs(b / (0.5 - a)) <= 2:
            candidates.append(b / (0.5 - a))
        for g in _roots(1 - a, -b, -a):
            if 0 < abs(g) <= 1:
                candidates.append(g + 1 / g)
        t = np.array(candidates)
        return float(np.max(log_potential(t) - (unit * t - mean) ** 2 / (2 * variance)))


def _roots(a: float, b: float, c: float) -> list[float]:
    """Real roots of a g^2 + b g + c, without cancellation."""
    square = b**2 - 4 * a * c
    if square < 0:
        return []
    q = -(b + (sqrt(square) if b >= 0 else -sqrt(square))) / 2
    return [top / bottom for top, bottom in ((q, a), (c, q)) if bottom != 0]


def _highest(function: Callable[[float], float], low: float, high: float, points: int = 61) -> float:
    """The maximum of a function with one or two humps: a grid, finer at its low end, then Brent's method."""
    grid = low + (high - low) * np.linspace(0, 1, points) ** 2
    values = [function(float(t)) for t in grid]
    best = int(np.argmax(values))
    bounds = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, points - 1)])
    from scipy.optimize import minimize_scalar  # see `theory.limits.roots`

    found: Any = minimize_scalar(
        lambda t: -function(float(t)), bounds=bounds, method="bounded", options={"xatol": 1e-10}
    )
    return max(values[best], -float(found.fun))


def descent_margin(limit: SpikedLimit) -> float:
    """xi_s''(0)/sqrt(xi''(1)): above 1 the signal gives marginal points of overlap 0 a way down,
    and gradient flow from a random start leaves them (arXiv:1902.00139, arXiv:1907.08226).

    The threshold points of gradient flow have D = -2 sqrt(x2); theta > 1 is the transition of their lowest
    eigenvalue.
    """
    return limit.perturbation(0.0)


def descent_line(p: int, deltap: float) -> float:
    """The 1/D2 of the matrix-tensor model above which gradient flow finds the signal.

    1/D2 = sqrt(1/D2 + (p-1)/Dp), so 1/D2 = [1 + sqrt(1 + 4 (p-1)/Dp)]/2.
    """
    return (1 + sqrt(1 + 4 * (p - 1) / deltap)) / 2


def uninformed_minima(limit: SpikedLimit) -> float:
    """Rate of the number of minima of overlap 0, of any energy: spurious ones, that know nothing of the
    signal."""
    return limit.minima_complexity(0.0)


def opposed_minima(limit: SpikedLimit) -> float:
    """Highest rate of minima at overlaps from 0 to -0.9.

    For odd p the tensor repels from the signal there, and such minima outlive those of overlap 0.
    """
    return _highest(lambda opposed: limit.minima_complexity(-opposed), 0.0, 0.9, 31)
