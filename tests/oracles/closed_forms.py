"""Closed forms for the mean number of critical points of the pure p-spin at N = 2 .. 5, and its asymptote.

Real eigenvalues of a random symmetric tensor: J. Draisma and E. Horobet (Linear and
Multilinear Algebra 64 (2016) 2498), P. Breiding (arXiv:1701.07312). A class of eigenvectors is a pair of
points on the sphere, hence the 2.
"""

from math import pi, sqrt


def total_pure(p: int, n: int) -> float:
    """Mean number of critical points on the whole sphere, for p >= 2 and 2 <= n <= 5."""
    if p < 2 or not 2 <= n <= 5:
        raise ValueError(
            f"closed form: got p = {p}, n = {n}; allowed is p >= 2 and 2 <= n <= 5; use kac_rice.FiniteN"
        )
    base = 3 * p - 2
    if n == 2:
        return 2 * sqrt(base)
    if n == 3:
        return 2 * (1 + 4 * (p - 1) ** 1.5 / sqrt(base))
    if n == 4:
        return (29 * p**3 - 63 * p**2 + 48 * p - 12) / base**1.5
    return 2 * (1 + 2 * (5 * p - 2) ** 2 * (p - 1) ** 2.5 / base**2.5)


def total_pure_asymptotic(p: int, n: int) -> float:
    """4 sqrt(2N / (pi (p-2))) (p-1)^{N/2}: the total for large N, p >= 3 (from the Kac-Rice integral by
    Laplace).
    """
    if p < 3:
        raise ValueError(f"asymptotic total: got p = {p}; allowed is p >= 3; for p = 2 it is 2N exactly")
    return 4 * sqrt(2 * n / (pi * (p - 2))) * (p - 1) ** (n / 2)
