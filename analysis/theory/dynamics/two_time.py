"""Dynamics at N -> infinity: the closed equations for correlation, response and overlap, on a uniform grid.

H has noise of covariance N xi(q) and a signal -N xi_s(m), m = x.x*/N, on |x|^2 = N; the dynamics is
dx/dt = -grad H (Riemannian) + sqrt(2T) dW, so time has no unit of its own: E H H' = N xi fixes it. The start
knows nothing of the noise, or is in equilibrium at T' = 1/b' (uniform starts: b' = 0). At N -> infinity

    C(t,t') = x(t).x(t')/N,   R(t,t') = (1/N) sum_i dx_i(t)/dh_i(t'),   m(t) = x(t).x*/N

obey, for t > t' (Crisanti, Horner and Sommers, Z. Phys. B 92 (1993) 257; Cugliandolo and Kurchan, Phys. Rev.
Lett. 71 (1993) 173; with a signal S. Sarao Mannelli et al., arXiv:1902.00139; from equilibrium G. Folena,
S. Franz and F. Ricci-Tersenghi, arXiv:1903.01421), with K = xi''(C) R and D = xi'(C),

    d_t C(t,t') = -mu C + int_0^t K(t,s) C(t',s) ds + int_0^t' D(t,s) R(t',s) ds
                  + m(t') xi_s'(m(t)) + b' xi'(C(t,0)) C(t',0)                                            (1)
    d_t R(t,t') = -mu R + int_t'^t K(t,s) R(s,t') ds,    R(t+,t) = 1                                      (2)
    d_t m(t)    = -mu m + xi_s'(m) + int_0^t K(t,s) m(s) ds                                               (3)
    mu(t)       = T + m xi_s'(m) + int_0^t [K C + D R] ds + b' xi'(C(t,0)) C(t,0)                         (4)
    e(t)        = -int_0^t D(t,s) R(t,s) ds - xi_s(m) - b' xi(C(t,0))                                     (5)

mu keeps C(t,t) = 1; T - mu is the radial derivative per spin. For T > 0 C has a kink on the diagonal, which
the nodes hit.

Method. One step h for both times, trapezoids for every integral, and the implicit trapezoid in t, mu's term
on its left: the error at a fixed time is a series in h^2, which `romberg` uses. Rows are solved a band of
some tens at a time, by fixed-point iteration to rounding from a guess along diagonals: so the sums over s
are products of matrices, 4/3 steps^3 multiplications and additions an iteration.
"""

from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.theory.dynamics.kernels import FLOW, Floats, Kernels, Setting
from morsecensus.analysis.theory.dynamics.triangles import guess_rows, product_with_triangle, triangle_times
from morsecensus.tasks.covariance import Polynomial

MOST_STEPS = 10_000
"""Two matrices of 800 MB. Arbitrary: it takes ten minutes there."""
BAND = 32
"""Rows that are solved together at most: enough for products of matrices to run at full speed."""
SPAN = 1.0
"""Of a band at most, in units of 1/rate: longer ones take more iterations."""
MOST_ITERATIONS = 60
ACCURACY = 3e-14
"""Of the iteration: some roundings of numbers of order one."""


@dataclass(frozen=True, eq=False)
class TwoTime:
    """A solution on an equidistant grid.

    Attributes:
        times: shape (steps + 1,), from 0.
        correlation: C(t, t'), symmetric, shape (steps + 1, steps + 1).
        response: R(t, t'), zero for t < t', one on the diagonal, same shape.
        overlap: m(t).
        multiplier: mu(t); T less it is the radial derivative per spin.
        energy: e(t), per spin.
    """

    times: Floats
    correlation: Floats
    response: Floats
    overlap: Floats
    multiplier: Floats
    energy: Floats


def solve(
    noise: Polynomial,
    until: float,
    steps: int,
    signal: Polynomial | None = None,
    setting: Setting = FLOW,
) -> TwoTime:
    """Solve (1)-(5) on [0, until].

    Args:
        noise: xi.
        until: the last time.
        steps: of size until/steps. Those above about 1/sqrt(xi''(1)) do not converge.
        signal: xi_s; none if None.
        setting: temperature and start.

    Raises:
        ValueError: an argument is out of range, or the steps are too long.
    """
    return integrate(Kernels.of(noise, signal), until, steps, setting)


def integrate(kernels: Kernels, until: float, steps: int, setting: Setting = FLOW) -> TwoTime:
    """`solve` for given kernels."""
    if not 0 < until < np.inf:
        raise ValueError(f"until: got {until}, allowed: a time > 0")
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"steps: got {steps}, allowed: integers from 1 to {MOST_STEPS}")
    state = _Growing(kernels, setting, until / steps, steps)
    band = int(np.clip(SPAN / (state.h * kernels.rate), 1, BAND))
    first = 1
    with np.errstate(over="ignore", invalid="ignore"):
        while first <= steps:
            last = min(first + min(band, first), steps + 1)  # short bands while there is little to guess from
            if not state.solve_band(first, last):
                raise ValueError(
                    f"steps: got {steps} up to t = {until:g}, which are too long; allowed: more steps"
                )
            first = last
    times = np.linspace(0.0, until, steps + 1)
    return TwoTime(times, state.c, state.r, state.m, state.mu, state.energy)


@dataclass(frozen=True, eq=False)
class _Pull:
    """Right-hand sides of (1)-(3) without the terms of mu, for the rows of a band."""

    correlation: Floats
    response: Floats
    overlap: Floats


class _Growing:
    """The solution up to the newest row."""

    def __init__(self, kernels: Kernels, setting: Setting, step: float, steps: int):
        size = steps + 1
        self.kernels, self.setting, self.h = kernels, setting, step
        self.c, self.r = np.zeros((size, size)), np.zeros((size, size))
        self.m, self.mu, self.energy = np.zeros(size), np.zeros(size), np.zeros(size)
        self.m[0] = setting.overlap
        self.c[0, 0] = self.r[0, 0] = 1.0
        self.newest = self._pull(0, 1)

    def solve_band(self, first: int, last: int) -> bool:
        """Rows first .. last - 1 from those before them; whether the iteration converged."""
        guess_rows(self.c, first, last)
        guess_rows(self.r, first, last)
        self.m[first:last] = self.m[first - 1]
        for _ in range(MOST_ITERATIONS):
            pull = self._pull(first, last)
            change = self._sweep(first, last, pull)
            if not np.isfinite(change):
                return False
            if change < ACCURACY:
                self.newest = _Pull(pull.correlation[-1:], pull.response[-1:], pull.overlap[-1:])
                return True
        return False

    def _pull(self, first: int, last: int) -> _Pull:
        """The integrals at the rows of a band, as they are now; notes mu and e."""
        k, h, b = self.kernels, self.h, self.setting.start_beta
        here = slice(first, last)
        c, r, m = self.c[here, :last], self.r[here, :last], self.m[here]
        rows = np.arange(first, last)
        inside = np.arange(last)[None] <= rows[:, None]
        d = np.where(inside, k.noise_first(c), 0.0)
        kernel = k.memory_sign * k.noise_second(c) * r
        weighted = h * kernel
        weighted[:, 0] /= 2
        weighted[rows - first, rows] /= 2
        force, start = k.signal_first(m), b * k.noise_first(c[:, 0])
        if first == 0:
            weighted[:] = 0.0
        dr = h * d * r
        dr[:, 0] /= 2
        dr[rows - first, rows] /= 2
        drift = np.sum(dr, axis=1) if first else np.zeros(1)
        self.energy[here] = -drift - k.signal(m) - b * k.noise(c[:, 0])
        self.mu[here] = (
            self.setting.temperature + m * force + np.sum(weighted * c, axis=1) + drift + start * c[:, 0]
        )
        # Trapezoids whose end is t_j: whole sums, less half of both ends; R(t_j, t_j) = 1.
        triangle = self.r[:last, :last]
        past = h * (triangle_times(d, triangle) - (d[:, :1] * triangle[:, 0] + d) / 2)
        edge = kernel[rows - first, rows][:, None]
        chain = h * (product_with_triangle(kernel, triangle) - (kernel + edge * r) / 2)
        return _Pull(
            weighted @ self.c[:last, :last]
            + past
            + force[:, None] * self.m[:last]
            + start[:, None] * self.c[0, :last],
            chain,
            force + weighted @ self.m[:last],
        )

    def _sweep(self, first: int, last: int, pull: _Pull) -> float:
        """Step through a band with these integrals; the largest change of a value."""
        h, changed = self.h, 0.0
        before = self.newest
        bc, br, bm = before.correlation[0], before.response[0], before.overlap[0]
        for i in range(first, last):
            old, new = 1 - h * self.mu[i - 1] / 2, 1 / (1 + h * self.mu[i] / 2)
            nc, nr, nm = pull.correlation[i - first], pull.response[i - first], pull.overlap[i - first]
            c = new * (old * self.c[i - 1, :i] + h / 2 * (bc[:i] + nc[:i]))
            r = new * (old * self.r[i - 1, :i] + h / 2 * (br[:i] + nr[:i]))
            m = new * (old * self.m[i - 1] + h / 2 * (bm + nm))
            changed = max(
                changed,
                float(np.abs(c - self.c[i, :i]).max()),
                float(np.abs(r - self.r[i, :i]).max()),
                abs(float(m - self.m[i])),
            )
            self.c[i, :i] = self.c[:i, i] = c
            self.r[i, :i], self.m[i] = r, m
            bc, br, bm = nc, nr, nm
        return changed
