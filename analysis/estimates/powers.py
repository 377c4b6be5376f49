"""Powers that means with errors follow: a line through logarithms."""

import numpy as np

from morsecensus.analysis.estimates.line import weighted_line

ENOUGH = 20
"""Runs from which on errors of means are known well enough for z and chi squared: of exact powers at five
widths 14% had p < 0.01 with 3 runs, 3% with 10."""


def power(x: np.ndarray, means: np.ndarray, errors: np.ndarray) -> tuple[float, float, float, float]:
    """Exponent of means = c x^exponent with its standard error, chi squared, and log c."""
    line = weighted_line(np.log(x), np.log(means), errors / means)
    return line.slope, line.error, line.chi_squared, line.at_zero
