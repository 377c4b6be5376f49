"""Correlation and response at pairs of times, N -> infinity, extrapolated to step zero.

The grid has all times among its nodes, so values there have an error series in h^2, which `romberg` uses:
also the susceptibility chi(t, t') = int_t'^t R(t, s) ds, by trapezoids, and the derivative of C in its
earlier time, which obeys the equation of the later one (`two_time`) with the noise in it,

    d_t' C(t,t') = -mu(t') C + int_0^t' K(t',s) C(t,s) ds + int_0^t D(t',s) R(t,s) ds + 2 T R(t,t')
                   + m(t) xi_s'(m(t')) + b' xi'(C(t',0)) C(t,0),    t' < t.

The ratio of fluctuation and dissipation is X = T R/d_t' C: 1 in equilibrium.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.theory.dynamics.kernels import FLOW, Floats, Kernels, Setting
from morsecensus.analysis.theory.dynamics.romberg import LONGEST_STEP, MOST_STEPS, MULTIPLES, romberg
from morsecensus.analysis.theory.dynamics.two_time import TwoTime, integrate

TOLERANCE = 1e-8
LEVELS = 4
"""At least if they fit."""
ON_GRID = 1e-9
"""Of a step: how far a time may be off its node."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Values at t = times[i], t' = times[j], arrays of shape (times, times).

    Attributes:
        times: increasing.
        correlation: C, symmetric.
        response: R, 1 on the diagonal, 0 above it.
        susceptibility: chi, 0 on and above the diagonal.
        ratio: X below the diagonal, NaN elsewhere; None without a bath.
        error: largest change of a correlation, response or susceptibility by the last level.
        ratio_error: of a ratio; None without a bath.
        step: of the finest level.
    """

    times: Floats
    correlation: Floats
    response: Floats
    susceptibility: Floats
    ratio: Floats | None
    error: float
    ratio_error: float | None
    step: float


def pairs(
    kernels: Kernels,
    times: Sequence[float],
    setting: Setting = FLOW,
    *,
    tolerance: float = TOLERANCE,
    most_steps: int = MOST_STEPS,
) -> Pairs:
    """Solve up to the last of some times, all multiples of one step.

    Args:
        times: increasing, from 0; the last one above 0.
        tolerance: of the change of the last level; not met where it would take more than `most_steps`.

    Raises:
        ValueError: times without a common step that is long enough, or too late.
    """
    at = np.asarray(times, dtype=np.float64)
    until, rate = float(at[-1]), max(kernels.rate, setting.temperature / 2)
    most = most_steps // MULTIPLES[1]
    least = max(16, ceil(until * rate / LONGEST_STEP))
    if least > most:
        raise ValueError(
            f"times: got {until:g}, allowed: up to about {most * LONGEST_STEP / rate:.3g} for this xi"
        )
    steps = _common(at / until, least, most)
    if steps is None:
        raise ValueError(
            f"times: got some without a common step, allowed: multiples of {until:g}/k, k up to {most}"
        )
    nodes = np.round(at / until * steps).astype(np.int64)
    levels: list[Floats] = []
    while True:
        multiple, following = MULTIPLES[len(levels) : len(levels) + 2]
        solution = integrate(kernels, until, steps * multiple, setting)
        levels.append(_values(solution, kernels, setting, nodes * multiple))
        found, error = romberg(levels, MULTIPLES[: len(levels)])
        met = len(levels) >= LEVELS and error[:3].max() <= tolerance
        if met or steps * following > most_steps:
            return _pairs(at, found, error, setting, until / (steps * multiple))


def _common(shares: Floats, least: int, most: int) -> int | None:
    """The smallest number of steps, from ``least`` on, of which all shares of the last time are multiples."""
    for steps in range(least, most + 1):
        places = shares * steps
        if np.abs(places - np.round(places)).max() <= ON_GRID:
            return steps
    return None


def _values(solution: TwoTime, kernels: Kernels, setting: Setting, nodes: NDArray[np.int64]) -> Floats:
    """C, R, chi and d_t' C at pairs of nodes, shape (4, nodes, nodes)."""
    c, r = solution.correlation[np.ix_(nodes, nodes)], solution.response[np.ix_(nodes, nodes)]
    chi, slope = np.zeros_like(c), np.zeros_like(c)
    for i, late in enumerate(nodes):
        for j, early in enumerate(nodes[:i]):
            chi[i, j] = _trapezoid(solution.response[late, early : late + 1], solution.times[1])
            slope[i, j] = _slope(solution, kernels, setting, late, early)
    return np.stack([c, r, chi, slope])


def _trapezoid(values: Floats, h: float) -> float:
    return float(h * (values.sum() - (values[0] + values[-1]) / 2)) if len(values) > 1 else 0.0


def _slope(solution: TwoTime, kernels: Kernels, setting: Setting, late: int, early: int) -> float:
    """d_t' C(t, t')."""
    c, r, m, h = solution.correlation, solution.response, solution.overlap, solution.times[1]
    past, whole = slice(early + 1), slice(late + 1)
    memory = kernels.memory_sign * kernels.noise_second(c[early, past]) * r[early, past] * c[late, past]
    drift = kernels.noise_first(c[early, whole]) * r[late, whole]
    start = setting.start_beta * kernels.noise_first(c[early, 0]) * c[late, 0]
    return float(
        -solution.multiplier[early] * c[late, early]
        + _trapezoid(memory, h)
        + _trapezoid(drift, h)
        + 2 * setting.temperature * r[late, early]
        + m[late] * kernels.signal_first(m[early])
        + start
    )


def _pairs(times: Floats, found: Floats, error: Floats, setting: Setting, step: float) -> Pairs:
    c, r, chi, slope = found
    ratio = ratio_error = None
    if setting.temperature > 0:
        below = np.tril(np.ones_like(c, dtype=bool), -1)
        ratio = np.where(below, setting.temperature * r / np.where(below, slope, 1.0), np.nan)
        relative = error[1] / np.abs(np.where(below, r, 1.0)) + error[3] / np.abs(np.where(below, slope, 1.0))
        ratio_error = float(np.max(np.abs(ratio) * relative, where=below, initial=0.0))
    return Pairs(times, c, r, chi, ratio, float(error[:3].max()), ratio_error, step)
