"""Gradient lines, given the points: components of large landscapes, components and loops of many small ones,
and the time of one connection against N.

The points of a landscape come from homotopy up to N = 12, from multistart above; finding them is not timed.
"""

import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness import WORKERS, Row, processes

XI = {"xi": "q^3"}
SIZES = (4, 5, 6, 8, 10, 12)
EACH = 6
"""Landscapes of each size, whose mean time is taken."""
WARM_UP = 4
"""Landscapes before the clock starts: the first compile most shapes of arrays, the others the rest."""
LARGE_N, ROUNDS = 20, 400
"""Of multistart: then indices 0 to 2 are closed."""
MANY, MANY_N = 150, 8
FIGURES = Path("bench-output")


def landscape_and_points(n: int, instance: int):
    """The census of a landscape, and its couplings."""
    from morsecensus.tasks.finders.homotopy.census import homotopy
    from morsecensus.tasks.finders.multistart.census import multistart
    from morsecensus.tasks.finders.options import HomotopyOptions, MultistartOptions
    from morsecensus.tasks.landscapes.base import build

    landscape = build("pspin", XI, n)
    couplings = landscape.sample(1, instance)
    if n < LARGE_N:
        return homotopy(landscape, couplings, 1, instance, HomotopyOptions()), couplings
    return multistart(landscape, couplings, 1, instance, MultistartOptions(max_rounds=ROUNDS)), couplings


class Timing(NamedTuple):
    """Sums over landscapes; ``certified`` ones passed all certificates."""

    seconds: float
    connections: int
    certified: int


def timed(n: int, highest: int, count: int, worker: int = 0) -> Timing:
    """The topology of ``count`` landscapes, another lot for each worker."""
    from morsecensus.tasks.measurables.words import CERTIFIED
    from morsecensus.tasks.topology.census import topology_of

    for instance in range(WARM_UP if n < LARGE_N else 1):
        topology_of(*landscape_and_points(n, count * worker + instance), highest)
    seconds, joined, certified = 0.0, 0, 0
    for instance in range(count * worker, count * (worker + 1)):
        census, couplings = landscape_and_points(n, instance)
        start = time.perf_counter()
        found = topology_of(census, couplings, highest)
        seconds += time.perf_counter() - start
        joined += sum(len(arcs) for arcs in found.complex.boundary.values())
        certified += found.outcome == CERTIFIED
    return Timing(seconds, joined, certified)


def components(n: int, count: int, wanted: str) -> Row:
    with processes(1) as pool:
        found = pool.submit(timed, n, 1, count).result()
    what = f"components (H_0) of one N={n} landscape, p=3, one thread, seconds"
    details = f"mean of {count}; {found.certified} of {count} certified"
    return Row(what, found.seconds / count, wanted, details)


def many_landscapes() -> Row:
    with processes() as pool:
        found = list(pool.map(partial(timed, MANY_N, 2, MANY // WORKERS), range(WORKERS)))
    what = (
        f"{MANY} landscapes, N={MANY_N}, p=3: components and loops (H_0, H_1) on {WORKERS} workers, seconds"
    )
    certified = sum(part.certified for part in found)
    return Row(
        what, max(part.seconds for part in found), f"<= {0.6 * MANY:.0f}", f"{certified} of {MANY} certified"
    )


def connections() -> list[Row]:
    with processes(1) as pool:
        found = {n: pool.submit(timed, n, 2, EACH).result() for n in SIZES}
    milliseconds = {n: 1000 * timing.seconds / timing.connections for n, timing in found.items()}
    print(f"drawn: {draw(milliseconds)}")
    what = "one connection, p=3, N={}, degrees 1 and 2 from both ends, one thread, milliseconds"
    details = "{:.0f} connections and {:.2f} s a landscape"
    return [
        Row(what.format(n), milliseconds[n], "", details.format(t.connections / EACH, t.seconds / EACH))
        for n, t in found.items()
    ]


def draw(milliseconds: dict[int, float]) -> Path:
    """Time of one connection against N, on a log axis."""
    from morsecensus.analysis.page.style import new_figure, save, style, whole_numbers

    FIGURES.mkdir(parents=True, exist_ok=True)
    with style():
        figure, (ax,) = new_figure(1, 1, 2.6)
        ax.semilogy(list(milliseconds), list(milliseconds.values()), "o-")
        ax.set(xlabel="N", ylabel="milliseconds per connection", ylim=(1, 20))
        ax.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
        ax.minorticks_off()
        whole_numbers(ax)
        return save(figure, FIGURES, "connections")[1]


def run() -> list[Row]:
    rows = [components(12, EACH, "<= 5"), components(LARGE_N, 1, "<= 120"), many_landscapes()]
    return [*rows, *connections()]
