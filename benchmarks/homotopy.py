"""Complex roots per second at p = 3 against PHCpack (N = 10) and Bertini 2 (N = 8), on two threads each; and
whole enumerations with their certificates."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from benchmarks.harness import WORKERS, Row, interleaved, processes
from benchmarks.oracles import bertini, phc
from benchmarks.oracles.polynomials import Polynomials, Roots, stationarity

XI = {"xi": "q^3"}
PHC_N, BERTINI_N = 10, 8
LARGE_N = 16
MANY, MANY_N = 1000, 8
LANDSCAPES = 64
"""Of ours, in one measurement: a single one takes milliseconds."""


def _landscape(n: int):
    from morsecensus.tasks.landscapes.base import build
    from morsecensus.tasks.landscapes.spin import MixedSpin

    landscape = build("pspin", XI, n)
    assert isinstance(landscape, MixedSpin)
    return landscape


def our_rate(n: int) -> float:
    """Roots per second, from start solutions to closed books: paths that were followed again cost time and
    don't count."""
    from benchmarks.oracles import finder

    landscape = _landscape(n)
    finder.solve(landscape, landscape.sample(1, LANDSCAPES), LANDSCAPES, WORKERS)  # compiles
    solved = [finder.solve(landscape, landscape.sample(1, i), i, WORKERS) for i in range(LANDSCAPES)]
    return sum(len(roots.points) for roots in solved) / sum(roots.seconds for roots in solved)


def polynomials(n: int) -> Polynomials:
    """The first of the landscapes."""
    landscape = _landscape(n)
    return stationarity(landscape, landscape.sample(1, 0))


def against(what: str, n: int, solve: Callable[[Polynomials, int], Roots], pool: ProcessPoolExecutor) -> Row:
    """One row. The other solver's rate is for all roots, whether it found them or not."""
    system = polynomials(n)
    found: list[int] = []

    def their_rate() -> float:
        roots = solve(system, len(found))
        found.append(len(roots.points))
        return system.finite / roots.seconds

    rates = interleaved({"ours": lambda: pool.submit(our_rate, n).result(), "theirs": their_rate}, repeats=3)
    return Row(
        f"complex roots/s, p=3, N={n}, {WORKERS} threads: homotopy, books closed, against {what}",
        rates["ours"] / rates["theirs"],
        ">= 100",
        f"{rates['ours']:.0f}/s against {rates['theirs']:.1f}/s; it found at least {min(found)} "
        f"of {system.finite}",
    )


def enumerate_all(n: int, first: int, count: int, threads: int) -> tuple[int, float]:
    """How many of these landscapes closed, every real point proven, and the seconds it took."""
    from morsecensus.tasks.finders.homotopy.census import enumerate_landscape
    from morsecensus.tasks.finders.options import HomotopyOptions
    from morsecensus.tasks.measurables.words import COMPLETE

    landscape, options = _landscape(n), HomotopyOptions(threads=threads)
    enumerate_landscape(landscape, landscape.sample(1, first), 1, first, options)  # compiles
    start, closed = time.perf_counter(), 0
    for instance in range(first, first + count):
        result = enumerate_landscape(landscape, landscape.sample(1, instance), 1, instance, options)
        closed += result.census.ledger.status == COMPLETE
    return closed, time.perf_counter() - start


def large_landscape(pool: ProcessPoolExecutor) -> Row:
    closed, taken = pool.submit(enumerate_all, LARGE_N, 0, 1, WORKERS).result()
    what = f"one N={LARGE_N} landscape, p=3: enumerated and certified on {WORKERS} threads, seconds"
    return Row(what, taken, "<= 180", f"{closed} of 1 closed")


def many_landscapes() -> Row:
    each = MANY // WORKERS
    with processes(WORKERS) as pool:
        jobs = [pool.submit(enumerate_all, MANY_N, each * k, each, 1) for k in range(WORKERS)]
        found = [job.result() for job in jobs]
    what = f"{MANY} landscapes, N={MANY_N}, p=3: enumerated and certified on {WORKERS} workers, seconds"
    taken = max(seconds for _, seconds in found)
    return Row(what, taken, "<= 180", f"{sum(closed for closed, _ in found)} of {MANY} closed")


def run() -> list[Row]:
    with processes(1) as ours, processes(1) as theirs:

        def by_phc(system: Polynomials, seed: int) -> Roots:
            return phc.solve(system, seed, WORKERS)

        def by_bertini(system: Polynomials, seed: int) -> Roots:
            return theirs.submit(bertini.solve, system, seed, bertini.ADAPTIVE, threads=WORKERS).result()

        rows = [large_landscape(ours)]
        for remedy, what, n, solve in (
            (phc.missing(), "phc -b", PHC_N, by_phc),
            (bertini.missing(), "bertini2 (adaptive)", BERTINI_N, by_bertini),
        ):
            if remedy is None:
                rows.append(against(what, n, solve, ours))
            else:
                print(f"row left out: {remedy}", file=sys.stderr)
    return [*rows, many_landscapes()]
