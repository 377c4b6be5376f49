"""A straight line through numbers with errors."""

import numpy as np
from scipy.special import chdtrc

from morsecensus.analysis.dataset.batches import Floats


def fit_line(x: Floats, y: Floats, error: Floats) -> tuple[float, float, float, float, int, float]:
    """Weighted least squares of a line: slope, its error, intercept, chi^2, degrees of freedom, p-value."""
    design = np.stack([x, np.ones_like(x)], axis=1) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    slope, intercept = covariance @ design.T @ (y / error)
    left = float(np.sum(((y - slope * x - intercept) / error) ** 2))
    dof = len(x) - 2
    p_value = float(chdtrc(dof, left)) if dof > 0 else float("nan")
    return float(slope), float(covariance[0, 0] ** 0.5), float(intercept), left, dof, p_value
