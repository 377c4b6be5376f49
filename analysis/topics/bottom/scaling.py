"""How the bottom goes with N: powers of N with errors from landscapes.

Weighted least squares over the N of a family. The errors are those of the points; where chi^2 says that one
power is no description (small p) corrections matter at these N, and the error of the exponent is too small.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.estimates.line import one_of_each

FEWEST = 3
"""Of different N: through two every line goes."""
SIGNAL = 2.0
"""A logarithm of what isn't known to its sign has no error: so many standard errors from zero. Arbitrary."""


@dataclass(frozen=True)
class Fit:
    """A coefficient of a fit, with its standard error.

    Attributes:
        quantity: what was fitted.
        model: as what, in words.
        sizes: the N, one cell of each.
        expected: the coefficient as N grows, None where no theory says.
    """

    quantity: str
    model: str
    sizes: tuple[int, ...]
    value: float
    error: float
    chi2: float
    dof: int
    p_value: float
    expected: float | None = None


def power(quantity: str, sizes: Sequence[int], values: Floats, errors: Floats) -> Fit | None:
    """The exponent a of |value| ~ N^-a; None for fewer than FEWEST sizes, or where a sign isn't known or
    isn't the same at all N."""
    n, y, e = _usable(sizes, values, errors)
    if len(n) < FEWEST or np.any(np.abs(y) < SIGNAL * e) or len(set(np.sign(y).tolist())) > 1:
        return None
    columns = np.stack([-np.log(n), np.ones_like(n)], axis=1)
    return _fit(quantity, "exponent a of N^-a", n, columns, np.log(np.abs(y)), e / np.abs(y))


def logarithm(
    quantity: str, sizes: Sequence[int], values: Floats, errors: Floats, expected: float | None
) -> Fit | None:
    """The coefficient a of value ~ a log(N)/N + b/N."""
    n, y, e = _usable(sizes, values, errors)
    if len(n) < FEWEST:
        return None
    columns = np.stack([np.log(n) / n, 1 / n], axis=1)
    return _fit(quantity, "a of a log(N)/N + b/N", n, columns, y, e, expected)


def rate(quantity: str, sizes: Sequence[int], values: Floats, errors: Floats) -> Fit | None:
    """The rate r of value ~ exp(r N)."""
    n, y, e = _usable(sizes, values, errors)
    if len(n) < FEWEST or np.any(y <= 0):
        return None
    columns = np.stack([n, np.ones_like(n)], axis=1)
    return _fit(quantity, "rate r of exp(r N)", n, columns, np.log(y), e / y)


def _usable(sizes: Sequence[int], values: Floats, errors: Floats) -> tuple[Floats, Floats, Floats]:
    """Those with an error; of several of one N the one with the smallest."""
    kept = np.flatnonzero(np.isfinite(values) & np.isfinite(errors) & (errors > 0))
    n = np.asarray(sizes, dtype=np.float64)
    kept = kept[one_of_each(n[kept], errors[kept])]
    return n[kept], values[kept], errors[kept]


def _fit(
    quantity: str,
    model: str,
    n: Floats,
    columns: Floats,
    y: Floats,
    error: Floats,
    expected: float | None = None,
) -> Fit:
    design = columns / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    found = covariance @ design.T @ (y / error)
    chi2 = float(np.sum(((y - columns @ found) / error) ** 2))
    dof = len(n) - columns.shape[1]
    sizes = tuple(int(each) for each in n)
    p_value = float(chdtrc(dof, chi2)) if dof > 0 else float("nan")
    return Fit(
        quantity, model, sizes, float(found[0]), float(covariance[0, 0] ** 0.5), chi2, dof, p_value, expected
    )
