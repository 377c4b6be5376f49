"""Where minima of overlap 0 vanish in the matrix-tensor model, without cancellation at weak tensor noise.

With a = 1/D2, b = 1/Dp noise and signal have x1 = a + b, x2 = a + (p-1) b, and theta = a/sqrt(x2) at
overlap 0. In the rate of minima there (`analysis.theory.models.spiked.limits`) all up to order b^2 cancels,
for ``delta = (x2-x1)/(x2+x1)`` adds to the number of points what it takes from those with marginal Hessians.
With ``-D = 2 sqrt(x2) cosh u`` and ``theta = e^v`` every term is the integral of something positive,

    rate(u) = int_0^delta s^2/(1-s^2) ds - int_0^u [delta sinh 2y + 2 sinh^2 y] dy
              - int_u^v sinh y (e^v - e^y) dy,    the last one for u < v alone,

highest at e^u = [theta + sqrt(theta^2 + 4 (2+delta) (1-delta))]/(2 (2+delta)), or at u = 0 where that is
below 1. For b -> 0 it is (2 delta^3 - v^3)/6 at u = 0, so the line is at 1 + (p-1 + 2^{1/3} (p-2)) b.
"""

from collections.abc import Callable
from math import exp, log, log1p, sqrt

import numpy as np
from numpy.polynomial.legendre import leggauss

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.theory.limits.roots import find_root

_NODES, _WEIGHTS = leggauss(60)
"""u and v are below 25, delta is below 2/3 for every allowed variance: exact to rounding."""


def triviality_line(p: int, deltap: float) -> float:
    """The 1/D2 of the matrix-tensor model above which no minima of overlap 0 are left: their rate vanishes
    (arXiv:1902.00139)."""
    # 1/D2 less 1, over what it is at `descent_line`, where theta = 1 and there still are minima.
    unit = 2 * (p - 1) / deltap / (1 + sqrt(1 + 4 * (p - 1) / deltap))
    high = 2.0
    while minima_rate(p, unit * high, 1 / deltap) > 0:
        high *= 2
    return 1 + unit * find_root(lambda x: minima_rate(p, unit * x, 1 / deltap), 1.0, high)


def minima_rate(p: int, above: float, b: float) -> float:
    """Rate of the number of minima of overlap 0 at 1/D2 = 1 + above, 1/Dp = b."""
    delta = (p - 2) * b / (2 * (1 + above) + p * b)
    v = max(0.0, log1p(above) - log1p(above + (p - 1) * b) / 2)
    theta = exp(v)
    u = max(0.0, log((theta + sqrt(theta**2 + 4 * (2 + delta) * (1 - delta))) / (2 * (2 + delta))))
    topology = _integral(lambda s: s**2 / (1 - s**2), 0.0, delta)
    radial = _integral(lambda y: delta * np.sinh(2 * y) + 2 * np.sinh(y) ** 2, 0.0, u)
    held = _integral(lambda y: np.sinh(y) * np.exp(y) * np.expm1(v - y), u, v) if u < v else 0.0
    return topology - radial - held


def _integral(function: Callable[[Floats], Floats], low: float, high: float) -> float:
    half = (high - low) / 2
    return half * float(_WEIGHTS @ function(low + half * (_NODES + 1)))
