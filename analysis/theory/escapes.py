"""How long a linear flow takes to leave a saddle from a Gaussian kick: mean and variance, all modes counted.

With curvatures l_i and a kick u_i = r g_i/sqrt(d), g standard normal, |u(t)|^2 = R^2 sum w_i(t) g_i^2 with
w_i = (r/R)^2 exp(-2 l_i t)/d. It is convex in t, so a run that begins inside leaves the distance R once, and

    P(T > t) = P(sum w_i g_i^2 < 1),   E T = int P(T > t) dt,   E T^2 = 2 int t P(T > t) dt.

The probability is the inverse Laplace transform of prod (1 + 2 w_i s)^(-1/2)/s at 1, whose singularities lie
on the negative axis: A. Talbot's contour, in the form of J. Abate and P. Valko, Int. J. Numer. Meth. Engng 60
(2004) 979. Where one mode grows alone, l_1 < 0, |l_1| T is log(R/r) + log(sqrt(d)/|g_1|): mean log(R/r) +
(log(2 d) + Euler's constant)/2, variance pi^2/8.
"""

import math

import numpy as np

from morsecensus.analysis.arrays import Floats

NODES = 24
"""Of the contour: errors near 1e-10, where rounding and truncation meet."""
SPACING = 0.2
"""Of times, in units of 1/|l_1|: the trapezoid rule for an analytic function that is flat at both ends."""
TAIL = 32.0
"""Beyond log(R/r), in the same units: P(T > t) is below 1e-12 there, for up to 10^4 modes."""


def passage(curvatures: Floats, ratio: float) -> tuple[Floats, Floats]:
    """Mean and standard deviation of |l_1| T at each of some saddles.

    Args:
        curvatures: shape (saddles, d), the lowest of each below 0.
        ratio: R/r: so large that no run begins farther out than R.
    """
    rates = -np.sort(curvatures, axis=1)
    rates = rates / rates[:, :1]
    times = np.arange(0.0, math.log(ratio) + TAIL, SPACING)
    stays = np.array([still_near(own, times, ratio) for own in rates])
    weights = np.full(len(times), SPACING)
    weights[0] /= 2
    # At 0 t P has a slope, of which the trapezoid rule misses h^2/12 (Euler, Maclaurin).
    mean, square = stays @ weights, stays @ (2 * times * weights) + SPACING**2 / 6
    return mean, np.sqrt(square - mean**2)


def still_near(rates: Floats, times: Floats, ratio: float) -> Floats:
    """P(T > t) of one saddle, times of shape (times,).

    Args:
        rates: -l_i over the largest of them, in units of whose inverse the times are.
        ratio: R/r.
    """
    angle = np.arange(1, NODES) * np.pi / NODES
    cot = 1 / np.tan(angle)
    radius = 0.4 * NODES
    s = radius * angle * (cot + 1j)
    factor = np.exp(s) * (1 + 1j * (angle + (angle * cot - 1) * cot)) / s
    s, factor = np.append(s, radius), np.append(factor, np.exp(radius) / radius / 2)
    logs = np.zeros((len(times), NODES), complex)
    for rate in rates:
        weight = np.exp(2 * rate * times - 2 * math.log(ratio)) / len(rates)
        logs += np.log1p(2 * weight[:, None] * s[None])
    return radius / NODES * (np.exp(-logs / 2) * factor).real.sum(axis=1)


def softest_alone(dimension: int, ratio: float) -> tuple[float, float]:
    """The same where one mode grows and what the others start with is forgotten."""
    mean = math.log(ratio) + (math.log(2 * dimension) + float(np.euler_gamma)) / 2
    return mean, math.pi / math.sqrt(8)
