"""Critical points from Groebner bases over the rationals against the homotopy's, landscape by landscape.

    python -m benchmarks.exact_count [--landscapes 20] [--most 7]

msolve follows no paths and rounds nothing: the number of complex solutions is a dimension, the real ones are
isolated exactly. The finder's points must be those, one to one, complex and real.
"""

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from benchmarks.oracles import finder, msolve
from benchmarks.oracles.polynomials import Polynomials, stationarity
from morsecensus.tasks.finders.homotopy.census import enumerate_landscape
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.landscapes.base import Couplings, build
from morsecensus.tasks.landscapes.spin import MixedSpin

SEED = 1
TOLERANCE = 1e-10
"""Distance of points that count as one, relative to their length."""
KINDS = (
    ({"xi": "q^3"}, 7),
    ({"xi": "q^4"}, 4),
    ({"xi": "q^5"}, 3),
    ({"xi": "0.5*q^2 + 0.5*q^3", "field": 0.5}, 5),
    ({"xi": "0.5*q^2 + 0.5*q^4", "field": 0.5}, 3),
)
"""Parameters of landscapes, with the largest N at which msolve takes less than a minute."""


@dataclass(frozen=True)
class Count:
    """One landscape.

    Attributes:
        dimension: complex solutions that msolve counts, with multiplicity, zero left out.
        complex_off, real_off: largest distance of a pair, relative; inf if the sets aren't one to one.
        real: critical points on the sphere, by msolve; ours: by the finder.
        seconds: of msolve.
    """

    dimension: int
    complex_off: float
    real: int
    ours: int
    real_off: float
    seconds: float


def count(landscape: MixedSpin, couplings: Couplings, instance: int) -> Count:
    polynomials = stationarity(landscape, couplings)
    exact = msolve.solutions(polynomials)
    roots = finder.solve(landscape, couplings, instance).points
    found = enumerate_landscape(landscape, couplings, SEED, instance, HomotopyOptions())
    ours = np.asarray(found.census.points()[0].points)
    theirs, seconds = real_points(landscape, polynomials, exact)
    return Count(
        exact.dimension - int(landscape.covariance.is_pure),
        pairing(exact.complex_points, roots),
        len(theirs),
        len(ours),
        pairing(theirs, ours),
        exact.seconds + seconds,
    )


def real_points(
    landscape: MixedSpin, polynomials: Polynomials, exact: msolve.Solutions
) -> tuple[Float[np.ndarray, "points n"], float]:
    """Critical points on the sphere of radius sqrt(n), and the seconds of another solve if it takes one.

    Of a pure form ``grad H = x`` has one real solution for each pair of antipodes if p is odd. If p is even
    it has the points with a positive multiplier, and -H has the others.
    """
    n, covariance = landscape.n, landscape.covariance
    if not covariance.is_pure:
        return exact.real_points[:, :n], 0.0
    directions, seconds = exact.real_points, 0.0
    if covariance.degree % 2:
        directions = np.concatenate([directions, -directions])
    else:
        other = msolve.solutions(turned(polynomials))
        directions, seconds = np.concatenate([directions, other.real_points]), other.seconds
    return np.sqrt(n) * directions / np.linalg.norm(directions, axis=1, keepdims=True), seconds


def turned(polynomials: Polynomials) -> Polynomials:
    """The equations of -H of a pure form: ``-grad H = x``."""
    equations = [
        {monomial: value if len(monomial) == 1 else -value for monomial, value in equation.items()}
        for equation in polynomials.equations
    ]
    return Polynomials(equations, polynomials.finite)


def pairing(one: np.ndarray, other: np.ndarray) -> float:
    """Largest relative distance of a point to its partner; inf unless nearest neighbours pair all of them."""
    if len(one) != len(other):
        return float("inf")
    if not len(one):
        return 0.0
    distance = np.linalg.norm(one[:, None] - other[None], axis=2) / np.linalg.norm(other, axis=1)
    partner = distance.argmin(axis=1)
    return float(distance.min(axis=1).max()) if len(set(partner.tolist())) == len(other) else float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exact_count")
    parser.add_argument("--landscapes", type=int, default=20, help="of each kind and size")
    parser.add_argument("--most", type=int, default=7, help="largest N; some kinds stop earlier")
    chosen = parser.parse_args()
    if (remedy := msolve.missing()) is not None:
        sys.exit(remedy)
    table = Table(
        *(
            "landscape",
            "N",
            "landscapes",
            "complex",
            "as generic",
            "same complex",
            "real, msolve",
            "real, ours",
        ),
        *("same real", "largest distance", "msolve"),
        box=MARKDOWN,
    )
    well = True
    for parameters, largest in KINDS:
        for n in range(2, min(chosen.most, largest) + 1):
            landscape = build("pspin", parameters, n)
            assert isinstance(landscape, MixedSpin)
            couplings = [landscape.sample(SEED, instance) for instance in range(chosen.landscapes)]
            counts = [count(landscape, one, instance) for instance, one in enumerate(couplings)]
            table.add_row(parameters["xi"], str(n), *summary(counts, stationarity(landscape, couplings[0])))
            well &= all(max(one.complex_off, one.real_off) <= TOLERANCE for one in counts)
    Console(width=180).print(table)
    if not well:
        sys.exit("exact_count: msolve and the finder have other points")


def summary(counts: list[Count], polynomials: Polynomials) -> list[str]:
    many = len(counts)
    worst = max(max(one.complex_off, one.real_off) for one in counts)
    return [
        str(many),
        str(polynomials.finite),
        f"{sum(one.dimension == polynomials.finite for one in counts)} of {many}",
        f"{sum(one.complex_off <= TOLERANCE for one in counts)} of {many}",
        f"{sum(one.real for one in counts):,}",
        f"{sum(one.ours for one in counts):,}",
        f"{sum(one.real_off <= TOLERANCE for one in counts)} of {many}",
        f"{worst:.1e}",
        f"{np.mean([one.seconds for one in counts]):.2f} s",
    ]


if __name__ == "__main__":
    main()
