"""Rounds of multistart: the starts of a round and where Newton took them, here or on other workers.

A round is keyed by its number alone, so rounds may be searched ahead of the ledger, anywhere, and looked at
in order: the same census, at the price of rounds that turn out not to be needed.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.finders.multistart.cost import start_seconds
from morsecensus.tasks.finders.multistart.descent import descend
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import Couplings, Landscape, build
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.measurables.words import OUTCOMES
from morsecensus.tasks.points.converge import converge
from morsecensus.tasks.runtime.compiled import forget_other_cells
from morsecensus.tasks.runtime.instances import instance_key
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.runtime.scatter import Scatter

CHUNK = 64
"""Starts that descend together; sorted by depth first, so that a chunk holds lanes of like length."""


def draw_starts(
    landscape: Landscape, couplings: Couplings, draw: np.random.Generator, options: MultistartOptions
) -> Float[np.ndarray, "starts ambient"]:
    """One round of independent starts: half random, half along descents (or ascents) stopped at random
    depths.

    Uniform starts on spheres reach the crowd of points near energy zero; the others reach the thinly
    populated edges of the spectrum. For odd H an ascent is the mirror image of a descent, so only descents
    are made.
    """
    count = options.starts_per_round
    starts = landscape.random_starts(draw, count)
    depths = np.exp(draw.uniform(0, math.log(options.max_depth + 1), count)).astype(np.int64)
    depths[: count // 2] = 0
    depths.sort()
    signs = np.where(draw.random(count) < 0.5, -1.0, 1.0) if landscape.climbs else np.ones(count)
    target = 1e-8 * landscape.gradient_scale * landscape.manifold.ambient**0.5
    for first in range(count // 2 // CHUNK * CHUNK, count, CHUNK):
        rows = slice(first, first + CHUNK)
        ends = descend(
            landscape, couplings, starts[rows], signs[rows], depths[rows], target, 2 * options.max_depth
        )
        starts[rows] = ends.points
    return starts


class Round(NamedTuple):
    """What a round gave.

    Attributes:
        outcomes: how many starts ended in each way.
        points: where those that converged ended, the same point many times.
    """

    outcomes: Int[np.ndarray, " outcome"]
    points: Float[np.ndarray, "hits ambient"]


Search = Callable[[MultistartOptions], Iterator[Round]]
"""Yields the rounds of an instance in order, at most ``max_rounds``; who has seen enough stops asking."""

WORTH = 1.0
"""Seconds of a round below which it isn't worth the way to another worker."""
AHEAD = 8
"""Rounds that are searched at a time elsewhere; at most one less than that is searched in vain."""


def search_round(
    landscape: Landscape,
    couplings: Couplings,
    seed: int,
    instance: int,
    options: MultistartOptions,
    number: int,
) -> Round:
    """Search one round of `tasks.landscapes.scale.normalised` couplings."""
    draw = generator(seed, landscape.name, landscape.manifold.ambient, instance, "starts", number)
    starts = draw_starts(landscape, couplings, draw, options)
    ends = converge(landscape, couplings, starts, options.max_iterations, options.max_step)
    return Round(np.bincount(ends.outcomes, minlength=len(OUTCOMES)), ends.converged())


def here(landscape: Landscape, couplings: Couplings, seed: int, instance: int) -> Search:
    """Search in this process."""

    def search(options: MultistartOptions) -> Iterator[Round]:
        for number in range(options.max_rounds):
            yield search_round(landscape, couplings, seed, instance, options, number)

    return search


def elsewhere(spec: Mapping[str, Any], instance: int, scatter: Scatter) -> Search:
    """Search rounds of an instance of a cell through ``scatter``; each worker makes the couplings itself."""
    source = instance_key(spec, instance)

    def search(options: MultistartOptions) -> Iterator[Round]:
        for first in range(0, options.max_rounds, AHEAD):
            numbers = range(first, min(first + AHEAD, options.max_rounds))
            found = scatter(
                "morsecensus.tasks.finders.multistart.rounds:search_piece",
                [(source, options, number) for number in numbers],
            )
            yield from (Round(*columns) for columns in found)

    return search


def is_worth_sending(landscape: Landscape, options: MultistartOptions) -> bool:
    """Say whether a round takes long enough to be searched elsewhere."""
    return options.starts_per_round * start_seconds(landscape.manifold.ambient) >= WORTH


def search_piece(piece: tuple[tuple, MultistartOptions, int]) -> tuple[np.ndarray, ...]:
    """The columns of one `Round`."""
    source, options, number = piece
    landscape, couplings = _instance(source)
    *_, seed, instance = source
    return tuple(search_round(landscape, couplings, seed, instance, options, number))


@lru_cache(maxsize=1)
def _instance(source: tuple) -> tuple[Landscape, Couplings]:
    model, parameters, n, seed, instance = source
    landscape = build(model, dict(parameters), n)
    forget_other_cells(landscape)
    return landscape, normalised(landscape, landscape.sample(seed, instance))[0]
