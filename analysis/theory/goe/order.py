"""Order statistics of the GOE, exactly, by Pfaffians.

What the Kac-Rice formula needs for index k is ``a_k(x) = E[ |det(x - M)| ; k eigenvalues of M lie below x ]``
over the n x n GOE. With the weight ``|x - l| (z 1{l < x} + 1{l > x})`` on every eigenvalue, de Bruijn's
integration formula (J. Indian Math. Soc. 19 (1955) 133) gives the generating function as one Pfaffian,

    sum_k a_k(x) z^k  =  const * Pf[ z^2 L + z (l r^T - r l^T) + R ],

    L_jk = int int_{y<t<x} [psi_j(y) psi_k(t) - psi_k(y) psi_j(t)],  psi_j(y) = |x - y| phi_j(y),
    R_jk the same over x < y < t,   l_j = int_{y<x} psi_j,   r_j = int_{y>x} psi_j,

bordered by the column ``z l + r`` when n is odd. Its values at the roots of unity give the coefficients by a
fast Fourier transform: no differentiation, and an absolute error of a few units of rounding of the sum. The
sum over k is also known in closed form (`goe.log_mean_abs_det`): the mismatch is kept as a measure of
accuracy.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from morsecensus.analysis.theory.goe.density import (
    hermite_functions,
    hermite_integral,
    log_mean_abs_det,
    log_partition,
)
from morsecensus.analysis.theory.goe.panels import Panels, uniform_edges
from morsecensus.analysis.theory.goe.pfaffian import pfaffian
from morsecensus.analysis.theory.goe.semicircle import semicircle_cdf

_ORDER = 16
# Beyond sqrt(2n) + 7 an eigenvalue on the far side of x has a probability below 1e-20 for every n >= 1.
_MARGIN = 7.0
# The number below x has a variance under 0.7 up to n = 100 and super-exponential tails: 21 consecutive values
# around its mean hold all but 1e-20 of the sum, so 21 roots of unity are enough.
WINDOW = 21
# Complex entries that one batch of Pfaffians may hold: 64 MiB.
_BATCH_ENTRIES = 2**22


@dataclass(frozen=True, eq=False)
class IndexFractions:
    """a_k(x) / sum_k a_k(x) on panels of x, for k from 0 to some highest one.

    Attributes:
        n: size of the matrix (one less than the number of spins).
        panels: left of them all eigenvalues lie above x; right of them more than ``highest`` lie below.
        values: shape (highest + 1, nodes), row k for k eigenvalues below x.
        mismatch: largest relative difference between the Pfaffian's sum over k and the closed form, over the
            nodes: a measured accuracy.
    """

    n: int
    panels: Panels
    values: NDArray[np.float64]
    mismatch: float

    @property
    def highest(self) -> int:
        """The last k that is resolved, n if all are."""
        return len(self.values) - 1

    def at(self, x: ArrayLike) -> NDArray[np.float64]:
        """Fractions at any x, shape (highest + 1, len(x))."""
        points = np.asarray(x, dtype=np.float64)
        low, high = self.panels.edges[0], self.panels.edges[-1]
        inside = self.panels.interpolate(self.values, np.clip(points, low, high))
        np.maximum(inside, 0.0, out=inside)
        inside[:, points < low] = 0.0
        inside[:, points > high] = 0.0
        inside[0, points < low] = 1.0
        if self.highest == self.n:
            inside[self.n, points > high] = 1.0
        return inside


@lru_cache(maxsize=128)
def index_fractions(n: int) -> IndexFractions:
    """The exact law of the number of eigenvalues below x under the weight |det(x - M)|, for every x."""
    if n < 1:
        raise ValueError(f"index_fractions: got matrix size {n}; allowed is n >= 1")
    edge = np.sqrt(2 * n) + _MARGIN
    # The fraction with k below x varies over about half of the spacing pi/sqrt(2n); 16 nodes per 1.5 spacings
    # interpolate it to 1e-11.
    left = uniform_edges(-edge, 0.0, min(1.5, 3.0 / np.sqrt(n)))
    panels = Panels(np.concatenate([left, -left[-2::-1]]), _ORDER)
    nodes = panels.nodes
    half = nodes.size // 2
    forms = _incomplete_forms(n + 1, nodes)
    # Reflection turns the form over (x, inf) into the one over (-inf, -x).
    parity = (-1.0) ** np.add.outer(np.arange(n + 1), np.arange(n + 1))
    above = -parity * forms[::-1][:half]
    roots = min(n + 1, WINDOW)
    cyclic = _cyclic_coefficients(n, nodes[:half], forms[:half], above, roots)
    # Negative values are rounding of numbers below 1e-13 of the sum.
    coefficients = np.maximum(_unfold(n, nodes[:half], cyclic), 0.0)
    fractions = coefficients / coefficients.sum(axis=0)
    values = np.concatenate([fractions, fractions[::-1, ::-1]], axis=1)
    return IndexFractions(n, panels, values, mismatch_of(n, nodes[:half], np.log(coefficients.sum(axis=0))))


def mismatch_of(n: int, x: NDArray[np.float64], log_sum: NDArray[np.float64]) -> float:
    """Largest relative difference between Pfaffians that stand for the sum over k and its closed form."""
    return float(np.max(np.abs(np.expm1(log_sum + _log_constant(n) - log_mean_abs_det(n, x)))))


def _log_constant(n: int) -> float:
    """log of the factor between the Pfaffian over phi_0 .. phi_{n-1} and an expectation over the GOE."""
    k = np.arange(n)
    leading = 0.5 * np.sum(k * np.log(2) - gammaln(k + 1) - 0.5 * np.log(np.pi))
    return float(gammaln(n + 1) - log_partition(n) - leading)


def _incomplete_forms(count: int, nodes: NDArray[np.float64]) -> NDArray[np.float64]:
    """U_jk(x) = int int_{y<t<x} [phi_j(y) phi_k(t) - phi_k(y) phi_j(t)] at each node."""
    # From node to node with 6 Gauss nodes: the gaps are short against the shortest wave, sqrt(8n) per unit.
    steps = Panels(np.concatenate([nodes[:1] - 1e-9, nodes]), 6)
    phi, integral = hermite_functions(count, steps.nodes)
    shape = (count, nodes.size, 6)
    weighted = (phi * steps.weights).reshape(shape)
    forms = np.einsum("jsq,ksq->sjk", integral.reshape(shape), weighted, optimize=True)
    forms -= forms.transpose(0, 2, 1).copy()
    return np.cumsum(forms, axis=0)


def _multiply_by_distance(n: int, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix of (y - x) from phi_0..phi_{n-1} to phi_0..phi_n, shape (len(x), n, n + 1)."""
    k = np.arange(n)
    matrix = np.zeros((x.size, n, n + 1))
    matrix[:, k, k + 1] = np.sqrt((k + 1) / 2)
    matrix[:, k[1:], k[1:] - 1] = np.sqrt(k[1:] / 2)
    matrix[:, k, k] = -x[:, None]
    return matrix


@lru_cache(maxsize=8)
def skew_form(count: int) -> NDArray[np.float64]:
    """U_jk on the whole line, of phi_0 .. phi_{count-1}."""
    reach = np.sqrt(2 * count) + _MARGIN
    panels = Panels(uniform_edges(-reach, reach, 3.0 / np.sqrt(count)), _ORDER)
    phi, integral = hermite_functions(count, panels.nodes)
    form = integral @ (phi * panels.weights).T
    return form - form.T


def totals(count: int) -> NDArray[np.float64]:
    """Integrals of phi_0 .. phi_{count-1} over the line, shape (count, 1)."""
    return np.array([hermite_integral(k) for k in range(count)])[:, None]


def _cyclic_coefficients(
    n: int,
    x: NDArray[np.float64],
    below: NDArray[np.float64],
    above: NDArray[np.float64],
    roots: int,
) -> NDArray[np.float64]:
    """Coefficients of z^0 .. z^n of the Pfaffian at each x, summed modulo ``roots``: (roots, len(x)).

    Args:
        below, above: forms of phi_0 .. phi_n over y < t < x and over x < y < t, shape (len(x), n + 1, n + 1).
    """
    phases = np.exp(2j * np.pi * np.arange(roots // 2 + 1) / roots)
    chunk = max(1, _BATCH_ENTRIES // (phases.size * (n + 1) ** 2))
    total = totals(n + 1)
    parts = []
    for start in range(0, x.size, chunk):
        here = slice(start, start + chunk)
        distance = _multiply_by_distance(n, x[here])
        _, integral = hermite_functions(n + 1, x[here])
        low = -np.einsum("xjk,kx->xj", distance, integral)
        high = np.einsum("xjk,kx->xj", distance, total - integral)
        left = distance @ below[here] @ distance.transpose(0, 2, 1)
        right = distance @ above[here] @ distance.transpose(0, 2, 1)
        parts.append(_values_on_circle(phases, left, right, low, high))
    values = np.concatenate(parts, axis=1)
    return np.fft.irfft(np.conj(values), roots, axis=0)


def _unfold(n: int, x: NDArray[np.float64], cyclic: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients 0 .. n from those modulo the number of roots, (roots, len(x)) -> (n + 1, len(x))."""
    roots = cyclic.shape[0]
    if roots == n + 1:
        return cyclic
    # Start of the window: centred where the semicircle puts the mean number below x.
    start = np.clip(
        np.rint(n * semicircle_cdf(x * np.sqrt(2 / n))).astype(int) - roots // 2, 0, n + 1 - roots
    )
    k = np.arange(n + 1)[:, None]
    inside = (k >= start) & (k < start + roots)
    return np.where(inside, cyclic[k % roots, np.arange(x.size)], 0.0)


def _values_on_circle(
    phases: NDArray[np.complex128],
    below: NDArray[np.float64],
    above: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.complex128]:
    """The Pfaffian at each phase and each x, shape (phases, len(x))."""
    points, n, _ = below.shape
    cross = low[:, :, None] * high[:, None, :]
    cross = cross - cross.transpose(0, 2, 1)
    z = phases[:, None, None, None]
    order = n + n % 2
    matrices = np.zeros((phases.size, points, order, order), dtype=np.complex128)
    matrices[:, :, :n, :n] = z**2 * below + z * cross + above
    if n % 2:
        border = z[..., 0] * low + high
        matrices[:, :, :n, n] = border
        matrices[:, :, n, :n] = -border
    return pfaffian(matrices.reshape(-1, order, order)).reshape(phases.size, points)
