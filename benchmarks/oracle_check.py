"""Do other solvers find the roots that the homotopy finder finds, all of them and no others?

    python -m benchmarks.oracle_check [--landscapes 20] [--most 6] [--runs 5]

Every root that another solver returns must be one of ours, one to one, to `TOLERANCE`. Other solvers lose
paths too: one that comes back with fewer roots is run again with other random numbers, and the table says how
often. In addition our roots are proven one by one, in ball arithmetic, to exist and to differ.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from benchmarks.harness import processes
from benchmarks.oracles import bertini, finder, msolve, phc, proof
from benchmarks.oracles.polynomials import Polynomials, Roots, stationarity

SEED = 1
TOLERANCE = 1e-10
"""Distance of roots that count as one, relative to their length."""
KINDS = (
    ({"xi": "q^3"}, 6),
    ({"xi": "0.5*q^2 + 0.5*q^3", "field": 0.5}, 4),
    ({"xi": "q^4"}, 4),
    ({"xi": "0.5*q^2 + 0.5*q^4", "field": 0.5}, 3),
)
"""Parameters of landscapes, with the largest N at which the other solvers take about a second."""


@dataclass(frozen=True)
class Oracle:
    """Another solver, and how often it may try."""

    name: str
    solve: Callable[[Polynomials, int], Roots]
    runs: int


@dataclass(frozen=True)
class Comparison:
    """One landscape, one other solver.

    Attributes:
        first: roots that its first run returned.
        runs: until it had returned all of ours, or gave up.
        lacking: of ours that none of its runs returned.
        foreign: returned by it and none of ours.
        worst: largest relative distance of a pair.
    """

    first: int
    runs: int
    lacking: int
    foreign: int
    worst: float


def compare(oracle: Oracle, polynomials: Polynomials, ours: Roots, seed: int) -> Comparison:
    seen = np.zeros(len(ours.points), dtype=bool)
    first, runs, foreign, worst = 0, 0, 0, 0.0
    while runs < oracle.runs and not seen.all():
        runs += 1
        theirs = oracle.solve(polynomials, seed + runs)
        distance = np.linalg.norm(theirs.points[:, None] - ours.points[None], axis=2)
        distance /= np.linalg.norm(ours.points, axis=1)
        partner, nearest = distance.argmin(axis=1), distance.min(axis=1)
        taken = np.unique(partner[nearest <= TOLERANCE])
        # Two of theirs at one of ours are no pairs either.
        foreign += len(theirs.points) - len(taken)
        worst = max(worst, float(nearest[nearest <= TOLERANCE].max(initial=0.0)))
        seen[taken] = True
        first = len(theirs.points) if runs == 1 else first
    return Comparison(first, runs, int((~seen).sum()), foreign, worst)


def oracles(runs: int, pool: ProcessPoolExecutor) -> Iterator[Oracle]:
    """Those that are installed."""
    if bertini.missing() is None:
        for mode, tries in (((bertini.ADAPTIVE, bertini.SHARP), runs), ((bertini.DOUBLE, bertini.LOOSE), 1)):
            yield Oracle(
                f"bertini2, {mode[0]}",
                lambda p, seed, mode=mode: pool.submit(bertini.solve, p, seed, *mode).result(),
                tries,
            )
    if phc.missing() is None:
        yield Oracle("phc -b", phc.solve, runs)
    if msolve.missing() is None:
        yield Oracle("msolve", msolve.solve, 1)


def rows(
    parameters: dict, n: int, landscapes: int, others: list[Oracle]
) -> tuple[list[list[str]], list[str], bool]:
    """A row for each other solver, one for the proofs, and whether all is well."""
    from morsecensus.tasks.landscapes.base import build
    from morsecensus.tasks.landscapes.spin import MixedSpin

    landscape = build("pspin", parameters, n)
    assert isinstance(landscape, MixedSpin)
    proven, expected = 0, 0
    compared: dict[str, list[Comparison]] = {oracle.name: [] for oracle in others}
    for instance in range(landscapes):
        couplings = landscape.sample(SEED, instance)
        polynomials = stationarity(landscape, couplings)
        ours = finder.solve(landscape, couplings, instance)
        expected = polynomials.finite
        proven += proof.proven_distinct(polynomials, ours.points)
        for oracle in others:
            compared[oracle.name].append(compare(oracle, polynomials, ours, 100 * instance))
    name = ", ".join(
        [parameters["xi"], *(f"field {parameters[key]}" for key in parameters if key == "field")]
    )
    table = [
        [name, str(n), solver, str(expected), *summary(results, expected)]
        for solver, results in compared.items()
    ]
    well = proven == landscapes * expected and not any(c.foreign for all_ in compared.values() for c in all_)
    return table, [name, str(n), f"{proven} of {landscapes * expected}"], well


def summary(results: list[Comparison], expected: int) -> list[str]:
    return [
        f"{sum(c.first < expected for c in results)} of {len(results)}",
        str(max(c.runs for c in results)),
        str(sum(c.lacking for c in results)),
        str(sum(c.foreign for c in results)),
        f"{max(c.worst for c in results):.1e}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oracle_check")
    parser.add_argument("--landscapes", type=int, default=20, help="of each kind and size")
    parser.add_argument("--most", type=int, default=6, help="largest N; some kinds stop earlier")
    parser.add_argument("--runs", type=int, default=5, help="of a solver that lacks roots")
    chosen = parser.parse_args()
    for remedy in (bertini.missing(), phc.missing(), msolve.missing()):
        if remedy is not None:
            print(f"left out: {remedy}", file=sys.stderr)
    compared = Table(
        *("landscape", "N", "solver", "roots", "first runs that lose roots", "most runs"),
        *("ours it lacks", "its that we lack", "largest distance"),
        box=MARKDOWN,
    )
    proofs = Table("landscape", "N", "our roots proven to exist and differ", box=MARKDOWN)
    cells = [(kind, n) for kind, largest in KINDS for n in range(2, min(chosen.most, largest) + 1)]
    all_well = True
    with processes(1) as pool:
        others = list(oracles(chosen.runs, pool))
        for parameters, n in cells:
            table, proofs_row, well = rows(parameters, n, chosen.landscapes, others)
            for row in table:
                compared.add_row(*row)
            proofs.add_row(*proofs_row)
            all_well &= well
    console = Console(width=180)
    console.print(compared, proofs)
    if not all_well:
        sys.exit("oracle_check: roots of another solver that we lack, or roots of ours that aren't proven")


if __name__ == "__main__":
    main()
