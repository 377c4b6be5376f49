"""The law of the lowest energy at finite N, from the mean number of critical points alone.

To a good approximation the lowest critical values form a Poisson process, so

    P(min H/N > u) = exp(-m(u)),   m(u) = E Crit_N(<= u)   (half of it for even xi, where points come in
    pairs).

E. Subag and O. Zeitouni (arXiv:1509.03098) prove it for pure p >= 3 and large N, where m has an exponential
tail of rate c = dTheta/du at -E_0. With the exact m it is good from N = 10 on, and off by 4% at N = 5.
"""

from dataclasses import dataclass
from math import exp, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.limits.complexity import pure_complexity, threshold_energy
from morsecensus.analysis.theory.limits.roots import find_root
from morsecensus.analysis.theory.limits.thresholds import index_energy

_EULER_GAMMA = float(np.euler_gamma)


@dataclass(frozen=True)
class GroundStateLaw:
    """First-moment law of the lowest energy per spin.

    Attributes:
        energy: increasing grid.
        cumulative: P(min <= energy) on it.
    """

    energy: NDArray[np.float64]
    cumulative: NDArray[np.float64]

    def quantile(self, probability: float) -> float:
        """The energy below which the minimum lies with this probability, 0 < probability < 1."""
        return float(np.interp(probability, self.cumulative, self.energy))

    @property
    def median(self) -> float:
        return self.quantile(0.5)

    @property
    def mean(self) -> float:
        middle = (self.energy[1:] + self.energy[:-1]) / 2
        return float(np.sum(middle * np.diff(self.cumulative)))

    @property
    def standard_deviation(self) -> float:
        middle = (self.energy[1:] + self.energy[:-1]) / 2
        return float(np.sqrt(np.sum((middle - self.mean) ** 2 * np.diff(self.cumulative))))


def ground_state_law(model: FiniteN, points: int = 2001, index: int | None = None) -> GroundStateLaw:
    """The first-moment law at finite N, given that there is a critical point below the grid's end.

    Args:
        model: covariance and N.
        points: grid size; the trapezoid error of the mean is about 1e-7 of the spread at 2001.
        index: m counts points of this index alone, 0 for minima; of all if None, for any N.
    """
    share = 0.5 if model.covariance.is_even else 1.0
    low, high = _bracket(model, share, index)
    edges = np.linspace(low, high, points)
    bounds = np.concatenate([[-np.inf], edges])
    counts = model.count_bins(bounds) if index is None else model.count_by_index(bounds)[index]
    cumulative = -np.expm1(-share * np.cumsum(counts))
    cumulative = (cumulative - cumulative[0]) / (cumulative[-1] - cumulative[0])
    return GroundStateLaw(edges, cumulative)


def _bracket(model: FiniteN, share: float, index: int | None) -> tuple[float, float]:
    """Energies with m = 1e-9 and with m = 40, or all critical points if they are fewer."""
    scale = 6.0 * sqrt(model.covariance.x0) + 6.0 * sqrt(model.covariance.x1)
    most = share * (min(model.total(), 1e300) if index is None else float(model.by_index()[index]))

    def solve(target: float) -> float:
        def excess(u: float) -> float:
            return log(max(share * model.expected_below(u, index), 1e-300)) - log(target)

        return find_root(excess, -scale, scale)

    return solve(1e-9), solve(min(40.0, most * (1 - 1e-9)))


def poisson_constants(p: int) -> tuple[float, float]:
    """(c, A): E Crit_N(<= -E_0 + x/N) ~ A N^{-1/2} exp(c x) for the pure p-spin, N large.

    A is the prefactor of the sharp asymptotics of A. Auffinger, G. Ben Arous, J. Cerny (arXiv:1003.1129,
    Theorem 2.17) at u = -E_0. For even p the Poisson process has A/2, and each value belongs to a pair of
    points.
    """
    ground = index_energy(p, 0)
    outer = sqrt(p / (p - 1)) * ground
    slope = ground - sqrt(p / (p - 1)) * (outer - sqrt(outer**2 - 4)) / 2
    return slope, deep_prefactor(p, -ground)


def deep_prefactor(p: int, u: float) -> float:
    """lim of sqrt(N) exp(-N Theta_p(u)) E Crit_N(<= u) for u < -E_inf."""
    if u >= -threshold_energy(p):
        raise ValueError(f"energy u: got {u}; allowed is below the threshold {-threshold_energy(p):.6g}")
    v = -u * sqrt(p / (2 * (p - 1)))
    root = sqrt(v**2 - 2)
    ratio = ((v - sqrt(2)) / (v + sqrt(2))) ** 0.25
    area = v * root / 2 - log((v + root) / sqrt(2))
    return (ratio + 1 / ratio) / sqrt(2 * p * pi) * exp(area - v * root / 2) / ((p - 2) * v / p + root)


def deep_count(p: int, n: int, u: float) -> float:
    """Sharp large-N form of E Crit_N(<= u) below the threshold, to compare with the exact number."""
    return deep_prefactor(p, u) / sqrt(n) * exp(n * float(pure_complexity(p, u)))


def ground_state_mean_asymptotic(p: int, n: int) -> float:
    """-E_0 + [log(N)/2 - log A - 0.5772] / (c N): the mean of the Gumbel law that the Poisson process
    implies.
    """
    slope, prefactor = poisson_constants(p)
    if p % 2 == 0:
        prefactor /= 2
    return -index_energy(p, 0) + (0.5 * log(n) - log(prefactor) - _EULER_GAMMA) / (slope * n)
