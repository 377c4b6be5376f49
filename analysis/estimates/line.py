"""A line through means with errors, by weighted least squares."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def one_of_each(sizes: Sequence[float] | Floats, errors: Sequence[float] | Floats) -> NDArray[np.intp]:
    """Places of what is known best (the first of equals) of each size, by size: cells of one N may hold the
    same landscapes, and a line through one N alone has no slope."""
    n = np.asarray(sizes)
    order = np.lexsort((np.asarray(errors), n))
    first = np.concatenate([[True], np.diff(n[order]) > 0]) if n.size else np.zeros(0, bool)
    return order[first]
