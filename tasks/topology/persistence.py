"""Persistent homology over Z/2 of the filtration {H <= u} of a sphere, or a product, from its Morse complex.

The points enter in order of energy (ties by row), each with its boundary. Reducing the boundary matrices by
columns pairs points (A. Zomorodian, G. Carlsson, Discrete Comput. Geom. 33 (2005) 249): a class of degree k
is born at a point of index k and dies at one of index k+1. Clearing (C. Chen, M. Kerber, EuroCG 2011):
degrees go from the top down, and a point that gave birth has an empty column one degree lower.

What is exact from which matrices. Finite pairs of degree k need d_{k+1} and nothing else. On a sphere only
degrees 0 and top have a class that never dies, so in between a matrix settles its degree; d_1 settles degree
0, and the top degree needs d_top. So d_1 and d_2 give degrees 0 and 1, and their duals d_top and d_{top-1},
computed from -H, give the last three. A product of spheres has such classes in other degrees too, and there a
degree needs both its matrices.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.topology.complex import MorseComplex

ESSENTIAL = -1


@dataclass(frozen=True)
class Pairs:
    """Rows of the points where each class is born and dies; sorted by degree, then birth.

    Attributes:
        dim: degree of the class, the index of the point where it is born.
        birth: row of that point.
        death: row of a point of the next index; -1 for a class that never dies.
    """

    dim: Int[np.ndarray, " pairs"]
    birth: Int[np.ndarray, " pairs"]
    death: Int[np.ndarray, " pairs"]


def filtration_rank(complex: MorseComplex) -> Int[np.ndarray, " points"]:
    """The place of each row in the filtration: by energy, ties by row."""
    rank = np.empty(len(complex.energy), dtype=np.int64)
    rank[np.argsort(complex.energy, kind="stable")] = np.arange(len(rank))
    return rank


def exact_degrees(complex: MorseComplex) -> tuple[int, ...]:
    """Degrees whose classes are all known, finite and essential."""
    top, known = complex.dimension, complex.boundary
    closed = [k for k in range(top + 1) if min(k + 1, top) in known]
    return tuple(k for k in closed if k in (0, top) or k in known or _never_essential(complex, k))


def _never_essential(complex: MorseComplex, degree: int) -> bool:
    """Whether no class of a degree between 0 and the top lives on."""
    return complex.betti is None or complex.betti[degree] == 0


def pairs(complex: MorseComplex) -> Pairs:
    """Pair the points, in the degrees that `exact_degrees` names.

    Raises:
        ValueError: the matrices aren't boundaries of a filtration: an arc joins wrong indices, comes twice or
            goes uphill, or d_k d_{k+1} isn't zero.
    """
    rank = filtration_rank(complex)
    for degree in complex.boundary:
        _check(complex, degree, rank)
    born_of: dict[int, dict[int, int]] = {}
    for degree in sorted(complex.boundary, reverse=True):
        cleared = born_of.get(degree + 1, {})
        born_of[degree] = _reduce(complex, degree, rank, set(cleared))
    parts = [_degree(complex, k, born_of, rank) for k in exact_degrees(complex)]
    dim = np.concatenate([np.full(len(part), k) for k, part in parts]) if parts else np.zeros(0)
    rows = np.concatenate([part for _, part in parts]) if parts else np.zeros((0, 2))
    return Pairs(dim.astype(np.int64), rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64))


def betti(complex: MorseComplex) -> Int[np.ndarray, " degrees"] | None:
    """Betti numbers of the whole manifold as the complex has them; None unless it is whole.

    Of a right complex those of the manifold, (1, 0, ..., 0, 1) of a sphere.
    """
    if not complex.whole:
        return None
    found = pairs(complex)
    return np.bincount(found.dim[found.death == ESSENTIAL], minlength=complex.dimension + 1)


def _degree(
    complex: MorseComplex, degree: int, born_of: dict[int, dict[int, int]], rank: np.ndarray
) -> tuple[int, Int[np.ndarray, "pairs two"]]:
    """All classes of an exact degree, as (birth, death), by birth."""
    finite = born_of.get(degree + 1, {})
    rows = list(finite.items())
    # The deaths of the degree below; where d_degree isn't known the manifold leaves no essential class.
    if degree == 0 or degree in born_of:
        spent = set(finite) | set(born_of.get(degree, {}).values())
        rows += [(int(row), ESSENTIAL) for row in np.flatnonzero(complex.index == degree) if row not in spent]
    return degree, np.array(sorted(rows, key=lambda row: rank[row[0]]), dtype=np.int64).reshape(-1, 2)


def _reduce(complex: MorseComplex, degree: int, rank: np.ndarray, cleared: set[int]) -> dict[int, int]:
    """Row where a class of degree - 1 is born -> row of index ``degree`` where it dies.

    A column is an integer whose bits are the faces in the order of the filtration: Python adds two columns
    over Z/2 by one exclusive or, and its bit length is the pivot.
    """
    faces = np.flatnonzero(complex.index == degree - 1)
    faces = faces[np.argsort(rank[faces])]
    place = {int(row): bit for bit, row in enumerate(faces)}
    columns: dict[int, int] = {}
    for upper, lower in complex.boundary[degree].tolist():
        columns[upper] = columns.get(upper, 0) ^ (1 << place[lower])
    reduced: dict[int, int] = {}
    died: dict[int, int] = {}
    for upper in sorted(set(columns) - cleared, key=lambda row: rank[row]):
        column = columns[upper]
        while column and (pivot := column.bit_length() - 1) in reduced:
            column ^= reduced[pivot]
        if column:
            pivot = column.bit_length() - 1
            reduced[pivot] = column
            died[int(faces[pivot])] = upper
    return died


def _check(complex: MorseComplex, degree: int, rank: np.ndarray) -> None:
    arcs = np.asarray(complex.boundary[degree], dtype=np.int64).reshape(-1, 2)
    upper, lower = arcs.T
    if not 1 <= degree <= complex.dimension:
        raise ValueError(f"boundary: got degree {degree}; allowed is 1..{complex.dimension}")
    if np.any(complex.index[upper] != degree) or np.any(complex.index[lower] != degree - 1):
        raise ValueError(f"boundary: degree {degree} has an arc between points of other indices")
    if len(np.unique(arcs, axis=0)) < len(arcs):
        raise ValueError(f"boundary: degree {degree} lists an arc twice; give those of odd number, once each")
    if np.any(rank[upper] < rank[lower]):
        raise ValueError(f"boundary: degree {degree} has an arc that goes uphill")
    if degree - 1 in complex.boundary and not _cancels(arcs, complex.boundary[degree - 1]):
        raise ValueError(f"boundary: d_{degree - 1} d_{degree} isn't zero; an arc is wrong or missing")


def _cancels(above: Int[np.ndarray, "arcs two"], below: Int[np.ndarray, "arcs two"]) -> bool:
    """Whether every (upper, lowest) is reached an even number of ways."""
    faces: dict[int, set[int]] = {}
    for upper, lower in np.asarray(below).tolist():
        faces.setdefault(upper, set()).add(lower)
    reached: dict[int, set[int]] = {}
    for upper, middle in above.tolist():
        reached[upper] = reached.get(upper, set()) ^ faces.get(middle, set())
    return not any(reached.values())


def diagram(complex: MorseComplex, found: Pairs, degree: int) -> Float[np.ndarray, "classes two"]:
    """Energies per spin of birth and death of the classes of one degree; death is inf for an essential
    one."""
    chosen = found.dim == degree
    birth, death = found.birth[chosen], found.death[chosen]
    last = np.where(death == ESSENTIAL, np.inf, complex.energy[death])
    return np.stack([complex.energy[birth], last], axis=1)
