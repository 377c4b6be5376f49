"""The topology of one census: its Morse complex, how far that can be trusted, and its persistence pairs.

Boundary d_k takes the points of index 0 to k and no others (by duality those of the same distance from the
top), so a large landscape that is open for its middle indices has merge trees, and pairs of its low degrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.measurables.words import (
    CERTIFIED,
    CONTRADICTED,
    FAIL,
    PASS,
    REASONS,
    REFUSED,
    UNINFORMATIVE,
    UNRESOLVED,
)
from morsecensus.tasks.points.census import Census, census_of
from morsecensus.tasks.points.classify import CriticalPoints
from morsecensus.tasks.points.ledger import Ledger
from morsecensus.tasks.topology.build import ComplexReport, morse_complex, require_sound
from morsecensus.tasks.topology.complex import MorseComplex
from morsecensus.tasks.topology.persistence import Pairs, exact_degrees, pairs
from morsecensus.tasks.topology.spheres import betti_of_product


@dataclass(frozen=True)
class Topology:
    """What is known of the sublevel sets of one landscape.

    Attributes:
        outcome: one of TOPOLOGIES.
        why: it was refused, else empty.
        complex: boundaries that are known; those with unresolved gradient lines are left out.
        pairs: of the degrees in ``exact``.
        exact: for each degree, whether its homology is known, shape (1 + dimension,).
        homology: for each degree, PASS, FAIL or UNINFORMATIVE: the Betti numbers of the whole manifold.
        square: d d = 0.
        dual: boundaries that both ends know are the same.
        connections: gradient lines that were followed from saddle to saddle or extremum, from both ends.
        loops: saddles next to the bottom or the top both of whose branches end in one extremum.
        unresolved: branches, or intervals of directions, that weren't.
        unresolved_saddles: that these belong to. Each is one column, or one row, of one boundary matrix, so
            whatever is missing changes a Betti number of any {H <= u} by at most one for each saddle of its
            two matrices.
    """

    outcome: int
    why: str
    complex: MorseComplex
    pairs: Pairs
    exact: Bool[np.ndarray, " degrees"]
    homology: Int[np.ndarray, " degrees"]
    square: int
    dual: int
    connections: int
    loops: int
    unresolved: int
    unresolved_saddles: int


def topology_of(census: Census, couplings: Couplings, highest: int = 2) -> Topology:
    """Connect the points of a census and pair them.

    Args:
        highest: degree of the boundaries that are wanted from either end, 1 or 2. Where points of index 2 may
            be missing it is 1; where minima or saddles of index 1 may be, the census is refused.
    """
    landscape = census.landscape
    couplings, exponent = normalised(landscape, couplings)
    points, _ = census_of(census, -exponent).points()
    found = _topology(landscape, couplings, census.ledger, points, highest)
    energy = np.ldexp(found.complex.energy, exponent)
    return replace(found, complex=replace(found.complex, energy=energy))


def _topology(
    landscape: Landscape, couplings: Couplings, ledger: Ledger, points: CriticalPoints, highest: int
) -> Topology:
    """`topology_of`, in the unit of `tasks.landscapes.scale`."""
    dimension = landscape.manifold.dimension
    betti = tuple(betti_of_product(landscape.manifold.sizes).tolist())
    bare = MorseComplex(points.energy, points.index, dimension, {}, betti)
    try:
        require_sound(landscape, points, highest)
        highest = min(highest, _closed_degree(ledger, dimension))
        whole, report = morse_complex(landscape, couplings, points, highest)
    except ValueError as error:
        return _refused(bare, str(error))
    unresolved = sum(len(rows) for rows in report.unresolved.values())
    sure = {k: arcs for k, arcs in whole.boundary.items() if len(report.unresolved[k]) == 0}
    known = replace(bare, boundary=sure)
    homology, square, dual = _checks(report, dimension)
    outcome = UNRESOLVED if unresolved else CERTIFIED
    if FAIL in (*homology, square, dual):
        outcome, known = CONTRADICTED, bare
    exact = np.isin(np.arange(dimension + 1), exact_degrees(known))
    return Topology(
        outcome,
        "",
        known,
        pairs(known),
        exact,
        homology,
        square,
        dual,
        connections=sum(report.resolved.values()),
        loops=report.loops,
        unresolved=unresolved,
        unresolved_saddles=sum(len(np.unique(rows)) for rows in report.unresolved.values()),
    )


def _closed_degree(ledger: Ledger, dimension: int) -> int:
    """The largest k for which all points of index 0 to k, and as far from the top, are there."""
    closed = ledger.closed_by_index & ledger.closed_by_index[::-1]
    degree = dimension if closed.all() else int(closed.argmin()) - 1
    if degree < 1:
        raise ValueError(
            f"census: got one that may lack points of index 0 or 1 or their likes at the top "
            f"({REASONS[ledger.reason]}), allowed: all of them; give the finder more rounds, or enumerate"
        )
    return degree


def _refused(bare: MorseComplex, why: str) -> Topology:
    degrees = bare.dimension + 1
    nothing, unknown = np.zeros(degrees, dtype=bool), np.full(degrees, UNINFORMATIVE)
    checks = nothing, unknown, UNINFORMATIVE, UNINFORMATIVE
    return Topology(
        REFUSED, why, bare, pairs(bare), *checks, connections=0, loops=0, unresolved=0, unresolved_saddles=0
    )


def _verdict(holds: bool | None) -> int:
    return UNINFORMATIVE if holds is None else PASS if holds else FAIL


def _checks(report: ComplexReport, dimension: int) -> tuple[Int[np.ndarray, " degrees"], int, int]:
    checks: Mapping[str, bool | None] = report.checks
    homology = np.array([_verdict(checks.get(f"betti_{k}")) for k in range(dimension + 1)])
    squares = [holds for name, holds in checks.items() if name.endswith("= 0")]
    square = _verdict(all(squares) if squares else None)
    return homology, square, _verdict(checks.get("from both ends"))
