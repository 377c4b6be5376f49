"""How often a slice through a saddle looks like a minimum.

Along a uniformly random line through a critical point with curvatures l_1..l_d the second derivative is
sum l_i g_i^2 / |g|^2, g Gaussian, so the share of lines that look convex is P(sum l_i g_i^2 > 0).
"""

from itertools import pairwise

import numpy as np
from scipy.stats import beta

from morsecensus.analysis.arrays import Floats

SPACING = 0.1
"""Of the trapezoid rule in log u: the integrand is analytic to pi/2 off the axis, so the error is
of the order exp(-pi^2/h), more where many curvatures are of one size: 4e-13 at h = 0.2 for 25 of them."""
LOWEST, HIGHEST = -40.0, 80.0
"""Of log u: what is left out is below 1e-17 even where one curvature is all there is."""
AT_ONCE = 128
"""Points that are looked at together."""


def convex_lines(curvatures: Floats) -> Floats:
    """Share of uniformly random lines through a point along which it looks like a minimum.

    J. P. Imhof, Biometrika 48 (1961) 419: P(sum l_i g_i^2 > 0) = 1/2 + (1/pi) int sin(theta)/(u rho) du,
    theta = sum arctan(l_i u)/2, rho = prod (1 + l_i^2 u^2)^(1/4). Errors are below 1e-13.

    Args:
        curvatures: shape (points, d); some curvature of each point must not be 0.
    """
    scale = np.abs(curvatures).max(axis=1, keepdims=True)
    # where all have one sign nothing is left to integrate, and the sum below would be rounding
    share = np.where((curvatures >= 0).all(axis=1), 1.0, 0.0)
    mixed = np.flatnonzero((curvatures > 0).any(axis=1) & (curvatures < 0).any(axis=1))
    bounds = [*range(0, len(mixed), AT_ONCE), len(mixed)]
    for first, end in pairwise(bounds):
        rows = mixed[first:end]
        share[rows] = _imhof(curvatures[rows] / scale[rows])
    return share


def _imhof(curvatures: Floats) -> Floats:
    u = np.exp(np.arange(LOWEST, HIGHEST, SPACING))
    angle, size = np.zeros((len(curvatures), len(u))), np.zeros((len(curvatures), len(u)))
    for column in curvatures.T:
        product = column[:, None] * u[None]
        angle += np.arctan(product) / 2
        size += np.log1p(product**2) / 4
    return 0.5 + SPACING / np.pi * (np.sin(angle) * np.exp(-size)).sum(axis=1)


def convex_lines_equal(dimension: int, negative: int) -> float:
    """The same for curvatures of one size, some of them negative: P(B > 1/2), B of Beta((d - k)/2, k/2)."""
    if negative in (0, dimension):
        return float(negative == 0)
    return float(beta.sf(0.5, (dimension - negative) / 2, negative / 2))


def convex_planes(curvatures: Floats, generator: np.random.Generator) -> Floats:
    """One random plane through each point: 1.0 where it looks like a minimum along it, else 0.0.

    Args:
        curvatures: shape (points, d), d at least 2.
    """
    a, b = generator.standard_normal((2, *curvatures.shape))
    first, second, mixed = ((curvatures * one * two).sum(axis=1) for one, two in ((a, a), (b, b), (a, b)))
    return ((first > 0) & (first * second > mixed**2)).astype(np.float64)
