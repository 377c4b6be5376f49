"""Powers that means with errors follow: a line through logarithms."""

import numpy as np

from morsecensus.analysis.estimates.line import weighted_line


def power(x: np.ndarray, means: np.ndarray, errors: np.ndarray) -> tuple[float, float, float, float]:
    """Exponent of means = c x^exponent with its standard error, chi squared, and log c."""
    line = weighted_line(np.log(x), np.log(means), errors / means)
    return line.slope, line.error, line.chi_squared, line.at_zero
