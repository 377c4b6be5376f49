"""How the overlap of a uniform start grows while it is small, at N -> infinity.

A uniform start has z = sqrt(N) m(0) normal with variance 1, and the noise pulls at the direction x* as at any
other. While m is small z obeys the linear equation of one component of x,

    dz/dt = [r - mu(t)] z + int_0^t xi''(C(t,s)) R(t,s) z(s) ds + eta(t),   <eta(t) eta(s)> = xi'(C(t,s)),

with r = xi_s''(0) and mu, C, R those without signal (equation 2 of `analysis.theory.dynamics.two_time` is
that of its response). So z is normal with mean 0, and its variance is

    N <m(t)^2> = S(t,0)^2 + int_0^t int_0^t S(t,s) S(t,s') xi'(C(s,s')) ds ds',

S the response of z. Without signal it is C(t,t) = 1. Above the threshold of
`analysis.theory.dynamics.recovery` it grows exponentially in the end, and a flow at finite N leaves the
region m = O(N^{-1/2}) after a time of order log N; below, it grows as a power of t at most.
"""

import numpy as np
from numpy.polynomial import Polynomial as Series

from morsecensus.analysis.theory.dynamics.kernels import Floats
from morsecensus.analysis.theory.dynamics.two_time import TwoTime
from morsecensus.tasks.covariance import Polynomial


def overlap_spread(solution: TwoTime, noise: Polynomial, signal: Polynomial) -> Floats:
    """N <m(t)^2> of uniform starts in the linear regime.

    Args:
        solution: of the noise alone.
        noise: xi.
        signal: xi_s; without a linear term, which would pull at once.

    Returns:
        At the times of the solution, with an error of second order in its step.

    Raises:
        ValueError: the signal has a linear term, or the solution one.
    """
    xi, xi_s = Series(noise.coefficients), Series(signal.coefficients)
    if xi_s.deriv()(0.0) != 0.0:
        raise ValueError("signal: got a linear term, allowed: none, for it leaves no linear regime")
    if np.any(solution.overlap != 0.0):
        raise ValueError("solution: got one with overlap, allowed: that of the noise alone")
    response = _component_response(solution, xi.deriv(2), float(xi_s.deriv(2)(0.0)))
    step, size = solution.times[1], len(solution.times)
    forces = xi.deriv()(solution.correlation)
    weighted = step * response
    weighted[:, 0] /= 2
    weighted[np.arange(size), np.arange(size)] /= 2
    weighted[0] = 0.0  # at t = 0 there is nothing to integrate
    return response[:, 0] ** 2 + np.sum((weighted @ forces) * weighted, axis=1)


def _component_response(solution: TwoTime, second: Series, strength: float) -> Floats:
    """S(t, t') by the implicit trapezoid: equation (2) with a strength added, linear in S."""
    step, size = solution.times[1], len(solution.times)
    response = np.zeros((size, size))
    response[0, 0] = 1.0
    before = np.array([strength - solution.multiplier[0]])
    for i in range(1, size):
        kernel = second(solution.correlation[i, :i]) * solution.response[i, :i]
        edge = second(1.0)
        past = response[:i, :i]
        known = step * (kernel @ past - kernel / 2)  # S = 1 at its own time
        pull = strength - solution.multiplier[i] + step * edge / 2
        row = (past[-1] + step / 2 * (before + known)) / (1 - step / 2 * pull)
        response[i, :i], response[i, i] = row, 1.0
        before = np.append(pull * row + known, strength - solution.multiplier[i])
    return response
