"""What flows of one cell are held against at N -> infinity: curves of energy and overlap, and thresholds."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from morsecensus.analysis.theory.dynamics.growth import overlap_spread
from morsecensus.analysis.theory.dynamics.kernels import Floats, Kernels, Setting
from morsecensus.analysis.theory.dynamics.late_curve import WORST, curve_to
from morsecensus.analysis.theory.dynamics.recovery import informative_overlaps
from morsecensus.analysis.theory.dynamics.romberg import Curve
from morsecensus.analysis.theory.models.spiked.limits import SpikedLimit, descent_margin
from morsecensus.tasks.covariance import Covariance, Signal

TOLERANCE = 1e-6
MOST_STEPS = 1600
"""Of the finest level: some ten seconds. Measured on the pure 3-spin: error 1e-10 at t = 10, 3e-6 at 50."""


@dataclass(frozen=True, eq=False)
class Limit:
    """N -> infinity for one set of parameters.

    Attributes:
        curve: energy and overlap against time; of the noise alone where the overlap starts at zero. None
            where the equations can't be solved as far.
        spread: N <m^2> of uniform starts at the curve's times, in the linear regime, NaN at late ones; None
            if they start at a given overlap or there is no signal.
        theta: strength of the signal at marginal states; 0 without signal.
        informative: overlap of the best minimum that knows the signal, if there is one.
    """

    curve: Curve | None
    spread: Floats | None
    theta: float
    informative: float | None

    def at(self, times: Floats) -> tuple[Floats, Floats] | None:
        """Energy and overlap, and their errors, shapes (2, times); all NaN where one is off by `WORST`."""
        if self.curve is None:
            return None
        values, errors = (each[[0, 3]] for each in self.curve.looks(times))
        known = errors.max(axis=0) < WORST
        return np.where(known, values, np.nan), np.where(known, errors, np.nan)

    @property
    def line(self) -> tuple[Floats, Floats, Floats] | None:
        """Times, energy and overlap for a figure: NaN, a gap, where one is off by `WORST`."""
        if self.curve is None:
            return None
        known = self.curve.errors[[0, 3]].max(axis=0) < WORST
        energy, overlap = (np.where(known, each, np.nan) for each in (self.curve.energy, self.curve.overlap))
        return self.curve.times, energy, overlap

    def spread_at(self, times: Floats) -> Floats | None:
        """At other times, NaN where it isn't known."""
        if self.curve is None or self.spread is None:
            return None
        known = np.isfinite(self.spread)
        nodes = self.curve.times[known]
        inside = times <= nodes[-1] * (1 + 1e-12)
        return np.where(inside, CubicSpline(nodes, self.spread[known])(np.where(inside, times, 0.0)), np.nan)


def limit(noise: Covariance, signal: Signal, overlap: float | None, until: float) -> Limit:
    """Solve the equations of `analysis.theory.dynamics.two_time` for one set of parameters.

    Args:
        overlap: of the starts; None if they are uniform.
        until: the last time.
    """
    uniform = overlap is None and any(signal.coefficients) and signal.derivative(0.0) == 0.0
    found = curve_to(
        Kernels.of(noise, signal),
        until,
        Setting(overlap=overlap or 0.0),
        tolerance=TOLERANCE,
        most_steps=MOST_STEPS,
        more=(lambda solution: overlap_spread(solution, noise, signal)) if uniform else None,
    )
    spread = found.more[0] if uniform and found is not None else None
    known = informative_overlaps(noise, signal)
    return Limit(found, spread, descent_margin(SpikedLimit(noise, signal)), max(known) if known else None)


def look_times(until: float, count: int) -> list[float]:
    """Times to look at a flow: 0, then geometric from until/400 to until, shape (count,)."""
    return [0.0, *np.geomspace(until / 400, until, count - 1).tolist()]
