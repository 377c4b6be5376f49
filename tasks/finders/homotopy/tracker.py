"""Follow a list of paths from t = 0 to t = 1 in groups of as many as there are lanes.

A lane that ends takes the next path of the list. Lanes never wait for each other: one that has to repeat a
step keeps its old series while the others go on. What happens to a path depends on the path alone, bit for
bit.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.finders.homotopy.algebra import copied
from morsecensus.tasks.finders.homotopy.control import (
    choose_steps,
    fit_denominators,
    lengths,
    predict,
)
from morsecensus.tasks.finders.homotopy.steps import correct, expand
from morsecensus.tasks.runtime.machine_code import compiled
from morsecensus.tasks.runtime.simd_wide import LANES

ARRIVED, STALLED, TOO_LONG, UNTRACKED = range(4)
OUTCOME_COUNT = 4

CONTRACTION = 0.05
"""The second Newton step may be this much as long as the first: farther out Newton may leave its path's
basin."""
ROUND_OFF = 1e-12
"""Relative length below which a Newton step says nothing any more."""
SHORTEST_STEP = 1e-12

Lanes = Float[np.ndarray, " numbers"]


class Buffers(NamedTuple):
    """Vectors that the lanes work in."""

    series: Lanes
    backup: Lanes
    y: Lanes
    work: Any
    room: Any
    products: Lanes
    pade: Lanes
    tail: Lanes
    t: Lanes
    h: Lanes
    size: Lanes
    first: Lanes
    second: Lanes
    unit: Lanes
    factor: Lanes
    tolerance: Lanes
    guess: Lanes
    state: Float[np.ndarray, "four lanes"]
    path: Int[np.ndarray, " lanes"]
    verdict: Int[np.ndarray, " lanes"]


# Rows of the lanes' state.
_NOW, _STEP, _FACTOR, _GUESS = range(4)


@compiled
def _begin(lane, starts, path, series, pade, state):
    for row in range(series.shape[0] // LANES):
        series[row * LANES + lane] = 0.0
    for a in range(starts.shape[1]):
        series[2 * a * LANES + lane] = starts[path, a].real
        series[(2 * a + 1) * LANES + lane] = starts[path, a].imag
    for part in range(pade.shape[0] // LANES):
        pade[part * LANES + lane] = 0.0
    state[_NOW, lane], state[_STEP, lane], state[_FACTOR, lane], state[_GUESS, lane] = 0.0, 0.0, 1.0, 0.0


@compiled
def _learn(state, lane, measured):
    """Correct the error model by the length of the Newton step that followed: up at once, down slowly."""
    if state[_GUESS, lane] > 0.0 and measured > 0.0:
        ratio = measured / state[_GUESS, lane]
        if ratio < state[_FACTOR, lane]:
            ratio = math.sqrt(ratio * state[_FACTOR, lane])
        state[_FACTOR, lane] = min(max(ratio, 1e-8), 1e8)


@compiled
def _judge(state, path, size, first, second, settings, t, steps, accuracy, verdict):
    """Per lane: 0 repeat with half the step, 1 go on, 2 arrived and polished, 3 stalled, 4 too many steps."""
    _, _, largest, most_steps = settings
    for lane in range(LANES):
        good = first[lane] <= largest * size[lane] and second[lane] <= max(
            CONTRACTION * first[lane], ROUND_OFF * size[lane]
        )
        verdict[lane] = 1 if good else 0
        row = path[lane]
        if row < 0:
            continue
        _learn(state, lane, first[lane])
        steps[row, 0 if good else 1] += 1
        if good:
            if state[_STEP, lane] > 0.0:
                accuracy[row, 1] = max(accuracy[row, 1], first[lane] / size[lane])
            elif t[lane] == 1.0:
                accuracy[row, 0] = second[lane] / size[lane]
                verdict[lane] = 2
        elif state[_STEP, lane] <= SHORTEST_STEP:
            verdict[lane] = 3
        if steps[row, 0] + steps[row, 1] >= most_steps and verdict[lane] < 2:
            verdict[lane] = 4


@compiled
def _write(y, lane, row, endpoints):
    for a in range(endpoints.shape[1]):
        endpoints[row, a] = complex(y[2 * a * LANES + lane], y[(2 * a + 1) * LANES + lane])


@compiled
def _plan(state, path, verdict, settings, pade, tail, size, plan):
    """The next steps, at most half the last one of a lane that has to repeat it; none of lanes without a
    path or at the end of theirs."""
    order, aim, _, _ = settings
    h, factor, tolerance, guess = plan
    for lane in range(LANES):
        most = 0.0
        if path[lane] >= 0 and verdict[lane] < 2:
            most = 1.0 - state[_NOW, lane]
            if verdict[lane] == 0:
                most = min(most, 0.5 * state[_STEP, lane])
        h[lane] = most
        factor[lane] = state[_FACTOR, lane]
        tolerance[lane] = aim * size[lane]
    choose_steps(pade, tail, order, factor, tolerance, h, guess)
    for lane in range(LANES):
        state[_STEP, lane], state[_GUESS, lane] = h[lane], guess[lane]


@compiled
def _copy(source, target, lane, rows):
    for row in range(rows):
        target[row * LANES + lane] = source[row * LANES + lane]


@compiled
def _aim(state, t, h):
    for lane in range(LANES):
        h[lane] = state[_STEP, lane]
        t[lane] = state[_NOW, lane] + h[lane]
        # The last step ends at 1 exactly.
        if h[lane] >= 1.0 - state[_NOW, lane]:
            t[lane] = 1.0


@compiled
def _move(state, path, verdict, t, y, series, backup, endpoints, accuracy):
    """To the corrected points; what has to be repeated keeps its series in ``backup``."""
    for lane in range(LANES):
        if verdict[lane] == 0:
            _copy(series, backup, lane, series.shape[0] // LANES)
        elif verdict[lane] == 1:
            state[_NOW, lane] = t[lane]
        elif verdict[lane] > 2 and path[lane] >= 0:
            # Where a path that fails was last seen.
            _write(series, lane, path[lane], endpoints)
            accuracy[path[lane], 2] = state[_NOW, lane]
    copied(y, y.shape[0] // LANES, series)


@compiled
def track(system, starts, settings, buffers, endpoints, status, steps, accuracy):
    """Follow every start; fills ``endpoints``, ``status``, ``steps`` and ``accuracy``.

    Args:
        system: a `system.Packed`.
        settings: order, aimed relative error of a prediction, largest accepted one, most steps.
        steps: per path, how many were accepted and repeated.
        accuracy: per path, the relative length of the last Newton step, and of the largest first one, and the
            time that the path reached: its endpoint is the last accepted point if that is below 1.
    """
    series, backup, y, work, room, products, pade, tail, t, h, size, first, second, unit = buffers[:14]
    step, again = work[3], work[4]
    plan = h, buffers.factor, buffers.tolerance, buffers.guess
    count, m = starts.shape
    order = settings[0]
    rows = series.shape[0] // LANES
    state, path, verdict = buffers.state, buffers.path, buffers.verdict
    path[:] = -1
    following = min(LANES, count)
    active = following
    for lane in range(LANES):
        _begin(lane, starts, min(lane, count - 1), series, pade, state)
        path[lane] = lane if lane < count else -1
    while active > 0:
        _aim(state, t, h)
        predict(series, m, order, pade, h, y)
        correct(system, m, y, t, work)
        lengths(y, m, size)
        lengths(step, m, first)
        lengths(again, m, second)
        _judge(state, path, size, first, second, settings, t, steps, accuracy, verdict)
        _move(state, path, verdict, t, y, series, backup, endpoints, accuracy)
        for lane in range(LANES):
            unit[lane] = h[lane] if h[lane] > 0.0 else 1.0
        expand(system, m, order, t, work, series, room, unit)
        for lane in range(LANES):
            if verdict[lane] == 0:
                _copy(backup, series, lane, rows)
        fit_denominators(series, m, order, products, pade, tail)
        _plan(state, path, verdict, settings, pade, tail, size, plan)
        for lane in range(LANES):
            if path[lane] < 0 or verdict[lane] < 2:
                continue
            if verdict[lane] == 2:
                _write(y, lane, path[lane], endpoints)
                accuracy[path[lane], 2] = 1.0
            status[path[lane]] = verdict[lane] - 2
            path[lane] = -1
            if following < count:
                path[lane] = following
                _begin(lane, starts, following, series, pade, state)
                following += 1
            else:
                active -= 1
    return count
