"""The ledger of a search of the bottom, index by index: what is closed, and why the rest isn't.

An index is closed where every class of it was hit often, from above and below together; each way by itself
saw half of the classes in every quarter of energy, so that none is blind where points are; the Morse
inequalities hold that need nothing but closed indices; and, once minima and saddles of index 1 are closed,
these join all minima. What is above the highest index sought is neither closed nor open.

The two ways also give Chapman's estimate of the number of classes, with the limits of G. A. F. Seber (The
Estimation of Animal Abundance, 1982, section 3.1): N = (a + 1)(b + 1)/(m + 1) - 1 where one way saw a, the
other b, both m. Classes that are hard to hit from above are so from below, so it is too low:
docs/low-index.md says by how much where the truth is known.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from morsecensus.tasks.geometry.manifolds import Manifold
from morsecensus.tasks.measurables.words import (
    BLIND,
    DISCONNECTED,
    INDEX_CLOSED,
    INEQUALITY,
    RARELY_HIT,
    SINGULAR,
    UNSEEN,
    UNSOUGHT,
)
from morsecensus.tasks.points.census import Interval
from morsecensus.tasks.points.ledger import CONFIDENCE

QUARTERS = 4
SEEN = 0.5
"""Share of the classes of a quarter of energy that each way must have seen. Arbitrary."""
FEWEST = 20
"""Classes of an index below which quarters of it say nothing of a way."""


def chapman(hits: Int[np.ndarray, "classes 2"]) -> Interval:
    """From the hits of each class, from above and from below."""
    seen = hits > 0
    a, b = map(int, seen.sum(axis=0))  # of Python: the variance multiplies four such numbers
    both, every = int(seen.all(axis=1).sum()), int(seen.any(axis=1).sum())
    estimate = (a + 1) * (b + 1) / (both + 1) - 1
    variance = (a + 1) * (b + 1) * (a - both) * (b - both) / ((both + 1) ** 2 * (both + 2))
    spread = float(ndtri((1 + CONFIDENCE) / 2)) * math.sqrt(variance)
    return Interval(float(estimate), max(every, estimate - spread), max(every, estimate + spread))


def blind(hits: Int[np.ndarray, "classes 2"], energy: Float[np.ndarray, " classes"]) -> bool:
    """Whether one way has hardly seen the classes of a quarter of energy."""
    if len(energy) < FEWEST:
        return False
    quarters = np.array_split(np.argsort(energy, kind="stable"), QUARTERS)
    return any(bool(((hits[rows] > 0).mean(axis=0) < SEEN).any()) for rows in quarters)


def betti_numbers(manifold: Manifold) -> Int[np.ndarray, " degrees"]:
    """Of a product of spheres (Kuenneth); of R^n where there are none."""
    found = np.ones(1, dtype=np.int64)
    for size in manifold.sizes:
        sphere = np.zeros(size, dtype=np.int64)
        sphere[[0, size - 1]] += 1
        found = np.convolve(found, sphere)
    return found


def inequalities(manifold: Manifold, counts: Int[np.ndarray, " index"]) -> Bool[np.ndarray, " index"]:
    """The strong Morse inequalities sum_j (-1)^(k-j) (N_j - b_j) >= 0, for k = 0, 1, ..."""
    betti = np.zeros(len(counts), dtype=np.int64)
    known = betti_numbers(manifold)[: len(counts)]
    betti[: len(known)] = known
    excess, holds = 0, []
    for difference in counts - betti:
        excess = int(difference) - excess
        holds.append(excess >= 0)
    return np.array(holds, dtype=bool)


@dataclass(frozen=True)
class Seen:
    """What a search saw, by index up to the highest that was sought.

    Attributes:
        hits: of the classes of each index, from above and below.
        energy: of these classes.
        counts: points of each index on the whole manifold.
        degenerate: whether classes were found that have no index.
        components: parts of the graph of minima; -1 where nobody looked.
    """

    hits: list[Int[np.ndarray, "classes 2"]]
    energy: list[Float[np.ndarray, " classes"]]
    counts: Int[np.ndarray, " index"]
    degenerate: bool
    components: int = -1


def by_hits(manifold: Manifold, seen: Seen, min_hits: int) -> Int[np.ndarray, " index"]:
    """The state of each index as far as hits tell."""
    state = np.array([_state(seen, k, min_hits) for k in range(len(seen.hits))])
    settled = state[state != UNSEEN]
    # Minima there always are. Of another index there may be no point: starts aimed at it in vain, and the
    # numbers of the others need none.
    if state[0] != UNSEEN and (settled == INDEX_CLOSED).all() and inequalities(manifold, seen.counts).all():
        state[state == UNSEEN] = INDEX_CLOSED
    return state


def _state(seen: Seen, k: int, min_hits: int) -> int:
    hits = seen.hits[k]
    if seen.degenerate:
        return SINGULAR
    if not len(hits):
        return UNSEEN
    if int(hits.sum(axis=1).min()) < min_hits:
        return RARELY_HIT
    return BLIND if blind(hits, seen.energy[k]) else INDEX_CLOSED


def judge(manifold: Manifold, seen: Seen, min_hits: int) -> Int[np.ndarray, " index"]:
    """The state of each index: by hits, then by what topology demands of closed indices."""
    state = by_hits(manifold, seen, min_hits)
    for k, holds in enumerate(inequalities(manifold, seen.counts)):
        if not holds and (state[: k + 1] == INDEX_CLOSED).all():
            state[: k + 1] = INEQUALITY
    if len(state) > 1 and seen.components > 1 and (state[:2] == INDEX_CLOSED).all():
        state[:2] = DISCONNECTED
    return state


def everywhere(state: Int[np.ndarray, " index"], dimension: int, odd: bool) -> Int[np.ndarray, " levels"]:
    """States of all indices of the manifold: those that weren't sought, and images at -E."""
    found = np.full(dimension + 1, UNSOUGHT)
    if odd:
        found[::-1][: len(state)] = state
    found[: len(state)] = state
    return found
