"""Paths of one landscape on many workers: each makes the couplings from their key and follows a piece."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from morsecensus.tasks.finders.homotopy.books import Follow, Paths, here, joined
from morsecensus.tasks.finders.homotopy.paths import Tracked, TrackerSettings
from morsecensus.tasks.finders.homotopy.start import polynomial_system
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.runtime.scatter import Scatter
from morsecensus.tasks.systems.system import System, Weights

WORTH = 16384
"""Fewer paths are followed where they are: less than a second's work isn't worth the way."""
PIECES = 256
"""Enough for a cluster."""
SMALLEST = 1024
"""Fewer paths take less time than it takes to send them."""


def elsewhere(spec: Mapping[str, Any], instance: int, scatter: Scatter) -> Follow:
    """Follow paths of an instance of a cell through ``scatter``."""
    source = (spec["model"], tuple(sorted(spec["parameters"].items())), spec["n"], spec["seed"], instance)

    def follow_elsewhere(weights: Weights, paths: Paths, settings: TrackerSettings) -> Tracked:
        if len(paths) < WORTH:
            return here(_system(source), 1)(weights, paths, settings)
        chunks = np.array_split(paths, min(PIECES, len(paths) // SMALLEST))
        pieces = [(source, weights, chunk, settings) for chunk in chunks]
        found = scatter("morsecensus.tasks.finders.homotopy.pieces:follow_piece", pieces)
        return joined([Tracked(*columns) for columns in found])

    return follow_elsewhere


def follow_piece(piece: tuple[tuple, Weights, Paths, TrackerSettings]) -> tuple[np.ndarray, ...]:
    """The columns of `Tracked` for one piece."""
    source, weights, paths, settings = piece
    return here(_system(source), 1)(weights, paths, settings).columns()


@lru_cache(maxsize=1)
def _system(source: tuple) -> System:
    model, parameters, n, seed, instance = source
    landscape = build(model, dict(parameters), n)
    return polynomial_system(landscape, landscape.sample(seed, instance))
