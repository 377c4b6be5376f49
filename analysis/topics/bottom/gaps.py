"""Spacings of the lowest minima against a Poisson process.

If the lowest critical values form a Poisson process of mean measure m(u) = E N_0(<= u), half of it where
minima come in pairs, then m(E_1), m(E_2) - m(E_1), ... are independent and exponential with mean 1: the exact
m at this N unfolds the levels, so no rate has to be fitted. Near -E_0 m is exponential with rate c N, and raw
gaps times c N have the means 1, 1/2, 1/3, ... (`analysis.theory.kac_rice.ground_state`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import kstest

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN

FEWEST = 5
_GRID = 2001


@dataclass(frozen=True)
class Gap:
    """The spacing below one of the lowest minima.

    Attributes:
        rank: of the upper level; 1 is the ground state, whose spacing reaches down to nothing.
        landscapes: that have both levels.
        raw, raw_se: mean energy between the levels; of rank 1 nan.
        unfolded, unfolded_se: mean number of minima expected between them: 1 for a Poisson process; nan where
            m isn't known.
        p_value: of an exponential law of mean 1, by Kolmogorov and Smirnov; None for fewer than FEWEST.
    """

    rank: int
    landscapes: int
    raw: float
    raw_se: float
    unfolded: float
    unfolded_se: float
    p_value: float | None


def expected_below(law: FiniteN, levels: Floats) -> Floats:
    """m at each level, shape of ``levels``; nan stays."""
    known = levels[np.isfinite(levels)]
    if not known.size:
        return levels
    grid = np.linspace(known.min(), known.max(), _GRID)
    counts = law.count_by_index(np.concatenate([[-np.inf], grid]))[0]
    below = np.cumsum(counts) * (0.5 if law.covariance.is_even else 1.0)
    return np.where(np.isfinite(levels), np.interp(levels, grid, below), np.nan)


def gaps_of(levels: Floats, law: FiniteN | None) -> list[Gap]:
    """The spacings of a cell.

    Args:
        levels: the lowest of each landscape, ascending, nan where there are fewer.
        law: exact, of minima at least; None where unknown.
    """
    number = np.full_like(levels, np.nan) if law is None else expected_below(law, levels)
    raw = np.diff(levels, axis=1, prepend=np.nan)
    unfolded = np.diff(number, axis=1, prepend=0.0)
    found = []
    for place in range(levels.shape[1]):
        held = np.isfinite(levels[:, place])
        if held.sum() < 2:
            break
        own = unfolded[held, place]
        enough = len(own) >= FEWEST and bool(np.isfinite(own).all())
        p_value = float(kstest(own, "expon").pvalue) if enough else None
        means = (_mean(raw[held, place]), _mean(own))
        found.append(Gap(place + 1, int(held.sum()), *means[0], *means[1], p_value))
    return found


def _mean(values: Floats) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
