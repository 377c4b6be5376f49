"""What escapes gave: means against the linear law, the slope against log(R/r), and tests of the whole law."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, kstest

from morsecensus.analysis.agreement.residuals import TestResult
from morsecensus.analysis.estimates.line import weighted_line
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.theory.escapes import softest_alone
from morsecensus.analysis.topics.escapes.read import EscapeCell


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


def escape_tests(one: EscapeCell) -> list[TestResult]:
    """Means at all lengths of kicks together, and all escapes in their laws."""
    scores = np.array([row["z"] for row in radius_rows(one)])
    total, landscapes = float(scores @ scores), len(np.unique(one.owner))
    p = float(chi2.sf(total, len(scores)))
    whole = kstest(one.places, "uniform")
    law = float(whole.pvalue)
    return [
        TestResult("mean escape times", total, len(scores), p, p, landscapes),
        TestResult("law of escape times", float(whole.statistic), 0, law, law, landscapes),
    ]
