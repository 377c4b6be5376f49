"""Complex roots per second at p = 3 against PHCpack (N = 10) and Bertini 2 (N = 8), on two threads each."""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from benchmarks.harness import WORKERS, Row, interleaved, processes
from benchmarks.oracles import bertini, phc
from benchmarks.oracles.polynomials import Polynomials, Roots, stationarity

XI = {"xi": "q^3"}
PHC_N, BERTINI_N = 10, 8
LANDSCAPES = 64
"""Of ours, in one measurement: a single one takes milliseconds."""


def _landscape(n: int):
    from tasks.landscapes.base import build
    from tasks.landscapes.spin import MixedSpin

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


def run() -> list[Row]:
    with processes(1) as ours, processes(1) as theirs:

        def by_phc(system: Polynomials, seed: int) -> Roots:
            return phc.solve(system, seed, WORKERS)

        def by_bertini(system: Polynomials, seed: int) -> Roots:
            return theirs.submit(bertini.solve, system, seed, bertini.ADAPTIVE, threads=WORKERS).result()

        rows = []
        for remedy, what, n, solve in (
            (phc.missing(), "phc -b", PHC_N, by_phc),
            (bertini.missing(), "bertini2 (adaptive)", BERTINI_N, by_bertini),
        ):
            if remedy is None:
                rows.append(against(what, n, solve, ours))
            else:
                print(f"row left out: {remedy}", file=sys.stderr)
    return rows
