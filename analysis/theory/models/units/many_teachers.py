"""One unit and many random teachers: in the limit a spherical spin glass, at every n.

``h(u) = -n sum_m kappa(u.b_m/sqrt n)/sqrt M`` with b_m uniform on the unit sphere is a sum of independent
fields: for M to infinity it is Gaussian, less a constant, with covariance n xi(q) at overlap q,

    xi(q) = n E kappa(x) kappa(y),   x = b.u/sqrt n, y = b.v/sqrt n.

A Gaussian vector is its length times b, so ``E x^p y^r`` is that of Gaussians of correlation q over
``n (n + 2) ... (n + p + r - 2)``; and by Hermite polynomials that is the sum over k of ``k! a_pk a_rk q^k``,
``x^p = sum_k a_pk He_k(x)``. Of one power the shape of xi doesn't depend on n: q^3 gives 0.6 q + 0.4 q^3.
"""

from math import comb, factorial, prod

from morsecensus.tasks.covariance import Covariance


def many_teachers(kernel: tuple[float, ...], n: int) -> Covariance:
    """The covariance xi, without its constant.

    Args:
        kernel: coefficients of kappa, the constant first.
        n: dimension of a unit.
    """
    found = [0.0] * len(kernel)
    for p, one in enumerate(kernel):
        for r, other in enumerate(kernel):
            if (p + r) % 2 == 0 and one and other:
                scale = n * one * other / prod(n + 2 * j for j in range((p + r) // 2))
                for k in range(p % 2, min(p, r) + 1, 2):
                    found[k] += scale * factorial(k) * _hermite(p, k) * _hermite(r, k)
    return Covariance((0.0, *found[1:]))


def _hermite(p: int, k: int) -> float:
    """Coefficient of He_k in x^p, p - k even: binom(p, k) (p - k - 1)!!."""
    return float(comb(p, k) * prod(range(1, p - k, 2)))
