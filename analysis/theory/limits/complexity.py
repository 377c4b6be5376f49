"""Complexity of pure and mixed models: exponential rates of mean numbers of critical points.

Theta_p(u) and Theta_k(u) of the pure model: A. Auffinger, G. Ben Arous, J. Cerny (arXiv:1003.1129); the mixed
complexity Sigma(E, D) by the same computation with D random given E (A. Auffinger, G. Ben Arous,
arXiv:1110.5872). Energies per spin, covariance N xi. These are rates of the *mean* number (annealed); for
pure p >= 3 they are also typical at energies between the ground state and the threshold (E. Subag,
arXiv:1504.02251).
"""

from math import inf, log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from morsecensus.tasks.covariance import Covariance


def log_potential(x: ArrayLike) -> NDArray[np.float64]:
    """Omega(x) = int log|x - l| rho_sc(l) dl over the semicircle on [-2, 2]."""
    t = np.abs(np.asarray(x, dtype=np.float64))
    root = np.sqrt(np.maximum(t**2 - 4, 0.0))
    outside = -t * root / 4 + np.log((np.maximum(t, 2.0) + root) / 2)
    return t**2 / 4 - 0.5 + np.where(t > 2, outside, 0.0)


def _check_pure(p: int) -> None:
    if p < 3:
        raise ValueError(
            f"pure complexity: got p = {p}; allowed is p >= 3; p = 2 has 2N critical points only"
        )


def threshold_energy(p: int) -> float:
    """E_inf(p) = 2 sqrt((p-1)/p): minus it, typical saddles turn to minima."""
    return 2 * sqrt((p - 1) / p)


def pure_complexity(p: int, u: ArrayLike) -> NDArray[np.float64]:
    """Rate of the number of critical points of any index per unit of energy, at energy u."""
    _check_pure(p)
    e = np.asarray(u, dtype=np.float64)
    return 0.5 * log(p - 1) + 0.5 - e**2 / 2 + log_potential(sqrt(p / (p - 1)) * e)


def pure_complexity_below(p: int, u: ArrayLike) -> NDArray[np.float64]:
    """Rate of the number of critical points of any index with energy at most u."""
    return pure_complexity(p, np.minimum(np.asarray(u, dtype=np.float64), 0.0))


def index_rate(p: int, u: ArrayLike) -> NDArray[np.float64]:
    """I_1(u) = (2/E_inf^2) int_u^{-E_inf} sqrt(z^2 - E_inf^2) dz for u <= -E_inf, and 0 above."""
    edge = threshold_energy(p)
    e = np.maximum(-np.asarray(u, dtype=np.float64), edge)
    s = np.sqrt(e**2 - edge**2)
    return (2 / edge**2) * (e * s / 2 - (edge**2 / 2) * np.log((e + s) / edge))


def pure_complexity_of_index(p: int, k: int, u: ArrayLike) -> NDArray[np.float64]:
    """Theta_k(u): rate of the number of critical points of index k (k fixed) with energy at most u."""
    _check_pure(p)
    if k < 0:
        raise ValueError(f"index k: got {k}; allowed is k >= 0")
    e = np.minimum(np.asarray(u, dtype=np.float64), -threshold_energy(p))
    return 0.5 * log(p - 1) - (p - 2) / (4 * (p - 1)) * e**2 - (k + 1) * index_rate(p, e)


def density_of_index(p: int, k: int, u: ArrayLike) -> NDArray[np.float64]:
    """Rate of the number of index-k points *at* energy u: Theta_k(u) up to the threshold and -inf above it.

    Above the threshold a fixed index has a rate that falls as -N^2, so no exponential rate in N.
    """
    e = np.asarray(u, dtype=np.float64)
    return np.where(e <= -threshold_energy(p), pure_complexity_of_index(p, k, e), -inf)


def joint_complexity(covariance: Covariance, energy: ArrayLike, radial: ArrayLike) -> NDArray[np.float64]:
    """Sigma(E, D): rate of the number of critical points at energy E and radial derivative D, mixtures only.

        Sigma = 1/2 [1 + log(x2/x1)] + Omega(D / sqrt(x2)) - (E, D) C^{-1} (E, D)^T / 2

    with C = [[x0, x1], [x1, x1 + x2]]: that of E, and of D less what E says of it, which may be next to
    nothing.

    They are minima (or of fixed index) for D <= -2 sqrt(x2), saddles of index ~ N in between.
    """
    if covariance.is_pure:
        raise ValueError(
            f"joint complexity of (E, D): got the pure covariance {covariance}, where D is "
            "a multiple of E; allowed is a mixture; use pure_complexity"
        )
    e, d = np.asarray(energy, dtype=np.float64), np.asarray(radial, dtype=np.float64)
    x0, x1, x2 = covariance.x0, covariance.x1, covariance.x2
    quadratic = e**2 / x0 + (d - x1 / x0 * e) ** 2 * x0 / covariance.determinant
    return 0.5 * (1 + log(x2 / x1)) + log_potential(d / sqrt(x2)) - quadratic / 2


def radial_complexity(covariance: Covariance, radial: ArrayLike) -> NDArray[np.float64]:
    """Sigma maximised over the energy: rate of the number of critical points at radial derivative D."""
    d = np.asarray(radial, dtype=np.float64)
    x1, x2 = covariance.x1, covariance.x2
    return 0.5 * (1 + log(x2 / x1)) + log_potential(d / sqrt(x2)) - d**2 / (2 * (x1 + x2))


def total_complexity(covariance: Covariance) -> float:
    """Rate of the total number of critical points: log(x2/x1)/2 if x2 > x1, and 0 otherwise (2 points).

    Y. V. Fyodorov, arXiv:1307.2379: a field of variance x2 - x1 trivialises the landscape.
    """
    return max(0.0, 0.5 * log(covariance.x2 / covariance.x1))


def total_minima_complexity(covariance: Covariance) -> float:
    """Rate of the number of all minima: `radial_complexity` rises up to the edge D = -2 sqrt(x2) if x2 > x1,
    so minima are marginal to leading order; 0 otherwise (one minimum)."""
    if covariance.x2 <= covariance.x1:
        return 0.0
    return float(radial_complexity(covariance, -2 * sqrt(covariance.x2)))


def dominant_minima_energy(covariance: Covariance) -> float:
    """Energy at which most minima lie for N -> infinity: that of D = -2 sqrt(x2), E = x1 D/(x1 + x2).

    For a pure model it is -E_inf. Annealed; it holds with a field too, as long as x2 > x1.
    """
    x1, x2 = covariance.x1, covariance.x2
    return -2 * x1 * sqrt(x2) / (x1 + x2)


def marginal_complexity(covariance: Covariance, energy: ArrayLike) -> NDArray[np.float64]:
    """Sigma(E, -2 sqrt(x2)): rate of the number of marginal critical points at energy E."""
    return joint_complexity(covariance, energy, -2 * sqrt(covariance.x2))


def minima_complexity(covariance: Covariance, energy: float) -> float:
    """Rate of the number of minima at energy E: Sigma maximised over D <= -2 sqrt(x2).

    Sigma is concave in D beyond the edge; inside its maximum is at the edge.
    """
    if covariance.is_pure:
        return float(density_of_index(covariance.degree, 0, energy / sqrt(covariance.x0)))
    x0, x1, determinant, unit = covariance.x0, covariance.x1, covariance.determinant, sqrt(covariance.x2)
    edge = -2 * unit
    # Slope at the edge: Omega' = -1 there. Positive: Sigma rises towards the bulk, the edge is the best
    # minimum.
    if -determinant / unit - (x0 * edge - x1 * energy) >= 0:
        return float(joint_complexity(covariance, energy, edge))
    # Outside, with D = -2 sqrt(x2) cosh t: Omega' = -exp(-t), a quadratic for exp(-t).
    lead, middle = x0 * unit - determinant / unit, x1 * energy
    root = sqrt(middle**2 - 4 * lead * x0 * unit)
    decay = 2 * x0 * unit / (root - middle)
    radial = -unit * (decay + 1 / decay)
    return float(joint_complexity(covariance, energy, radial))
