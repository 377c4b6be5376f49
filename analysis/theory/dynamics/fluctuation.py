"""Fluctuation against dissipation at N -> infinity: the response since a waiting time, against C.

With chi(t, t_w) = int_{t_w}^t R(t, s) ds, equilibrium dynamics has T chi = 1 - C(t, t_w). Aging dynamics
leaves that line at the plateau q and follows a slope -x from there (L. F. Cugliandolo and J. Kurchan, Phys.
Rev. Lett. 71 (1993) 173).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.theory.dynamics.kernels import Floats, Kernels, Setting
from morsecensus.analysis.theory.dynamics.two_time import TwoTime, integrate

STEP = 0.2
"""Of the coarser of two solutions, in units of 1/rate; both together are off by its fourth power, 1e-4."""
MOST_STEPS = 800
"""Of that one: half a minute for both. Arbitrary."""


@dataclass(frozen=True, eq=False)
class Fluctuation:
    """One waiting time: C(t, t_w) and T chi(t, t_w) at times t from it on, both of shape (times,)."""

    waiting: float
    correlation: Floats
    response: Floats


def fluctuations(
    kernels: Kernels, setting: Setting, until: float, waiting: Sequence[float]
) -> list[Fluctuation]:
    """Solve to ``until``, for waiting times that are even shares of it, such as until/8.

    Raises:
        ValueError: no temperature, or a time that takes too many steps.
    """
    if not setting.temperature > 0:
        raise ValueError(f"temperature: got {setting.temperature:g}, allowed: > 0")
    steps = 8 * int(np.ceil(until * kernels.rate / STEP / 8))
    if steps > MOST_STEPS:
        latest = MOST_STEPS * STEP / kernels.rate
        raise ValueError(f"until: got {until:g}, allowed: up to {latest:.3g} for this xi")
    coarse, fine = (integrate(kernels, until, steps * k, setting) for k in (1, 2))
    found = []
    for time in waiting:
        first = round(time / until * steps)
        c, chi = (
            (4 * b - a) / 3 for a, b in zip(_from(coarse, first, 1), _from(fine, first, 2), strict=True)
        )
        found.append(Fluctuation(first * until / steps, c, setting.temperature * chi))
    return found


def _from(solution: TwoTime, first: int, every: int) -> tuple[Floats, Floats]:
    """C and chi at the coarse times from the waiting time on, by trapezoids."""
    start, h = first * every, float(solution.times[1])
    rows = solution.response[start:, start:]
    # Both ends of each integral count half: its own last column is the diagonal.
    chi = h * (rows.sum(axis=1) - (rows[:, 0] + np.diag(rows)) / 2)
    return solution.correlation[start::every, start], chi[::every]
