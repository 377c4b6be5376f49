"""Extrapolation to step zero: one-time quantities at N -> infinity with their errors.

The method of `two_time` has an error series in h^2, so Romberg's scheme on h, h/2, h/3, h/4, h/6, ... (the
sequence of R. Bulirsch and J. Stoer, Numer. Math. 8 (1966) 1) gains two orders a level. The error is what the
last level changed.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from morsecensus.analysis.theory.dynamics.kernels import FLOW, Floats, Kernels, Setting
from morsecensus.analysis.theory.dynamics.two_time import TwoTime, integrate

COARSEST = 0.25
"""The longest step, in units of 1/rate."""
FEWEST_STEPS = 16
MULTIPLES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
"""Of the steps of the coarsest level, as many as are needed."""
LEVELS = 4
"""At least if they fit."""
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

    @property
    def worst_error(self) -> Floats:
        """Of energy, correlation and overlap, at each time."""
        return self.errors[[0, 2, 3]].max(axis=0)

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


def romberg(levels: Sequence[Floats], counts: Sequence[int] | None = None) -> tuple[Floats, Floats]:
    """The limit of values whose error is a series in h^2, and what the last level changed.

    Args:
        levels: values at steps h/counts[0], h/counts[1], ..., all of one shape.
        counts: 1, 2, 4, ... if None.
    """
    sizes = [1 << k for k in range(len(levels))] if counts is None else counts
    row: list[Floats] = []
    last = previous = levels[0]
    for k, values in enumerate(levels):
        row = list(_refined(row, values, [(sizes[k] / size) ** 2 for size in reversed(sizes[:k])]))
        previous, last = last, row[-1]
    return last, np.abs(last - previous)


def _refined(before: Sequence[Floats], values: Floats, ratios: Sequence[float]) -> Iterator[Floats]:
    """The next row of Neville's scheme in h^2."""
    yield values
    for coarser, ratio in zip(before, ratios, strict=True):
        values = values + (values - coarser) / (ratio - 1)
        yield values


def coarse_steps(kernels: Kernels, setting: Setting, until: float, most_steps: int = MOST_STEPS) -> int:
    """Steps of the coarsest level: short enough for what is fast, and so few that `LEVELS` fit."""
    rate = max(kernels.rate, setting.temperature / 2)
    wanted = max(FEWEST_STEPS, math.ceil(until * rate / COARSEST))
    return max(min(wanted, most_steps // MULTIPLES[LEVELS + 1]), math.ceil(until * rate / LONGEST_STEP))


def curve(
    kernels: Kernels,
    until: float,
    setting: Setting = FLOW,
    *,
    tolerance: float = 1e-8,
    most_steps: int = MOST_STEPS,
    looks: Sequence[float] | None = None,
    more: Callable[[TwoTime], Floats] | None = None,
) -> Curve:
    """Solve the equations on [0, until] and extrapolate.

    Args:
        tolerance: of the change of the last level; not met where it would take more than `most_steps`.
        looks: times at which it must be met; everywhere if None.
        more: another quantity of a solution, second order in its step, whose last axis are its times.

    Raises:
        ValueError: `until` is out of range, or so late that the steps are too long.
    """
    if not 0 < until < np.inf:
        raise ValueError(f"until: got {until:g}, allowed: times > 0")
    steps = coarse_steps(kernels, setting, until, most_steps)
    if steps * MULTIPLES[1] > most_steps:
        latest = until * most_steps / (steps * MULTIPLES[1])
        raise ValueError(f"until: got {until:g}, allowed: up to about {latest:.3g} for this xi")
    levels: list[Floats] = []
    while True:
        multiple, following = MULTIPLES[len(levels) : len(levels) + 2]
        finest = _measured(integrate(kernels, until, steps * multiple, setting), setting, more)
        levels.append(finest[:, ::multiple])
        found, error = romberg(levels, MULTIPLES[: len(levels)])
        met = len(levels) >= LEVELS and np.max(error[:4, _nodes(looks, until, steps)]) <= tolerance
        if met or (len(levels) > 1 and steps * following > most_steps):
            return _curve(until, finest, found - levels[-1], error)


def _nodes(looks: Sequence[float] | None, until: float, steps: int) -> NDArray[np.int64]:
    """Nodes of the coarsest level on both sides of the looks."""
    if looks is None:
        return np.arange(steps + 1)
    places = np.asarray(looks) * steps / until
    return np.unique(np.concatenate([np.floor(places), np.ceil(places)]).astype(np.int64).clip(0, steps))


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
