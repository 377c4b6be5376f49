"""The topology of one census: its Morse complex, how far that can be trusted, and its persistence pairs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from tasks.census import Census
from tasks.landscapes.base import Couplings
from tasks.ledger import COMPLETE, FAIL, PASS, UNINFORMATIVE
from tasks.topology.build import ComplexReport, morse_complex
from tasks.topology.complex import MorseComplex
from tasks.topology.persistence import Pairs, exact_degrees, pairs

OUTCOMES = ("certified", "unresolved", "contradicted", "refused")
CERTIFIED, UNRESOLVED, CONTRADICTED, REFUSED = range(4)


@dataclass(frozen=True)
class Topology:
    """What is known of the sublevel sets of one landscape.

    Attributes:
        outcome: one of OUTCOMES.
        why: it was refused, else empty.
        complex: boundaries that are known; those with unresolved gradient lines are left out.
        pairs: of the degrees in ``exact``.
        exact: for each degree, whether its homology is known, shape (1 + dimension,).
        homology: for each degree, PASS, FAIL or UNINFORMATIVE: the Betti numbers of the whole sphere.
        square: d d = 0.
        dual: boundaries that both ends know are the same.
        unresolved: gradient lines.
    """

    outcome: int
    why: str
    complex: MorseComplex
    pairs: Pairs
    exact: Bool[np.ndarray, " degrees"]
    homology: Int[np.ndarray, " degrees"]
    square: int
    dual: int
    unresolved: int


def topology_of(census: Census, couplings: Couplings) -> Topology:
    """Connect the points of a census and pair them; a census that isn't complete is refused."""
    landscape = census.landscape
    points, _ = census.points()
    dimension = landscape.manifold.dimension
    bare = MorseComplex(points.energy, points.index, dimension, {})
    if census.ledger.status != COMPLETE:
        return _refused(bare, "the census isn't complete")
    try:
        whole, report = morse_complex(landscape, couplings, points)
    except ValueError as error:
        return _refused(bare, str(error))
    unresolved = sum(len(rows) for rows in report.unresolved.values())
    sure = {k: arcs for k, arcs in whole.boundary.items() if len(report.unresolved[k]) == 0}
    known = MorseComplex(whole.energy, whole.index, dimension, sure)
    homology, square, dual = _checks(report, dimension)
    outcome = UNRESOLVED if unresolved else CERTIFIED
    if FAIL in (*homology, square, dual) and not unresolved:
        outcome, known = CONTRADICTED, bare
    exact = np.isin(np.arange(dimension + 1), exact_degrees(known))
    return Topology(outcome, "", known, pairs(known), exact, homology, square, dual, unresolved)


def _refused(bare: MorseComplex, why: str) -> Topology:
    degrees = bare.dimension + 1
    nothing, unknown = np.zeros(degrees, dtype=bool), np.full(degrees, UNINFORMATIVE)
    return Topology(REFUSED, why, bare, pairs(bare), nothing, unknown, UNINFORMATIVE, UNINFORMATIVE, 0)


def _verdict(holds: bool | None) -> int:
    return UNINFORMATIVE if holds is None else PASS if holds else FAIL


def _checks(report: ComplexReport, dimension: int) -> tuple[Int[np.ndarray, " degrees"], int, int]:
    checks: Mapping[str, bool | None] = report.checks
    homology = np.array([_verdict(checks.get(f"betti_{k}")) for k in range(dimension + 1)])
    squares = [holds for name, holds in checks.items() if name.endswith("= 0")]
    square = _verdict(all(squares) if squares else None)
    return homology, square, _verdict(checks.get("from both ends"))
