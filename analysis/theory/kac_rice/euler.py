"""Mean Euler characteristic of the superlevel sets of a landscape on the sphere, exactly, at any N >= 2.

The Gaussian kinematic formula (R. J. Adler, J. E. Taylor, Random Fields and Geometry, 2007) on the
sphere ``S^n``, ``n = N - 1``: with ``v = u sqrt(N/x0)``, ``r = sqrt(x1/x0)`` and ``s_d`` the area of the unit
d-sphere,

    E chi{H/N >= u} = sum over j <= n, n - j even, of 2 C(n, j) (s_n / s_{n-j}) r^j rho_j(v),
    rho_0 = P(Z > v),   rho_j = (2 pi)^{-(j+1)/2} He_{j-1}(v) exp(-v^2/2).

Every Lipschitz-Killing curvature of the sphere enters, not only the volume. Only x1/x0 matters.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, ndtr

from morsecensus.tasks.covariance import Covariance


def sphere_characteristic(n: int) -> int:
    """Euler characteristic of S^{N-1}: 2 for odd N, 0 for even N."""
    return 2 if n % 2 else 0


def _log_sphere_area(d: int) -> float:
    return float(np.log(2) + 0.5 * (d + 1) * np.log(np.pi) - gammaln(0.5 * (d + 1)))


def mean_characteristic_above(covariance: Covariance, n: int, energy: ArrayLike) -> NDArray[np.float64]:
    """E chi of {H/N >= energy} on S^{N-1}, elementwise; tends to chi of the sphere as energy -> -inf.

    Raises:
        ValueError: n < 2.
    """
    if n < 2:
        raise ValueError(f"dimension n: got {n}; allowed is n >= 2; a sphere needs two coordinates")
    top = n - 1
    v = np.asarray(energy, dtype=np.float64) * np.sqrt(n / covariance.x0)
    log_r = 0.5 * np.log(covariance.x1 / covariance.x0)
    # psi_j = He_{j-1}(v) exp(-v^2/4) / sqrt((j-1)!): the recurrence stays in range for N in the hundreds.
    previous, psi = np.zeros_like(v), np.exp(-0.25 * v**2)
    total = np.zeros_like(v)
    for j in range(top + 1):
        if j > 1:
            previous, psi = psi, (v * psi - np.sqrt(j - 2) * previous) / np.sqrt(j - 1)
        if (top - j) % 2:
            continue
        log_binomial = gammaln(top + 1) - gammaln(j + 1) - gammaln(top - j + 1)
        log_factor = np.log(2) + log_binomial + _log_sphere_area(top) - _log_sphere_area(top - j) + j * log_r
        if j == 0:
            total += np.exp(log_factor) * ndtr(-v)
            continue
        log_factor += 0.5 * gammaln(j) - 0.5 * (j + 1) * np.log(2 * np.pi)
        total += np.exp(log_factor - 0.25 * v**2) * psi
    return total


def mean_characteristic_below(covariance: Covariance, n: int, energy: ArrayLike) -> NDArray[np.float64]:
    """E chi of {H/N <= energy}: the mirror image, because H and -H have the same law."""
    return mean_characteristic_above(covariance, n, -np.asarray(energy, dtype=np.float64))
