"""The variance of the couplings, read off the Hessians at all critical points.

Counts don't see the scale of H, and energies see it through large fluctuations. The width lambda_max -
lambda_min of the Hessian at a critical point is proportional to that scale and fluctuates little, and a
landscape has many points: together they measure the variance of its couplings almost as well as the
couplings themselves would. One number for each cell, so cells combine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.dataset.batches import Batch, Floats, Moments, of_several
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.scan import Reduction, moments, settled
from morsecensus.analysis.estimates.counts import is_odd
from morsecensus.analysis.theory.kac_rice.sampler import CriticalPointSample


@dataclass(frozen=True)
class CouplingScale:
    """Estimated variance of the couplings over the stated one, and its standard error (landscapes as
    units), which has so many degrees of freedom ``dof``."""

    ratio: float
    se: float
    dof: float = float("inf")

    @property
    def p_value(self) -> float:
        """Of a ratio of 1, two-sided."""
        return self.tail(abs(self.ratio - 1))

    def tail(self, departure: float) -> float:
        """P-value of a departure from 1, two-sided: Student's, for the error is from few landscapes."""
        return float(2 * student.sf(departure / self.se, self.dof))

    def detectable(self, level: float = LEVEL, power: float = 0.9) -> float:
        """The smallest relative error of the variance that is rejected at this level with this power."""
        return float((student.isf(level / 2, self.dof) + student.ppf(power, self.dof)) * self.se)

    def power(self, ratio: float, more: float = 1.0, level: float = 0.05) -> float:
        """Probability to reject 1 at this level if the truth is ``ratio``, with ``more`` times the
        landscapes."""
        shift = abs(ratio - 1) * more**0.5 / self.se
        limit = norm.isf(level / 2)
        return float(norm.sf(limit - shift) + norm.cdf(-limit - shift))


def coupling_scale(
    cell: Cell, sample: Callable[[int], CriticalPointSample]
) -> Reduction[CouplingScale | None]:
    """Measure the variance of the couplings of a cell.

    Args:
        cell: with its dataset.
        sample: exact samples of the critical points of an index, such as ``exact_sampler(cell)``.

    Returns:
        None where there is no exact law, or fewer than two landscapes with points.
    """
    theory = cell.theory.resolved(cell.n)
    if theory is None or cell.landscapes < 2 or cell.points == 0:
        return settled(None)
    mean, error = _exact_widths(cell, sample)
    levels = cell.n  # the function may travel to a worker, the cell should not

    def sums(batch: Batch) -> Floats:
        index = batch.columns["index"].astype(np.int64)
        width = batch.columns["lambda_max"] - batch.columns["lambda_min"]
        same = np.zeros(len(index), np.int64)
        columns = [batch.per_landscape(same, 1, values) for values in (width - mean[index], mean[index])]
        counts = batch.per_landscape(index, levels).astype(np.float64)
        return np.concatenate([*columns, counts], axis=1)

    return moments(["index", "lambda_min", "lambda_max"], sums, lambda found: _ratio(found, error))


def _ratio(found: Moments, error: Floats) -> CouplingScale | None:
    """From the moments of the excess of the widths, the exact widths, and the counts at each index, whose
    exact mean widths have this error."""
    excess, exact = found.mean[0], found.mean[1]
    if exact <= 0 or not of_several(found.total[2:].sum(), found.outer[2:, 2:].sum()):
        return None
    # A ratio of means over landscapes: the delta method; then the sampled reference, independent by index.
    gradient = np.array([1.0, -excess / exact]) / exact
    variance = gradient @ found.covariance[:2, :2] @ gradient / found.count
    variance += np.sum((found.mean[2:] * error / exact) ** 2)
    # The width is proportional to the square root of the variance.
    scale = 1 + excess / exact
    return CouplingScale(float(scale**2), float(2 * scale * np.sqrt(variance)), found.count - 1)


def _exact_widths(cell: Cell, sample: Callable[[int], CriticalPointSample]) -> tuple[Floats, Floats]:
    """Mean width at each index and its sampling error, shape (N,); of mirror images one is sampled."""
    mean, error = np.zeros(cell.n), np.zeros(cell.n)
    for index in range(cell.n):
        mirror = cell.n - 1 - index
        if is_odd(cell) and mirror < index:
            mean[index], error[index] = mean[mirror], error[mirror]
            continue
        law = sample(index)
        width = law.hessian[:, -1] - law.hessian[:, 0]
        mean[index] = law.weight @ width
        error[index] = np.sqrt(np.sum(law.weight**2 * (width - mean[index]) ** 2))
    if is_odd(cell):
        # One sample serves two indices: its error counts twice there, not twice independently.
        pairs = np.arange(cell.n) * 2 != cell.n - 1
        error[pairs] *= np.sqrt(2)
    return mean, error


def combined(scales: Sequence[CouplingScale]) -> CouplingScale:
    """The weighted mean over independent cells (of different N: cells of one N share their couplings)."""
    weights = np.array([scale.se**-2 for scale in scales])
    ratios = np.array([scale.ratio for scale in scales])
    # each error is a part of the whole one, and the fewer landscapes it is from the less it is known
    dof = float(weights.sum() ** 2 / np.sum(weights**2 / [scale.dof for scale in scales]))
    return CouplingScale(float(weights @ ratios / weights.sum()), float(weights.sum() ** -0.5), dof)
