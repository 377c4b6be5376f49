"""What flows of one cell are held against at N -> infinity: curves of energy and overlap, and thresholds."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from morsecensus.analysis.theory.dynamics.growth import overlap_spread
from morsecensus.analysis.theory.dynamics.recovery import informative_overlaps
from morsecensus.analysis.theory.dynamics.two_time import Curve, Floats, extrapolated, solve
from morsecensus.analysis.theory.models.spiked.limits import SpikedLimit, descent_margin
from morsecensus.tasks.covariance import Covariance, Signal

STEP = 0.05
"""Of the coarser solution, in units of 1/sqrt(xi''(1)). Measured on the pure 3-spin up to t = 5: an error of
2e-4 before extrapolation, 1e-5 after it."""
MOST_STEPS = 1000
"""Of the coarser solution: the finer one takes some five seconds then, and longer times get longer steps."""


@dataclass(frozen=True, eq=False)
class Limit:
    """N -> infinity for one set of parameters.

    Attributes:
        curve: energy and overlap against time; of the noise alone where the overlap starts at zero.
        spread: N <m^2> of uniform starts at the curve's times, in the linear regime; None if they start at a
            given overlap or there is no signal.
        theta: strength of the signal at marginal states; 0 without signal.
        informative: overlap of the best minimum that knows the signal, if there is one.
    """

    curve: Curve
    spread: Floats | None
    theta: float
    informative: float | None

    def spread_at(self, times: Floats) -> Floats | None:
        return None if self.spread is None else CubicSpline(self.curve.times, self.spread)(times)


def limit(noise: Covariance, signal: Signal, overlap: float | None, until: float) -> Limit:
    """Solve the equations of `analysis.theory.dynamics.two_time` for one set of parameters.

    Args:
        overlap: of the starts; None if they are uniform.
        until: the last time.
    """
    steps = min(math.ceil(until * math.sqrt(noise.x2) / STEP), MOST_STEPS)
    pair = [solve(noise, until, count, signal, overlap or 0.0) for count in (steps, 2 * steps)]
    spread = None
    if overlap is None and any(signal.coefficients) and signal.derivative(0.0) == 0.0:
        coarse, fine = (overlap_spread(solution, noise, signal) for solution in pair)
        spread = fine[::2] + (fine[::2] - coarse) / 3
    known = informative_overlaps(noise, signal)
    return Limit(
        extrapolated(*pair), spread, descent_margin(SpikedLimit(noise, signal)), max(known) if known else None
    )


def look_times(until: float, count: int) -> list[float]:
    """Times to look at a flow: 0, then geometric from until/400 to until, shape (count,)."""
    return [0.0, *np.geomspace(until / 400, until, count - 1).tolist()]
