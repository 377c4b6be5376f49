"""Few eigenvalues of the GOE below x, exactly: a Fredholm Pfaffian on the interval that they have to be in.

Notation of `goe.order`: its generating function is the Pfaffian of ``W + (z^2 - 1) L + z-terms``, where W,
the form at z = 1, knows no index, and the rest lives on y < x. Near the lower edge hardly anything does: the
m + 1 columns

    V = [psi_j(y_i) sqrt(w_i), r_j],   y_i, w_i a Gauss rule on (x - reach, x), w = (sqrt(w_i)),

hold L = V_m S V_m^T, S the rule's own skew form, and the vector l = V_m w. With ``G = V^T W^{-1} V`` and
``Q = [[S, w], [-w^T, 0]]`` the lemma of the Pfaffian of a sum makes the ratio to the sum over k

    sum_k z^k a_k(x) / sum_k a_k(x)  =  Pf[Q^{-1} + [[(z^2 - 1) G_mm, (z - 1) G_mr], [.., 0]]] / Pf[Q^{-1}]

for every z: matrices of order 48 whatever n is, and one linear solve with W at each x. W has a closed form,
for ``|x - y|`` differs from the polynomial ``y - x`` by the sign that z = -1 gives to eigenvalues below x.
See F. Bornemann, Markov Processes Relat. Fields 16 (2010) 803 (arXiv:0904.1581) for determinants on such
rules.

The coefficients of two neighbouring k come from a circle whose radius puts the mean number below x between
them: so small fractions keep their digits too, of a second eigenvalue far outside as of none further in. They
span a hundred decades, and it is their logarithms that are interpolated in x.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial.legendre import leggauss, legvander
from numpy.typing import ArrayLike, NDArray

from morsecensus.analysis.theory.goe.density import hermite_functions
from morsecensus.analysis.theory.goe.order import (
    IndexFractions,
    index_fractions,
    mismatch_of,
    skew_form,
    totals,
)
from morsecensus.analysis.theory.goe.panels import Panels, uniform_edges
from morsecensus.analysis.theory.goe.pfaffian import pfaffian
from morsecensus.analysis.theory.goe.semicircle import semicircle_quantile

_ORDER = 16
# Beyond sqrt(2n) + 7 an eigenvalue on the far side of x has a probability below 1e-20 for every n >= 1.
_MARGIN = 7.0
# In units of n^{-1/6}, the scale of the edge: with 6.5 and 8 fractions are off by 4e-11 and 2e-14 (measured
# at n = 22 against 300 bits).
_REACH = 9.0
# Panels of x in the same units.
_WIDTH = 1.0
# Where so many more than k lie below x on average, points of index k are left out.
_BEYOND = 7
# What the decay outside takes, and one for each half wave below x.
_NODES = 38
_MORE = 10
# Fractions below these have no digits: far outside, and where there should be more below x.
_SMALLEST, SMALLEST_INSIDE = 1e-28, 1e-16
# Indices that share a circle, and points on it: the number below x, tilted to them, has a variance under 0.7.
_GROUP = 2
_ROOTS = 20
# Newton's steps for the logarithm of the circle's radius, the longest one downwards, and where it ends.
_STEPS, _STRIDE, _LONGEST = 5, 8.0, 40.0
LARGEST = 400
"""Larger matrices have Hermite functions at the edge that leave the range of doubles."""
# Doubles that one batch of forms may hold: 64 MiB.
_BATCH_ENTRIES = 2**23


@dataclass(frozen=True, eq=False)
class EdgeFractions:
    """a_k(x) / sum_k a_k(x) at the lower edge, for k from 0 to some highest one.

    Attributes:
        panels: left of them all eigenvalues lie above x; right of them more than ``highest`` lie below.
        logs: of the fractions, shape (highest + 1, nodes).
        mismatch: largest relative difference between the elimination's sum over k and the closed form, over
            the nodes: a measured accuracy.
        probes: some x between the nodes.
        probed: fractions there from a rule with more nodes, shape (highest + 1, probes): what `at` misses.
    """

    panels: Panels
    logs: NDArray[np.float64]
    mismatch: float
    probes: NDArray[np.float64]
    probed: NDArray[np.float64]

    def at(self, x: ArrayLike) -> NDArray[np.float64]:
        """Fractions at any x, shape (highest + 1, len(x))."""
        points = np.asarray(x, dtype=np.float64)
        low, high = self.panels.edges[0], self.panels.edges[-1]
        logs = self.panels.interpolate(self.logs, np.clip(points, low, high))
        found = np.exp(np.minimum(logs, 0.0))
        found[:, points < low] = 0.0
        found[0, points < low] = 1.0
        found[:, points > high] = 0.0
        return np.where(found > _SMALLEST, found, 0.0)


def highest_at_edge(n: int) -> int:
    """The last k for which only the lower edge matters: where it is so few among n, negative for small n."""
    return (n - 1) // 2 - _BEYOND


@lru_cache(maxsize=128)
def low_index_fractions(n: int, highest: int) -> IndexFractions | EdgeFractions:
    """`index_fractions` for k = 0 .. highest alone, on the x where so few eigenvalues can lie below: far
    larger n.

    Raises:
        ValueError: n is above `LARGEST`, or highest isn't in 0 .. n.
    """
    if not 0 <= highest <= n <= LARGEST:
        raise ValueError(
            f"low_index_fractions: got size {n} and highest k {highest}; "
            f"allowed is 0 <= highest <= size <= {LARGEST}"
        )
    if highest > highest_at_edge(n):
        whole = index_fractions(n)
        return IndexFractions(n, whole.panels, whole.values[: highest + 1], whole.mismatch)
    edge = np.sqrt(2 * n) + _MARGIN
    cut = np.sqrt(n / 2) * semicircle_quantile((highest + _BEYOND) / n)
    panels = Panels(uniform_edges(-edge, cut, _WIDTH * n ** (-1 / 6)), _ORDER)
    values, log_sum, mean = fractions_at(n, panels.nodes, highest)
    logs = np.stack([_continued(panels.nodes, row, mean - k) for k, row in enumerate(values)])
    # Off the middle, which the panel's symmetry may favour.
    probes = panels.edges[:-1] + 0.4 * np.diff(panels.edges)
    probed, _, _ = fractions_at(n, probes, highest, more=_MORE)
    return EdgeFractions(panels, logs, mismatch_of(n, panels.nodes, log_sum), probes, probed)


def _continued(
    x: NDArray[np.float64], values: NDArray[np.float64], excess: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logarithms of the fraction with k below x; straight lines beyond the x where it loses its digits.

    Args:
        excess: mean number below x, less k.
    """
    logs = np.log(np.maximum(values, _SMALLEST))
    middle = int(np.argmin(np.abs(excess)))
    first = middle - int(np.argmin(np.append(values[middle::-1] > _SMALLEST, False))) + 1
    last = middle + int(np.argmin(np.append(values[middle:] > SMALLEST_INSIDE, False))) - 1
    for part, at, toward in ((slice(0, first), first, _ORDER), (slice(last + 1, None), last, -_ORDER)):
        slope = (logs[at + toward] - logs[at]) / (x[at + toward] - x[at])
        logs[part] = logs[at] + slope * (x[part] - x[at])
    return logs


def fractions_at(
    n: int, x: NDArray[np.float64], highest: int, more: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """a_k(x) / sum_k a_k(x) for k = 0 .. highest, shape (highest + 1, len(x)); the log of the Pfaffian that
    stands for the sum, from elimination; and the mean number below x. Fractions far from the mean, and those
    below 1e-20, have no digits.

    Args:
        x: not so high that many more than ``highest`` eigenvalues lie below.
        more: nodes than the rule below x needs, on a longer interval.
    """
    nodes = _NODES + highest + _BEYOND + more
    rule = _gauss_rule(nodes + 1 - nodes % 2)  # odd, so that the bordered form has an inverse
    chunk = max(1, _BATCH_ENTRIES // (n + 1) ** 2)
    parts = []
    for start in range(0, x.size, chunk):
        here = x[start : start + chunk]
        reach = here - np.minimum(here, -np.sqrt(2 * n)) + (_REACH + more / 5) * n ** (-1 / 6)
        gram, log_sum = _gram(n, here, reach, rule)
        inverse = np.linalg.inv(_bordered(rule, reach))
        inverse = (inverse - inverse.transpose(0, 2, 1)) / 2
        mean, _ = _moments(gram, inverse, np.ones(here.size))
        parts.append((_coefficients(gram, inverse, highest), log_sum, mean))
    fractions, log_sums, means = zip(*parts, strict=True)
    return np.concatenate(fractions, axis=1), np.concatenate(log_sums), np.concatenate(means)


class _Rule(NamedTuple):
    """Gauss rule on [-1, 1]; ``form`` is int int_{y<t} [f(y) g(t) - g(y) f(t)] in values at its nodes."""

    nodes: NDArray[np.float64]
    weights: NDArray[np.float64]
    form: NDArray[np.float64]


@lru_cache(maxsize=8)
def _gauss_rule(size: int) -> _Rule:
    nodes, weights = (np.asarray(part, dtype=np.float64) for part in leggauss(size))
    degree = np.arange(1, size)
    basis = legvander(nodes, size)
    # int_{-1}^t P_j = (P_{j+1} - P_{j-1}) / (2j + 1).
    integrals = np.empty((size, size))
    integrals[:, 0] = nodes + 1
    integrals[:, 1:] = (basis[:, 2:] - basis[:, :-2]) / (2 * degree + 1)
    to_coefficients = (basis[:, :size] * weights[:, None]).T * (np.arange(size) + 0.5)[:, None]
    half = (integrals @ to_coefficients).T * weights
    return _Rule(nodes, weights, half - half.T)


def _bordered(rule: _Rule, reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """Q for the rule on intervals of these lengths, between columns that carry the roots of their weights."""
    size, root = rule.nodes.size, np.sqrt(rule.weights)
    scale = reach[:, None, None] / 2
    form = np.zeros((reach.size, size + 1, size + 1))
    form[:, :size, :size] = scale * rule.form / np.outer(root, root)
    form[:, :size, size] = np.sqrt(scale[:, :, 0]) * root
    form[:, size, :size] = -form[:, :size, size]
    return form


def _gram(
    n: int, x: NDArray[np.float64], reach: NDArray[np.float64], rule: _Rule
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """V^T W^{-1} V at each x, and log |Pf W|."""
    size, order = rule.nodes.size, n + n % 2
    position, powers = _plain_forms(n)
    _, low = hermite_functions(n + 1, x)
    high = totals(n + 1) - low
    # What y - x makes of the integrals below and above.
    low, high = (position @ part - x * part[:n] for part in (low, high))
    across = np.einsum("jx,kx->xjk", low, high)
    form = np.zeros((x.size, order, order))
    plain = powers[0] - x[:, None, None] * powers[1] + (x**2)[:, None, None] * powers[2]
    # At z = -1 the plain form loses twice what pairs one side with the other.
    form[:, :n, :n] = plain - 2 * (across - across.transpose(0, 2, 1))
    columns = np.zeros((x.size, order, size + 1))
    below = x[:, None] + reach[:, None] * (rule.nodes - 1) / 2
    phi, _ = hermite_functions(n, below.ravel())
    lengths = (x[:, None] - below) * np.sqrt(reach[:, None] / 2 * rule.weights)
    columns[:, :n, :size] = phi.reshape(n, x.size, size).transpose(1, 0, 2) * lengths[:, None, :]
    columns[:, :n, size] = high.T
    if n % 2:
        border = (high - low).T
        form[:, :n, n], form[:, n, :n] = border, -border
        columns[:, n, size] = 1.0
    gram = columns.transpose(0, 2, 1) @ np.linalg.solve(form, columns)
    return (gram - gram.transpose(0, 2, 1)) / 2, np.linalg.slogdet(form)[1] / 2


@lru_cache(maxsize=8)
def _plain_forms(n: int) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], ...]]:
    """Multiplication by y from phi_0 .. phi_{n-1} to phi_0 .. phi_n, and the coefficients of 1, -x and x^2 in
    the skew form over the line of the functions (y - x) phi_j."""
    k = np.arange(n)
    position = np.zeros((n, n + 1))
    position[k, k + 1] = np.sqrt((k + 1) / 2)
    position[k[1:], k[1:] - 1] = np.sqrt(k[1:] / 2)
    whole = skew_form(n + 1)
    once = position @ whole[:, :n]
    return position, (position @ whole @ position.T, once - once.T, whole[:n, :n])


def _coefficients(
    gram: NDArray[np.float64], inverse: NDArray[np.float64], highest: int
) -> NDArray[np.float64]:
    """Of z^0 .. z^highest of the generating function at each x, shape (highest + 1, len(x))."""
    norm = pfaffian(inverse)
    phases = np.exp(2j * np.pi * np.arange(_ROOTS // 2 + 1) / _ROOTS)
    found = np.empty((highest + 1, len(gram)))
    for first in range(0, highest + 1, _GROUP):
        k = np.arange(first, min(first + _GROUP, highest + 1))
        radius = _radius(gram, inverse, float(k.mean()))
        values = np.stack([pfaffian(_pencil(gram, inverse, phase * radius)) / norm for phase in phases])
        cyclic = np.fft.irfft(np.conj(values), _ROOTS, axis=0)
        found[k] = np.maximum(cyclic[k % _ROOTS], 0.0) * radius ** -k[:, None].astype(np.float64)
    return found


def _pencil(gram: NDArray[np.float64], inverse: NDArray[np.float64], z: NDArray) -> NDArray:
    return inverse + _scaled(gram, z**2 - 1, z - 1)


def _scaled(gram: NDArray[np.float64], inner: NDArray, border: NDArray) -> NDArray:
    """The matrices with factors of their own on G_mm and G_mr, and no corner."""
    scaled = gram * inner[:, None, None]
    scaled[:, :-1, -1] = gram[:, :-1, -1] * border[:, None]
    scaled[:, -1, :-1] = gram[:, -1, :-1] * border[:, None]
    scaled[:, -1, -1] = 0.0
    return scaled


def _radius(gram: NDArray[np.float64], inverse: NDArray[np.float64], wanted: float) -> NDArray[np.float64]:
    """|z| that tilts the mean number below x to the wanted one, about: Newton's steps for its logarithm."""
    log, aim = np.zeros(len(gram)), max(wanted, 0.5)
    for _ in range(_STEPS):
        mean, variance = _moments(gram, inverse, np.exp(log))
        # Few below x: their number is that of Poisson's law, and linear in z.
        few, many = np.log(aim / np.maximum(mean, 1e-12)), (aim - mean) / np.maximum(variance, 0.1)
        log = np.clip(log + np.where(mean < aim, few, np.maximum(many, -_STRIDE)), -_LONGEST, _LONGEST)
    return np.exp(log)


def _moments(
    gram: NDArray[np.float64], inverse: NDArray[np.float64], z: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance of the number below x with every eigenvalue there weighted by z."""
    solved = np.linalg.inv(_pencil(gram, inverse, z))
    first = z[:, None, None] * (solved @ _scaled(gram, 2 * z, np.ones_like(z)))
    second = np.einsum("xij,xji->x", solved, _scaled(gram, 2 * z**2, np.zeros_like(z)))
    mean = np.einsum("xii->x", first) / 2
    return mean, mean + (second - np.einsum("xij,xji->x", first, first)) / 2
