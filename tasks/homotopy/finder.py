"""The homotopy finder: every critical point of a cubic spherical landscape, counted against algebra."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex, Float

from tasks.census import Census, Classes
from tasks.classify import CriticalPoints, classify
from tasks.deduplicate import canonical_signs, match_known, same_point
from tasks.homotopy.books import Enumeration, directions, enumerate_solutions
from tasks.homotopy.system import CubicSystem
from tasks.homotopy.tracker import ARRIVED, STALLED, TOO_LONG
from tasks.landscapes.base import Couplings, Landscape
from tasks.landscapes.spin import MixedSpin
from tasks.ledger import assess_enumeration
from tasks.multistart import evidence_of
from tasks.newton import CONVERGED, MAX_ITERATIONS, OUTCOMES
from tasks.newton import STALLED as NEWTON_STALLED
from tasks.options import HomotopyOptions

REAL = 1e-8
"""An endpoint is real if its imaginary part is at most this, relative to its length. Complex solutions as
near to a real one come in pairs that double precision can't tell from a double root."""


@dataclass(frozen=True)
class EnumeratedCensus:
    """A census with the books it rests on."""

    census: Census
    enumeration: Enumeration


def path_count(landscape: Landscape) -> int:
    """Paths that enumerate this landscape: classes for pure forms, points otherwise.

    Raises:
        ValueError: if this finder can't enumerate it.
    """
    if not isinstance(landscape, MixedSpin) or landscape.complex_points is None:
        raise ValueError(
            f"model: got {landscape.name!r}, allowed for the homotopy finder: pspin (generic couplings)"
        )
    degrees = [degree for degree, _ in landscape.covariance.terms]
    if max(degrees) != 3:
        raise ValueError(
            f"xi: got degree {max(degrees)}, allowed for the homotopy finder: 3; use finder multistart"
        )
    return (2**landscape.n - 1) * (1 if degrees == [3] else 2)


def affordable_paths(landscape: Landscape, options: HomotopyOptions) -> int:
    """`path_count`, refused above ``options.max_paths``.

    Raises:
        ValueError: with the cost and an alternative.
    """
    paths = path_count(landscape)
    if paths > options.max_paths:
        raise ValueError(
            f"n: got {landscape.manifold.ambient}, which takes {paths} paths; allowed: at most "
            f"{options.max_paths}; raise max_paths or use finder multistart"
        )
    return paths


def cubic_system(landscape: MixedSpin, couplings: Couplings) -> CubicSystem:
    """The system of the Euclidean gradient, from the matrices that the landscape contracts."""
    n = landscape.n
    cubic = 3 * np.asarray(couplings["degree_3"]).reshape(n, n, n)
    linear = 2 * np.asarray(couplings["degree_2"]).reshape(n, n) if "degree_2" in couplings else None
    field = np.asarray(couplings["degree_1"]) if "degree_1" in couplings else None
    return CubicSystem(cubic, linear, field)


def is_real(solutions: Complex[np.ndarray, "found unknowns"], n: int) -> Bool[np.ndarray, " found"]:
    """Which solutions are real to round-off; `tasks.homotopy.certify` proves it."""
    return np.linalg.norm(directions(solutions, n)[:, n:], axis=1) <= REAL


def real_points(
    solutions: Complex[np.ndarray, "found unknowns"], system: CubicSystem
) -> Float[np.ndarray, "points n"]:
    """The real solutions as points of the sphere of radius sqrt(n)."""
    points = np.real(solutions[is_real(solutions, system.n), : system.n])
    return points * math.sqrt(system.n) / np.linalg.norm(points, axis=1, keepdims=True)


def _classes(landscape: Landscape, couplings: Couplings, points: Float[np.ndarray, "points n"]) -> Classes:
    """Classified points, one of each pair where the landscape relates antipodes."""
    points = points * canonical_signs(points, landscape.parity)[:, None]
    found = classify(landscape, couplings, points, landscape.hessian_variation(couplings))
    labels = same_point(found, landscape.parity)
    first = np.unique(labels, return_index=True)[1] if len(labels) else np.zeros(0, dtype=np.int64)
    return Classes(found.take(first), np.ones(len(first), dtype=np.int64))


def _outcomes(enumeration: Enumeration) -> np.ndarray:
    """Paths that ended each way, in the terms of the multistart finder."""
    outcomes = np.zeros(len(OUTCOMES), dtype=np.int64)
    for ours, theirs in (
        (ARRIVED, CONVERGED),
        (STALLED, NEWTON_STALLED),
        (TOO_LONG, MAX_ITERATIONS),
    ):
        outcomes[theirs] = enumeration.outcomes[ours]
    return outcomes


def _points_lost(
    classes: Classes, points: Float[np.ndarray, "points n"], system: CubicSystem, parity: int
) -> int:
    """Real solutions that classification joined: pairs of the mixed system's antipodes are meant to be."""
    expected = len(points) // 2 if parity and not system.homogeneous else len(points)
    return expected - len(classes.hits)


def enumerate_landscape(
    landscape: Landscape, couplings: Couplings, seed: int, instance: int, options: HomotopyOptions
) -> EnumeratedCensus:
    """All critical points of one instance, with the books.

    Args:
        seed: of the study.
        instance: the landscape id; with the seed it keys the start forms.

    Raises:
        ValueError: if the landscape is none that can be enumerated, or too large for ``options.max_paths``.
    """
    affordable_paths(landscape, options)
    assert isinstance(landscape, MixedSpin)
    system = cubic_system(landscape, couplings)
    labels = (seed, landscape.name, landscape.n, instance)
    enumeration = enumerate_solutions(system, labels, options)
    points = real_points(enumeration.solutions, system)
    classes = _classes(landscape, couplings, points)
    whole = enumeration.complete and _points_lost(classes, points, system, landscape.parity) == 0
    ledger = assess_enumeration(evidence_of(landscape, classes), whole)
    census = Census(landscape, classes, ledger, _outcomes(enumeration), enumeration.rounds)
    return EnumeratedCensus(census, enumeration)


def homotopy(
    landscape: Landscape, couplings: Couplings, seed: int, instance: int, options: HomotopyOptions
) -> Census:
    """The census of one instance by `enumerate_landscape`: a finder like `tasks.multistart.multistart`."""
    return enumerate_landscape(landscape, couplings, seed, instance, options).census


def recall(found: CriticalPoints, truth: CriticalPoints, parity: int) -> np.ndarray:
    """For each true class, whether the other finder has it: its nearest found point lies in its uniqueness
    ball."""
    seen = np.zeros(len(truth.points), dtype=bool)
    rows = match_known(found.points, truth, parity)
    seen[rows[rows >= 0]] = True
    return seen
