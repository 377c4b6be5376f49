"""Special energies for N -> infinity: threshold, ground state, lowest saddles, marginal range.

Pure p: E_inf and E_k (energies per spin) of A. Auffinger, G. Ben Arous, J. Cerny (arXiv:1003.1129). Mixtures:
the dominant marginal level of A. Auffinger, G. Ben Arous (arXiv:1110.5872). All depend on x0, x1, x2 = xi,
xi', xi'' at 1. The ground state is in `analysis.theory.limits.one_step`.
"""

from math import log, sqrt

from morsecensus.analysis.theory.limits.complexity import (
    pure_complexity_of_index,
    radial_complexity,
    threshold_energy,
)
from morsecensus.analysis.theory.limits.roots import find_root
from morsecensus.tasks.covariance import Covariance


def index_energy(p: int, k: int) -> float:
    """E_k(p): below -E_k there are typically none of index k or more. E_0: the ground state."""
    edge = threshold_energy(p)
    return find_root(lambda e: float(pure_complexity_of_index(p, k, -e)), edge, 3 * edge + sqrt(log(p)))


def dominant_threshold(covariance: Covariance) -> float:
    """e_th = -[x1 + x0 (x2 - x1)/x1] / sqrt(x2): the energy whose typical critical points are marginal.

    Minus E_inf for a pure model of unit variance.
    """
    x0, x1, x2 = covariance.x0, covariance.x1, covariance.x2
    return -(x1 + x0 * (x2 - x1) / x1) / sqrt(x2)


def pure_like_margin(covariance: Covariance) -> float:
    """G = log(x2/x1) - (x2-x1)(x2-x1+x1^2)/(x2 x1^2): pure-like if positive, full mixture if not.

    Half of it is the complexity of the typical marginal points. Coefficients are scaled to x0 = 1 first.
    """
    x1, x2 = covariance.x1 / covariance.x0, covariance.x2 / covariance.x0
    return log(x2 / x1) - (x2 - x1) * (x2 - x1 + x1**2) / (x2 * x1**2)


def marginal_range(covariance: Covariance) -> tuple[float, float] | None:
    """Lowest and highest energy with exponentially many marginal points, or None if there are none
    (mixtures).
    """
    edge = -2 * sqrt(covariance.x2)
    top = covariance.x1 * edge / (covariance.x1 + covariance.x2)
    rate = float(radial_complexity(covariance, edge))
    if rate <= 0:
        return None
    # At other energies a parabola, by the variance of E given D.
    half = sqrt(2 * rate * covariance.determinant / (covariance.x1 + covariance.x2))
    return top - half, top + half
