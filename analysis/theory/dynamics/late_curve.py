"""One-time quantities up to any time, with errors: the uniform grid first, then two logarithmic ones."""

from collections.abc import Callable
from dataclasses import fields
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from morsecensus.analysis.theory.dynamics.kernels import FLOW, Floats, Kernels, Setting
from morsecensus.analysis.theory.dynamics.long_times import SCALE, Resolution, late
from morsecensus.analysis.theory.dynamics.romberg import DEGREE, Curve, curve
from morsecensus.analysis.theory.dynamics.two_time import TwoTime

EARLY = 100.0
"""In units of 1/rate: up to there the uniform grid. For the pure 3-spin this is t = 41; at 250, 1,600 steps
leave it about 1e-3 from the law extrapolated from t = 200."""
NODE_SPACING = 0.05
"""Of a joined curve, in log(1 + r t)."""
WORST = 1e-3
"""The largest error of a curve that is of use beside samples. Arbitrary."""
FAIR = (WORST / 100, WORST / 10, WORST)
"""Up to the last time that is so far off, a uniform grid is made finer, for the first that takes a shorter
one: a signal moves a flow within a short time, however long the flow goes on after that."""
BEYOND = 1.2
"""So much later than the last such time the finer grid ends."""
QUICK = 2500.0
"""In units of 1/rate: up to there the first two grids. At four times that the first fails, and the second is
off by 2e-4."""
GRIDS = (Resolution(), Resolution(241, 0.05, 18, 6))
LATE_GRIDS = (Resolution(321, 0.05, 24, 6), Resolution(401, 0.05, 30, 6))


def late_looks(kernels: Kernels, times: Floats, setting: Setting = FLOW) -> tuple[Floats, Floats]:
    """Energy, radial derivative, C(t, 0) and overlap (zero) at late times, shape (4, looks), and errors.

    Errors are what a grid of fewer nodes differs by. Raises ValueError as `late` does.
    """
    until = float(np.max(times))
    grids = GRIDS if until * kernels.rate <= QUICK else LATE_GRIDS
    coarse, fine = (late(kernels, until, setting, grid).looks(times) for grid in grids)
    nothing = np.zeros((1, len(times)))
    return np.concatenate([fine, nothing]), np.concatenate([np.abs(fine - coarse), nothing])


def curve_to(
    kernels: Kernels,
    until: float,
    setting: Setting = FLOW,
    *,
    tolerance: float,
    most_steps: int,
    more: Callable[[TwoTime], Floats] | None = None,
) -> Curve | None:
    """Solve the equations on [0, until], for a figure; None where no grid reaches as far.

    At times before the last one errors may be above `WORST`: whoever shows the curve has to leave these out.

    Args:
        tolerance, most_steps, more: of `romberg.curve`; `more` is NaN where the logarithmic grid begins.
    """
    late_start = EARLY / kernels.rate
    continued = until > late_start and not kernels.pulls(setting.overlap)

    def solve(end: float) -> Curve:
        return curve(kernels, end, setting, tolerance=tolerance, most_steps=most_steps, more=more)

    try:
        first = _sharpened(solve(late_start if continued else until), solve)
        found = _continued(first, kernels, until, setting) if continued else first
    except ValueError:
        return None
    return found if found.worst_error[-1] < WORST else None


def _sharpened(found: Curve, solve: Callable[[float], Curve]) -> Curve:
    """With finer grids up to the last time that is far off, where they are finer, and better."""
    for fair in FAIR:
        off = np.flatnonzero(found.worst_error > fair)
        end = float(BEYOND * found.times[off[-1]]) if len(off) else 0.0
        if not 0 < BEYOND * end < found.times[-1]:
            continue
        finer, inside = solve(end), found.times <= end
        if np.max(finer.worst_error) < np.max(found.worst_error[inside]):
            found = _joined(finer, found, ~inside)
    return found


def _joined(early: Curve, late: Curve, kept: NDArray[np.bool_]) -> Curve:
    """One curve, then the nodes of another one that are later."""
    pairs = ((getattr(early, f.name), getattr(late, f.name)[..., kept]) for f in fields(Curve))
    return Curve(*(np.concatenate(pair, axis=-1) for pair in pairs))


def _continued(first: Curve, kernels: Kernels, until: float, setting: Setting) -> Curve:
    """On nodes that are equidistant in log(1 + r t)."""
    scale = SCALE * kernels.rate
    last = np.log1p(scale * until)
    times = np.expm1(np.linspace(0.0, last, ceil(last / NODE_SPACING) + 1)) / scale
    times[-1] = until
    near = times <= first.times[-1]
    early, early_errors = first.looks(times[near])
    later, later_errors = late_looks(kernels, times[~near], setting)
    energy, radial, correlation, overlap = np.concatenate([early, later], axis=1)
    errors = np.concatenate([early_errors, later_errors], axis=1)
    more = np.full((len(first.more), len(times)), np.nan)
    if len(more):
        more[:, near] = make_interp_spline(first.times, first.more, k=DEGREE, axis=1)(times[near])
    return Curve(times, energy, radial, correlation, overlap, errors, more)
