"""Closing the books: all solutions of a system, counted against the number that a generic one has.

Paths may fail and, with finite steps, jump onto a neighbour; then two paths end at one solution. The books
close when there are as many *distinct* endpoints as paths: which path led to which doesn't matter any more.
Troubled paths (failed, or sharing their endpoint) are followed again with smaller steps, and the few that
are troubled even then in extended precision, so that a bad path costs one path. Only what is missing after
that calls for another start form, with which all paths are different ones: a whole round, and the endpoints
of all rounds are joined.

A real system's solutions are closed under conjugation: an independent check that a lost path fails, unless
its solution is real or its conjugate is lost too.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Complex, Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from morsecensus.tasks.finders.homotopy import extended
from morsecensus.tasks.finders.homotopy.endings import at_infinity, ended, is_regular
from morsecensus.tasks.finders.homotopy.paths import Tracked, TrackerSettings, follow
from morsecensus.tasks.finders.homotopy.tracker import ARRIVED, OUTCOME_COUNT
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.systems.system import System, Weights

SAME = 1e-8
"""Endpoints that agree to this, relative to their length, count as one solution."""
SHARP = 1e-10
"""Relative length of the last Newton step that makes an endpoint a solution."""
CHUNK = 8192
"""Paths that one call of the tracker follows: the starts of 2^20 paths needn't exist at once."""
TIGHTER = 1e-2
"""What each retry multiplies the aimed and the accepted error by."""

Paths = Int[np.ndarray, " paths"]
Follow = Callable[[Weights, Paths, TrackerSettings], Tracked]
"""Follows paths of one system, here or elsewhere: the numbers don't depend on where."""


@dataclass(frozen=True)
class Enumeration:
    """The distinct solutions that were found, and what it took.

    Attributes:
        solutions: shape (found, unknowns); `complete` if there are as many as `expected`.
        expected: the number of solutions of a generic system.
        open_paths: numbers of paths of the last start form that still fail or share their endpoint.
        missing_conjugates: solutions whose conjugate wasn't found; 0 if all were.
        outcomes: how often paths ended as `tracker` says, retries included.
        retries: paths that were followed again.
        rounds: start forms used.
        extended: paths that were followed in extended precision.
        steps: accepted and repeated steps of all paths together.
        singular: paths of the last start form that end at singular solutions; looked for where nobody says
            that the couplings are generic, as the next.
        infinite: paths of the last start form that run to infinity.
    """

    solutions: Complex[np.ndarray, "found unknowns"]
    expected: int
    open_paths: Int[np.ndarray, " open"]
    missing_conjugates: int
    outcomes: Int[np.ndarray, " outcome"]
    retries: int
    rounds: int
    extended: int
    steps: Int[np.ndarray, " 2"]
    singular: int = 0
    infinite: int = 0

    @property
    def complete(self) -> bool:
        return len(self.solutions) == self.expected and self.missing_conjugates == 0


def directions(
    solutions: Complex[np.ndarray, "found unknowns"], system: System
) -> Float[np.ndarray, "found two_n"]:
    """Unit vectors, as real numbers, that tell solutions apart; see `interface.System`."""
    return system.directions(solutions)


def group(vectors: Float[np.ndarray, "found two_n"]) -> Int[np.ndarray, " found"]:
    """Labels of groups of vectors that agree within `SAME`, transitively."""
    if len(vectors) == 0:
        return np.zeros(0, dtype=np.int64)
    # Neighbours in space are neighbours within `SAME` in every projection: sorting finds the few candidates.
    key = vectors @ generator("projection", vectors.shape[1]).standard_normal(vectors.shape[1])
    order = np.argsort(key, kind="stable")
    width = 10 * SAME * vectors.shape[1] ** 0.5
    rows, columns = [], []
    shift, near = 1, np.arange(len(order) - 1)
    while len(near):
        near = near[near + shift < len(order)]
        near = near[key[order[near + shift]] - key[order[near]] <= width]
        one, two = order[near], order[near + shift]
        same = np.linalg.norm(vectors[one] - vectors[two], axis=1) <= SAME
        rows.append(one[same])
        columns.append(two[same])
        shift += 1
    row, column = (np.concatenate(part) if part else np.zeros(0, int) for part in (rows, columns))
    graph = coo_array((np.ones(len(row)), (row, column)), shape=(len(order), len(order)))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def sound(tracked: Tracked) -> Bool[np.ndarray, " paths"]:
    """Paths that arrived at a solution."""
    return (tracked.status == ARRIVED) & (tracked.accuracy[:, 0] <= SHARP)


def arrivals(tracked: Tracked, system: System, generic: bool) -> Bool[np.ndarray, " paths"]:
    """Paths that arrived at a solution: a regular one, where others are to be expected."""
    good = sound(tracked)
    if not generic:
        good[good] = is_regular(system, tracked.endpoints[good])
    return good


def troubled(tracked: Tracked, system: System, generic: bool = True) -> Bool[np.ndarray, " paths"]:
    """Paths that failed, and those that share their endpoint with another."""
    good = arrivals(tracked, system, generic)
    rows = np.flatnonzero(good)
    labels = group(directions(tracked.endpoints[rows], system))
    shared = np.bincount(labels)[labels] > 1 if len(rows) else np.zeros(0, bool)
    trouble = ~good
    trouble[rows[shared]] = True
    return trouble


def distinct(
    solutions: Complex[np.ndarray, "found unknowns"], system: System
) -> Complex[np.ndarray, "found unknowns"]:
    """One row of each group."""
    labels = group(directions(solutions, system))
    return solutions[np.unique(labels, return_index=True)[1]]


def missing_conjugates(solutions: Complex[np.ndarray, "found unknowns"], system: System) -> int:
    """How many solutions come without their conjugate."""
    if len(solutions) == 0:
        return 0
    vectors = directions(solutions, system)
    mirrored = vectors * np.where(np.arange(2 * system.n) < system.n, 1.0, -1.0)
    count = len(vectors)
    # One group for each solution with its mirror image: a group that holds no original of a mirror is alone.
    labels = group(np.concatenate([vectors, mirrored]))
    present = np.bincount(labels[:count], minlength=labels.max() + 1) > 0
    return int((~present[labels[count:]]).sum())


def here(system: System, threads: int) -> Follow:
    """Follow paths in chunks, on several threads if asked."""

    def follow_here(weights: Weights, paths: Paths, settings: TrackerSettings) -> Tracked:
        chunks = chunks_of(paths, threads)
        if threads == 1:
            return joined([follow(system, weights, chunk, settings) for chunk in chunks])
        with ThreadPoolExecutor(threads) as pool:
            return joined(list(pool.map(lambda chunk: follow(system, weights, chunk, settings), chunks)))

    return follow_here


def chunks_of(paths: Paths, hands: int) -> list[Paths]:
    """Chunks of paths for several hands, four for each so that none waits long for the last."""
    if hands > 1 and len(paths) < 4 * hands * CHUNK:
        return [chunk for chunk in np.array_split(paths, 4 * hands) if len(chunk)] or [paths]
    return [paths[first : first + CHUNK] for first in range(0, max(len(paths), 1), CHUNK)]


def joined(parts: list[Tracked]) -> Tracked:
    """Chunks as one."""
    columns = zip(*(part.columns() for part in parts), strict=True)
    return Tracked(*(np.concatenate(column) for column in columns))


def _merge(old: Tracked, rows: Int[np.ndarray, " rows"], new: Tracked) -> Tracked:
    columns = [column.copy() for column in old.columns()]
    for column, fresh in zip(columns, new.columns(), strict=True):
        column[rows] = fresh
    return Tracked(*columns)


def settings_of(options: HomotopyOptions) -> TrackerSettings:
    return TrackerSettings(options.order, options.aim, options.largest, options.most_steps)


def enumerate_solutions(
    system: System,
    labels: tuple[str | int, ...],
    options: HomotopyOptions,
    follow_paths: Follow | None = None,
    generic: bool = True,
) -> Enumeration:
    """Find all solutions.

    Args:
        labels: key the random start forms, with the number of the round.
        follow_paths: where paths are followed; here, on `options.threads`, by default.
        generic: whether there must be as many regular solutions as paths. If not, paths that end elsewhere
            aren't followed again, and are counted.
    """
    known = system.closed_form()
    if known is not None:
        return _by_closed_form(system, known, generic)
    books = _OpenBooks(system, options, follow_paths or here(system, options.threads), generic)
    for number in range(options.rounds):
        books.enter(books.follow(system.start(*labels, number)))
        if books.settled:
            break
    return books.close()


class _OpenBooks:
    """What is known of one system between two rounds. A round follows all paths of one start form."""

    def __init__(self, system: System, options: HomotopyOptions, follow_paths: Follow, generic: bool) -> None:
        self.system, self.options, self.generic = system, options, generic
        self.follow_paths, self.settings = follow_paths, settings_of(options)
        self.solutions = np.zeros((0, system.unknowns), dtype=complex)
        self.weights: Weights = np.zeros(0, dtype=complex)
        self.trouble = np.arange(system.paths)
        self.outcomes, self.steps = np.zeros(OUTCOME_COUNT, dtype=np.int64), np.zeros(2, dtype=np.int64)
        self.retries = self.rounds = self.stubborn = self.singular = self.infinite = 0

    @property
    def missing(self) -> bool:
        return len(self.solutions) < self.system.paths

    @property
    def settled(self) -> bool:
        """Nothing is missing, or what is missing is known not to be regular."""
        ended_elsewhere = not self.generic and self.singular + self.infinite == len(self.trouble)
        return ended_elsewhere or not self.missing

    def follow(self, weights: Weights) -> Tracked:
        """All paths of a start form, troubled ones again with smaller steps."""
        self.weights, rows, settings = weights, np.arange(self.system.paths), self.settings
        tracked = self._followed(rows, settings, again=self.rounds > 0)
        for _ in range(self.options.attempts - 1):
            rows = self._to_repeat(tracked)
            if len(rows) == 0:
                break
            settings = more_careful(settings)
            tracked = _merge(tracked, rows, self._followed(rows, settings, again=True))
        return tracked

    def _followed(self, rows: Paths, settings: TrackerSettings, again: bool) -> Tracked:
        part = self.follow_paths(self.weights, rows, settings)
        self.outcomes += np.bincount(part.status, minlength=OUTCOME_COUNT)
        self.steps += part.steps.sum(axis=0)
        self.retries += len(rows) if again else 0
        return part

    def _to_repeat(self, tracked: Tracked) -> Paths:
        """Troubled paths, but for those that no care makes arrive."""
        rows = np.flatnonzero(troubled(tracked, self.system, self.generic))
        if self.generic:
            return rows
        return rows[~ended(tracked, arrivals(tracked, self.system, self.generic))[rows]]

    def enter(self, tracked: Tracked) -> None:
        """What a round has found."""
        tracked = self._extended(tracked) if self.generic else tracked
        arrived = arrivals(tracked, self.system, self.generic)
        self.trouble = np.flatnonzero(troubled(tracked, self.system, self.generic))
        self.solutions = distinct(np.concatenate([self.solutions, tracked.endpoints[arrived]]), self.system)
        if not self.generic:
            self.infinite = int(at_infinity(self.system, tracked, arrived).sum())
            self.singular = int(ended(tracked, arrived).sum()) - self.infinite
        # From the second start form on, smaller steps from the beginning.
        self.settings = more_careful(self.settings, most_steps=self.options.most_steps)
        self.rounds += 1

    def _extended(self, tracked: Tracked) -> Tracked:
        """Troubled paths in extended precision, if they are few.

        A path that jumped is troubled only once the one whose endpoint it took has arrived there itself: so
        whose endpoint is shared then is followed too.
        """
        done = np.zeros(len(tracked.status), dtype=bool)
        while True:
            rows = np.flatnonzero(troubled(tracked, self.system) & ~done)
            if not 0 < len(rows) <= self.options.max_extended - done.sum():
                return tracked
            tracked = _merge(tracked, rows, extended.follow(self.system, self.weights, rows))
            done[rows] = True
            self.stubborn += len(rows)

    def close(self) -> Enumeration:
        open_paths = self.trouble if self.missing else self.trouble[:0]
        return Enumeration(
            self.solutions,
            self.system.paths,
            open_paths,
            missing_conjugates(self.solutions, self.system),
            self.outcomes,
            self.retries + self.stubborn,
            self.rounds,
            self.stubborn,
            self.steps,
            self.singular if len(open_paths) else 0,
            self.infinite if len(open_paths) else 0,
        )


def more_careful(settings: TrackerSettings, most_steps: int = 50_000) -> TrackerSettings:
    """Smaller errors, and as many steps as they take."""
    return replace(
        settings, aim=settings.aim * TIGHTER, largest=settings.largest * TIGHTER, most_steps=most_steps
    )


def _by_closed_form(
    system: System, solutions: Complex[np.ndarray, "found unknowns"], generic: bool
) -> Enumeration:
    found, singular = distinct(solutions, system), 0
    if not generic:
        regular = is_regular(system, found)
        found, singular = found[regular], int((~regular).sum())
    outcomes = np.zeros(OUTCOME_COUNT, dtype=np.int64)
    outcomes[ARRIVED] = len(found)
    missing = np.arange(system.paths - len(found)) if not generic else np.zeros(0, dtype=np.int64)
    lonely = missing_conjugates(found, system)
    none = np.zeros(2, dtype=np.int64)
    infinite = len(missing) - singular if len(missing) else 0
    return Enumeration(
        found, system.paths, missing, lonely, outcomes, 0, 0, 0, none, singular, max(infinite, 0)
    )
