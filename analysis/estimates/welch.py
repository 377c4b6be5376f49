"""Two means with errors from few runs each: how far apart they are, as a normal law has it."""

from math import isfinite

from scipy.special import ndtri
from scipy.stats import t


def normal_score(z: float | None, errors: tuple[float, float], counts: tuple[int, int]) -> float | None:
    """The normal z of the same tail as Welch's t (B. L. Welch, Biometrika 34 (1947) 28).

    Args:
        z: the difference over its standard error, None where unknown.
        errors: of the two means; ``counts`` are how many runs each error is from, two or more.
    """
    parts = [error**4 / (count - 1) for error, count in zip(errors, counts, strict=True)]
    if z is None or not isfinite(z) or not 0 < sum(parts) < float("inf"):
        return None
    freedom = sum(error**2 for error in errors) ** 2 / sum(parts)
    size = -float(ndtri(max(float(t.sf(abs(z), freedom)), 1e-300)))
    return size if z > 0 else -size
