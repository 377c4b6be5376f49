"""Exact mean numbers of critical points of a spiked landscape at finite N, by overlap, energy and index.

Notation as in `analysis.theory.kac_rice.finite_n`; the mean of H is ``-N xi_s(m)``, m the overlap with the
signal. At a point of overlap m let u be the tangent unit vector towards the signal. The signal adds to the
law of the noise there

    -sqrt(N (1-m^2)) xi_s'(m) u      to the tangent gradient,
    -xi_s(m) and -m xi_s'(m)         to the energy E and the radial derivative D,
    -xi_s''(m) (1-m^2) u u^T         to the tangent Hessian,

and fluctuations stay as they are. So with ``m = cos(phi)``, ``D = sqrt(2 x2/N) x``, M an (N-1) GOE matrix,

    E Crit_k = K c_N int dphi sin(phi)^{N-2} exp(-N (1-m^2) xi_s'(m)^2 / (2 x1))
               int dx exp(-(x - x_m)^2 / (2 s^2)) / sqrt(2 pi s^2)  a_k(x, tau_m),

    a_k(x, tau) = E[ |det(x - M + tau u u^T)| ; k eigenvalues of M - tau u u^T below x ],
    x_m = -m xi_s'(m) sqrt(N/(2 x2)),  tau_m = xi_s''(m) (1-m^2) sqrt(N/(2 x2)),
    c_N = Gamma(N/2) / (sqrt(pi) Gamma((N-1)/2)),
    E | D, m ~ N( -xi_s(m) + x1/(x1+x2) (D + m xi_s'(m)), (x0 - x1^2/(x1+x2))/N ),

K and s those of `analysis.theory.kac_rice.finite_n`. (Derived here. For the limit see V. Ros, G. Ben Arous,
G. Biroli, C. Cammarota, arXiv:1804.02686.)

Only a_k is sampled, and of M only a part. In the tridiagonal form of I. Dumitriu and A. Edelman
(arXiv:math-ph/0206043) that starts with u, the entries a_j ~ N(0, 1) and b_j^2 ~ chi^2_{N-1-j}/2 are
independent, tau changes a_1 alone, and with ``r_{N-1} = a_{N-1} - x``, ``r_j = a_j - x - b_j^2/r_{j+1}`` the
determinant is the product of the r_j and the index the number of negative ones. Given r_2, the mean over
``r_1 = a_1 - c``, ``c = tau + x + b_1^2/r_2``, is in closed form, for all m at once. The sum over indices
with signs, ``sum_k (-1)^k E Crit_k``, needs no draws at all: it is an integral of Hermite polynomials, and
must be the Euler characteristic (`FiniteSpiked.morse_sum`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import log, pi, sqrt

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, ndtr

from morsecensus.analysis.theory.goe.density import log_mean_abs_det
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.models.partite.finite_n import Sampled
from morsecensus.analysis.theory.models.spiked.grid import RADIAL_ORDER, Grid, overlap_panels
from morsecensus.tasks.covariance import Covariance, Signal

Floats = NDArray[np.float64]

MAX_N = 60
GROUPS = 32
"""Draws are summed in so many groups; standard errors come from the scatter between them."""
# Gauss-Legendre nodes for each bin of the overlap: as many as it takes.
_OVERLAP_ORDERS = (3, 4, 6, 9, 13, 19, 28, 42, 63)
_QUADRATURE = 1e-7
# Doubles held at once in each array: some tens of MB in all.
_AT_ONCE = 400_000
# Pairs of an overlap and an x that are looked at: 200 MB an array.
_MOST_PAIRS = 25_000_000
# Points whose density of counts is below exp(-50) of the highest one are left out.
_LOG_NEGLIGIBLE = 50.0


@dataclass(frozen=True)
class FiniteSpiked:
    """Mean counts of critical points on the whole sphere S^{N-1}(sqrt N) at finite N; energies per spin.

    Args:
        covariance: xi of the noise.
        signal: xi_s; its mean is -N xi_s(m).
        n: the number of spins N, 2 to 60.
        samples: draws of the Hessian's noise, rounded up to a multiple of GROUPS.
        seed: of the draws; all numbers are a function of the arguments.
    """

    covariance: Covariance
    signal: Signal
    n: int
    samples: int = 2048
    seed: int = 0

    def __post_init__(self) -> None:
        if not 2 <= self.n <= MAX_N:
            raise ValueError(
                f"n: got {self.n}; allowed is 2 to {MAX_N}, for time; use the limits for N -> infinity"
            )
        if self.samples < 1:
            raise ValueError(f"samples: got {self.samples}; allowed is 1 or more")

    # --- counts

    def total(self) -> tuple[float, float]:
        """Mean number of critical points and its standard error."""
        found = _sampled(self._tables[0].sum(axis=(1, 2)))
        return float(found.mean), float(found.error)

    def by_index(self) -> Sampled:
        """Mean numbers of index 0 .. N-1, shape (N,)."""
        return _sampled(self._tables[0].sum(axis=2))

    def by_overlap(self) -> Sampled:
        """Mean numbers by index in each bin of OVERLAP_EDGES, shape (N, 20)."""
        return _sampled(self._tables[0])

    def all_by_overlap(self) -> tuple[Sampled, Floats]:
        """Mean numbers of all indices in each bin of the overlap, shape (20,), and the covariance of their
        sampling errors, shape (20, 20)."""
        groups = self._tables[0].sum(axis=1)
        return _sampled(groups), np.atleast_2d(np.cov(groups.T)) / GROUPS

    def minima_energy(self) -> tuple[float, float, float]:
        """Count-weighted mean of the energy of minima, its standard deviation, and the mean's error."""
        return _moments(self._tables[:, :, 0].sum(axis=2))

    def minima_overlap(self) -> tuple[float, float, float]:
        """The same of the overlap of minima."""
        return _moments(self._overlap_moments)

    def joint(self, edges: ArrayLike) -> Sampled:
        """Mean numbers by index, overlap and energy per spin, shape (N, 20, len(edges) - 1).

        Edges may be infinite.
        """
        return _sampled(self._joint_groups(edges))

    def binned(self, edges: ArrayLike) -> tuple[Sampled, Sampled]:
        """Mean numbers in bins of energy per spin: by index, shape (N, len(edges) - 1), and of all."""
        groups = self._joint_groups(edges).sum(axis=2)
        return _sampled(groups), _sampled(groups.sum(axis=1))

    def morse_sum(self) -> float:
        """sum_k (-1)^k E Crit_k without chance: chi(S^{N-1}), 2 for odd N and 0 for even N."""
        return float(np.sum(self._signed(self._grid)))

    # --- the law at a point

    @cached_property
    def _noise(self) -> FiniteN:
        return FiniteN(self.covariance, self.n)

    def _radial_mean(self, overlap: Floats) -> Floats:
        """x_m."""
        return -overlap * _values(self.signal.derivative, overlap) / self._noise.radial_scale

    def _perturbation(self, overlap: Floats) -> Floats:
        """tau_m."""
        return _values(self.signal.second_derivative, overlap) * (1 - overlap**2) / self._noise.radial_scale

    def _energy_shift(self, overlap: Floats) -> Floats:
        """E[E | x, m] at x = 0; it grows with x by the `energy_slope` of the noise."""
        return -self._noise.energy_slope * self._radial_mean(overlap) - _values(self.signal.value, overlap)

    # --- integration

    def _log_weight(self, x: Floats, angle: Floats) -> Floats:
        """log of all but a_k, per unit of x and phi, shape (len(x), len(angle))."""
        n, x1, x2 = self.n, self.covariance.x1, self.covariance.x2
        m = np.cos(angle)
        # K c_N, K the volume and the scale of gradient and determinant.
        log_factor = log(2) + (n - 1) / 2 * log(pi) - float(gammaln((n - 1) / 2))
        log_factor += 0.5 * (n - 1) * log(x2 / (pi * x1))
        slope = _values(self.signal.derivative, m)
        tilt = -n * np.sin(angle) ** 2 * slope**2 / (2 * x1) + (n - 2) * np.log(np.sin(angle))
        variance = self._noise.radial_variance
        gauss = -0.5 * (x[:, None] - self._radial_mean(m)) ** 2 / variance - 0.5 * log(2 * pi * variance)
        return log_factor + tilt + gauss

    @cached_property
    def _grid(self) -> Grid:
        """As many overlaps as a smooth stand-in for the counts needs to be summed to `_QUADRATURE`."""
        found = None
        for order in _OVERLAP_ORDERS:
            grid = self._grid_of(order)
            size = np.exp(log_mean_abs_det(self.n - 1, grid.x))[grid.column]
            mass = float(np.sum(grid.weight * size * np.hypot(1.0, self._perturbation(grid.overlap))))
            if found is not None and mass > 0 and abs(mass - found[1]) <= _QUADRATURE * mass:
                return found[0]
            found = grid, mass
        raise self._too_strong()

    def _too_strong(self) -> ValueError:
        return ValueError(
            f"signal: got {self.signal}, too strong at n = {self.n} for the quadrature over overlaps; "
            "allowed is a weaker signal or a lower n"
        )

    @property
    def reachable(self) -> bool:
        """Whether there is a quadrature that is fine enough; numbers are refused with ValueError if not."""
        try:
            return bool(self._grid.edges.size)
        except ValueError:
            return False

    def _grid_of(self, order: int) -> Grid:
        unit, share = legendre.leggauss(order)
        # Never so narrow that angles are rounding; without a signal any width will do.
        width = max(sqrt(self.covariance.x1 / self.n) / (self.signal.derivative(1.0) + 1e-12), 1e-6)
        corners, bins = overlap_panels(width)
        half = np.diff(corners)[:, None] / 2
        angle = pi - (corners[:-1, None] + half * (unit + 1)).ravel()
        angle_weight = (half * share).ravel()
        edges, reach = self._radial_edges(angle)
        unit, share = legendre.leggauss(RADIAL_ORDER)
        half = np.diff(edges)[:, None] / 2
        x = (edges[:-1, None] + half * (unit + 1)).ravel()
        log_weight = self._log_weight(x, angle)
        node, column = np.nonzero((self._log_height(x, angle) > reach).T)
        weight = np.exp(log_weight[column, node]) * (half * share).ravel()[column] * angle_weight[node]
        return Grid(np.cos(angle)[node], bins[node // order], column, x, edges, weight)

    def _log_height(self, x: Floats, angle: Floats) -> Floats:
        """Roughly the log of the density of counts, shape (len(x), len(angle))."""
        tau = np.abs(self._perturbation(np.cos(angle)))
        return self._log_weight(x, angle) + log_mean_abs_det(self.n - 1, x)[:, None] + np.log1p(tau)

    def _radial_edges(self, angle: Floats) -> tuple[Floats, float]:
        """Edges of panels on all x that matter at some overlap, fine enough for the spacing of eigenvalues;
        and the height below which nothing matters."""
        n, spread = self.n - 1, sqrt(self._noise.radial_variance)
        means = self._radial_mean(np.cos(angle))
        reach = sqrt(2 * n) + spread * (sqrt(n) + 11.0)
        scan = np.linspace(float(means.min()) - reach, float(means.max()) + reach, 800)
        top = self._log_height(scan, angle).max(axis=1)
        least = float(top.max()) - _LOG_NEGLIGIBLE
        kept = scan[top > least]
        panels = int(np.ceil((kept[-1] - kept[0]) / min(1.0, 2 / sqrt(n))))
        if panels * RADIAL_ORDER * len(angle) > _MOST_PAIRS:
            raise self._too_strong()
        return np.linspace(kept[0], kept[-1], panels + 1), least

    def _signed(self, grid: Grid) -> Floats:
        """Mean numbers that each pair of nodes stands for, with the sign (-1)^k.

        The mean of the determinant is a Hermite polynomial, ``E det(x - M + tau u u^T) = P_{N-1}(x) + tau
        P_{N-2}(x)`` with P_j monic and orthogonal for exp(-x^2).
        """
        previous, monic = np.zeros_like(grid.x), np.ones_like(grid.x)
        for j in range(1, self.n):
            previous, monic = monic, grid.x * monic - (j - 1) / 2 * previous
        determinant = monic[grid.column] + self._perturbation(grid.overlap) * previous[grid.column]
        return (-1) ** (self.n - 1) * grid.weight * determinant

    def _groups(self) -> Iterator[Floats]:
        """For each group the mean numbers that every pair of nodes stands for, shape (N, pairs)."""
        generator = np.random.Generator(np.random.Philox(key=self.seed))
        grid, n = self._grid, self.n - 1
        tau, pairs = self._perturbation(grid.overlap), len(grid.weight)
        draws = -(-self.samples // GROUPS) if n > 1 else 1
        for _ in range(GROUPS):
            mean = np.zeros(self.n * pairs)
            for count in _parts(draws, max(1, _AT_ONCE // pairs)):
                size, below, rest = _minors(generator, n, count, grid.x)
                c = rest[:, grid.column] + tau
                size, place = size[:, grid.column], below[:, grid.column] * pairs + np.arange(pairs)
                tail = np.exp(-0.5 * c**2) / sqrt(2 * pi) - np.abs(c) * ndtr(-np.abs(c))
                for r_1, index in ((np.maximum(-c, 0.0), 0), (np.maximum(c, 0.0), pairs)):
                    mass = (size * (tail + r_1)).ravel()
                    mean += np.bincount((place + index).ravel(), mass, len(mean))
            yield mean.reshape(self.n, pairs) * (grid.weight / draws)

    @cached_property
    def _all(self) -> tuple[Floats, Floats]:
        grid, noise = self._grid, self._noise.energy_noise
        energy = self._noise.energy_slope * grid.x[grid.column] + self._energy_shift(grid.overlap)
        tables, overlaps = [], []
        for mass in self._groups():
            moments = [mass, mass * energy, mass * (energy**2 + noise**2)]
            tables.append([grid.per_bin(each) for each in moments])
            overlaps.append([float(np.sum(mass[0] * grid.overlap**power)) for power in range(3)])
        return np.array(tables).swapaxes(0, 1), np.array(overlaps).T

    @property
    def _tables(self) -> Floats:
        """Numbers, and sums of energies and of squared energies, shape (3, GROUPS, N, overlap bins)."""
        return self._all[0]

    @property
    def _overlap_moments(self) -> Floats:
        """Number of minima, sums of their overlaps and squared overlaps, shape (3, GROUPS)."""
        return self._all[1]

    def _joint_groups(self, edges: ArrayLike) -> Floats:
        bounds = np.asarray(edges, dtype=np.float64)
        if bounds.ndim != 1 or bounds.size < 2 or not np.all(np.diff(bounds) >= 0):
            raise ValueError("energy edges: got no increasing sequence of at least two; lowest first")
        shares = np.diff([self._share_below(float(bound)) for bound in bounds], axis=0)
        grid = self._grid
        tables = [[grid.per_bin(mass * share) for share in shares] for mass in self._groups()]
        return np.moveaxis(np.array(tables), 1, -1)

    def _share_below(self, energy: float) -> Floats:
        """Share of the mass of each pair of nodes at energies up to this one, shape (pairs,)."""
        grid, noise, slope = self._grid, self._noise.energy_noise, self._noise.energy_slope
        shift = self._energy_shift(grid.overlap)
        if noise > 0 or not np.isfinite(energy):
            return ndtr((energy - shift - slope * grid.x[grid.column]) / max(noise, 1e-300))
        # E is a function of x: a node's share is that of its Lagrange polynomial up to the x of this energy.
        return grid.share_left_of((energy - shift) / slope)


def _minors(
    generator: np.random.Generator, n: int, draws: int, x: Floats
) -> tuple[Floats, NDArray[np.int64], Floats]:
    """For each draw and x: |r_2 ... r_n|, how many of these are negative, and x + b_1^2/r_2.

    Each x has matrices of its own: errors at different x average out (measured at n = 7 and 19: standard
    errors of totals are 4 and 6 times smaller than with common ones).
    """
    shape = (draws, len(x))
    size, below = np.ones(shape), np.zeros(shape, dtype=np.int64)
    rest = np.broadcast_to(x, shape)  # x + b_j^2/r_{j+1}
    for j in range(n - 1, 0, -1):
        pivot = generator.standard_normal(shape) - rest
        size, below = size * np.abs(pivot), below + (pivot < 0)
        rest = x + generator.standard_gamma((n - j) / 2, shape) / pivot
    return size, below, rest


def _parts(whole: int, most: int) -> list[int]:
    """A number of draws in parts that fit in memory."""
    return [min(most, whole - start) for start in range(0, whole, most)]


def _values(function: object, overlap: Floats) -> Floats:
    """A method of a polynomial at each overlap: it is made of powers, which know arrays."""
    assert callable(function)
    return np.broadcast_to(np.asarray(function(overlap), dtype=np.float64), overlap.shape)


def _sampled(groups: Floats) -> Sampled:
    """Mean and standard error over groups, the first axis."""
    error = np.std(groups, axis=0, ddof=1) / sqrt(len(groups))
    return Sampled(groups.mean(axis=0), np.asarray(error, dtype=np.float64))


def _moments(sums: Floats) -> tuple[float, float, float]:
    """Mean, standard deviation and error of the mean from numbers, sums and sums of squares by group."""
    count, first, second = sums
    mean = first.mean() / count.mean()
    spread = sqrt(max(second.mean() / count.mean() - mean**2, 0.0))
    return float(mean), spread, float(_sampled(first - mean * count).error) / float(count.mean())
