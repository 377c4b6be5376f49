"""The finders by name: options, what they cost on a landscape before they run, and which one to take.

A plan asks for costs alone, so JAX and the compiled tracker are loaded when the first census is taken.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from morsecensus.tasks.finders.homotopy.cost import (
    MOST_PATHS,
    count_text,
    countable,
    path_count,
    sample_effort,
)
from morsecensus.tasks.finders.homotopy.cost import effort as homotopy_effort
from morsecensus.tasks.finders.low_index.cost import effort as low_index_effort
from morsecensus.tasks.finders.multistart.cost import closing_starts, start_seconds
from morsecensus.tasks.finders.multistart.cost import effort as multistart_effort
from morsecensus.tasks.finders.options import (
    BOUNDARIES,
    Effort,
    HomotopyOptions,
    LowIndexOptions,
    MultistartOptions,
    SampledHomotopyOptions,
)
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.runtime.scatter import Scatter

if TYPE_CHECKING:
    from morsecensus.tasks.points.census import Census

PROOF_IS_WORTH = 5
"""`choose` takes enumeration as long as it costs at most so many times what multistart does."""
ALWAYS_AFFORDABLE = 1.0
"""Seconds a landscape below which `choose` takes enumeration in any case."""

LONGEST_PREPARATION = 60.0
"""Seconds that `choose` lets each worker spend before its first path."""


@dataclass(frozen=True)
class Finder:
    """A way to find the critical points of a landscape.

    Attributes:
        options: a dataclass of plain values.
        effort: what a landscape takes with these options; ValueError if the finder can't take it.
        load: gives the function that takes the census of one instance of a cell, ``find(spec, landscape,
            couplings, instance, options, scatter)``.
        bottom: whether it looks for points of index 0 to ``options.max_index`` alone.
    """

    options: type[Any]
    effort: Callable[[Landscape, Any], Effort]
    load: Callable[[], Callable[..., "Census"]]
    bottom: bool = False

    def census(
        self,
        spec: Mapping[str, Any],
        landscape: Landscape,
        couplings: Couplings,
        instance: int,
        scatter: Scatter | None = None,
    ) -> "Census":
        """The census of one instance of a cell.

        Args:
            scatter: runs parts of it on other workers; what comes out doesn't depend on it.
        """
        options = self.options(**spec["finder_options"])
        return self.load()(spec, landscape, couplings, instance, options, scatter)


def _sampled_effort(landscape: Landscape, options: SampledHomotopyOptions) -> Effort:
    census, sample = multistart_effort(landscape, options), sample_effort(landscape, options)
    # no budget: such landscapes stay open as a rule, and the sample says how much was found
    return Effort(census.rows + sample.rows, max(census.held, sample.held), census.seconds + sample.seconds)


# Imported where a census is taken: these load JAX, numba and flint.
def _multistart() -> Callable[..., "Census"]:
    from morsecensus.tasks.finders.multistart.census import find

    return find


def _homotopy() -> Callable[..., "Census"]:
    from morsecensus.tasks.finders.homotopy.census import find

    return find


def _sampled_homotopy() -> Callable[..., "Census"]:
    from morsecensus.tasks.finders.homotopy.sampled_census import find

    return find


def _low_index() -> Callable[..., "Census"]:
    from morsecensus.tasks.finders.low_index.census import find

    return find


FINDERS = {
    "multistart": Finder(MultistartOptions, multistart_effort, _multistart),
    "homotopy": Finder(HomotopyOptions, homotopy_effort, _homotopy),
    "sampled-homotopy": Finder(SampledHomotopyOptions, _sampled_effort, _sampled_homotopy),
    "low-index": Finder(LowIndexOptions, low_index_effort, _low_index, bottom=True),
}


def require_both_ends(finder: Finder, landscape: Landscape, options: Any) -> None:
    """ValueError where the topology of this finder's censuses can't be known: boundaries are computed from
    the bottom and from the top, which a search of low indices sees only as the image of the bottom."""
    searched = not finder.bottom or options.max_index >= landscape.manifold.dimension
    if not searched and not landscape.symmetry.odd:
        raise ValueError(
            f"topology: got it for {landscape.name} with no sign change that turns H into -H, whose points "
            f"at the top low-index doesn't seek; allowed: false, or another finder"
        )


def topology_seconds(topology: bool | str, points: float) -> float:
    """Rough seconds of the topology of a landscape with so many points. Measured for p = 3: boundaries of
    degree 1 and 2 take 6 to 10 ms a point for N = 4..12, those of degree 1 0.05 ms."""
    return {0: 0.0, 1: 1e-4, 2: 8e-3}[BOUNDARIES[topology]] * points


def choose(landscape: Landscape) -> tuple[str, str]:
    """The finder that `auto` stands for, and why, in starts and paths: enumeration where its proof is
    affordable, else multistart with its recall measured by sampled paths, else multistart alone."""
    starts = closing_starts(landscape, MultistartOptions())
    seconds = starts * start_seconds(landscape.manifold.ambient)
    effort_of_starts = f"about {starts:.0f} starts ({seconds:.2g} s)"
    if landscape.complex_points is None or not countable(landscape):
        return "multistart", f"{effort_of_starts}; the number of complex critical points isn't known"
    paths = path_count(landscape)
    if landscape.preparation_seconds > LONGEST_PREPARATION:
        why = f"a worker would take {landscape.preparation_seconds:.2g} s for the starts of {paths} paths"
        return "multistart", f"{effort_of_starts}; {why}"
    if paths > MOST_PATHS:
        return "multistart", f"{effort_of_starts}; {count_text(paths)} paths can't be numbered for a sample"
    if paths <= HomotopyOptions().max_paths:
        proof = homotopy_effort(landscape, HomotopyOptions())
        why = f"{paths} paths ({proof.seconds:.2g} s) against {effort_of_starts}"
        if proof.seconds <= max(PROOF_IS_WORTH * seconds, ALWAYS_AFFORDABLE):
            return "homotopy", why
    else:
        why = f"{paths} paths are too many; {effort_of_starts}"
    return "sampled-homotopy", f"{why}, recall by {SampledHomotopyOptions().paths} paths"
