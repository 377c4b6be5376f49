"""Temperatures of spherical models, N to infinity: where dynamics freezes and where statics does; TAP; aging.

Units of E H H' = N xi, Gibbs weight exp(-H/T). Without a field (xi'(0) = 0):

- T_s, T_d: `tasks.temperatures`.
- Aging below T_d, pure models (L. F. Cugliandolo and J. Kurchan, Phys. Rev. Lett. 71 (1993) 173): plateau
  and ratio of fluctuation and dissipation from xi''(q) (1-q)^2 = T^2 and x = (1-q) (xi''(q)/xi'(q) - 1/q),
  energy e = -[xi(1) - xi(q) + x xi(q)]/T.
- TAP, pure models: a critical point of energy eps is at T a state of free energy
  f(q) = q^{p/2} eps - (T/2) log(1-q) - [1 - p q^{p-1} + (p-1) q^p]/(2T) at its outer stationary q
  (J. Kurchan, G. Parisi and M. A. Virasoro, J. Phys. I France 3 (1993) 1819), and max over eps of
  [complexity - f/T] is 1/(2T^2) between T_s and T_d.
"""

from dataclasses import dataclass
from math import expm1, log1p, sqrt
from typing import Any

from morsecensus.analysis.theory.limits.complexity import pure_complexity_of_index, threshold_energy
from morsecensus.analysis.theory.limits.roots import find_root
from morsecensus.analysis.theory.limits.thresholds import index_energy
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.temperatures import dynamic_transition, static_transition


def equilibrium_energy(covariance: Covariance, temperature: float) -> float:
    """-xi(1)/T, at T >= T_s."""
    return -covariance.x0 / temperature


@dataclass(frozen=True)
class Aging:
    """What a pure model tends to after a quench to T < T_d: plateau, x, energy per spin."""

    overlap: float
    ratio: float
    energy: float


def aging(covariance: Covariance, temperature: float) -> Aging:
    """The aging state of a pure model, 0 < T < T_d.

    Raises:
        ValueError: a mixture, or a temperature outside.
    """
    if not covariance.is_pure:
        raise ValueError(f"xi: got the mixture {covariance}, allowed: pure models for aging energies")
    highest = dynamic_transition(covariance)
    if not 0 < temperature < highest.temperature:
        raise ValueError(
            f"temperature: got {temperature:g}, allowed: above 0, below {highest.temperature:.8g}"
        )

    def excess(u: float) -> float:
        return sqrt(covariance.second_derivative(1 - temperature * u)) * u - 1

    # 1 - q = T u, for u stays of order one as T falls and 1 - q is lost beside 1. On the outer branch u grows
    # from its value at T = 0 to that where the branches meet.
    least = 1 / sqrt(covariance.x2)
    u = find_root(excess, 0.5 * least, (1 - highest.overlap) / temperature)
    q, p = 1 - temperature * u, covariance.degree
    ratio = temperature * u * (p - 2) / q
    lost = -expm1(p * log1p(-temperature * u)) / temperature
    energy = -covariance.x0 * (lost + u * (p - 2) * q ** (p - 1))
    return Aging(q, ratio, energy)


@dataclass(frozen=True)
class TapStates:
    """The states that carry the weight at T.

    Attributes:
        maximum: of complexity - f/T over the energies; xi(1)/(2T^2) between T_s and T_d.
        energy: of the critical points they come from, eps*.
        complexity: at that energy.
        overlap: q of these states.
        state_energy: their energy at T, -xi(1)/T between T_s and T_d.
    """

    maximum: float
    energy: float
    complexity: float
    overlap: float
    state_energy: float


def tap_states(covariance: Covariance, temperature: float) -> TapStates:
    """The TAP states of a pure model at T_s < T < T_d.

    Raises:
        ValueError: a mixture, p = 2, or a temperature outside.
    """
    p = covariance.degree
    if not covariance.is_pure or p < 3:
        raise ValueError(f"xi: got {covariance}, allowed: pure models of degree 3 or more for TAP states")
    low, high = static_transition(covariance).temperature, dynamic_transition(covariance).temperature
    if not low < temperature < high:
        raise ValueError(
            f"temperature: got {temperature:g}, allowed: from T_s = {low:.8g} to T_d = {high:.8g}"
        )
    unit = sqrt(covariance.x0)
    t = temperature / unit

    def weight(eps: float) -> float:
        return float(pure_complexity_of_index(p, 0, eps)) - _free_energy(p, t, eps) / t

    bounds = (-index_energy(p, 0), -threshold_energy(p))
    from scipy.optimize import minimize_scalar  # see `roots`

    found: Any = minimize_scalar(
        lambda e: -weight(e), bounds=bounds, method="bounded", options={"xatol": 1e-10}
    )
    eps = float(found.x)
    q = _outer_overlap(p, t, eps)
    complexity = float(pure_complexity_of_index(p, 0, eps))
    return TapStates(weight(eps), unit * eps, complexity, q, unit * (q ** (p / 2) * eps - _onsager(p, q) / t))


def _outer_overlap(p: int, t: float, eps: float) -> float:
    """The larger q where f is stationary: q^{p/2-1} (1-q) = T z, z the smaller root of
    p(p-1) z^2 + p eps z + 1 = 0. States exist at all T < T_d, as the threshold's last beyond it."""
    z = (-eps - sqrt(max(eps**2 - threshold_energy(p) ** 2, 0.0))) / (2 * (p - 1))
    return find_root(lambda q: q ** (p / 2 - 1) * (1 - q) - t * z, (p - 2) / p, 1.0)


def _onsager(p: int, q: float) -> float:
    return 1 - p * q ** (p - 1) + (p - 1) * q**p


def _free_energy(p: int, t: float, eps: float) -> float:
    q = _outer_overlap(p, t, eps)
    return q ** (p / 2) * eps - t / 2 * log1p(-q) - _onsager(p, q) / (2 * t)
