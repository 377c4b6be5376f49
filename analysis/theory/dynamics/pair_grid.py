"""A grid of two times that is logarithmic in both the lag and the earlier time, and interpolation on it.

Times are in units of 1/r, r some times the fastest rate. The pair t' = earlier time, t = t' + lag is at

    u = log(1 + t),   x = [log(1 + lag) - log(1 + t')] / u,    -1 <= x <= 1,

x = -1 on the diagonal, x = 1 at t' = 0. Functions that age, decay as powers or start at t' of order one are
smooth in both; nodes are equidistant in both, so interpolation is Lagrange's on the nearest of them.
"""

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.dynamics.kernels import Floats

Integers = NDArray[np.int64]


def split(x: Floats, length: Floats | float) -> tuple[Floats, Floats, Floats]:
    """The lag and the earlier time at x where they add up to `length`, and d(lag)/dx."""
    u = np.log1p(length)
    up, down = np.exp(x * u), np.exp(-x * u)
    lag = np.maximum((up * (1 + length) - 1) / (1 + up), 0.0)
    earlier = np.maximum((down * (1 + length) - 1) / (1 + down), 0.0)
    return lag, earlier, u * up * (2 + length) / (1 + up) ** 2


def place(lag: Floats, earlier: Floats) -> tuple[Floats, Floats]:
    """u and x of pairs; x = -1 at t = 0."""
    u = np.log1p(lag + earlier)
    some = np.where(u > 0, u, 1.0)
    return u, np.where(u > 0, (np.log1p(lag) - np.log1p(earlier)) / some, -1.0)


def lagrange(position: Floats, size: int, points: int) -> tuple[Integers, Floats]:
    """Interpolation from nodes 0 .. size - 1: the first of `points` nodes, and their weights (last axis)."""
    first = np.floor(position).astype(np.int64) - (points // 2 - 1)
    first = np.clip(first, 0, size - points)
    away = (position - first)[..., None] - np.arange(points)
    weights = np.ones(away.shape)
    for i in range(points):
        for j in range(points):
            if i != j:
                weights[..., i] *= away[..., j] / (i - j)
    return first, weights


def derivative(size: int, spacing: float, points: int) -> Floats:
    """The matrix of d/dx on equidistant nodes, of order `points`, shape (size, size)."""
    found = np.zeros((size, size))
    for i in range(size):
        first = int(np.clip(i - points // 2, 0, size - points - 1))
        nodes = np.arange(first, first + points + 1)
        powers = np.vander(nodes - i, increasing=True).T.astype(np.float64)
        found[i, nodes] = np.linalg.solve(powers, np.eye(points + 1)[1]) / spacing
    return found


def panels(count: int, order: int) -> tuple[Floats, Floats]:
    """Nodes and weights of `count` Gauss-Legendre panels on [-1, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    edges = np.linspace(-1, 1, count + 1)
    return (edges[:-1, None] + (nodes + 1) / count).ravel(), np.tile(weights / count, count)
