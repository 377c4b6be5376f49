"""The cost of a run that has become stationary: its mean over looks late in training."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

QUARTERS = 2
"""The last ones of a run, over each of which costs are averaged."""
MOST = 10_000


def late_steps(asked: Any) -> Int[np.ndarray, " looks"]:
    """Numbers of steps of the late looks of `NetworkOptions`, evenly spaced over the second half of a run;
    half of them are in each quarter."""
    places = np.arange(1, asked.late + 1) / (2 * max(asked.late, 1))
    return np.round(asked.steps * (0.5 + places)).astype(np.int64)


def late_cost(costs: Float[np.ndarray, " looks"]) -> Float[np.ndarray, " quarters"]:
    """Means over the third and the fourth quarter of a run; NaN of no looks."""
    if not len(costs):
        return np.full(QUARTERS, np.nan)
    return costs.reshape(QUARTERS, -1).mean(axis=1)


def check_late(asked: Any) -> None:
    """Raise ValueError, one line, for late looks that cannot be."""
    if not 0 <= asked.late <= MOST or asked.late % QUARTERS:
        raise ValueError(f"late: got {asked.late}, allowed: even numbers from 0 to {MOST}")
    if 2 * asked.late > asked.steps:
        raise ValueError(f"late: got {asked.late}, allowed: at most half of the {asked.steps} steps")
    if asked.late and asked.until:
        raise ValueError(f"late: got {asked.late} with until, allowed: with runs that take all their steps")
