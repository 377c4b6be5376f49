"""Rounds of a search of the bottom: starts from above and from below, and where Newton took them."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.finders.low_index.descent import valleys
from morsecensus.tasks.finders.low_index.explore import leave
from morsecensus.tasks.finders.low_index.known import Known, low_images
from morsecensus.tasks.finders.options import LowIndexOptions
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.measurables.words import CONVERGED, OUTCOMES
from morsecensus.tasks.points.landmarks import Landmarks
from morsecensus.tasks.points.newton_lanes import ANY, arrive

MOST_TRIALS = 400
"""Gradients of a descent; of 2,000 descents at N = 100 down to a tenth of the lowest stop none took 220."""
NEAREST, FARTHEST = 0.2, 0.8
"""Ways off from a known point, in units of sqrt(ambient), uniform between these. Shorter ones come back; up
to 0.5 reaches fewer saddles: at N = 60, 12 rounds lacked 3, 2 and 4 of some 450 against 1, 2 and 1."""
HIGHEST_ABOVE, HIGHEST_BELOW = 0.5, 0.75
"""Shares of the starts that aim at the highest index sought, where most points are. What is rare of it is
found from below."""
FREE = 0.25
"""Share of descents after which Newton goes where it will: what has no index is found by these alone."""
DOWN = 0.85
"""Share of starts from below that go down an index; the others go up."""


@dataclass(frozen=True)
class Round:
    """What a round gave in one way.

    Attributes:
        outcomes: how many starts ended in each way.
        points: where those that converged ended, the same point many times.
        index: of these.
        origins: from below, the class that each of these came from.
        left: from below, how many starts left each class.
    """

    outcomes: Int[np.ndarray, " outcome"]
    points: Float[np.ndarray, "hits ambient"]
    index: Int[np.ndarray, " hits"]
    origins: Int[np.ndarray, " hits"] | None = None
    left: Int[np.ndarray, " classes"] | None = None


def _newton(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[np.ndarray, "starts ambient"],
    aims: Int[np.ndarray, " starts"],
    options: LowIndexOptions,
    known: Known,
    origins: Int[np.ndarray, " starts"] | None = None,
) -> Round:
    landmarks = Landmarks(known.points, landscape.symmetry)
    hits = arrive(
        landscape, couplings, starts, options.max_iterations, options.max_step, aims, landmarks=landmarks
    )
    arrived = hits.outcomes == CONVERGED
    counts = np.bincount(hits.outcomes, minlength=len(OUTCOMES))
    points, index = hits.points[arrived], hits.index[arrived]
    if origins is None:
        return Round(counts, points, index)
    return Round(counts, points, index, origins[arrived], np.bincount(origins, minlength=len(known.hits)))


def from_above(
    landscape: Landscape,
    couplings: Couplings,
    draw: np.random.Generator,
    known: Known,
    options: LowIndexOptions,
) -> Round:
    """Descents from random starts, each stopped at a gradient norm of its own."""
    starts = landscape.random_starts(draw, options.starts_per_round)
    stops = np.exp(draw.uniform(math.log(options.lowest_stop), math.log(options.highest_stop), len(starts)))
    # Those that descend longest begin, so that the lanes run empty together.
    stops.sort()
    targets = stops * landscape.gradient_scale * landscape.manifold.ambient**0.5
    low = valleys(landscape, couplings, starts, targets, MOST_TRIALS)
    aims = _aims(landscape, draw, len(starts), options, HIGHEST_ABOVE)
    aims[draw.random(len(starts)) < FREE] = ANY
    return _newton(landscape, couplings, low, aims, options, known)


def _aims(
    landscape: Landscape, draw: np.random.Generator, count: int, options: LowIndexOptions, highest: float
) -> Int[np.ndarray, " starts"]:
    """Indices to aim at, up to the one above those that are sought, for from there ways lead down."""
    levels = min(options.max_index + 1, landscape.manifold.dimension) + 1
    shares = np.full(levels, (1 - highest) / max(levels - 1, 1))
    shares[options.max_index] = highest if levels > 1 else 1.0
    return draw.choice(levels, count, p=shares)


def from_below(
    landscape: Landscape,
    couplings: Couplings,
    draw: np.random.Generator,
    known: Known,
    options: LowIndexOptions,
) -> Round:
    """Starts beside known points, off to the index below or above, mostly from classes that were hardly left:
    what is rare has few neighbours, and these are found late."""
    aims = _aims(landscape, draw, options.from_below * options.starts_per_round, options, HIGHEST_BELOW)
    origins = np.full(len(aims), -1)
    index, weight = known.low_index(landscape), 1.0 / (1 + known.left) ** 2
    down = draw.random(len(aims)) < DOWN
    for aim in np.unique(aims):
        for step, going in ((1, down), (-1, ~down)):
            starts = np.flatnonzero((aims == aim) & going)
            rows = np.flatnonzero(index == aim + step)
            if not len(rows):
                rows = np.arange(len(index))
            origins[starts] = rows[draw.choice(len(rows), len(starts), p=weight[rows] / weight[rows].sum())]
    lengths = draw.uniform(NEAREST, FARTHEST, len(aims)) * landscape.manifold.ambient**0.5
    points = low_images(landscape, known.points.take(origins))
    starts = leave(landscape, couplings, points, draw, lengths)
    return _newton(landscape, couplings, starts, aims, options, known, origins)
