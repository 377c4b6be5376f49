"""Gradient flow at N -> infinity: the closed equations for correlation, response and overlap.

H has noise of covariance N xi(q) and a signal -N xi_s(m), m = x.x*/N, on |x|^2 = N; the flow is
dx/dt = -grad H (Riemannian), so time has no unit of its own: E H H' = N xi fixes it. At N -> infinity

    C(t,t') = x(t).x(t')/N,   R(t,t') = (1/N) sum_i dx_i(t)/dh_i(t'),   m(t) = x(t).x*/N

obey, for t > t' (Crisanti, Horner and Sommers, Z. Phys. B 92 (1993) 257; Cugliandolo and Kurchan, Phys. Rev.
Lett. 71 (1993) 173; with a signal S. Sarao Mannelli et al., arXiv:1902.00139; here at temperature 0),

    d_t C(t,t') = -mu C + int_0^t xi''(C(t,s)) R(t,s) C(t',s) ds + int_0^t' xi'(C(t,s)) R(t',s) ds
                  + m(t') xi_s'(m(t))                                                                     (1)
    d_t R(t,t') = -mu R + int_t'^t xi''(C(t,s)) R(t,s) R(s,t') ds,    R(t+,t) = 1                         (2)
    d_t m(t)    = -mu m + xi_s'(m) + int_0^t xi''(C(t,s)) R(t,s) m(s) ds                                  (3)
    mu(t)       = m xi_s'(m) + int_0^t [xi''(C) C + xi'(C)] R ds                                          (4)
    e(t)        = -int_0^t xi'(C(t,s)) R(t,s) ds - xi_s(m)                                                (5)

from a start that knows nothing of the noise, with overlap m(0). mu keeps C(t,t) = 1.

Method. One step h for both times, trapezoids for every integral, Heun's predictor and corrector in t: the
error at a fixed time is of order h^2. R is 1 on the diagonal, the limit from t > t', which is what the
trapezoids' ends take; at temperature 0 C is smooth across it. A step costs six products of a matrix with a
vector, so the time grows as steps^3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial as Series
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from morsecensus.tasks.covariance import Polynomial

Floats = NDArray[np.float64]

MOST_STEPS = 10_000
"""Two matrices of 800 MB. Arbitrary: it takes hours there."""


@dataclass(frozen=True, eq=False)
class TwoTime:
    """A solution on an equidistant grid.

    Attributes:
        times: shape (steps + 1,), from 0.
        correlation: C(t, t'), symmetric, shape (steps + 1, steps + 1).
        response: R(t, t'), zero for t < t', one on the diagonal, same shape.
        overlap: m(t).
        multiplier: mu(t); minus it is the radial derivative per spin.
        energy: e(t), per spin.
    """

    times: Floats
    correlation: Floats
    response: Floats
    overlap: Floats
    multiplier: Floats
    energy: Floats


@dataclass(frozen=True)
class Kernels:
    """The functions of the equations. Tests replace one by what it is not."""

    noise_first: Series
    noise_second: Series
    signal: Series
    signal_first: Series
    memory_sign: float = 1.0

    @classmethod
    def of(cls, noise: Polynomial, signal: Polynomial | None = None) -> "Kernels":
        xi = Series(noise.coefficients)
        xi_s = Series(signal.coefficients if signal is not None else [0.0])
        return cls(xi.deriv(), xi.deriv(2), xi_s, xi_s.deriv())


def solve(
    noise: Polynomial,
    until: float,
    steps: int,
    signal: Polynomial | None = None,
    overlap: float = 0.0,
) -> TwoTime:
    """Solve (1)-(5) on [0, until].

    Args:
        noise: xi.
        until: the last time.
        steps: of size until/steps. Steps above about 0.5/sqrt(xi''(1)) are unstable.
        signal: xi_s; none if None.
        overlap: m(0), between -1 and 1.

    Raises:
        ValueError: an argument is out of range, or the step was unstable.
    """
    return integrate(Kernels.of(noise, signal), until, steps, overlap)


def integrate(kernels: Kernels, until: float, steps: int, overlap: float) -> TwoTime:
    """`solve` for given kernels."""
    _check(until, steps, overlap)
    state = _Growing(kernels, until / steps, steps, overlap)
    with np.errstate(over="ignore", invalid="ignore"):
        for i in range(steps):
            state.step(i)
        state.finish(steps)
    if not np.isfinite(state.energy).all():
        raise ValueError(f"steps: got {steps} up to t = {until:g}, which is unstable; allowed: more steps")
    return TwoTime(
        np.linspace(0.0, until, steps + 1),
        state.correlation,
        state.response,
        state.overlap,
        state.multiplier,
        state.energy,
    )


def _check(until: float, steps: int, overlap: float) -> None:
    if not 0 < until < np.inf:
        raise ValueError(f"until: got {until}, allowed: a time > 0")
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"steps: got {steps}, allowed: integers from 1 to {MOST_STEPS}")
    if not -1 <= overlap <= 1:
        raise ValueError(f"overlap: got {overlap}, allowed: numbers from -1 to 1")


@dataclass(frozen=True, eq=False)
class _Slopes:
    """d_t of C(t, .), R(t, .) and m at the newest time."""

    correlation: Floats
    response: Floats
    overlap: float


class _Growing:
    """The solution up to the newest time, row by row."""

    def __init__(self, kernels: Kernels, step: float, steps: int, overlap: float):
        size = steps + 1
        self.kernels, self.h = kernels, step
        self.correlation = np.zeros((size, size))
        self.response = np.zeros((size, size))
        self.overlap, self.multiplier, self.energy = np.zeros(size), np.zeros(size), np.zeros(size)
        self.overlap[0] = overlap
        self.correlation[0, 0] = self.response[0, 0] = 1.0

    def step(self, i: int) -> None:
        """From the row i to the row i + 1."""
        before = self._slopes(i)
        self._extend(i, before)
        after = self._slopes(i + 1)
        mean = _Slopes(
            (before.correlation + after.correlation[:-1]) / 2,
            (before.response + after.response[:-1]) / 2,
            (before.overlap + after.overlap) / 2,
        )
        self._extend(i, mean)

    def finish(self, last: int) -> None:
        """Multiplier and energy at the last time."""
        self._slopes(last)

    def _extend(self, i: int, slopes: _Slopes) -> None:
        c, r, h = self.correlation, self.response, self.h
        c[i + 1, : i + 1] = c[: i + 1, i + 1] = c[i, : i + 1] + h * slopes.correlation
        r[i + 1, : i + 1] = r[i, : i + 1] + h * slopes.response
        c[i + 1, i + 1] = r[i + 1, i + 1] = 1.0
        self.overlap[i + 1] = self.overlap[i] + h * slopes.overlap

    def _slopes(self, i: int) -> _Slopes:
        """The right-hand sides at (t_i, t_j) for all j <= i; notes mu and e at t_i."""
        k, h, here = self.kernels, self.h, slice(i + 1)
        past, responses, m = self.correlation[here, here], self.response[here, here], self.overlap[here]
        c, r = past[i], responses[i]
        weights = np.full(i + 1, h)
        weights[0] = weights[-1] = h / 2 if i else 0.0
        first, kernel = k.noise_first(c), k.noise_second(c) * r
        force = k.signal_first(m[i])
        memory = k.memory_sign * weights * kernel
        pull = weights @ (first * r)
        mu = m[i] * force + memory @ c + pull
        self.multiplier[i], self.energy[i] = mu, -pull - k.signal(m[i])
        # Trapezoids whose end is t_j: whole sums, less half of both ends; R(t_j, t_j) = 1.
        drift = h * (responses @ first - (responses[:, 0] * first[0] + first) / 2)
        chain = k.memory_sign * h * (kernel @ responses - (kernel + kernel[i] * r) / 2)
        return _Slopes(
            -mu * c + past @ memory + drift + m * force,
            -mu * r + chain,
            float(-mu * m[i] + force + memory @ m),
        )


@dataclass(frozen=True, eq=False)
class Curve:
    """One-time quantities at N -> infinity, extrapolated to step 0.

    Attributes:
        times: shape (steps + 1,).
        energy, overlap: at these times.
        energy_error, overlap_error: a third of what halving the step changed: the error of the finer
            solution, as the method is of second order; that of its extrapolation is smaller still.
    """

    times: Floats
    energy: Floats
    overlap: Floats
    energy_error: Floats
    overlap_error: Floats

    def at(self, times: Floats) -> tuple[Floats, Floats]:
        """Energy and overlap at other times within the range, by cubic interpolation."""
        return CubicSpline(self.times, self.energy)(times), CubicSpline(self.times, self.overlap)(times)


def extrapolated(coarse: TwoTime, fine: TwoTime) -> Curve:
    """Richardson's extrapolation of two solutions, the second one with twice as many steps."""
    if len(fine.times) != 2 * len(coarse.times) - 1 or fine.times[-1] != coarse.times[-1]:
        raise ValueError("fine: got another grid, allowed: one with twice the steps up to the same time")
    energy = (fine.energy[::2] - coarse.energy) / 3
    gained = (fine.overlap[::2] - coarse.overlap) / 3
    return Curve(
        coarse.times,
        fine.energy[::2] + energy,
        fine.overlap[::2] + gained,
        np.abs(energy),
        np.abs(gained),
    )
