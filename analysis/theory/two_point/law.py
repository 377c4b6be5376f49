"""The joint law of a landscape's derivatives at two points of the sphere, for any isotropic covariance.

Notation. ``f(n) = H(sqrt(N) n) / sqrt(N)`` on the unit sphere has covariance xi(n.n'): no N is left, and
``f = sqrt(N) E``. Two points n1, n2 of overlap ``q = n1.n2``, ``s = sqrt(1 - q^2)``. At each there are the
direction n, the tangent t in the plane of both points that looks towards the other one, and N - 2 directions
a, b orthogonal to both. With d = df/dn (= sqrt(N) times the radial derivative D), g the tangential
gradient, A the second derivatives of the extended f, and everything at q except ``x0, x1, x2`` at 1, the
derivatives of xi(x.y) in x and y give (derived here; held against automatic differentiation in the tests)

    same point  f f: x0,  f d: x1,  d d: x1 + x2,  g g: x1 each,  A_ij A_ij: x2 (1 + delta_ij), all others 0;

    two points, in the plane
    f f': xi                 f d': q xi'                        f g': s xi'
    d d': q xi' + q^2 xi''   d g': s (xi' + q xi'')             g g': s^2 xi'' - q xi'
    f A': s^2 xi''           d A': s^2 (2 xi'' + q xi''')       g A': s (s^2 xi''' - 2 q xi'')
    A A': 2 q^2 xi'' - 4 q s^2 xi''' + s^4 xi''''               (A = A_tt, g = g_t)

    two points, across it, each a apart
    g_a g_a': xi'            g_a A_ta': s xi''                  A_ta A_ta': s^2 xi''' - q xi''
    A_ab A_ab': xi'' (1 + delta_ab), independent of all the rest.

The points can be exchanged, so sums and differences over the two points, divided by sqrt(2), are independent:
two *sectors*, in which a covariance is "same point" plus or minus "two points". Given g = 0 at both points,
the Riemannian Hessian of f at each is ``A - d`` on its tangent space. For another account of the same density
in flat space, and of its neutrality at short distance, see J.-M. Azais and C. Delmas (arXiv:1911.02300).
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from morsecensus.tasks.covariance import Covariance

Floats = NDArray[np.float64]
SECTORS = (1.0, -1.0)
G, D, A, F = range(4)
"""Order of the components in the plane: g_t, d, A_tt, f."""


@dataclass(frozen=True, eq=False)
class PairLaw:
    """Everything Gaussian at two points, given that both gradients vanish; both sectors along the first axis.

    Attributes:
        log_gradient_density: log of the density of both gradients, 2(N-1) components, at zero, shape (Q,).
        plane: lower triangular factors of the law of (d, h, f), h the Hessian's entry tt, shape (2, 3, 3, Q).
        across: standard deviation of each A_ta, shape (2, Q).
        block: standard deviation of the entries A_ab off the diagonal, shape (2, Q).
    """

    log_gradient_density: Floats
    plane: Floats
    across: Floats
    block: Floats


def pair_law(covariance: Covariance, n: int, angle: Floats) -> PairLaw:
    """The law at two points at each angle, shape (Q,), in (0, pi); normalised for the unit sphere."""
    q, s = np.cos(angle), np.sin(angle)
    same, other = same_point(covariance), two_points(covariance, q, s)
    gradients, mixed, entries, blocks = across_plane(covariance, q, s)
    x1, x2 = covariance.x1, covariance.x2
    log_density = np.full(q.shape, -(n - 1) * np.log(2 * np.pi))
    plane, across, block = [], [], []
    for sign in SECTORS:
        factor = cholesky(_with_hessian(same[..., None] + sign * other))
        gradient = x1 + sign * gradients
        log_density -= np.log(factor[0, 0]) + 0.5 * (n - 2) * np.log(gradient)
        plane.append(factor[1:, 1:])
        across.append(np.sqrt(np.maximum(x2 + sign * entries - mixed**2 / gradient, 0.0)))
        block.append(np.sqrt(np.maximum(x2 + sign * blocks, 0.0)))
    return PairLaw(log_density, np.array(plane), np.array(across), np.array(block))


def same_point(covariance: Covariance) -> Floats:
    """Covariance of (g_t, d, A_tt, f) at one point, shape (4, 4)."""
    x0, x1, x2 = covariance.x0, covariance.x1, covariance.x2
    return np.array([[x1, 0, 0, 0], [0, x1 + x2, 0, x1], [0, 0, 2 * x2, 0], [0, x1, 0, x0]])


def two_points(covariance: Covariance, q: Floats, s: Floats) -> Floats:
    """Covariance of (g_t, d, A_tt, f) at one point with the same at the other, shape (4, 4, Q)."""
    k0, k1, k2, k3, k4 = derivatives(covariance, q)
    found = np.empty((4, 4, *np.shape(q)))
    entries = {
        (G, G): s**2 * k2 - q * k1,
        (D, D): q * k1 + q**2 * k2,
        (A, A): 2 * q**2 * k2 - 4 * q * s**2 * k3 + s**4 * k4,
        (F, F): k0,
        (F, D): q * k1,
        (F, G): s * k1,
        (D, G): s * (k1 + q * k2),
        (F, A): s**2 * k2,
        (D, A): s**2 * (2 * k2 + q * k3),
        (G, A): s * (s**2 * k3 - 2 * q * k2),
    }
    for (i, j), value in entries.items():
        found[i, j] = found[j, i] = value
    return found


def across_plane(covariance: Covariance, q: Floats, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Covariances of one point with the other across the plane: g_a g_a', g_a A_ta', A_ta A_ta' and
    A_ab A_ab', a and b different, each of shape (Q,)."""
    _, k1, k2, k3, _ = derivatives(covariance, q)
    return k1, s * k2, s**2 * k3 - q * k2, k2


def derivatives(covariance: Covariance, q: Floats) -> tuple[Floats, ...]:
    """xi and its first four derivatives at q, each of the shape of q."""
    polynomial = Polynomial(covariance.coefficients)
    return tuple(np.asarray(polynomial.deriv(k)(q) if k else polynomial(q)) for k in range(5))


def _with_hessian(covariance: Floats) -> Floats:
    """From (g, d, A, f) to (g, d, h = A - d, f)."""
    turn = np.eye(4)
    turn[A, D] = -1.0
    return np.einsum("ij,jk...,lk->il...", turn, covariance, turn)


def cholesky(covariance: Floats) -> Floats:
    """Lower triangular factor of each matrix, shape (k, k, Q). A direction without variance gets zeros: for a
    pure model f is a multiple of d."""
    size = len(covariance)
    factor = np.zeros_like(covariance)
    for j in range(size):
        left = covariance[j:, j] - np.einsum("ik...,k...->i...", factor[j:, :j], factor[j, :j])
        # Below this the pivot is rounding; entries of the matrix are of order one.
        pivot = np.where(left[0] > 1e-14 * covariance[j, j], left[0], 0.0)
        root = np.sqrt(pivot)
        factor[j:, j] = np.where(pivot > 0, left / np.where(pivot > 0, root, 1.0), 0.0)
    return factor
