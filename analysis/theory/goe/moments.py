"""Mean moments of GOE spectra at finite size, exactly, and the semicircle's: what a bulk is held against.

W is an n x n symmetric Gaussian matrix with variance 1 off the diagonal and 2 on it, so that
``E W_ij W_kl = d_ik d_jl + d_il d_jk``. By Wick's formula ``E tr W^2k`` is a sum over the pairings of the 2k
sides of a polygon, each pair glued straight or with a twist, of n^(number of vertices):

    m_2 = n + 1,  m_4 = 2 n^2 + 5 n + 5,  m_6 = 5 n^3 + 22 n^2 + 52 n + 41   (per eigenvalue)

with Catalan numbers in front: the gluings to a sphere. Sources: E. P. Wigner 1958; J. Harer and D. Zagier
1986 for the unitary case, I. P. Goulden and D. M. Jackson 1997 with twists. A second route is quadrature of
the one-point density of `analysis.theory.goe.density`, whose matrices are W / sqrt(2).
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import product
from math import comb

import numpy as np

from morsecensus.analysis.theory.goe.density import log_density

HIGHEST = 8
"""Highest moment: (2k-1)!! 2^k gluings, 1,680 of them for k = 4."""


def catalan(k: int) -> int:
    """C_k, moment 2k of the semicircle on [-2, 2]."""
    return comb(2 * k, k) // (k + 1)


def _pairings(sides: tuple[int, ...]) -> Iterator[list[tuple[int, int]]]:
    if not sides:
        yield []
        return
    first, *rest = sides
    for place, other in enumerate(rest):
        left = (*rest[:place], *rest[place + 1 :])
        for others in _pairings(left):
            yield [(first, other), *others]


def _vertices(pairs: list[tuple[int, int]], twists: tuple[bool, ...], sides: int) -> int:
    """Corners of the polygon that gluing leaves apart. Side s goes from corner s to corner s + 1."""
    parent = list(range(sides))

    def root(corner: int) -> int:
        while parent[corner] != corner:
            corner = parent[corner]
        return corner

    for (a, b), twisted in zip(pairs, twists, strict=True):
        start, end = b, (b + 1) % sides
        ends = (start, end) if twisted else (end, start)
        for mine, other in zip((a, (a + 1) % sides), ends, strict=True):
            parent[root(mine)] = root(other)
    return sum(parent[corner] == corner for corner in range(sides))


@cache
def gluings(k: int) -> tuple[int, ...]:
    """Coefficients of n^0, n^1, ... in ``E tr W^2k``.

    Raises ValueError unless 1 <= k <= HIGHEST / 2.
    """
    if not 1 <= k <= HIGHEST // 2:
        raise ValueError(f"k: got {k}, allowed: 1 to {HIGHEST // 2}")
    found = Counter(
        _vertices(pairs, twists, 2 * k)
        for pairs in _pairings(tuple(range(2 * k)))
        for twists in product((False, True), repeat=k)
    )
    return tuple(found[power] for power in range(k + 2))


def goe_moment(n: int, order: int) -> float:
    """E tr (W/sqrt n)^order / n, exactly: Catalan numbers as n grows; 0 for odd orders.

    Raises ValueError for an order above HIGHEST.
    """
    if order % 2:
        return 0.0
    total = sum(count * n**power for power, count in enumerate(gluings(order // 2)))
    return total / n ** (order // 2 + 1)


def density_moment(n: int, order: int, nodes: int = 400) -> float:
    """The same number by quadrature of the exact one-point density."""
    reach = np.sqrt(2 * n) + 8
    x, weight = np.polynomial.legendre.leggauss(nodes)
    density = reach * weight * np.exp(log_density(n, reach * x)) / n
    return float(density @ (reach * x * np.sqrt(2 / n)) ** order)
