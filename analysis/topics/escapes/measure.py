"""What escapes gave: means against the linear law, the slope against log(R/r), and tests of the whole law."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, kstest

from morsecensus.analysis.agreement.residuals import TestResult
from morsecensus.analysis.estimates.line import weighted_line
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.theory.escapes import softest_alone
from morsecensus.analysis.topics.escapes.read import EscapeCell

BEYOND_LINEAR = 1.0
"""Linear theory is exact for small distances R alone: mean |lambda_min| T is off by R^2 times at most this
times the largest curvature over |lambda_min|. Of 32 saddles of q^3 at N = 12, the same kicks at R = 0.1,
0.05, 0.025 and 0.0125: the difference is proportional to R^2, 1.2 R^2 at the median and 14 R^2 at the most,
where the curvatures' ratio was 14."""
FAR_BELOW = 0.1
"""Of the standard error of a mean: less isn't seen."""


def radius_rows(one: EscapeCell) -> Iterator[Row]:
    """A row for each length of the kicks. Errors are of the kicks alone: the law is that of these saddles."""
    for place, ratio in enumerate(one.ratios):
        mean, error, exact = _compared(one, np.ones(len(one.index), bool), place)
        alone, _ = softest_alone(one.dimension, float(ratio))
        yield _size(one) | {
            "radius": float(one.spec["radii"][place]),
            "escapes": int(np.isfinite(one.time[:, place]).sum()),
            "scaled": mean,
            "scaled_se": error,
            "exact": exact,
            "z": (mean - exact) / error,
            "alone": alone,
            "z_alone": (mean - alone) / error,
            "bare": float(np.log(ratio)),
            "z_bare": (mean - np.log(ratio)) / error,
            "z_half": (mean / 2 - exact) / (error / 2),
        }


def _compared(one: EscapeCell, rows: NDArray[np.bool_], place: int) -> tuple[float, float, float]:
    """Mean of |lambda_min| T over some saddles, its standard error by the law, and the law's mean."""
    seen = np.isfinite(one.time[rows, place])
    count = seen.sum()
    exact, sd = (part[rows, place, None] for part in one.law)
    mean = np.nansum(one.scaled[rows, place]) / count
    error = np.sqrt((sd**2 * seen).sum()) / count
    return float(mean), float(error), float((exact * seen).sum() / count)


def index_rows(one: EscapeCell) -> Iterator[Row]:
    """A row for each index, of the smallest kicks: rates, times, and what is left of log(R/r)."""
    logarithm = float(np.log(one.ratios[0]))
    for index in np.unique(one.index):
        rows = one.index == index
        mean, error, exact = _compared(one, rows, 0)
        times = np.nanmean(one.time[rows, 0], axis=1)
        yield _size(one) | {
            "index": int(index),
            "saddles": int(rows.sum()),
            "landscapes": len(np.unique(one.owner[rows])),
            "rate": float(one.rate[rows].mean()),
            "time": float(times.mean()),
            "beyond": mean - logarithm,
            "beyond_se": error,
            "exact": exact - logarithm,
            "z": (mean - exact) / error,
        }


def slope_row(one: EscapeCell) -> Row | None:
    """Slope of |lambda_min| T against log(R/r), 1 if modes grow at their curvatures; None from one length."""
    if len(one.ratios) < 2:
        return None
    rows, x = list(radius_rows(one)), np.log(one.ratios)
    scaled, errors, law = (np.array([row[name] for row in rows]) for name in ("scaled", "scaled_se", "exact"))
    found, exact = weighted_line(x, scaled, errors), weighted_line(x, law, errors).slope
    z = (found.slope - exact) / found.error
    return _size(one) | {"slope": found.slope, "slope_se": found.error, "exact": exact, "z": z}


def _size(one: EscapeCell) -> Row:
    return {"cell": one.cell, "setting": setting_of(one), "n": one.n}


def setting_of(one: EscapeCell) -> str:
    """Model and parameters, as text."""
    own = {name: value for name, value in one.spec["parameters"].items() if value not in (0, 0.0)}
    return ", ".join([one.spec["model"], *(f"{name} = {value}" for name, value in own.items())])


def linear_enough(one: EscapeCell) -> EscapeCell:
    """The saddles that are tested: as many, the stiffest first, as keep what linear theory lacks far below
    the error of the mean. They are chosen by their curvatures alone, so that biases no time."""
    softness = np.abs(one.spectrum).max(axis=1) / one.rate
    order = np.argsort(softness, kind="stable")
    many = np.arange(1, len(order) + 1)
    off = BEYOND_LINEAR * float(one.spec["distance"]) ** 2 * np.cumsum(softness[order]) / many
    error = np.pi / np.sqrt(8 * many * np.prod(one.time.shape[1:]))
    # The mean softness rises and the error falls: what is allowed comes first.
    kept = np.sort(order[: int((off <= FAR_BELOW * error).sum())])
    return replace(
        one, owner=one.owner[kept], index=one.index[kept], spectrum=one.spectrum[kept], time=one.time[kept]
    )


def escape_tests(whole: EscapeCell) -> list[TestResult]:
    """Means at all lengths of kicks together, and all escapes in their laws, of the saddles for which linear
    theory is good enough; none where it is for no saddle."""
    one = linear_enough(whole)
    if not np.isfinite(one.time).any(axis=(0, 2)).all():
        return []
    left = len(whole.index) - len(one.index)
    note = (
        f"{left:,} of {len(whole.index):,} saddles are left out: too soft for linear theory" if left else ""
    )
    scores = np.array([row["z"] for row in radius_rows(one)])
    total, landscapes = float(scores @ scores), len(np.unique(one.owner))
    p = float(chi2.sf(total, len(scores)))
    kolmogorov = kstest(one.places, "uniform")
    law = float(kolmogorov.pvalue)
    return [
        TestResult("mean escape times", total, len(scores), p, p, landscapes, note),
        TestResult("law of escape times", float(kolmogorov.statistic), 0, law, law, landscapes, note),
    ]
