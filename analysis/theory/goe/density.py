"""The Gaussian orthogonal ensemble at finite size: density of eigenvalues and the mean of |det|, exactly.

Notation. ``M`` is an n x n GOE matrix with joint eigenvalue density proportional to
``prod_{i<j} |l_i - l_j| exp(-sum l_i^2 / 2)``: variance 1 on the diagonal, 1/2 off it, spectrum in about
``[-sqrt(2n), sqrt(2n)]``. ``phi_k`` are the orthonormal Hermite functions, ``Phi_k(x) = int_{-inf}^x phi_k``
and ``T_k = Phi_k(inf)``. The one-point density of an N x N matrix, normalised to N, is

    N rho_N(x) = sum_{k<N} phi_k^2 + sqrt(N/2) phi_{N-1}(x) [Phi_N(x) - T_N/2] + [N odd] phi_{N-1}(x) /
    T_{N-1}

(M. L. Mehta, Random Matrices, chapter 7). Integrating out the other eigenvalues gives the same density as
``exp(-x^2/2) E|det(x - M_{N-1})|`` up to a ratio of Selberg constants: so the density of size n + 1 is the
mean absolute characteristic polynomial of size n, which is what the Kac-Rice formula asks for.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, gammaln

_LOG_PI = float(np.log(np.pi))
_BIG = 1e100


def log_partition(n: int) -> float:
    """log of int prod|l_i - l_j| exp(-sum l^2/2) over R^n: Mehta's integral for beta = 1."""
    j = np.arange(1, n + 1)
    return float(0.5 * n * np.log(2 * np.pi) + np.sum(gammaln(1 + j / 2)) - n * gammaln(1.5))


# Points of a density that are worked on together: some arrays of them fit into a core's cache.
_AT_ONCE = 4096


@lru_cache(maxsize=4096)
def hermite_integral(k: int) -> float:
    """T_k, the integral of phi_k over the line (zero for odd k)."""
    if k % 2:
        return 0.0
    # T_k = sqrt((k-1)/k) T_{k-2} from T_0 = pi^{-1/4} sqrt(2 pi), in closed form.
    half = k // 2
    log_ratio = 0.5 * (gammaln(k + 1) - 2 * gammaln(half + 1) - k * np.log(2))
    return float(np.exp(log_ratio + 0.5 * np.log(2) + 0.25 * _LOG_PI))


def hermite_functions(count: int, x: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """phi_k and Phi_k for k = 0 .. count-1 at the points x.

    Returns:
        two arrays of shape (count, len(x)). Both underflow to zero far in the tail; use `log_density` there.
    """
    points = np.asarray(x, dtype=np.float64)
    left = -np.abs(points)
    phi = np.zeros((count, left.size))
    integral = np.zeros((count, left.size))
    phi[0] = np.exp(-0.5 * left**2 - 0.25 * _LOG_PI)
    integral[0] = phi[0] * np.sqrt(np.pi / 2) * erfcx(-left / np.sqrt(2))
    if count > 1:
        phi[1] = np.sqrt(2) * left * phi[0]
        integral[1] = -np.sqrt(2) * phi[0]
    for k in range(1, count - 1):
        phi[k + 1] = np.sqrt(2 / (k + 1)) * left * phi[k] - np.sqrt(k / (k + 1)) * phi[k - 1]
        integral[k + 1] = np.sqrt(k / (k + 1)) * integral[k - 1] - np.sqrt(2 / (k + 1)) * phi[k]
    # The recurrence of Phi has no cancellation for x <= 0; parity gives x > 0.
    right = points > 0
    sign = np.where(np.arange(count) % 2, -1.0, 1.0)[:, None]
    total = np.array([hermite_integral(k) for k in range(count)])[:, None]
    return np.where(right, sign * phi, phi), np.where(right, total - sign * integral, integral)


def log_density(n: int, x: ArrayLike) -> NDArray[np.float64]:
    """log of n rho_n(x), the density of eigenvalues of the n x n GOE normalised to n; never under- or
    overflows.
    """
    points = np.asarray(x, dtype=np.float64)
    flat = points.ravel()
    parts = [_log_density(n, flat[at : at + _AT_ONCE]) for at in range(0, max(flat.size, 1), _AT_ONCE)]
    return np.concatenate(parts).reshape(points.shape)


def _log_density(n: int, x: NDArray[np.float64]) -> NDArray[np.float64]:
    left = -np.abs(x)
    # phi_k = value * exp(scale), Phi_k = integral * exp(scale), sum phi^2 = square * exp(2 scale).
    scale = -0.5 * left**2
    previous, value = np.zeros_like(left), np.full_like(left, np.exp(-0.25 * _LOG_PI))
    integral_previous, integral = np.zeros_like(left), value * np.sqrt(np.pi / 2) * erfcx(-left / np.sqrt(2))
    square = value**2
    for k in range(n):
        stepped = np.sqrt(2 / (k + 1)) * left * value - np.sqrt(k / (k + 1)) * previous
        integral_stepped = np.sqrt(k / (k + 1)) * integral_previous - np.sqrt(2 / (k + 1)) * value
        previous, value, integral_previous, integral = value, stepped, integral, integral_stepped
        if k + 1 < n:
            square = square + value**2
        big = np.abs(value) > _BIG
        if big.any():  # once in tens of steps
            shrink = np.where(big, 1 / _BIG, 1.0)
            previous, value, square = previous * shrink, value * shrink, square * shrink**2
            integral_previous, integral = integral_previous * shrink, integral * shrink
            scale = scale - np.log(shrink)
    # Now previous = phi_{n-1} and integral = Phi_n, and T_n or T_{n-1} vanishes by parity.
    double = square + np.sqrt(n / 2) * previous * integral
    single = (
        previous / hermite_integral(n - 1)
        if n % 2
        else -0.5 * np.sqrt(n / 2) * previous * hermite_integral(n)
    )
    return scale + np.log(single + np.exp(scale) * double)


def log_mean_abs_det(n: int, x: ArrayLike) -> NDArray[np.float64]:
    """log E|det(x - M)| over the n x n GOE, at any x, for any n >= 0."""
    points = np.asarray(x, dtype=np.float64)
    if n == 0:
        return np.zeros_like(points)
    constant = log_partition(n + 1) - log_partition(n) - np.log(n + 1)
    return log_density(n + 1, points) + 0.5 * points**2 + constant
