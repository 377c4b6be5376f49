"""Exact mean numbers of critical points at finite N, by index and by energy, for any isotropic covariance.

Notation. ``H`` on the sphere of radius sqrt(N), ``E[H H'] = N xi(q)``, ``x0, x1, x2`` = xi, xi', xi'' at 1,
energies per spin. At a point the tangential gradient is N(0, x1) per component; ``E = H/N`` and the radial
derivative ``D = w.grad H / N`` are jointly Gaussian with covariance ``[[x0, x1], [x1, x1 + x2]] / N``; the
tangential Euclidean Hessian G is ``sqrt(2 x2 / N)`` times an (N-1) GOE matrix M (see
`analysis.theory.goe.density`), independent of them; and the Riemannian Hessian at a critical point is ``G -
D``. With ``D = sqrt(2 x2 / N) x`` the Kac-Rice formula becomes

    E Crit_k(B) = K int dx exp(-x^2 / (2 s^2)) / sqrt(2 pi s^2)  a_k(x)  P(E in B | D),

    K = 2 pi^{N/2} / Gamma(N/2) * (x2 / (pi x1))^{(N-1)/2},  s^2 = (x1 + x2) / (2 x2),
    a_k(x) = E[ |det(x - M)| ; k eigenvalues of M below x ],
    E | D ~ N( x1 D / (x1 + x2), (x0 - x1^2 / (x1 + x2)) / N ).

For pure models E = D / p exactly and this is Theorem 2.1 of Auffinger, Ben Arous and Cerny (arXiv:1003.1129);
for mixtures it is Auffinger and Ben Arous (arXiv:1110.5872, Theorem 2.1 and its index version), with a
degree-1 term Fyodorov's total (arXiv:1307.2379).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, ndtr

from morsecensus.analysis.theory.goe.density import log_mean_abs_det
from morsecensus.analysis.theory.goe.edge import EdgeFractions
from morsecensus.analysis.theory.goe.order import IndexFractions, index_fractions
from morsecensus.analysis.theory.goe.panels import Panels, uniform_edges
from morsecensus.tasks.covariance import Covariance

# Measured on one core: 1.0 s for N = 30, 1.3 s for 40, 4.7 s for 60; the mismatch with the closed form is
# 1e-12 there.
EXACT_INDEX_LIMIT = 60
# The largest logarithm whose exponential is a double.
MAX_LOG = 709.0
_ORDER = 16
# Points whose density of counts is below exp(-80) are left out.
_LOG_NEGLIGIBLE = 80.0
# Energy bins integrated at once: bounds the memory at some tens of MB.
_BINS_AT_ONCE = 24


@dataclass(frozen=True)
class FiniteN:
    """Mean counts of critical points on the whole sphere S^{N-1}(sqrt N) at finite N.

    Args:
        covariance: the polynomial xi; a field is its term of degree 1.
        n: the number of spins N >= 2.
    """

    covariance: Covariance
    n: int

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError(f"dimension n: got {self.n}; allowed is n >= 2; a sphere needs two coordinates")

    # --- whole sphere

    @cached_property
    def log_total(self) -> float:
        """log of the mean number of critical points: exact where the number itself would overflow."""
        terms = self.log_radial_density(self._panels.nodes) + np.log(self._panels.weights)
        return float(np.max(terms) + np.log(np.sum(np.exp(terms - np.max(terms)))))

    def total(self) -> float:
        """Mean number of critical points (inf beyond 1e308; see `log_total`)."""
        return float(np.exp(self.log_total)) if self.log_total < MAX_LOG else float("inf")

    def by_index(self) -> NDArray[np.float64]:
        """Mean number for each index 0 .. N-1, shape (N,).

        Raises:
            ValueError: N is above `EXACT_INDEX_LIMIT`; `analysis.theory.kac_rice.sampler` goes on from there.
        """
        return self._index_moments()[0]

    def energy_moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Count-weighted mean and standard deviation of the energy at each index, each of shape (N,); nan
        where there are no points within rounding."""
        count, first, second = self._index_moments()
        count = np.where(count > 0, count, np.nan)
        mean = first / count
        spread = np.sqrt(np.maximum(second / count - mean**2, 0.0))
        slope, noise = self.energy_slope, self.energy_noise
        return slope * mean, np.hypot(slope * spread, noise)

    def energy_skewness(self) -> NDArray[np.float64]:
        """Skewness of the energy at each index, count-weighted, shape (N,)."""
        mean, spread = self.energy_moments()
        mass = self._weighted(self._panels, by_index=True)
        away = self.energy_slope * self._panels.nodes - mean[:, None]
        count = np.where(np.isnan(mean), np.nan, mass.sum(axis=1))
        return np.sum(mass * away**3, axis=1) / count / spread**3

    def minima_energy(self) -> tuple[float, float]:
        """Mean and standard deviation of the energy of minima, each minimum counted once."""
        mean, spread = self.energy_moments()
        return float(mean[0]), float(spread[0])

    # --- by energy

    def count_by_index(self, edges: ArrayLike) -> NDArray[np.float64]:
        """Mean numbers by index in each energy bin, shape (N, len(edges) - 1). Edges may be infinite."""
        return self._binned(edges, by_index=True)

    def count_bins(self, edges: ArrayLike) -> NDArray[np.float64]:
        """Mean numbers of all critical points in each energy bin, shape (len(edges) - 1,), for any N."""
        return self._binned(edges, by_index=False)[0]

    def count(self, interval: tuple[float, float]) -> float:
        """Mean number of critical points with energy in the interval."""
        return float(self.count_bins(interval)[0])

    def expected_below(self, energy: float, index: int | None = None) -> float:
        """Mean number of critical points (of one index, or of all) below an energy; small numbers are exact
        too.
        """
        if index is None:
            return self.count((-np.inf, energy))
        return float(self.count_by_index((-np.inf, energy))[index, 0])

    def density(self, energy: ArrayLike) -> NDArray[np.float64]:
        """Mean number of critical points per unit of energy at each energy, shape (len(energy),)."""
        return self._density(energy, by_index=False)[0]

    def density_by_index(self, energy: ArrayLike) -> NDArray[np.float64]:
        """The same by index, shape (N, len(energy))."""
        return self._density(energy, by_index=True)

    # --- the law of (D, E)

    @property
    def radial_scale(self) -> float:
        """D / x: the factor from GOE units to the radial derivative."""
        return float(np.sqrt(2 * self.covariance.x2 / self.n))

    @property
    def energy_slope(self) -> float:
        """E[E | x] / x."""
        x1, x2 = self.covariance.x1, self.covariance.x2
        return x1 / (x1 + x2) * self.radial_scale

    @property
    def energy_noise(self) -> float:
        """Standard deviation of the energy given D; zero for a pure model."""
        if self.covariance.is_pure:
            return 0.0
        x0, x1, x2 = self.covariance.x0, self.covariance.x1, self.covariance.x2
        return float(np.sqrt(max(x0 - x1**2 / (x1 + x2), 0.0) / self.n))

    @property
    def radial_variance(self) -> float:
        """s^2, the variance of x before conditioning on criticality."""
        x1, x2 = self.covariance.x1, self.covariance.x2
        return (x1 + x2) / (2 * x2)

    @property
    def strength(self) -> float:
        """B = (x2 - x1)/(x2 + x1): positive for exponentially many points, negative if a field leaves 2."""
        x1, x2 = self.covariance.x1, self.covariance.x2
        return (x2 - x1) / (x2 + x1)

    @property
    def radial_range(self) -> tuple[float, float]:
        """The x outside which there are no points to speak of (density of counts below exp(-80))."""
        edges = self._panels.edges
        return float(edges[0]), float(edges[-1])

    # --- integration over x

    def log_radial_density(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """log of the mean number of critical points per unit of x."""
        n, x1, x2 = self.n, self.covariance.x1, self.covariance.x2
        log_sphere = np.log(2) + 0.5 * n * np.log(np.pi) - float(gammaln(n / 2))
        log_scale = 0.5 * (n - 1) * np.log(x2 / (np.pi * x1))
        gauss = -0.5 * x**2 / self.radial_variance - 0.5 * np.log(2 * np.pi * self.radial_variance)
        return log_sphere + log_scale + gauss + log_mean_abs_det(n - 1, x)

    @cached_property
    def _panels(self) -> Panels:
        """Panels on all x that matter, fine over the spectrum and coarse outside it."""
        m, s = self.n - 1, float(np.sqrt(self.radial_variance))
        bulk = np.sqrt(2 * m) + 7.0
        reach = max(bulk + 1.0, s * (np.sqrt(m) + 9.0))
        scan = np.linspace(0.0, reach, 513)
        log_radial = self.log_radial_density(scan)
        kept = scan[log_radial > min(float(log_radial.max()), 0.0) - _LOG_NEGLIGIBLE]
        reach = min(reach, float(kept[-1]) + reach / 512)
        width = min(1.5, 3.0 / np.sqrt(m))
        half = uniform_edges(0.0, min(bulk, reach), width)
        if reach > bulk:
            half = np.concatenate([half, uniform_edges(bulk, reach, max(width, s / 2))[1:]])
        return Panels(np.concatenate([-half[:0:-1], half]), _ORDER)

    def _weighted(self, panels: Panels, by_index: bool) -> NDArray[np.float64]:
        """Mean number of critical points that each node of x stands for, shape (N or 1, nodes)."""
        x = panels.nodes
        mass = np.exp(np.minimum(self.log_radial_density(x), 700.0)) * panels.weights
        return self._fractions().at(x) * mass if by_index else mass[None, :]

    def _fractions(self) -> IndexFractions | EdgeFractions:
        """How points at each x share out on the indices that are resolved: here, all."""
        if self.n > EXACT_INDEX_LIMIT:
            raise ValueError(
                f"exact numbers of every index: got n = {self.n}; allowed is n <= {EXACT_INDEX_LIMIT}; "
                "above, ask for low ones alone (kac_rice.low_index) or sample them (kac_rice.sampler)"
            )
        return index_fractions(self.n - 1)

    def _index_moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Sums of 1, x and x^2 over critical points, by index."""
        mass = self._weighted(self._panels, by_index=True)
        x = self._panels.nodes
        return mass.sum(axis=1), mass @ x, mass @ x**2

    def _refined(self, energies: NDArray[np.float64]) -> Panels:
        """The panels cut where a kernel changes: at x(E), and every two widths around it when E is noisy."""
        finite = energies[np.isfinite(energies)]
        steps = np.arange(-8, 9, 2) * self.energy_noise if self.energy_noise else np.zeros(1)
        cuts = ((finite[:, None] + steps) / self.energy_slope).ravel()
        edges = self._panels.edges
        cuts = cuts[(cuts > edges[0]) & (cuts < edges[-1])]
        return Panels(np.unique(np.concatenate([edges, cuts])), _ORDER)

    def _binned(self, edges: ArrayLike, by_index: bool) -> NDArray[np.float64]:
        bounds = np.asarray(edges, dtype=np.float64)
        if bounds.ndim != 1 or bounds.size < 2 or not np.all(np.diff(bounds) >= 0):
            raise ValueError(
                "energy edges: got a sequence that isn't increasing or has fewer than two entries; "
                "give at least two energies, lowest first"
            )
        parts = []
        for start in range(0, bounds.size - 1, _BINS_AT_ONCE):
            part = bounds[start : start + _BINS_AT_ONCE + 1]
            panels = self._refined(part)
            kernel = self._bin_probability(panels.nodes, part)
            parts.append(self._weighted(panels, by_index) @ kernel)
        return np.concatenate(parts, axis=1)

    def _bin_probability(self, x: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """P(energy in each bin | x), shape (len(x), bins)."""
        middle = self.energy_slope * x[:, None]
        if self.energy_noise == 0.0:
            return ((middle > edges[:-1]) & (middle <= edges[1:])).astype(np.float64)
        score = (edges - middle) / self.energy_noise
        low, high = score[:, :-1], score[:, 1:]
        # Differences of the smaller tail: both ends far to the right would otherwise round to 1 - 1.
        flip = low > 0
        return ndtr(np.where(flip, -low, high)) - ndtr(np.where(flip, -high, low))

    def _density(self, energy: ArrayLike, by_index: bool) -> NDArray[np.float64]:
        u = np.atleast_1d(np.asarray(energy, dtype=np.float64))
        slope, noise = self.energy_slope, self.energy_noise
        if noise == 0.0:
            x = u / slope
            mass = np.exp(np.minimum(self.log_radial_density(x), 700.0)) / slope
            return self._fractions().at(x) * mass if by_index else mass[None, :]
        parts = []
        for start in range(0, u.size, _BINS_AT_ONCE):
            part = u[start : start + _BINS_AT_ONCE]
            panels = self._refined(part)
            score = (part - slope * panels.nodes[:, None]) / noise
            kernel = np.exp(-0.5 * score**2) / (noise * np.sqrt(2 * np.pi))
            parts.append(self._weighted(panels, by_index) @ kernel)
        return np.concatenate(parts, axis=1)
