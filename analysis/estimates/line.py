"""A line through means with errors, by weighted least squares."""

from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.arrays import Floats


@dataclass(frozen=True)
class Line:
    """``y = level + slope (x - centre)``.

    Attributes:
        error: standard error of the slope, by the errors that were given.
        level, centre: weighted means of y and x.
        chi_squared: of what is left, with as many degrees of freedom as points less two.
    """

    slope: float
    error: float
    level: float
    centre: float
    chi_squared: float

    @property
    def at_zero(self) -> float:
        """y at x = 0."""
        return self.level - self.slope * self.centre


def weighted_line(x: Floats, y: Floats, errors: Floats) -> Line:
    """Fit a line to independent means ``y`` at two ``x`` or more, with weights one over variances."""
    weights = 1 / np.square(errors)
    centre, level = (weights @ x) / weights.sum(), (weights @ y) / weights.sum()
    spread = weights @ (x - centre) ** 2
    slope = weights @ ((x - centre) * (y - level)) / spread
    left = weights @ (y - level - slope * (x - centre)) ** 2
    return Line(float(slope), float(spread**-0.5), float(level), float(centre), float(left))
