"""Rounds of a search of the bottom: starts from above and from below, and where Newton took them."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.finders.low_index.descent import descend_to
from morsecensus.tasks.finders.low_index.explore import leave
from morsecensus.tasks.finders.low_index.known import Known
from morsecensus.tasks.finders.options import LowIndexOptions
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.measurables.words import CONVERGED, OUTCOMES
from morsecensus.tasks.points.newton import refine

MOST_TRIALS = 400
"""Gradients of a descent; of 2,000 descents at N = 100 down to a tenth of the lowest stop none took 220."""
NEAREST, FARTHEST = 0.2, 0.7
"""Ways off from a known point, in units of sqrt(ambient), uniform between these. Measured: shorter ones come
back, longer ones forget where they came from."""


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


def _shares(landscape: Landscape, known: Known, max_index: int) -> Float[np.ndarray, " classes"]:
    """The share of starts of each class: inversely as its hits, half of all above ``max_index``."""
    index = known.low_index(landscape)
    weight = 1.0 / (1 + known.hits.sum(axis=1))
    levels = np.minimum(index, max_index + 1)
    shares = weight / np.bincount(levels, weight)[levels]
    shares[index > max_index] *= max(len(np.unique(levels[index <= max_index])), 1)
    return shares / shares.sum()
