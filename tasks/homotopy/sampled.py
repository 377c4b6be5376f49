"""Unbiased counts where enumeration is too long: a uniform sample of paths.

Each path ends at another complex solution, so the endpoints of a uniform random sample of paths, drawn
without replacement, are a uniform sample of the solutions. The fraction of real ones times the number of
all estimates the count of real ones without bias; intervals are Clopper and Pearson's, conservative without
replacement. This holds only if no sampled path is lost or has jumped, so every path is followed twice, the
second time with errors a hundred times smaller, and where the two disagree (a jump, or a failure) a third
and a fourth run decide. What stays unresolved is counted both ways.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Complex, Float, Int
from scipy.stats import beta

from tasks.classify import CriticalPoints
from tasks.deduplicate import match_known
from tasks.homotopy.books import SAME, TIGHTER, directions, follow_all, settings_of, sound, start_weights
from tasks.homotopy.paths import Tracked, TrackerSettings
from tasks.homotopy.system import CubicSystem
from tasks.keys import generator
from tasks.options import HomotopyOptions


@dataclass(frozen=True)
class Sample:
    """A sample of solutions.

    Attributes:
        paths: their numbers.
        endpoints: shape (paths, unknowns); those of unresolved paths mean nothing.
        resolved: where two runs of different care agree.
        jumps: paths whose first two runs arrived at different solutions: few, or the tracker is too bold.
        expected: the number of all solutions.
    """

    paths: Int[np.ndarray, " paths"]
    endpoints: Complex[np.ndarray, "paths unknowns"]
    resolved: Bool[np.ndarray, " paths"]
    jumps: int
    expected: int


@dataclass(frozen=True)
class Estimate:
    """A number of solutions or a share of them, with its interval."""

    estimate: float
    lower: float
    upper: float


def agree(one: Tracked, two: Tracked, n: int) -> Bool[np.ndarray, " paths"]:
    """Paths that arrived at the same solution in both runs."""
    both = sound(one) & sound(two)
    near = np.zeros(len(both), dtype=bool)
    gap = directions(one.endpoints[both], n) - directions(two.endpoints[both], n)
    near[both] = np.linalg.norm(gap, axis=1) <= SAME
    return near


def sample_solutions(
    system: CubicSystem, count: int, labels: tuple[str | int, ...], options: HomotopyOptions
) -> Sample:
    """Follow ``count`` random paths of one start form (all of them, if there are fewer).

    Args:
        labels: key the start form and the choice of paths.
    """
    n = system.n
    count = min(count, system.paths)
    paths = np.sort(generator("sample", n, *labels).choice(system.paths, count, replace=False, shuffle=False))
    weights = start_weights(n, *labels, 0)
    settings = settings_of(options)
    previous = follow_all(system, weights, paths, settings, options.threads)
    endpoints = previous.endpoints.copy()
    resolved = np.zeros(count, dtype=bool)
    jumps = 0
    rows = np.arange(count)
    for attempt in range(max(options.attempts - 1, 1)):
        settings = _more_careful(settings)
        current = follow_all(system, weights, paths[rows], settings, options.threads)
        same = agree(previous, current, n)
        if attempt == 0:
            jumps = int((sound(previous) & sound(current) & ~same).sum())
        endpoints[rows] = current.endpoints
        resolved[rows] = same
        rows = rows[~same]
        if len(rows) == 0:
            break
        previous = Tracked(*(column[~same] for column in current.columns()))
    return Sample(paths, endpoints, resolved, jumps, system.paths)


def _more_careful(settings: TrackerSettings) -> TrackerSettings:
    return replace(
        settings, aim=settings.aim * TIGHTER, largest=settings.largest * TIGHTER, most_steps=50_000
    )


def estimate_number(
    sample: Sample, property_holds: Bool[np.ndarray, " paths"], level: float = 0.95
) -> Estimate:
    """How many of all solutions have a property that was checked on the sampled endpoints.

    Unresolved paths count as without the property for the lower limit and with it for the upper one, and not
    at all for the estimate.
    """
    known = sample.resolved
    successes, trials, unknown = int((property_holds & known).sum()), int(known.sum()), int((~known).sum())
    lower, upper = clopper_pearson(successes, trials + unknown, level)[0], 1.0
    if trials + unknown:
        upper = clopper_pearson(successes + unknown, trials + unknown, level)[1]
    share = successes / trials if trials else float("nan")
    return Estimate(share * sample.expected, lower * sample.expected, upper * sample.expected)


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a binomial proportion; (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    lower = 0.0 if successes == 0 else float(beta.ppf(tail, successes, trials - successes + 1))
    upper = 1.0 if successes == trials else float(beta.ppf(1 - tail, successes + 1, trials - successes))
    return lower, upper


def estimate_recall(
    found: CriticalPoints,
    sampled: Float[np.ndarray, "points n"],
    parity: int,
    unresolved: int = 0,
    level: float = 0.95,
) -> Estimate:
    """Which share of all real points a finder has: the share of a uniform sample of them that it has.

    Args:
        sampled: the real endpoints of a `Sample` as points of the sphere.
        unresolved: sampled paths without a verdict: each may be a real point that the finder lacks, or has.
    """
    hits = int((match_known(sampled, found, parity) >= 0).sum())
    trials = len(sampled)
    share = hits / trials if trials else float("nan")
    lower = clopper_pearson(hits, trials + unresolved, level)[0]
    upper = clopper_pearson(hits + unresolved, trials + unresolved, level)[1]
    return Estimate(share, lower, upper)
