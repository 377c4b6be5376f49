"""The shifted semicircle: spectrum of the Hessian at a critical point, and index against energy, for large N.

At a critical point the Riemannian Hessian is ``G - D``: ``G`` has a semicircle on ``[-2 sqrt(x2), 2
sqrt(x2)]`` and ``D = w.grad H / N`` is the radial derivative, ``D = p E`` for a pure model and Gaussian given
``E`` for a mixture (A. Auffinger, G. Ben Arous, J. Cerny, arXiv:1003.1129). ``x0, x1, x2`` are xi, xi' and
xi'' at 1; energies are per spin.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from morsecensus.analysis.theory.limits.roots import find_root
from morsecensus.tasks.covariance import Covariance


def semicircle_density(x: ArrayLike) -> NDArray[np.float64]:
    """sqrt(4 - x^2) / (2 pi) on [-2, 2], zero outside."""
    t = np.clip(np.asarray(x, dtype=np.float64), -2.0, 2.0)
    return np.sqrt(4 - t**2) / (2 * np.pi)


def semicircle_cdf(x: ArrayLike) -> NDArray[np.float64]:
    """F_sc(x) = 1/2 + x sqrt(4 - x^2) / (4 pi) + asin(x/2) / pi."""
    t = np.clip(np.asarray(x, dtype=np.float64), -2.0, 2.0)
    return 0.5 + t * np.sqrt(4 - t**2) / (4 * np.pi) + np.arcsin(t / 2) / np.pi


def semicircle_quantile(fraction: float) -> float:
    """The x in [-2, 2] with F_sc(x) = fraction."""
    if not 0 <= fraction <= 1:
        raise ValueError(
            f"fraction: got {fraction}; allowed is 0 <= fraction <= 1; give the share of eigenvalues"
        )
    if fraction in (0, 1):
        return -2.0 if fraction == 0 else 2.0
    return find_root(lambda x: float(semicircle_cdf(x)) - fraction, -2.0, 2.0)


def dominant_radial_derivative(covariance: Covariance, energy: ArrayLike) -> NDArray[np.float64]:
    """The radial derivative D of most critical points at an energy, for N -> infinity.

    D = p E for a pure model. For a mixture, the maximum over D of the complexity: with ``s = c_DD`` and
    ``t = c_ED`` from the inverse covariance of (E, D), stationarity of ``Omega(D/sqrt x2) - (E,D) C^-1
    (E,D)/2`` is linear while |D| <= 2 sqrt(x2), and has the outer branch of Omega beyond.
    """
    u = np.asarray(energy, dtype=np.float64)
    if covariance.is_pure:
        return covariance.degree * u
    x0, x1, x2 = covariance.x0, covariance.x1, covariance.x2
    # Times the determinant, which may be next to nothing.
    spread = covariance.determinant
    edge = 2 * np.sqrt(x2)
    inner = x1 * u / (x0 - spread / (2 * x2))
    # Outside: spread (D - sign sqrt(D^2 - 4 x2)) / (2 x2) = x0 D - x1 u, a quadratic.
    outer = np.asarray(_outer_branch(x0, -x1, spread, x2, u))
    stays_inside = (x0 > spread / (2 * x2)) & (np.abs(inner) <= edge)
    return np.where(stays_inside, inner, outer)


def _outer_branch(
    own: float, cross: float, spread: float, x2: float, u: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solve spread m(D) = own D + cross u, m = (D - sgn(D) sqrt(D^2 - 4 x2))/(2 x2), on |D| >= 2 sqrt(x2).

    m satisfies D = x2 m + 1/m, so (own x2 - spread) m^2 + cross u m + own = 0 with 0 < |m| <= 1/sqrt(x2).
    """
    lead, middle = own * x2 - spread, cross * u
    root = np.sqrt(np.maximum(middle**2 - 4 * lead * own, 0.0))
    # The smaller root in modulus, written without cancellation. Zero only where the inner branch holds.
    divisor = middle + np.where(middle >= 0, root, -root)
    m = -2 * own / np.where(divisor == 0, 1.0, divisor)
    return x2 * m + 1 / m


def hessian_density(covariance: Covariance, eigenvalue: ArrayLike, radial: float) -> NDArray[np.float64]:
    """Limiting density of Riemannian Hessian eigenvalues at critical points of radial derivative D."""
    scale = np.sqrt(covariance.x2)
    return semicircle_density((np.asarray(eigenvalue, dtype=np.float64) + radial) / scale) / scale


def hessian_edges(covariance: Covariance, radial: float) -> tuple[float, float]:
    """Lowest and highest eigenvalue of the bulk at radial derivative D."""
    half = 2 * float(np.sqrt(covariance.x2))
    return -radial - half, -radial + half


def index_fraction(covariance: Covariance, energy: ArrayLike) -> NDArray[np.float64]:
    """k/N of most critical points at an energy: the semicircle's weight below D(E) / sqrt(x2)."""
    return semicircle_cdf(dominant_radial_derivative(covariance, energy) / np.sqrt(covariance.x2))
