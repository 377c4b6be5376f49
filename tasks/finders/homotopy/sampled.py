"""Unbiased counts where enumeration is too long: a uniform sample of paths.

Each path ends at another complex solution, so the endpoints of a uniform random sample of paths, drawn
without replacement, are a uniform sample of the solutions. The fraction of real ones times the number of
all estimates the count of real ones without bias; intervals are Clopper and Pearson's, conservative without
replacement. This holds only if no sampled path is lost or has jumped, so every path is followed twice, the
second time with errors a hundred times smaller, and where the two disagree (a jump, or a failure) a third
and a fourth run decide. What stays unresolved is counted both ways. Of couplings that nobody says are generic
paths may end at singular solutions or run to infinity: these are resolved, and no solutions.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex, Int

from morsecensus.tasks.finders.homotopy.books import (
    Enumeration,
    enumerate_solutions,
    more_careful,
    settings_of,
)
from morsecensus.tasks.finders.homotopy.distinctness import SAME, directions
from morsecensus.tasks.finders.homotopy.endings import ended
from morsecensus.tasks.finders.homotopy.ends import ends_of, sound
from morsecensus.tasks.finders.homotopy.paths import Follow, Tracked, here
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.points.census import Interval
from morsecensus.tasks.proportions import interval, lower_limit, upper_limit
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.systems.system import System


@dataclass(frozen=True)
class Sample:
    """A sample of solutions.

    Attributes:
        paths: their numbers.
        endpoints: shape (paths, unknowns); those of unresolved paths mean nothing.
        resolved: where two runs of different care agree.
        irregular: of these, the ones that end at no regular solution; their endpoints mean nothing.
        retries: runs beyond the two that each path takes.
        jumps: paths whose first two runs arrived at different solutions: few, or the tracker is too bold.
        expected: the number of all solutions.
    """

    paths: Int[np.ndarray, " paths"]
    endpoints: Complex[np.ndarray, "paths unknowns"]
    resolved: Bool[np.ndarray, " paths"]
    irregular: Bool[np.ndarray, " paths"]
    retries: int
    jumps: int
    expected: int


def agree(one: Tracked, two: Tracked, system: System) -> Bool[np.ndarray, " paths"]:
    """Paths that arrived at the same solution in both runs."""
    both = sound(one) & sound(two)
    near = np.zeros(len(both), dtype=bool)
    gap = directions(one.endpoints[both], system) - directions(two.endpoints[both], system)
    near[both] = np.linalg.norm(gap, axis=1) <= SAME
    return near


def sample_solutions(
    system: System,
    count: int,
    labels: tuple[str | int, ...],
    options: HomotopyOptions,
    follow_paths: Follow | None = None,
    *,
    generic: bool = True,
) -> Sample:
    """Follow ``count`` random paths of one start form (all of them, if there are fewer).

    Args:
        labels: key the start form and the choice of paths.
        follow_paths: where paths are followed; here, on `options.threads`, by default.
        generic: whether there must be as many regular solutions as paths.
    """
    n = system.n
    if system.closed_form() is not None:
        return _all_known(system, enumerate_solutions(system, labels, options, generic=generic), generic)
    follow_paths = follow_paths or here(system, options.threads)
    count = min(count, system.paths)
    paths = np.sort(generator("sample", n, *labels).choice(system.paths, count, replace=False, shuffle=False))
    weights = system.start(*labels, 0)
    settings = settings_of(options)
    previous = follow_paths(weights, paths, settings)
    endpoints = previous.endpoints.copy()
    resolved, irregular = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    jumps = retries = 0
    rows = np.arange(count)
    for attempt in range(max(options.attempts - 1, 1)):
        settings = more_careful(settings)
        current = follow_paths(weights, paths[rows], settings)
        same = agree(previous, current, system)
        if not generic:
            irregular[rows] = _irregular(previous, system) & _irregular(current, system)
            same |= irregular[rows]
        if attempt == 0:
            jumps = int((sound(previous) & sound(current) & ~same).sum())
        else:
            retries += len(rows)
        endpoints[rows] = current.endpoints
        resolved[rows] = same
        rows = rows[~same]
        if len(rows) == 0:
            break
        previous = Tracked(*(column[~same] for column in current.columns()))
    endpoints[irregular] = 1.0
    return Sample(paths, endpoints, resolved, irregular, retries, jumps, system.paths)


def _irregular(tracked: Tracked, system: System) -> Bool[np.ndarray, " paths"]:
    """Paths that end at a singular solution or at infinity."""
    return ended(ends_of(tracked, system, generic=False, everything=False))


def _all_known(system: System, found: Enumeration, generic: bool) -> Sample:
    """The sample of all solutions. What is missing is lost, or isn't there where nothing is generic."""
    count, width = found.solutions.shape
    missing = np.arange(max(system.paths, count)) >= count
    endpoints = np.ones((len(missing), width), dtype=complex)
    endpoints[:count] = found.solutions
    resolved = ~missing | (not generic)
    return Sample(np.arange(len(missing)), endpoints, resolved, missing & resolved, 0, 0, system.paths)


def estimate_number(
    sample: Sample, property_holds: Bool[np.ndarray, " paths"], level: float = 0.95
) -> Interval:
    """How many of all solutions have a property that was checked on the sampled endpoints.

    Unresolved paths count as without the property for the lower limit and with it for the upper one, and not
    at all for the estimate.
    """
    known = sample.resolved
    successes, trials, unknown = int((property_holds & known).sum()), int(known.sum()), int((~known).sum())
    lower = float(interval(successes, trials + unknown, level)[0])
    upper = float(interval(successes + unknown, trials + unknown, level)[1])
    share = successes / trials if trials else float("nan")
    return Interval(share * sample.expected, lower * sample.expected, upper * sample.expected)


def estimate_recall(had: Bool[np.ndarray, " points"], unresolved: int = 0, level: float = 0.95) -> Interval:
    """Which share of all real points a census has: the share of a uniform sample of them that it has.

    Each limit holds by itself at this level.

    Args:
        had: for each sampled real point, whether the census has it.
        unresolved: sampled paths without a verdict: each may be a real point that the census lacks, or has.
    """
    hits, trials = int(had.sum()), len(had)
    share = hits / trials if trials else float("nan")
    lower = float(lower_limit(hits, trials + unresolved, level))
    upper = float(upper_limit(hits + unresolved, trials + unresolved, level))
    return Interval(share, lower, upper)
