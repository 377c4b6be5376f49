"""Paths of a sample on many workers: each makes the couplings from their key and follows a piece."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from morsecensus.tasks.finders.homotopy.paths import Follow, Paths, Tracked, TrackerSettings, here, joined
from morsecensus.tasks.finders.homotopy.start import instance_system
from morsecensus.tasks.finders.homotopy.survey import LEAST, PIECES, WORTH
from morsecensus.tasks.runtime.instances import instance_key
from morsecensus.tasks.runtime.scatter import Scatter
from morsecensus.tasks.systems.system import Weights


def elsewhere(spec: Mapping[str, Any], instance: int, scatter: Scatter) -> Follow:
    """Follow paths of an instance of a cell through ``scatter``."""
    source = instance_key(spec, instance)

    def follow_elsewhere(weights: Weights, paths: Paths, settings: TrackerSettings) -> Tracked:
        if len(paths) < WORTH:
            return here(instance_system(source), 1)(weights, paths, settings)
        chunks = np.array_split(paths, min(PIECES, len(paths) // LEAST))
        pieces = [(source, weights, chunk, settings) for chunk in chunks]
        found = scatter("morsecensus.tasks.finders.homotopy.pieces:follow_piece", pieces)
        return joined([Tracked(*columns) for columns in found])

    return follow_elsewhere


def follow_piece(piece: tuple[tuple, Weights, Paths, TrackerSettings]) -> tuple[np.ndarray, ...]:
    """The columns of `Tracked` for one piece."""
    source, weights, paths, settings = piece
    return here(instance_system(source), 1)(weights, paths, settings).columns()
