"""One-dimensional roots, to the last digits."""

from collections.abc import Callable


def find_root(function: Callable[[float], float], low: float, high: float) -> float:
    """The root of a function that changes sign between low and high (Brent's method, to about 1e-15)."""
    from scipy.optimize import root_scalar  # a fifth of a second of every run, and most need no root

    return float(root_scalar(function, bracket=(low, high), method="brentq", xtol=1e-15, rtol=1e-14).root)
