"""All singular tuples of one tensor of a shape, from one tuple, by monodromy.

A tensor with a given tuple is found by solving linear equations. Following this tuple along a closed path in
the space of complex tensors leads to another tuple of the same tensor, since the set of all pairs (tensor,
tuple) is irreducible: the tensors that have a given tuple are a linear space of always the same dimension. So
all tuples can be reached from one, and their number is known, which says when to stop (Duff, Hill, Jensen,
Lee, Leykin and Sommars, arXiv:1609.08722).

Here closed paths run between two real tensors A and B along *edges*: the segment from c A to B for a random
complex c, forth along one and back along another. An edge is a one-to-one map between the tuples of A and
those of B, so that what came forth along it needn't be sent back. With a fraction f of all tuples known at
random, the next edge brings the unknown fraction from 1 - f to its square. A path that jumps does no harm:
its endpoint is a tuple all the same.
"""

import math
from functools import lru_cache

import numpy as np
from jaxtyping import Complex, Float

from morsecensus.tasks.finders.homotopy.distinctness import distinct
from morsecensus.tasks.finders.homotopy.ends import sound
from morsecensus.tasks.finders.homotopy.paths import TrackerSettings, here
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.systems.multilinear.system import MultilinearSystem, Start
from morsecensus.tasks.systems.multilinear.tables import Tables

MOST_EDGES = 200
"""A few more than the binary logarithm of the number of tuples are needed."""
SETTINGS = TrackerSettings(order=8)

Solutions = Complex[np.ndarray, "found n"]


def _random_tensor(sizes: tuple[int, ...], name: str) -> Float[np.ndarray, "..."]:
    """Entries so that singular values are of order one."""
    return generator("monodromy", *sizes, name).standard_normal(sizes) / math.sqrt(sum(sizes))


def tensor_with_tuple(sizes: tuple[int, ...]) -> Start:
    """A random real tensor that is nearest to an unconstrained one among those with one random tuple."""
    draw, tables = generator("monodromy", *sizes, "tuple"), Tables(sizes)
    parts = [draw.standard_normal(size) for size in sizes]
    x = np.concatenate([part / np.linalg.norm(part) for part in parts])
    # The derivatives grad H(x) are linear in the tensor: one row for each component.
    rows = []
    for i, size in enumerate(sizes):
        for a in range(size):
            unit = [x[first : first + n] for first, n in _parts(tables)]
            unit[i] = np.eye(size)[a]
            rows.append(_outer(unit).ravel())
    tensor = _random_tensor(sizes, "A").ravel()
    matrix = np.array(rows)
    tensor += np.linalg.lstsq(matrix, x - matrix @ tensor, rcond=None)[0]
    return Start(tensor.reshape(sizes), x[None].astype(complex))


def _parts(tables: Tables) -> list[tuple[int, int]]:
    return [(tables.first[(i,)], size) for i, size in enumerate(tables.sizes)]


def _outer(vectors: list[Float[np.ndarray, " n_i"]]) -> Float[np.ndarray, "..."]:
    whole = np.ones(())
    for vector in vectors:
        whole = np.multiply.outer(whole, vector)
    return whole


def _along(start: Start, end: MultilinearSystem, c: complex) -> Solutions:
    """The tuples of the end at which paths arrive from those of the start."""
    system = MultilinearSystem(end.tensor, start)
    tracked = here(system, 1)(np.array([c]), np.arange(len(start.solutions)), SETTINGS)
    return distinct(tracked.endpoints[sound(tracked)], system)


def _not_among(solutions: Solutions, known: Solutions, system: MultilinearSystem) -> Solutions:
    """Those that aren't known: of equal ones `distinct` keeps the first."""
    both = distinct(np.concatenate([known, solutions]), system)
    is_known = np.isin(both[:, 0], known[:, 0])
    return both[~is_known]


@lru_cache(maxsize=4)
def start_form(sizes: tuple[int, ...]) -> Start:
    """A real tensor of this shape with all its singular tuples, a function of the shape alone.

    Should `MOST_EDGES` not be enough, what was found: the books of whoever starts there can't close.
    """
    first = tensor_with_tuple(sizes)
    a, b = (MultilinearSystem(t) for t in (first.tensor, _random_tensor(sizes, "B")))
    draw = generator("monodromy", *sizes, "edges")
    at_a, at_b = first.solutions, first.solutions[:0]
    for _ in range(MOST_EDGES):
        if len(at_a) >= a.paths:
            break
        c = complex(draw.uniform(0.8, 1.25) * np.exp(2j * np.pi * draw.random()))
        forth = _along(Start(a.tensor, at_a), b, c)
        to_send = _not_among(at_b, forth, b)
        at_b = distinct(np.concatenate([at_b, forth]), b)
        # From B to c A is, but for the factor c, from B/c to A.
        at_a = distinct(np.concatenate([at_a, _along(Start(b.tensor, to_send), a, 1 / c)]), a)
    return Start(a.tensor, at_a)
