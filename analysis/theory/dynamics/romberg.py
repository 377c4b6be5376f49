"""Extrapolation to step zero: one-time quantities at N -> infinity with their errors.

The method of `two_time` has an error series in h^2, so Romberg's scheme on h, h/2, h/4, ... gains two orders
a level. The error is what the last level changed; for the pure 3-spin at t = 10 and h = 0.1 .. 0.0125 that is
1e-10.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline

from morsecensus.analysis.theory.dynamics.kernels import FLOW, Floats, Kernels, Setting
from morsecensus.analysis.theory.dynamics.two_time import TwoTime, integrate

COARSEST = 0.25
"""The longest step, in units of 1/rate."""
FEWEST_STEPS = 16
LEVELS = 4
"""At least if they fit, and more until the tolerance is met."""
LONGEST_STEP = 0.8
"""In units of 1/rate: with longer ones the iteration of `two_time` may not converge."""
MOST_STEPS = 4000
"""Of the finest level: a minute and a half, 0.3 GB."""
DEGREE = 9
"""Of the splines between nodes."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One-time quantities, extrapolated to step zero.

    Attributes:
        times: shape (steps + 1,), of the finest level.
        energy, radial, correlation, overlap: e(t), the radial derivative per spin T - mu(t), C(t, 0), m(t).
        errors: what the last level changed, shape (4, steps + 1), in this order.
        more: what else was asked of each level, shape (..., steps + 1).
    """

    times: Floats
    energy: Floats
    radial: Floats
    correlation: Floats
    overlap: Floats
    errors: Floats
    more: Floats

    @property
    def energy_error(self) -> Floats:
        return self.errors[0]

    @property
    def overlap_error(self) -> Floats:
        return self.errors[3]

    def at(self, times: Floats) -> tuple[Floats, Floats]:
        """Energy and overlap at other times within the range."""
        found, _ = self.looks(times)
        return found[0], found[3]

    def looks(self, times: Floats) -> tuple[Floats, Floats]:
        """All four at other times within the range, and their errors: both of shape (4, looks).

        Those of the splines, compared with splines of lower degree, are added.
        """
        values = np.stack([self.energy, self.radial, self.correlation, self.overlap])
        found, between = _spline(self.times, values, times)
        after = np.searchsorted(self.times, times).clip(1, len(self.times) - 1)
        return found, np.maximum(self.errors[:, after - 1], self.errors[:, after]) + between


def _spline(nodes: Floats, values: Floats, times: Floats) -> tuple[Floats, Floats]:
    """Values between nodes, and how much splines of lower degree differ."""
    found, lower = (make_interp_spline(nodes, values, k=k, axis=1)(times) for k in (DEGREE, DEGREE - 2))
    return found, np.abs(found - lower)


def romberg(levels: Sequence[Floats]) -> tuple[Floats, Floats]:
    """The limit of values at steps h, h/2, h/4, ... whose error is a series in h^2, and what the last level
    changed."""
    row: list[Floats] = []
    last = previous = levels[0]
    for values in levels:
        row = list(_refined(row, values))
        previous, last = last, row[-1]
    return last, np.abs(last - previous)


def _refined(before: Sequence[Floats], values: Floats) -> Iterator[Floats]:
    """The next row of Neville's scheme."""
    yield values
    for k, coarser in enumerate(before):
        values = values + (values - coarser) / (4.0 ** (k + 1) - 1)
        yield values


def coarse_steps(kernels: Kernels, setting: Setting, until: float, most_steps: int = MOST_STEPS) -> int:
    """Steps of the coarsest level: short enough for what is fast, and so few that `LEVELS` fit."""
    rate = max(kernels.rate, setting.temperature / 2)
    wanted = max(FEWEST_STEPS, math.ceil(until * rate / COARSEST))
    return max(min(wanted, most_steps >> (LEVELS - 1)), math.ceil(until * rate / LONGEST_STEP))


def curve(
    kernels: Kernels,
    until: float,
    setting: Setting = FLOW,
    *,
    tolerance: float = 1e-8,
    most_steps: int = MOST_STEPS,
    more: Callable[[TwoTime], Floats] | None = None,
) -> Curve:
    """Solve the equations on [0, until] and extrapolate.

    Args:
        tolerance: of the change of the last level; not met where it would take more than `most_steps`.
        more: another quantity of a solution, second order in its step, whose last axis are its times.

    Raises:
        ValueError: `until` is out of range, or so late that the steps are too long.
    """
    steps = coarse_steps(kernels, setting, until, most_steps)
    levels: list[Floats] = []
    while True:
        count = steps << len(levels)
        finest = _measured(integrate(kernels, until, count, setting), setting, more)
        levels.append(finest[:, :: 1 << len(levels)])
        found, error = romberg(levels)
        met = len(levels) >= LEVELS and np.max(error[:4]) <= tolerance
        if met or (len(levels) > 1 and 2 * count > most_steps):
            return _curve(until, finest, found - levels[-1], error)


def _curve(until: float, finest: Floats, correction: Floats, error: Floats) -> Curve:
    """The finest level, corrected at all of its nodes: the correction is smooth and small."""
    coarse, fine = (np.linspace(0.0, until, values.shape[1]) for values in (correction, finest))
    both, between = _spline(coarse, np.concatenate([correction, error]), fine)
    values = finest + both[: len(finest)]
    errors = np.maximum(both[len(finest) :], 0.0)[:4] + between[:4]
    energy, radial, correlation, overlap = values[:4]
    return Curve(fine, energy, radial, correlation, overlap, errors, values[4:])


def _measured(solution: TwoTime, setting: Setting, more: Callable[[TwoTime], Floats] | None) -> Floats:
    rows = [
        solution.energy,
        setting.temperature - solution.multiplier,
        solution.correlation[:, 0],
        solution.overlap,
        *([] if more is None else np.atleast_2d(more(solution))),
    ]
    return np.stack(rows)
