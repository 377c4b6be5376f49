"""What a finder costs on a landscape, before it runs, and which finder to take."""

from typing import Any, NamedTuple

from morsecensus.tasks.finders.options import (
    BOUNDARIES,
    OPTIONS,
    HomotopyOptions,
    MultistartOptions,
    SampledHomotopyOptions,
)

STARTS_PER_CLASS = 90
"""Starts for each class until the rarest was hit five times (measured for p = 3, N = 6..12)."""
PROOF_IS_WORTH = 5
"""`choose` takes enumeration as long as it costs at most so many times what multistart does."""
ALWAYS_AFFORDABLE = 1.0
"""Seconds a landscape below which `choose` takes enumeration in any case."""

LONGEST_PREPARATION = 60.0
"""Seconds that `choose` lets each worker spend before its first path."""


class Effort(NamedTuple):
    """What a finder may need for one landscape: most rows, ambient vectors held at once, rough seconds."""

    rows: int
    held: int
    seconds: float


def effort(landscape: Any, options: Any) -> Effort:
    """What a landscape takes with these options.

    Raises:
        ValueError: if the finder can't take the landscape.
    """
    if isinstance(options, SampledHomotopyOptions):
        census, sample = _multistart(landscape, options), _sample(landscape, options)
        return Effort(
            census.rows + sample.rows, max(census.held, sample.held), census.seconds + sample.seconds
        )
    if isinstance(options, MultistartOptions):
        return _multistart(landscape, options)
    return _homotopy(landscape, options)


def _homotopy(landscape: Any, options: HomotopyOptions) -> Effort:
    from morsecensus.tasks.finders.homotopy.census import affordable_paths

    paths, n = affordable_paths(landscape, options), landscape.manifold.ambient
    # An endpoint is a complex vector, held a few times over.
    seconds = paths * landscape.path_seconds + 0.005
    classes = landscape.typical_points / landscape.symmetry.size
    if options.certify != "none":
        seconds += classes * 1e-4 * (n + (n / 4) ** 2)
    if options.certify == "all":
        # Measured: 10 us a path for n = 8, 75 us for n = 12.
        seconds += paths * 2e-8 * n**3.3
    return Effort(paths * landscape.symmetry.size, 16 * paths, seconds)


def _sample(landscape: Any, options: SampledHomotopyOptions) -> Effort:
    from morsecensus.tasks.finders.homotopy.census import numbered_paths

    paths = min(options.paths, numbered_paths(landscape))
    # Each path is followed twice, the second time with smaller steps.
    seconds = 3 * paths * landscape.path_seconds
    return Effort(2 * paths, 16 * paths, seconds)


def start_seconds(ambient: int) -> float:
    """Rough seconds of one start on one thread: 10 Newton steps, each 1.5 us for n = 8 and 5 us for n = 20
    (measured)."""
    return 1e-5 * (1 + (ambient / 11) ** 2)


def _multistart(landscape: Any, options: MultistartOptions) -> Effort:
    bound, ambient = landscape.complex_points, landscape.manifold.ambient
    starts = options.starts_per_round * options.max_rounds
    most = starts * landscape.symmetry.size
    rows = min(most, bound) if bound is not None else most
    typical = min(landscape.typical_points, rows)
    likely = max(STARTS_PER_CLASS * typical / landscape.symmetry.size, options.starts_per_round)
    return Effort(rows, 4 * options.starts_per_round, likely * start_seconds(ambient))


def topology_seconds(topology: bool | str, points: float) -> float:
    """Rough seconds of the topology of a landscape with so many points. Measured for p = 3: boundaries of
    degree 1 and 2 take 6 to 10 ms a point for N = 4..12, those of degree 1 0.05 ms."""
    return {0: 0.0, 1: 1e-4, 2: 8e-3}[BOUNDARIES[topology]] * points


def choose(landscape: Any) -> tuple[str, str]:
    """The finder that `auto` stands for, and why, in starts and paths: enumeration where its proof is
    affordable, else multistart with its recall measured by sampled paths, else multistart alone."""
    from morsecensus.tasks.finders.homotopy.census import MOST_PATHS, count_text, countable, path_count

    census = _multistart(landscape, OPTIONS["multistart"]())
    starts = round(census.seconds / start_seconds(landscape.manifold.ambient))
    effort_of_starts = f"about {starts} starts ({census.seconds:.2g} s)"
    if landscape.complex_points is None or not countable(landscape):
        return "multistart", f"{effort_of_starts}; the number of complex critical points isn't known"
    paths = path_count(landscape)
    if landscape.preparation_seconds > LONGEST_PREPARATION:
        why = f"a worker would take {landscape.preparation_seconds:.2g} s for the starts of {paths} paths"
        return "multistart", f"{effort_of_starts}; {why}"
    if paths > MOST_PATHS:
        return "multistart", f"{effort_of_starts}; {count_text(paths)} paths can't be numbered for a sample"
    if paths <= OPTIONS["homotopy"]().max_paths:
        proof = _homotopy(landscape, OPTIONS["homotopy"]())
        why = f"{paths} paths ({proof.seconds:.2g} s) against {effort_of_starts}"
        if proof.seconds <= max(PROOF_IS_WORTH * census.seconds, ALWAYS_AFFORDABLE):
            return "homotopy", why
    else:
        why = f"{paths} paths are too many; {effort_of_starts}"
    return "sampled-homotopy", f"{why}, recall by {OPTIONS['sampled-homotopy']().paths} paths"
