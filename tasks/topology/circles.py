"""Degree 2: the separatrices among the gradient lines that leave each index-2 saddle.

These lines are a circle of directions, cut by those that end in saddles of index 1. Labels of minima don't
show all cuts: at a loop saddle, whose branches end in one minimum, they are equal on both sides. So
neighbouring lines are compared along their way down (`tasks.topology.levels`), and an interval between two
of them is bisected until it is one of

- an arc: both end in one minimum and are side by side at every level;
- a cut at s: both are side by side down to the level of s, cross it within the ball in which s is the only
  critical point, on the two sides of s, and from there on each is side by side with the branch of s on its
  side, down to the minimum that the branch ends in.

So each cut that is returned is certified by its passage and joins the labels on its two sides; what can't be
resolved is returned too.

Where lines start. In the coordinates (a, b) along the strong and the weak unstable direction, a line of the
linear flow is a ~ b^(l1/l2): lines that are evenly spread at unit distance start, at distance eps, in a
sector of width eps^(l1/l2 - 1) about the weak direction. A thin ellipse, with this ratio of axes, undoes it.
But it may not be thinner than the Hessian's relative change over eps, or the flow would cross it inwards;
bisection does the rest.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from morsecensus.tasks.runtime.lanes import LANES
from morsecensus.tasks.topology.connections import LEAVE, Branches, flow_down, on_manifold
from morsecensus.tasks.topology.intervals import Chords, Curves, Ellipses, Intervals
from morsecensus.tasks.topology.levels import Levels, cross
from morsecensus.tasks.topology.passages import Judge, Lines
from morsecensus.tasks.topology.views import View, unstable_frames

FIRST_LINES = 16
"""Lines of each circle before any bisection."""

FIRST_ANGLE = 0.1234
"""Of the first line: arbitrary, but no multiple of a symmetry's angle."""

BISECTIONS = 10
"""Before an interval is started again further down."""

MOST_BISECTIONS = 10_000
"""Then an interval counts as unresolved. Lines that creep for a time t where two points nearly exist take
about l1 t / log 2 bisections, and one line in t^2 creeps so long: 3 intervals of some 10^4 took more than
1,000."""

CLOSE = 1e-3
"""How near two lines are where they are started again, in units of sqrt(ambient): the chord between them
leaves the unstable manifold by about the square of it."""

STAIRS = 8
"""Levels, besides those of a line's steps, at which it is looked for where they are so near."""

TOLERANCE = 1e-6
"""Error of one step, in units of sqrt(ambient). What is computed is a circle of slightly wrong lines; where
one of them switches sides may move, but not that it does: its passage is certified."""

CIRCLES = 64
"""Worked on at once: bounds memory."""


@dataclass(frozen=True)
class Separatrices:
    """What was found on the circles of some saddles of index 2.

    Attributes:
        upper, lower: rows of the index-2 and the index-1 saddle of each separatrix, one entry for each line.
        unresolved: index-2 saddle of each interval that stayed unresolved.
        suspects: for each of these, where the gradient is least on the line at its left end: near a saddle
            that isn't known, if one is missing.
        lines: that were followed.
    """

    upper: Int[np.ndarray, " cuts"]
    lower: Int[np.ndarray, " cuts"]
    unresolved: Int[np.ndarray, " intervals"]
    suspects: Float[np.ndarray, "intervals ambient"]
    lines: int


def _ellipses(seen: View, rows: Int[np.ndarray, " rows"]) -> Ellipses:
    weak = LEAVE * seen.radius[rows]
    ratio = seen.spectrum[rows, 0] / seen.spectrum[rows, 1]
    strong = weak * np.maximum(LEAVE ** (ratio - 1), LEAVE)
    axes = unstable_frames(seen, rows, 2) * np.stack([strong, weak], axis=1)[:, None, :]
    return Ellipses(rows, seen.points[rows], axes)


def _none(seen: View) -> Separatrices:
    rows = np.zeros(0, dtype=np.int64)
    return Separatrices(rows, rows, rows, np.zeros((0, seen.points.shape[1])), 0)


def _join(parts: list[Separatrices]) -> Separatrices:
    return Separatrices(
        np.concatenate([part.upper for part in parts]),
        np.concatenate([part.lower for part in parts]),
        np.concatenate([part.unresolved for part in parts]),
        np.concatenate([part.suspects for part in parts]),
        sum(part.lines for part in parts),
    )


@dataclass
class _Search:
    """The open intervals of some curves, and the lines between them."""

    seen: View
    judge: Judge
    curves: Curves
    intervals: Intervals
    lines: Lines

    def settle(self) -> Separatrices:
        """Take out the intervals that are resolved, and lines that no interval needs; returns the cuts among
        them."""
        cutter, resolved = self.judge.judge(self.lines, self.intervals.ends)
        cut = cutter >= 0
        upper, lower = self.curves.rows[self.intervals.curve[cut]], cutter[cut]
        left = self.intervals.take(~resolved)
        used, ends = np.unique(left.ends, return_inverse=True)
        self.lines, self.intervals = self.lines.take(used), replace(left, ends=ends.reshape(-1, 2))
        return replace(_none(self.seen), upper=upper, lower=lower)

    def divide(self, parts: int) -> Separatrices:
        """Follow lines inside each interval; returns how many these were."""
        count = len(self.intervals.curve) * (parts - 1)
        rows = len(self.lines.arrival) + np.arange(count).reshape(-1, parts - 1)
        curve = np.repeat(self.intervals.curve, parts - 1)
        starts = self.curves.points(curve, self.intervals.inner(parts).reshape(-1))
        self.lines = self.lines.extend(_follow(self.seen, self.judge, starts))
        self.intervals = self.intervals.divide(rows)
        return replace(_none(self.seen), lines=count)

    def restart(self) -> None:
        """Put the open intervals on chords, as far down as their ends are close to each other."""
        ends = self.intervals.ends
        stairs = self._stairs(ends)
        where = np.stack([cross(self.lines.paths.track.take(ends[:, k]), stairs) for k in (0, 1)])
        apart = np.linalg.norm(where[0] - where[1], axis=-1)
        usable = np.isfinite(apart)
        far = usable & (apart > CLOSE * where.shape[-1] ** 0.5)
        # The last usable stair before they are far apart, or else the first that is usable at all.
        before = usable & (np.cumsum(far, axis=1) == 0)
        last = before.shape[1] - 1 - before[:, ::-1].argmax(axis=1)
        stair = np.where(before.any(axis=1), last, usable.argmax(axis=1))
        some = np.arange(len(ends))
        chords = on_manifold(self.seen, where[:, some, stair].reshape(len(ends) * 2, -1))
        chords = chords.reshape(2, len(ends), -1).swapaxes(0, 1)
        rows = self.curves.rows[self.intervals.curve]
        self.curves = Chords(rows, chords)
        self.intervals = Intervals(some, ends, np.tile([0.0, 1.0], (len(ends), 1)))

    def _stairs(self, ends: Int[np.ndarray, "intervals 2"]) -> Float[np.ndarray, "intervals stairs"]:
        """Descending levels between the starts of each interval's ends and where they part: those of the
        steps of one of them, which are dense where the flow is slow, and a few more."""
        height = self.lines.paths.track.height
        top = height[ends, 0].min(axis=1)[:, None]
        bottom = self.judge.parting_height(self.lines, ends)[:, None]
        steps = height[ends[:, 0], 1:]
        steps = np.where((steps < top) & (steps > bottom), steps, np.nan)
        more = top - (top - bottom) * 0.5 ** np.arange(1, STAIRS + 1)
        return -np.sort(-np.concatenate([steps, more], axis=1), axis=1)

    def give_up(self, which: Bool[np.ndarray, " intervals"] | bool = True) -> Separatrices:
        """Take out intervals that stay open; returns what is reported of them."""
        which = np.broadcast_to(which, len(self.intervals.curve))
        given = self.intervals.take(which)
        suspects = self.lines.paths.least_point[given.ends[:, 0]]
        self.intervals = self.intervals.take(~which)
        return replace(_none(self.seen), unresolved=self.curves.rows[given.curve], suspects=suspects)


def _follow(seen: View, judge: Judge, starts: Float[np.ndarray, "lines ambient"]) -> Lines:
    paths = flow_down(seen, on_manifold(seen, starts), TOLERANCE, tracks=True)
    return Lines(paths, judge.levels.watch(paths.track))


def _begin(seen: View, judge: Judge, rows: Int[np.ndarray, " rows"]) -> _Search:
    """Evenly spread lines from each of these saddles, and the intervals between them."""
    curves = _ellipses(seen, rows)
    angle = FIRST_ANGLE + 2 * np.pi * np.arange(FIRST_LINES + 1) / FIRST_LINES
    left = np.arange(FIRST_LINES)
    ends = np.stack([left, (left + 1) % FIRST_LINES], axis=1)
    curve = np.repeat(np.arange(len(rows)), FIRST_LINES)
    t = np.tile(np.stack([angle[:-1], angle[1:]], axis=1), (len(rows), 1))
    intervals = Intervals(curve, np.tile(ends, (len(rows), 1)) + FIRST_LINES * curve[:, None], t)
    return _Search(seen, judge, curves, intervals, _follow(seen, judge, curves.points(curve, t[:, 0])))


def _cut(seen: View, judge: Judge, rows: Int[np.ndarray, " rows"]) -> Separatrices:
    """All separatrices of these saddles."""
    search = _begin(seen, judge, rows)
    parts = [replace(_none(seen), lines=len(search.lines.arrival)), search.settle()]
    since_restart = total = 0
    while len(search.intervals.curve) and total < MOST_BISECTIONS:
        if since_restart >= BISECTIONS:
            # Next to a line that was given up, or to such a branch, no interval is ever resolved.
            parts.append(search.give_up(judge.hopeless(search.lines, search.intervals.ends)))
            if not len(search.intervals.curve):
                break
            search.restart()
            since_restart = 0
        # Lanes that would be idle find more of an interval in one go.
        bisections = int(np.clip(np.log2(LANES / len(search.intervals.curve)), 1, 4))
        parts += [search.divide(2**bisections), search.settle()]
        since_restart, total = since_restart + bisections, total + bisections
    return _join([*parts, search.give_up()])


def separatrices(seen: View, found: Branches, levels: Levels, rows: Int[np.ndarray, " rows"]) -> Separatrices:
    """Separatrices of index-2 saddles of a view.

    Args:
        found: the branches of all its index-1 saddles, with tracks.
        rows: of the index-2 saddles that are wanted.
    """
    judge = Judge(seen, found, levels)
    parts = [_cut(seen, judge, rows[first : first + CIRCLES]) for first in range(0, len(rows), CIRCLES)]
    return _join([_none(seen), *parts])
