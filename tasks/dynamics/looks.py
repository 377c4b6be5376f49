"""When a trajectory is looked at: known from the options alone, so that a plan knows the shapes."""

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.dynamics.options import TrajectoryOptions

FIRST = 0.01
"""Time of the first look after the start, of a flow whose looks are log-spaced."""


def look_times(options: TrajectoryOptions) -> Float[np.ndarray, " looks"]:
    """Times of the looks, or numbers of steps where the algorithm has no time (`has_time`).

    Log-spaced looks of algorithms with steps of one length are at multiples of it, each once, so there may be
    fewer than were asked for.
    """
    unit = options.time_of_step
    if not isinstance(options.looks, int):
        given = np.array(options.looks, dtype=np.float64)
        return given if unit is None else np.round(given / unit) * unit
    end = float(options.until if options.has_time else options.most_steps)  # type: ignore[arg-type]
    if unit is None:
        return np.concatenate([[0.0], np.geomspace(end, min(FIRST, end / 2), options.looks - 1)[::-1]])
    last = max(int(end / unit + 1e-6), 1)
    steps = np.unique(np.round(np.geomspace(last, 1, options.looks - 1)).astype(np.int64))
    return np.concatenate([[0.0], steps * unit])
