"""Rounds of a search of the bottom: starts from above and from below, and where Newton took them."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.finders.low_index.descent import descend_to
from morsecensus.tasks.finders.low_index.explore import leave
from morsecensus.tasks.finders.low_index.follow import follow, step_off
from morsecensus.tasks.finders.low_index.known import Known, low_images
from morsecensus.tasks.finders.options import LowIndexOptions
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.measurables.words import CONVERGED, OUTCOMES
from morsecensus.tasks.points.newton import refine

MOST_TRIALS = 400
"""Gradients of a descent; of 2,000 descents at N = 100 down to a tenth of the lowest stop none took 220."""
NEAREST, FARTHEST = 0.2, 0.7
"""Ways off from a known point, in units of sqrt(ambient), uniform between these. Measured: shorter ones come
back, longer ones forget where they came from."""

OFF = 0.45
"""Farthest way off a saddle in an unstable direction, likewise."""
FOLLOWED = 4
"""Descents from above for each way that is followed from a saddle, so that both take about as long."""


class Round(NamedTuple):
    """What a round gave in one way.

    Attributes:
        outcomes: how many starts ended in each way.
        points: where those that converged ended, the same point many times.
        origins: from below, the class that each of these came from.
    """

    outcomes: Int[np.ndarray, " outcome"]
    points: Float[np.ndarray, "hits ambient"]
    origins: Int[np.ndarray, " hits"] | None = None

    def and_more(self, other: "Round | None") -> "Round":
        """With what another way from known points gave."""
        if other is None or self.origins is None or other.origins is None:
            return self
        points = np.concatenate([self.points, other.points])
        return Round(self.outcomes + other.outcomes, points, np.concatenate([self.origins, other.origins]))


def _newton(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[np.ndarray, "starts ambient"],
    options: LowIndexOptions,
    origins: Int[np.ndarray, " starts"] | None = None,
) -> Round:
    hits = refine(landscape, couplings, starts, options.max_iterations, options.max_step)
    ended = np.asarray(hits.outcomes)
    arrived = ended == CONVERGED
    counts = np.bincount(ended, minlength=len(OUTCOMES))
    return Round(counts, np.asarray(hits.points)[arrived], None if origins is None else origins[arrived])


def from_above(
    landscape: Landscape, couplings: Couplings, draw: np.random.Generator, options: LowIndexOptions
) -> Round:
    """Descents from random starts, each stopped at a gradient norm of its own."""
    starts = landscape.random_starts(draw, options.starts_per_round)
    stops = np.exp(draw.uniform(math.log(options.lowest_stop), math.log(options.highest_stop), len(starts)))
    # Those that descend longest begin, so that the lanes run empty together.
    stops.sort()
    targets = stops * landscape.gradient_scale * landscape.manifold.ambient**0.5
    reached = descend_to(landscape, couplings, starts, targets, MOST_TRIALS)
    return _newton(landscape, couplings, np.asarray(reached.points), options)


def from_below(
    landscape: Landscape,
    couplings: Couplings,
    draw: np.random.Generator,
    known: Known,
    options: LowIndexOptions,
) -> Round:
    """Starts beside known points: half of them from the index above those sought, where there are most, and
    of each index mostly from classes that were hardly hit, for what is missing is near such."""
    count, ambient = options.from_below * options.starts_per_round, landscape.manifold.ambient
    origins = draw.choice(len(known.hits), count, p=_shares(landscape, known, options.max_index))
    noise = draw.standard_normal((count, ambient))
    lengths = draw.uniform(NEAREST, FARTHEST, count) * ambient**0.5
    starts = leave(landscape, couplings, known.points.points[origins], noise, lengths)
    return _newton(landscape, couplings, starts, options, origins)


def down_from_saddles(
    landscape: Landscape,
    couplings: Couplings,
    draw: np.random.Generator,
    known: Known,
    options: LowIndexOptions,
) -> Round | None:
    """From known saddles of index 1 to one more than is sought, down to the index below; None if there are
    none. Classes that were hardly hit are left more often, as in `from_below`."""
    index, ambient = known.low_index(landscape), landscape.manifold.ambient
    saddles = np.flatnonzero(index > 0)
    if not len(saddles):
        return None
    shares = _shares(landscape, known, options.max_index)[saddles]
    origins = saddles[
        draw.choice(len(saddles), options.starts_per_round // FOLLOWED, p=shares / shares.sum())
    ]
    points = low_images(landscape, known.points.take(origins))
    lengths = draw.uniform(NEAREST, OFF, len(origins)) * ambient**0.5
    noise = draw.standard_normal(points.shape)
    beside = step_off(landscape, couplings, points, index[origins], noise, lengths)
    ends = follow(landscape, couplings, beside, index[origins] - 1)
    return _newton(landscape, couplings, np.asarray(ends), options, origins)


def _shares(landscape: Landscape, known: Known, max_index: int) -> Float[np.ndarray, " classes"]:
    """The share of starts of each class: inversely as its hits, half of all above ``max_index``."""
    index = known.low_index(landscape)
    weight = 1.0 / (1 + known.hits.sum(axis=1))
    levels = np.minimum(index, max_index + 1)
    shares = weight / np.bincount(levels, weight)[levels]
    shares[index > max_index] *= max(len(np.unique(levels[index <= max_index])), 1)
    return shares / shares.sum()
