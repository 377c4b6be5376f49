"""Which solutions are one: by distance, from their directions or from a few projections of them.

Orthogonal projections never lengthen a distance. So what is one in full is one in its fingerprint, and
counting by fingerprints can take two solutions for one but never one for two. Two solutions at a distance d
are taken for one with a probability of at most (4 n / pi) (SAME / d)^2 over the axes: the larger of the
differences of real and imaginary parts is d / sqrt 2 or more, and a coordinate of a random unit vector has a
density of at most sqrt(n / 2 pi). Where both parts differ alike it is the square of that. Whose fingerprint
is shared is followed again, and then the endpoints are compared.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Complex, Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.systems.rotate import rotate
from morsecensus.tasks.systems.system import System

SAME = 1e-8
"""Endpoints that agree to this, relative to their length, count as one solution."""
PRINTS = 4
"""Numbers of a fingerprint: two of the real part, two of the imaginary part."""

Rows = Int[np.ndarray, " pairs"]
Refine = Callable[[Rows, Rows], Bool[np.ndarray, " pairs"]]
"""Of pairs that agree, which are one indeed."""


def directions(
    solutions: Complex[np.ndarray, "found unknowns"], system: System
) -> Float[np.ndarray, "found two_n"]:
    """Unit vectors, as real numbers, that tell solutions apart; see `system.System`."""
    return system.directions(solutions)


def fingerprints(
    solutions: Complex[np.ndarray, "found unknowns"], system: System
) -> Float[np.ndarray, "found prints"]:
    """Projections of directions, each row's bits a function of that row alone. Those of a conjugate have
    the last two turned round."""
    axes = np.linalg.qr(generator("fingerprint", system.n).standard_normal((system.n, PRINTS // 2)))[0]
    vectors = directions(solutions, system)
    turned = rotate(vectors[:, : system.n] + 1j * vectors[:, system.n :], axes)
    return np.concatenate([np.real(turned), np.imag(turned)], axis=1)


def mirrored(prints: Float[np.ndarray, "found prints"]) -> Float[np.ndarray, "found prints"]:
    """The fingerprints, or directions, of the conjugates."""
    half = prints.shape[1] // 2
    return prints * np.where(np.arange(2 * half) < half, 1.0, -1.0)


def group(
    vectors: Float[np.ndarray, "found dimensions"], refine: Refine | None = None
) -> Int[np.ndarray, " found"]:
    """Labels of groups of vectors that agree within `SAME`, transitively.

    Args:
        refine: looks at pairs that agree, where the vectors don't tell all.
    """
    if len(vectors) == 0:
        return np.zeros(0, dtype=np.int64)
    # Neighbours in space are neighbours in every projection: sorting finds the few candidates.
    axis = generator("projection", vectors.shape[1]).standard_normal(vectors.shape[1])
    key = vectors @ axis
    order = np.argsort(key, kind="stable")
    width = 1.001 * SAME * float(np.linalg.norm(axis))
    rows, columns = [], []
    shift, near = 1, np.arange(len(order) - 1)
    while len(near):
        near = near[near + shift < len(order)]
        near = near[key[order[near + shift]] - key[order[near]] <= width]
        one, two = order[near], order[near + shift]
        same = np.linalg.norm(vectors[one] - vectors[two], axis=1) <= SAME
        one, two = one[same], two[same]
        if refine is not None and len(one):
            same = refine(one, two)
            one, two = one[same], two[same]
        rows.append(one)
        columns.append(two)
        shift += 1
    row, column = (np.concatenate(part) if part else np.zeros(0, int) for part in (rows, columns))
    graph = coo_array((np.ones(len(row)), (row, column)), shape=(len(order), len(order)))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def first_of_each(labels: Int[np.ndarray, " found"]) -> Int[np.ndarray, " groups"]:
    """The first row of each group."""
    return np.unique(labels, return_index=True)[1]


def distinct(
    solutions: Complex[np.ndarray, "found unknowns"], system: System
) -> Complex[np.ndarray, "found unknowns"]:
    """One row of each group."""
    return solutions[first_of_each(group(directions(solutions, system)))]


def lonely(vectors: Float[np.ndarray, "found dimensions"]) -> int:
    """How many of these fingerprints or directions come without that of their conjugate."""
    count = len(vectors)
    if count == 0:
        return 0
    # One group for each solution with its mirror image: a group that holds no original of a mirror is alone.
    labels = group(np.concatenate([vectors, mirrored(vectors)]))
    present = np.bincount(labels[:count], minlength=labels.max() + 1) > 0
    return int((~present[labels[count:]]).sum())


def missing_conjugates(solutions: Complex[np.ndarray, "found unknowns"], system: System) -> int:
    """How many solutions come without their conjugate."""
    return lonely(directions(solutions, system))
