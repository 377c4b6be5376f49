"""Shares of verdicts, index against loss for each of them, and points against the closed form."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.criticality.read import CRITICAL, GRADIENT_FLAT, NEITHER, Searched
from morsecensus.analysis.topics.networks.measure import head

AGREES = 1e-8
"""Of the largest critical loss: how near to one the loss of a critical point must be."""
LOOSE = (1e-6, 1e-4, 1e-2)
"""Largest gradients that a looser search would call critical."""
KINK = 1e-6
"""Sums of a ReLU unit that are at its kink."""
FEWEST_RUNS, FEWEST_POINTS = 4, 8
"""From which a correlation is measured."""
ALL, OTHERS, BEGUN = "all ends", "not critical", "along training"
CLASSES = (CRITICAL, GRADIENT_FLAT, NEITHER, OTHERS, ALL, BEGUN)


def verdict_row(one: Searched) -> Row:
    """How many points are what, with errors over runs."""
    tolerance = float(one.network.options["points"]["tolerance"])
    row: Row = head(one.network) | {"runs": one.network.runs, "weights": one.network.weights}
    row |= {"points": len(one.run), "activation": one.network.options["activation"]}
    for verdict in (CRITICAL, GRADIENT_FLAT, NEITHER):
        own = one.verdict == verdict
        mean, error = mean_and_error(own.reshape(one.network.runs, -1).mean(axis=1))
        row |= {_name(verdict): float(mean), f"{_name(verdict)}_se": float(error)}
        row[f"{_name(verdict)}_gradient"] = float(np.median(one.gradient[own])) if own.any() else None
    not_critical = one.verdict != CRITICAL
    row["fading"] = int((not_critical & (one.gradient <= tolerance)).sum())
    relu = np.isfinite(one.kink).any()
    row["kinks"] = int((not_critical & (one.kink <= KINK)).sum()) if relu else None
    return row


def _name(verdict: str) -> str:
    return verdict.replace("-", "_")


def chosen(one: Searched, which: str) -> NDArray[np.bool_]:
    """The ends of a class."""
    return (one.verdict == which) | (which == ALL) | ((which == OTHERS) & (one.verdict != CRITICAL))


def members(one: Searched, which: str) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Loss, index over weights and run of the points of a class."""
    if which == BEGUN:
        return (*one.begun, one.run)
    own = chosen(one, which)
    return one.loss[own], one.share[own], one.run[own]


def correlation_rows(one: Searched) -> Iterator[Row]:
    """Rank correlation of index and loss, a row for each class that has some points."""
    for which in CLASSES:
        loss, share, run = members(one, which)
        rho, error = rank_correlation(loss, share, run)
        curved: tuple[float | None, float | None] = (None, None)
        if which != BEGUN:
            curved = rank_correlation(loss, one.curved_share[chosen(one, which)], run)
        if len(loss):
            yield head(one.network) | {
                "class": which,
                "points": len(loss),
                "runs": len(np.unique(run)),
                "rho": rho,
                "rho_se": error,
                "z": None if rho is None or not error else rho / error,
                "curved": curved[0],
                "curved_se": curved[1],
            }


def rank_correlation(loss: Floats, share: Floats, run: NDArray[np.intp]) -> tuple[float | None, float | None]:
    """Spearman's, over all points, and its standard error by leaving out one run after the other; None from
    too few, or where one of the two is the same everywhere."""
    runs = np.unique(run)
    if len(runs) < FEWEST_RUNS or len(loss) < FEWEST_POINTS:
        return None, None
    found = np.array([_spearman(loss[run != left], share[run != left]) for left in runs])
    whole = _spearman(loss, share)
    if not np.isfinite([whole, *found]).all():
        return None, None
    spread = (len(runs) - 1) / len(runs) * ((found - found.mean()) ** 2).sum()
    return whole, float(np.sqrt(spread))


def _spearman(loss: Floats, share: Floats) -> float:
    if np.ptp(loss) == 0 or np.ptp(share) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(loss), rankdata(share))[0, 1])


def closed_rows(one: Searched) -> Iterator[Row]:
    """Points against the closed form: those that are called critical, and what looser searches would call
    so; none without a closed form."""
    if one.closed is None:
        return
    scale = float(one.closed.loss.max())
    distance = np.abs(one.loss[:, None] - one.closed.loss[None])
    nearest, off = distance.argmin(axis=1), distance.min(axis=1) / scale
    wrong = (one.index != one.closed.index[nearest]) | (one.nullity != one.closed.nullity[nearest])
    named = [(CRITICAL, one.verdict == CRITICAL)]
    named += [(f"|g| \N{LESS-THAN OR EQUAL TO} {limit:g}", one.gradient <= limit) for limit in LOOSE]
    for name, own in named:
        yield head(one.network) | {
            "called": name,
            "points": int(own.sum()),
            "sets": len(np.unique(nearest[own])),
            "known": len(one.closed.loss),
            "off": int((off[own] > AGREES).sum()),
            "farthest": float(off[own].max()) if own.any() else None,
            "wrong": int((wrong & (off <= AGREES))[own].sum()),
        }
