"""Powers that means with errors follow: weighted least squares of logarithms."""

import numpy as np


def power(x: np.ndarray, means: np.ndarray, errors: np.ndarray) -> tuple[float, float, float, float]:
    """Exponent of means = c x^exponent with its standard error, chi squared, and log c."""
    logs, values, weights = np.log(x), np.log(means), (means / errors) ** 2
    centre, level = (weights @ logs) / weights.sum(), (weights @ values) / weights.sum()
    spread = weights @ (logs - centre) ** 2
    slope = float(weights @ ((logs - centre) * values) / spread)
    off = values - level - slope * (logs - centre)
    return slope, float(spread**-0.5), float(weights @ off**2), float(level - slope * centre)
