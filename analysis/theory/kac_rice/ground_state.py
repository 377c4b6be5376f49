"""The law of the lowest energy at finite N, from the mean number of minima alone.

The lowest point is a minimum. With N_0 minima on average, m(u) of them at energies of at most u (both of
pairs for even xi, where points come in pairs), it is taken as the lowest of N_0 independent ones:

    P(min H/N > u) = (1 - m(u)/N_0)^{N_0}.

Where a landscape has one minimum, or one pair (xi = c q^2, a strong field), this is exact. Where it has many
it is exp(-m(u)), that of a Poisson process, which E. Subag and O. Zeitouni (arXiv:1509.03098) prove for pure
p >= 3 and large N: m has an exponential tail of rate c = dTheta/du at -E_0. Between, minima of one landscape
repel and their number varies less than Poisson's; the power is nearer than exp(-m) there. Off brute force, in
standard deviations of the lowest energy: 0.04 of q^3 at N = 10, 0.06 at N = 5; in fields that leave 1.3 to
2.5 minima 0.05 to 0.11 (`test_lowest_energy.py`). The mean is never above that of all minima.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.kac_rice.finite_n import EXACT_INDEX_LIMIT, FiniteN
from morsecensus.analysis.theory.kac_rice.low_index import LowIndex
from morsecensus.analysis.theory.limits.complexity import (
    pure_complexity,
    threshold_energy,
    total_minima_complexity,
)
from morsecensus.analysis.theory.limits.roots import find_root
from morsecensus.analysis.theory.limits.thresholds import index_energy

_EULER_GAMMA = float(np.euler_gamma)
MANY = 1.0
"""N times the complexity of minima from which on all points will do for minima: off by 0.01 standard
deviations of q^3 at N = 100, where it is 1.3."""
QUICK = 150
"""The largest N at which minima are counted unasked: seconds. At 300 it takes a minute."""


@dataclass(frozen=True)
class GroundStateLaw:
    """Law of the lowest energy per spin.

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


def ground_state_law(model: FiniteN, points: int = 2001) -> GroundStateLaw | None:
    """The law at finite N; None where N is above `QUICK` and there are few minima, unless a `LowIndex` has
    their numbers.

    Args:
        model: covariance and N.
        points: grid size; the trapezoid error of the mean is about 1e-7 of the spread at 2001.
    """
    share = 0.5 if model.covariance.is_even else 1.0
    known = _with_minima(model)
    if known is None and not _has_many_minima(model):
        return None
    number = inf if known is None else share * float(known.by_index()[0])

    def below(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
        counts = model.count_bins(bounds) if known is None else known.count_by_index(bounds)[0]
        return share * np.cumsum(counts)

    low, high = _bracket(model, below, min(number * (1 - 1e-9), 40.0))
    edges = np.linspace(low, high, points)
    return lowest_of(edges, below(np.concatenate([[-np.inf], edges])), number)


def lowest_of(energy: NDArray[np.float64], below: NDArray[np.float64], number: float) -> GroundStateLaw:
    """The law of the lowest of so many independent energies, given that it is on the grid.

    Args:
        energy: increasing grid.
        below: mean number of them at or below each.
        number: mean number of all; inf for a Poisson process.
    """
    share = np.clip(below / number, 0.0, 1.0)
    with np.errstate(divide="ignore"):  # the highest energy may be that of the last one: log 0
        above = -below if number == inf else number * np.log1p(-share)
    cumulative = -np.expm1(above)
    cumulative = (cumulative - cumulative[0]) / (cumulative[-1] - cumulative[0])
    return GroundStateLaw(energy, cumulative)


def _with_minima(model: FiniteN) -> FiniteN | None:
    """The same model with exact numbers of minima; None where they aren't known, or aren't needed."""
    if isinstance(model, LowIndex) or model.n <= EXACT_INDEX_LIMIT:
        return model
    if model.n > QUICK or _has_many_minima(model):
        return None
    return LowIndex(model.covariance, model.n, 0)


def _has_many_minima(model: FiniteN) -> bool:
    covariance = model.covariance
    if covariance.x2 <= covariance.x1:  # a pure 2-spin, or a field that leaves few points
        return False
    return model.n * total_minima_complexity(covariance) > MANY


def _bracket(
    model: FiniteN, below: Callable[[NDArray[np.float64]], NDArray[np.float64]], most: float
) -> tuple[float, float]:
    """Energies with m = 1e-9 and with m = ``most``."""
    scale = 6.0 * sqrt(model.covariance.x0) + 6.0 * sqrt(model.covariance.x1)

    def solve(target: float) -> float:
        def excess(u: float) -> float:
            return log(max(float(below(np.array([-np.inf, u]))[0]), 1e-300)) - log(target)

        return find_root(excess, -scale, scale)

    return solve(1e-9), solve(most)


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
