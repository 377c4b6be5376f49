"""Exact mean numbers of critical points of a random r-linear form on a product of spheres, by Monte Carlo.

Notation. ``H = sqrt(M) T(u_1, ..., u_r)`` with T a tensor of iid N(0, 1) entries, u_i unit vectors of R^{n_i}
and M the mean of the n_i. At a point, ``h = T(u)``, the tangent gradients ``T(.., v, ..)`` and the mixed
second derivatives ``T(.., v, .., w, ..)`` are independent standard normals, because they are contractions of
T with orthogonal unit tensors; and along one sphere the second derivative is ``-h``. So for any sizes, with
``d = sum (n_i - 1)``, G the symmetric d x d matrix with zero diagonal blocks and iid N(0, 1) off them, and
phi the normal density, the Kac-Rice formula is

    E Crit_k = prod_i Vol(S^{n_i - 1}) (2 pi)^{-d/2} E_G int dh phi(h) |det(G - h)| 1{k eigenvalues of G < h}.

(Derived here. For r = 3 and equal sizes H is the tripartite model of arXiv:1412.6615. Draisma and Horobet,
Linear and Multilinear Algebra 64 (2016) 2498, give the totals of critical rank-one approximations.)

The draw of G is all that is left to chance, and its length is integrated out too: with ``G = R g``, |g| = 1
over the e entries above the diagonal, R^2 ~ chi2_e is independent of g. Put ``h = R tan(a)``. R then
integrates to a Gamma function:

    E Crit_k = K E_g int da cos(a)^{e-1} prod_j |l_j cos(a) - sin(a)| 1{k of the l_j < tan(a)},
    K = prod_i Vol(S^{n_i - 1}) pi^{-(d+1)/2} Gamma(m/2) / Gamma(e/2),  m = e + d + 1,

with l_j the eigenvalues of g. Given a, ``h = sin(a) R'`` with R'^2 ~ chi2_m: the law of energies follows
without another draw. The integrand is a trigonometric polynomial between two eigenvalues, which
Gauss-Legendre panels integrate to round-off.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import log, pi, prod, sqrt

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtr, gammaln

Floats = NDArray[np.float64]

MAX_DIMENSION = 400
_ORDER = 12
# Panels outside the spectrum, and how far they reach in units of the width of the integrand there.
_TAIL_PANELS, _TAIL_REACH = 6, 12.0
# Doubles held at once: some tens of MB.
_AT_ONCE = 4_000_000
_ROUND_OFF = 1e-15
# Factors of the determinant multiplied before their logarithm is taken: far from underflow.
_FACTORS_AT_ONCE = 8


@dataclass(frozen=True)
class Sampled:
    """Means over draws with their standard errors, of equal shapes."""

    mean: Floats
    error: Floats


@dataclass(frozen=True)
class BinnedMeans:
    """Mean numbers in energy bins: by index (d + 1, bins), of all indices (bins,), and covariances of the
    means of minima and of all, shape (bins, bins)."""

    by_index: Sampled
    all: Sampled
    minima_covariance: Floats
    all_covariance: Floats


@dataclass(frozen=True)
class FinitePartite:
    """Mean counts of critical points on ``S^{n_1 - 1} x ... x S^{n_r - 1}`` at finite sizes.

    Energies are per spin, ``H / (n_1 + ... + n_r)``; the literature's E = H/N, N = n_i, is r times as large.

    Args:
        sizes: n_1, ..., n_r >= 2, r >= 2.
        samples: draws of the matrix G.
        seed: of the draws; all numbers are a function of (sizes, samples, seed).
    """

    sizes: tuple[int, ...]
    samples: int = 4000
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.sizes) < 2 or min(self.sizes) < 2:
            raise ValueError(f"sizes: got {self.sizes}; allowed are two or more integers >= 2")
        if self.dimension > MAX_DIMENSION:
            raise ValueError(
                f"sizes: got {self.sizes}, of dimension {self.dimension}; allowed is up to {MAX_DIMENSION}, "
                "for time; lower n, or use the limits for N -> infinity"
            )
        if self.samples < 2:
            raise ValueError(f"samples: got {self.samples}; allowed is 2 or more")

    @property
    def dimension(self) -> int:
        """d of the manifold; the index runs from 0 to d."""
        return sum(self.sizes) - len(self.sizes)

    @property
    def euler_characteristic(self) -> int:
        """Of the product: 2 for each odd size, 0 if one is even."""
        return prod(2 if size % 2 else 0 for size in self.sizes)

    @property
    def energy_scale(self) -> float:
        """Energy per spin of a point with h = 1."""
        return 1 / sqrt(len(self.sizes) * sum(self.sizes))

    def total(self) -> tuple[float, float]:
        """Mean number of critical points and its standard error."""
        counts = self._by_index.sum(axis=1)
        return float(counts.mean()), float(_standard_error(counts))

    def by_index(self) -> Sampled:
        """Mean numbers of index 0 .. d; two factors of different sizes leave indices without points."""
        mean, error = self._by_index.mean(axis=0), _standard_error(self._by_index)
        real = mean > _ROUND_OFF * mean.sum()
        return Sampled(np.where(real, mean, 0.0), np.where(real, error, 0.0))

    def by_index_covariance(self) -> Floats:
        """Covariance of the means of `by_index`, shape (d + 1, d + 1)."""
        return np.asarray(np.cov(self._by_index.T) / self.samples, dtype=np.float64)

    def minima_energy(self) -> tuple[float, float, float]:
        """Count-weighted mean of the energy of minima, its standard deviation, and the mean's standard
        error."""
        mean, spread = self.energy_moments()
        count, first, _ = self._moments[:, 0].T
        error = float(_standard_error(first - mean[0] * count)) / count.mean()
        return float(mean[0]), float(spread[0]), error

    def energy_moments(self) -> tuple[Floats, Floats]:
        """Count-weighted mean and standard deviation of the energy at each index, shape (d + 1,); nan at an
        index without points."""
        count, first, second = self._moments.mean(axis=0).T
        count = np.where(count > _ROUND_OFF * count.sum(), count, np.nan)
        mean = first / count
        return mean, np.sqrt(np.maximum(second / count - mean**2, 0.0))

    def binned(self, edges: ArrayLike) -> tuple[Sampled, Sampled]:
        """`energies` without covariances: by index and all."""
        found = self.energies(edges)
        return found.by_index, found.all

    def energies(self, edges: ArrayLike) -> BinnedMeans:
        """Mean numbers in bins of energy per spin.

        Edges may be infinite. Numbers below 1e-15 of all points are round-off.
        """
        bounds = np.asarray(edges, dtype=np.float64)
        if bounds.ndim != 1 or bounds.size < 2 or not np.all(np.diff(bounds) >= 0):
            raise ValueError("energy edges: got no increasing sequence of at least two; lowest first")
        bins = bounds.size - 1
        sums = np.zeros((2, self.dimension + 2, bins))
        products = np.zeros((2, bins, bins))
        for angles, mass in self._quadrature():
            draws = np.zeros((2, len(angles), bins))
            # One edge at a time: these are the largest arrays by far.
            before = self._below(angles, mass, bounds[0])
            for b in range(bins):
                after = self._below(angles, mass, bounds[b + 1])
                counts = np.maximum(after - before, 0.0)
                counts = np.column_stack([counts, counts.sum(axis=1)])
                sums[:, :, b] += np.stack([counts.sum(axis=0), (counts**2).sum(axis=0)])
                draws[:, :, b] = counts[:, 0], counts[:, -1]
                before = after
            products += np.swapaxes(draws, 1, 2) @ draws
        mean = sums[0] / self.samples
        variance = np.maximum(sums[1] / self.samples - mean**2, 0.0) / (self.samples - 1)
        error = np.sqrt(variance)
        centred = products / self.samples - np.stack([np.outer(m, m) for m in (mean[0], mean[-1])])
        covariance = centred / (self.samples - 1)
        diagonal = np.arange(bins)  # round-off must not make a variance negative
        covariance[:, diagonal, diagonal] = np.maximum(covariance[:, diagonal, diagonal], 0.0)
        return BinnedMeans(
            Sampled(mean[:-1], error[:-1]), Sampled(mean[-1], error[-1]), covariance[0], covariance[1]
        )

    @cached_property
    def _moments(self) -> Floats:
        """Number of points of each index that each draw stands for, and sums of their energies and squared
        energies, shape (samples, d + 1, 3)."""
        m = self._chi_degrees
        radius = np.exp(0.5 * log(2) + gammaln((m + 1) / 2) - gammaln(m / 2))
        found = []
        for angles, mass in self._quadrature():
            h = np.sin(angles)
            whole, first = self._summed(mass), radius * self._summed(mass * h)
            second = m * self._summed(mass * h**2)
            # G and -G are equally likely: index k at h is index d - k at -h.
            pairs = [whole + whole[:, ::-1], first - first[:, ::-1], second + second[:, ::-1]]
            found.append(np.stack(pairs, axis=2) / 2)
        scale = np.array([1.0, self.energy_scale, self.energy_scale**2])
        return np.asarray(np.concatenate(found) * scale, dtype=np.float64)

    @property
    def _by_index(self) -> Floats:
        """Counts of index 0 .. d that each draw stands for, shape (samples, d + 1)."""
        return self._moments[:, :, 0]

    @property
    def _entries(self) -> int:
        """e, the number of random entries of G."""
        tangent = [size - 1 for size in self.sizes]
        return (sum(tangent) ** 2 - sum(t**2 for t in tangent)) // 2

    @property
    def _chi_degrees(self) -> int:
        return self._entries + self.dimension + 1

    @property
    def _log_factor(self) -> float:
        """log K."""
        spheres = sum(log(2) + size / 2 * log(pi) - float(gammaln(size / 2)) for size in self.sizes)
        gammas = float(gammaln(self._chi_degrees / 2) - gammaln(self._entries / 2))
        return spheres - (self.dimension + 1) / 2 * log(pi) + gammas

    def _spectra(self, generator: np.random.Generator, count: int) -> Floats:
        """Eigenvalues of unit-length g, ascending, shape (count, d)."""
        d, r = self.dimension, len(self.sizes)
        label = np.repeat(np.arange(r), [size - 1 for size in self.sizes])
        row, column = np.nonzero(label[:, None] < label[None, :])
        entries = generator.standard_normal((count, len(row)))
        entries /= np.linalg.norm(entries, axis=1, keepdims=True)
        matrices = np.zeros((count, d, d))
        matrices[:, row, column] = matrices[:, column, row] = entries
        return np.asarray(np.linalg.eigvalsh(matrices), dtype=np.float64)

    def _panel_edges(self, angles: Floats) -> Floats:
        """Edges of panels for each draw, shape (draws, d - 1 + 2 _TAIL_PANELS + 1).

        The tails end where the integrand is negligible: it peaks at tan^2(a) ~ d/e or at the last
        eigenvalue, and falls off like a Gaussian of width 1/sqrt(e + d).
        """
        width = _TAIL_REACH / sqrt(self._entries + 1)
        peak = np.arctan(sqrt(self.dimension / self._entries))
        steps = np.linspace(0, 1, _TAIL_PANELS + 1)
        high = np.minimum(np.maximum(angles[:, -1:], peak) + width, pi / 2)
        low = np.maximum(np.minimum(angles[:, :1], -peak) - width, -pi / 2)
        left = low + (angles[:, :1] - low) * steps[:-1]
        right = angles[:, -1:] + (high - angles[:, -1:]) * steps[1:]
        return np.concatenate([left, angles, right], axis=1).astype(np.float64)

    def _quadrature(self) -> Iterator[tuple[Floats, Floats]]:
        """Angles a and the mean numbers that they stand for, both of shape (draws, panels, order), in
        batches."""
        generator = np.random.Generator(np.random.Philox(key=self.seed))
        panels = self.dimension - 1 + 2 * _TAIL_PANELS
        batch = max(1, _AT_ONCE // (panels * _ORDER))
        unit, weights = leggauss(_ORDER)
        for start in range(0, self.samples, batch):
            spectra = self._spectra(generator, min(batch, self.samples - start))
            edges = self._panel_edges(np.arctan(spectra))
            half = np.diff(edges, axis=1)[:, :, None] / 2
            angles = edges[:, :-1, None] + half * (unit + 1)
            yield angles, np.exp(self._log_density(spectra, angles)) * half * weights

    def _summed(self, mass: Floats) -> Floats:
        """The sum over the panels of each index, shape (draws, d + 1)."""
        starts = [0, *range(_TAIL_PANELS, _TAIL_PANELS + self.dimension)]
        return np.add.reduceat(mass.sum(axis=2), starts, axis=1)

    def _log_density(self, spectra: Floats, angles: Floats) -> Floats:
        """log of K cos^{e-1} prod |l_j cos - sin| at angles of shape (draws, panels, order)."""
        cos, sin = np.cos(angles), np.sin(angles)
        result = np.full(angles.shape, self._log_factor)
        if self._entries > 1:
            result += (self._entries - 1) * np.log(np.maximum(cos, 1e-300))
        for first in range(0, self.dimension, _FACTORS_AT_ONCE):
            product = np.ones_like(angles)
            for j in range(first, min(first + _FACTORS_AT_ONCE, self.dimension)):
                product *= spectra[:, j, None, None] * cos - sin
            # A node on an eigenvalue, where panels have no width, has no mass.
            result += np.log(np.maximum(np.abs(product), 1e-300))
        return result

    def _below(self, angles: Floats, mass: Floats, energy: float) -> Floats:
        """Mean numbers of each index at energies up to this, for each draw, shape (draws, d + 1)."""
        sin = np.sin(angles)
        # a = 0 is between two equal eigenvalues and has no mass, but must not divide by 0.
        sin = np.where(np.abs(sin) < 1e-100, 1e-100, sin)

        def share(bound: float) -> Floats:
            """P(h <= bound | a)."""
            inside = chdtr(self._chi_degrees, np.maximum(bound / sin, 0.0) ** 2)
            return np.where(sin > 0, inside, 1 - inside)

        bound = energy / self.energy_scale
        # -G at -h: the other half of the mean over G and -G.
        turned = self._summed(mass * (1 - share(-bound)))
        return (self._summed(mass * share(bound)) + turned[:, ::-1]) / 2


def _standard_error(draws: Floats) -> Floats:
    return np.asarray(np.std(draws, axis=0, ddof=1) / sqrt(len(draws)), dtype=np.float64)
