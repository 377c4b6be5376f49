"""Bookkeeping of a pool of lanes that never idles: moves, verdicts, and the next start where one ended.

Compiled, for it is little work in many places, of which numpy would make a dozen passes a step.
"""

import numpy as np

from morsecensus.tasks.measurables.words import CONVERGED, MAX_ITERATIONS, NOT_FINITE, STALLED
from morsecensus.tasks.runtime.machine_code import allocating

RUNNING = -1
NEARLY = 1e6
"""Of the tolerance: Newton squares what is left, so from here two or three steps end a start."""


@allocating
def move(x, steps, squares, iteration, hung, bounds, cap, tolerance, most, length, outcome):
    """Take Newton's step in every lane, at most ``cap`` long, and say what became of it.

    Args:
        x, steps: shape (ambient, lanes).
        squares: squared norms of the gradient before the step.
        hung: how many steps each lane has begun, the last ones without a break, at a norm that a sound step
            brings below the tolerance: `NEARLY` of it.
        bounds: the first coordinate of each sphere and their end; the radius of a sphere is the root of its
            size. One bound stands for R^n.
        tolerance: norm of the gradient below which a lane has converged.
        most: steps after which a lane gives up.
        length: of each full step; ``outcome`` an index into OUTCOMES, or RUNNING.
    """
    ambient, lanes = x.shape
    length[:] = 0.0
    for i in range(ambient):
        for lane in range(lanes):
            length[lane] += steps[i, lane] * steps[i, lane]
    share = np.empty(lanes)
    for lane in range(lanes):
        length[lane] = np.sqrt(length[lane])
        finite = np.isfinite(length[lane]) and np.isfinite(squares[lane])
        share[lane] = min(1.0, cap / length[lane]) if finite else 0.0
        if not finite:
            outcome[lane] = NOT_FINITE
        elif np.sqrt(squares[lane]) <= tolerance:
            outcome[lane] = CONVERGED
        elif length[lane] <= 1e-15 * np.sqrt(ambient):
            outcome[lane] = STALLED
        elif iteration[lane] >= most:
            outcome[lane] = MAX_ITERATIONS
        else:
            outcome[lane] = RUNNING
        iteration[lane] += 1
        hung[lane] = hung[lane] + 1 if np.sqrt(squares[lane]) <= NEARLY * tolerance else 0
    for i in range(ambient):
        for lane in range(lanes):
            if share[lane] > 0:
                x[i, lane] += share[lane] * steps[i, lane]
    norm = np.empty(lanes)
    for p in range(len(bounds) - 1):
        norm[:] = 0.0
        for i in range(bounds[p], bounds[p + 1]):
            for lane in range(lanes):
                norm[lane] += x[i, lane] * x[i, lane]
        for lane in range(lanes):
            norm[lane] = np.sqrt((bounds[p + 1] - bounds[p]) / norm[lane])
        for i in range(bounds[p], bounds[p + 1]):
            for lane in range(lanes):
                x[i, lane] *= norm[lane]


@allocating
def settle(x, index, iteration, hung, start, outcome, starts, found, upcoming):
    """Write down what ended, and put the next start into its lane.

    Args:
        start: the start that each lane follows; from the number of starts on it follows none.
        starts: shape (starts, ambient).
        found: of each start the point, the index, the outcome, the steps and how many of these it hung.
        upcoming: the first start that no lane has taken.

    Returns the new ``upcoming``.
    """
    points, indices, outcomes, iterations, hangs = found
    count = len(starts)
    for lane in range(len(start)):
        own = start[lane]
        if outcome[lane] == RUNNING or own >= count:
            continue
        points[own] = x[:, lane]
        indices[own], outcomes[own], iterations[own] = index[lane], outcome[lane], iteration[lane] - 1
        hangs[own] = hung[lane]
        start[lane], iteration[lane], hung[lane] = upcoming, 0, 0
        if upcoming < count:
            x[:, lane] = starts[upcoming]
        upcoming += 1
    return upcoming


@allocating
def sort(order, x, start, iteration, hung):
    """Rearrange the lanes."""
    row = np.empty(x.shape[1])
    for i in range(x.shape[0]):
        row[:] = x[i]
        for lane in range(len(order)):
            x[i, lane] = row[order[lane]]
    start[:] = start[order]
    iteration[:] = iteration[order]
    hung[:] = hung[order]
