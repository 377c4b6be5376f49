"""Paths in extended precision, one at a time: for what doubles can't follow.

Runge and Kutta's fourth-order predictor, Newton's corrector, in numbers of `BITS` bits: hundreds of times
slower than `tracker`, with room for steps and determinants that vanish in doubles.
"""

from typing import Any

import flint
import numpy as np
from jaxtyping import Complex, Int

from morsecensus.tasks.finders.homotopy.ball_homotopy import BallHomotopy, column, entries, exact
from morsecensus.tasks.finders.homotopy.balls import precision
from morsecensus.tasks.finders.homotopy.kinds import homotopy_in_balls
from morsecensus.tasks.finders.homotopy.paths import Tracked
from morsecensus.tasks.finders.homotopy.tracker import ARRIVED, STALLED
from morsecensus.tasks.systems.system import System, Weights

BITS = 192
AIM = 1e-6
"""Steps are chosen so that Newton corrects this much, relative to the length of the solution."""
LARGEST = 1e-4
SHORTEST = 1e-30
MOST_STEPS = 20_000
CONVERGED = 1e-40


def _length(matrix: flint.acb_mat) -> float:
    return float(np.sqrt(sum(abs(complex(entry)) ** 2 for entry in entries(matrix))))


def _predict(path: BallHomotopy, y: Any, t: Any, h: Any) -> Any:
    one = path.velocity(y, t)
    two = path.velocity(exact(y + one * (h / 2)), t + h / 2)
    three = path.velocity(exact(y + two * (h / 2)), t + h / 2)
    four = path.velocity(exact(y + three * h), t + h)
    return exact(y + (one + two * 2 + three * 2 + four) * (h / 6))


def _polish(path: BallHomotopy, y: Any, t: Any, steps: int) -> tuple[Any, float, float]:
    """Newton steps; the relative lengths of the first and the last one."""
    first = last = np.inf
    for number in range(steps):
        step = path.newton(y, t)
        y = exact(y + step)
        last = _length(step) / _length(y)
        first = last if number == 0 else first
        if last < CONVERGED or first > LARGEST:
            break
    return y, first, last


def _track(
    path: BallHomotopy, start: Complex[np.ndarray, " unknowns"]
) -> Complex[np.ndarray, " unknowns"] | None:
    y = _polish(path, column([flint.acb(complex(entry)) for entry in start]), flint.arb(0), 8)[0]
    t, h = flint.arb(0), flint.arb(1) / 64
    for _ in range(MOST_STEPS):
        h = min(h, 1 - t)
        try:
            moved, error, left = _polish(path, _predict(path, y, t, h), t + h, 6)
        except ZeroDivisionError:  # flint's word for a singular matrix
            error = left = np.inf
            moved = y
        if error <= LARGEST and left < CONVERGED:
            y, t = moved, (t + h).mid()
            if t == 1:
                return np.array([complex(entry) for entry in entries(y)])
        # Where Newton doesn't converge, its first step says nothing: another solution is near.
        most = 3.0 if left < CONVERGED else 0.5
        factor = 0.9 * (AIM / max(error, 1e-300)) ** 0.2
        h = (h * min(max(factor, 0.1), most)).mid()
        if float(h) < SHORTEST:
            return None
    return None


def follow(system: System, weights: Weights, paths: Int[np.ndarray, " paths"]) -> Tracked:
    """Where the paths with these numbers end, rounded to doubles. Those that don't arrive are stalled."""
    starts = system.starts(weights, paths)
    with precision(BITS):
        path = homotopy_in_balls(system, weights)
        ends = [_track(path, start) if np.isfinite(start).all() else None for start in starts]
    lost = np.full(starts.shape[1], np.nan, dtype=complex)
    endpoints = np.array([lost if end is None else end for end in ends]).reshape(starts.shape)
    arrived = np.array([end is not None for end in ends], dtype=bool)
    accuracy = np.where(arrived[:, None], (0.0, 0.0, 1.0), (np.inf, np.inf, 0.0))
    steps = np.zeros((len(paths), 2), dtype=np.int64)
    return Tracked(system.untracked(endpoints), np.where(arrived, ARRIVED, STALLED), steps, accuracy)
