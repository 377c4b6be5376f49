"""How many of the true points a finder has, by index, and how often it is sure and wrong."""

from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.topics.audit.matching import Joined
from morsecensus.tasks.measurables.words import STATUSES
from morsecensus.tasks.proportions import upper_limit

RESAMPLES = 2000
"""Bootstrap draws of landscapes: the ends of a 95% interval lie among the 50 outermost."""
COMPLETE = STATUSES.index("complete")


@dataclass(frozen=True)
class Recall:
    """Found share of the true points of one index (None: of all).

    ``low`` and ``high`` are a 95% interval by bootstrap over landscapes, nan where one landscape holds all
    such points. Where nothing was missed a
    bootstrap can't know how much could have been: ``low`` is then one minus ``lacking_upper``, and
    ``method`` says so. ``lacking`` counts landscapes that lack such a point, of ``landscapes`` that hold one;
    ``lacking_upper`` is the 95% upper limit of their share (Clopper and Pearson).
    """

    index: int | None
    points: int
    missed: int
    recall: float
    low: float
    high: float
    method: str
    landscapes: int
    lacking: int
    lacking_upper: float


def estimate_recall(joined: Joined, seed: int = 0) -> list[Recall]:
    """Recall of all points, then by index; indices that no true point has are left out."""
    truth = joined.truth
    points, found = (
        _by_index(joined, np.ones(len(truth.owner))),
        _by_index(joined, joined.found.astype(float)),
    )
    rng = np.random.default_rng(seed)
    count = truth.landscapes
    weights = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES) if count else np.zeros((0, 0))
    rows = [_recall(None, points.sum(axis=1), found.sum(axis=1), weights)]
    rows += [_recall(k, points[:, k], found[:, k], weights) for k in range(truth.levels)]
    return [row for row in rows if row.points]


def _by_index(joined: Joined, weight: Floats) -> Floats:
    truth = joined.truth
    levels = truth.levels
    flat = np.bincount(truth.owner * levels + truth.index, weight, truth.landscapes * levels)
    return flat.reshape(truth.landscapes, levels).astype(np.float64)


def _recall(index: int | None, points: Floats, found: Floats, weights: np.ndarray) -> Recall:
    total, missed = int(points.sum()), int((points - found).sum())
    landscapes, lacking = int((points > 0).sum()), int((found < points).sum())
    upper = float(upper_limit(lacking, landscapes))
    if missed and landscapes < 2:
        low = high = float("nan")
        method = "none: one landscape"
    elif missed:
        drawn = weights @ points
        low, high = np.quantile((weights @ found)[drawn > 0] / drawn[drawn > 0], [0.025, 0.975])
        method = "bootstrap"
    else:
        low, high, method = 1 - upper, 1.0, "Clopper-Pearson over landscapes"
    share = 1 - missed / total if total else float("nan")
    return Recall(index, total, missed, share, float(low), float(high), method, landscapes, lacking, upper)


@dataclass(frozen=True)
class Claims:
    """What the finder said of its landscapes against the truth.

    ``closed`` landscapes were called complete, ``wrong`` of them lack a point (or hold one too many);
    ``wrong_upper`` is the 95% upper limit of that share (Clopper and Pearson). ``cautious`` were not called
    complete and lack nothing.
    """

    landscapes: int
    closed: int
    wrong: int
    wrong_upper: float
    cautious: int


def check_claims(joined: Joined) -> Claims:
    """Compare the finder's status of each landscape with what it lacks."""
    lacking = joined.truth.sums((~joined.found).astype(np.float64)) > 0
    bad = lacking | (joined.extra > 0)
    closed = joined.column("status") == COMPLETE
    wrong = int((closed & bad).sum())
    count = int(closed.sum())
    return Claims(len(bad), count, wrong, float(upper_limit(wrong, count)), int((~closed & ~bad).sum()))
