"""Temperatures above which a start can be planted: the static one of a pure spherical p-spin.

A. Crisanti and H.-J. Sommers, Z. Phys. B 87 (1992) 341: q^2/(p(1-q)) + q + log(1-q) = 0 and
T_s^2 = (1-q) xi'(q)/q. For p = 2 the transition is continuous, T_s^2 = xi''(0).
"""

import math

from morsecensus.tasks.covariance import Covariance


def static_temperature(covariance: Covariance) -> float | None:
    """T_s of a pure model; None for a mixture, whose own is not known here."""
    if not covariance.is_pure:
        return None
    p = covariance.degree
    if p == 2:
        return math.sqrt(covariance.x2)
    low, high = 0.2, 1 - 1e-9
    while high - low > 1e-15:
        q = (low + high) / 2
        low, high = (low, q) if q**2 / (p * (1 - q)) + q + math.log1p(-q) > 0 else (q, high)
    q = (low + high) / 2
    return math.sqrt((1 - q) * covariance.derivative(q) / q)
