"""How far averages over what multistart saw lie from averages over all points.

Two averages that people report: over hits (each start that ended somewhere counts once), and over the
distinct points that were found. Energies and indices are folded onto E <= 0 where H and -H have one law (see
`analysis.topics.audit.hits`): unfolded, their means over an odd landscape are zero and one half whatever was
missed.
"""

from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.estimates.counts import mean_and_error
from morsecensus.analysis.topics.audit.hits import features_of, mirrored
from morsecensus.analysis.topics.audit.matching import Joined

KINDS = ("hits", "distinct")


@dataclass(frozen=True)
class NaiveAverage:
    """One average over what was seen, and how far it lies from the one over all points.

    ``truth``, ``naive``, ``difference`` (naive - truth) are means over landscapes of the landscape's own
    average; the difference is taken landscape by landscape, and ``se`` is its standard error over them.
    Landscapes where nothing was found have no average and are left out.
    """

    quantity: str
    kind: str
    truth: float
    naive: float
    difference: float
    se: float
    landscapes: int


def naive_averages(joined: Joined) -> list[NaiveAverage]:
    """Mean energy, mean index / (N-1), folded where H and -H have one law, and the share of minima: by hits,
    and by distinct points."""
    truth = joined.truth
    features = features_of(truth, mirrored(joined.cell))
    quantities = {
        "energy": features["energy"],
        "index": features["index"],
        "minima": (truth.index == 0).astype(np.float64),
    }
    weights = {"hits": joined.hits.astype(np.float64), "distinct": joined.found.astype(np.float64)}
    return [
        _average(joined, quantity, kind, values, weights[kind])
        for quantity, values in quantities.items()
        for kind in KINDS
    ]


def _average(
    joined: Joined, quantity: str, kind: str, values: np.ndarray, weight: np.ndarray
) -> NaiveAverage:
    truth = joined.truth
    total = truth.sums(weight)
    kept = total > 0
    naive = truth.sums(weight * values)[kept] / total[kept]
    exact = truth.sums(values)[kept] / truth.sums()[kept]
    difference, se = mean_and_error(naive - exact)
    mean, own = (float(mean_and_error(part)[0]) for part in (exact, naive))
    return NaiveAverage(quantity, kind, mean, own, float(difference), float(se), int(kept.sum()))
