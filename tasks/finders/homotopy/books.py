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

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Complex, Int

from morsecensus.tasks.finders.homotopy import survey
from morsecensus.tasks.finders.homotopy.distinctness import (
    distinct,
    first_of_each,
    lonely,
    missing_conjugates,
)
from morsecensus.tasks.finders.homotopy.endings import at_infinity, ended
from morsecensus.tasks.finders.homotopy.ends import Ends
from morsecensus.tasks.finders.homotopy.paths import Paths, TrackerSettings
from morsecensus.tasks.finders.homotopy.regular import is_regular
from morsecensus.tasks.finders.homotopy.survey import Survey, extended_ends
from morsecensus.tasks.finders.homotopy.tracker import ARRIVED, OUTCOME_COUNT
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.runtime.pieces import PieceStore
from morsecensus.tasks.systems.system import System, Weights

TIGHTER = 1e-2
"""What each retry multiplies the aimed and the accepted error by."""


@dataclass(frozen=True)
class Enumeration:
    """The distinct solutions that were found, and what it took.

    Attributes:
        solutions: shape (kept, unknowns): all of them, or at least the real ones; one row each.
        found: how many there are; `complete` if there are as many as `expected`.
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

    solutions: Complex[np.ndarray, "kept unknowns"]
    found: int
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
        return self.found == self.expected and self.missing_conjugates == 0


def troubled(ends: Ends, system: System) -> Bool[np.ndarray, " paths"]:
    """Paths that failed, and those that share their endpoint with another."""
    rows = np.flatnonzero(ends.arrived)
    labels = ends.take(rows).groups(system)
    shared = np.bincount(labels)[labels] > 1 if len(rows) else np.zeros(0, bool)
    trouble = ~ends.arrived
    trouble[rows[shared]] = True
    return trouble


def settings_of(options: HomotopyOptions) -> TrackerSettings:
    return TrackerSettings(options.order, options.aim, options.largest, options.most_steps)


def enumerate_solutions(
    system: System,
    labels: tuple[str | int, ...],
    options: HomotopyOptions,
    follow_paths: Survey | None = None,
    *,
    generic: bool = True,
    everything: bool = True,
    store: PieceStore | None = None,
) -> Enumeration:
    """Find all solutions.

    Args:
        labels: key the random start forms, with the number of the round.
        follow_paths: where paths are followed; here, on `options.threads`, by default.
        generic: whether there must be as many regular solutions as paths. If not, paths that end elsewhere
            aren't followed again, and are counted.
        everything: return all solutions; else they are counted by fingerprints, and only the real ones held.
        store: where the few paths that take extended precision are committed.
    """
    known = system.closed_form()
    if known is not None:
        return _by_closed_form(system, known, generic)
    follow_paths = follow_paths or survey.here(system, options.threads, generic)
    books = _OpenBooks(system, options, follow_paths, generic, everything, store)
    for number in range(options.rounds):
        books.enter(books.follow(system.start(*labels, number)))
        if books.settled:
            break
    return books.close()


class _OpenBooks:
    """What is known of one system between two rounds. A round follows all paths of one start form."""

    def __init__(
        self,
        system: System,
        options: HomotopyOptions,
        follow_paths: Survey,
        generic: bool,
        everything: bool,
        store: PieceStore | None,
    ) -> None:
        self.system, self.options, self.generic = system, options, generic
        self.follow_paths, self.settings = follow_paths, settings_of(options)
        self.everything, self.store = everything, store
        self.known: Ends | None = None
        self.weights: Weights = np.zeros(0, dtype=complex)
        self.trouble = np.arange(system.paths)
        self.outcomes, self.steps = np.zeros(OUTCOME_COUNT, dtype=np.int64), np.zeros(2, dtype=np.int64)
        self.retries = self.rounds = self.stubborn = self.singular = self.infinite = 0

    @property
    def missing(self) -> bool:
        return self.known is None or len(self.known) < self.system.paths

    @property
    def settled(self) -> bool:
        """Nothing is missing, or what is missing is known not to be regular."""
        ended_elsewhere = not self.generic and self.singular + self.infinite == len(self.trouble)
        return ended_elsewhere or not self.missing

    def follow(self, weights: Weights) -> Ends:
        """All paths of a start form, troubled ones again with smaller steps."""
        self.weights, rows, settings = weights, np.arange(self.system.paths), self.settings
        ends = self._followed(rows, settings, again=self.rounds > 0, everything=self.everything)
        for _ in range(self.options.attempts - 1):
            rows = self._to_repeat(ends)
            if len(rows) == 0:
                break
            settings = more_careful(settings)
            # Whose fingerprint is shared may be another solution: endpoints decide it.
            ends = ends.put(rows, self._followed(rows, settings, again=True, everything=True))
        return ends

    def _followed(self, rows: Paths, settings: TrackerSettings, *, again: bool, everything: bool) -> Ends:
        part = self.follow_paths(self.weights, rows, settings, everything)
        self.outcomes += np.bincount(part.status, minlength=OUTCOME_COUNT)
        self.steps += part.steps.sum(axis=0)
        self.retries += len(rows) if again else 0
        return part

    def _to_repeat(self, ends: Ends) -> Paths:
        """Troubled paths, but for those that no care makes arrive."""
        rows = np.flatnonzero(troubled(ends, self.system))
        return rows if self.generic else rows[~ended(ends)[rows]]

    def enter(self, ends: Ends) -> None:
        """What a round has found."""
        ends = self._extended(ends) if self.generic else ends
        self.trouble = np.flatnonzero(troubled(ends, self.system))
        arrived = ends.take(np.flatnonzero(ends.arrived))
        both = arrived if self.known is None else Ends.joined([self.known, arrived])
        self.known = both.take(first_of_each(both.groups(self.system)))
        if not self.generic:
            self.infinite = int(at_infinity(self.system, ends).sum())
            self.singular = int(ended(ends).sum()) - self.infinite
        # From the second start form on, smaller steps from the beginning.
        self.settings = more_careful(self.settings, most_steps=self.options.most_steps)
        self.rounds += 1

    def _extended(self, ends: Ends) -> Ends:
        """Troubled paths in extended precision, if they are few.

        A path that jumped is troubled only once the one whose endpoint it took has arrived there itself: so
        whose endpoint is shared then is followed too.
        """
        done = np.zeros(len(ends), dtype=bool)
        while True:
            rows = np.flatnonzero(troubled(ends, self.system) & ~done)
            if not 0 < len(rows) <= self.options.max_extended - done.sum():
                return ends
            ends = ends.put(rows, extended_ends(self.system, self.weights, rows, self.store))
            done[rows] = True
            self.stubborn += len(rows)

    def close(self) -> Enumeration:
        open_paths = self.trouble if self.missing else self.trouble[:0]
        known = self.known
        none = np.zeros((0, self.system.unknowns), dtype=complex)
        return Enumeration(
            none if known is None else known.endpoints,
            0 if known is None else len(known),
            self.system.paths,
            open_paths,
            0 if known is None else lonely(known.prints),
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
    alone = missing_conjugates(found, system)
    none = np.zeros(2, dtype=np.int64)
    infinite = len(missing) - singular if len(missing) else 0
    return Enumeration(
        found, len(found), system.paths, missing, alone, outcomes, 0, 0, 0, none, singular, max(infinite, 0)
    )
