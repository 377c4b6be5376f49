"""What must hold for a Morse complex on spheres, and fails if connections are missing or wrong."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Int

from morsecensus.tasks.topology.chains import Arcs, composes_to_zero, rank
from morsecensus.tasks.topology.complex import MorseComplex


def betti_numbers(found: MorseComplex) -> dict[int, int]:
    """Degree -> Betti number, N_k - rank d_k - rank d_{k+1}, where both boundaries are known."""
    top = found.dimension
    ranks = {0: 0, top + 1: 0} | {degree: rank(arcs) for degree, arcs in found.boundary.items()}
    counts = np.bincount(found.index, minlength=top + 1)
    return {k: int(counts[k]) - ranks[k] - ranks[k + 1] for k in range(top + 1) if {k, k + 1} <= set(ranks)}


def certify_complex(
    found: MorseComplex, betti: Int[np.ndarray, " degrees"], mirrored: bool
) -> dict[str, bool | None]:
    """Name -> whether it holds; None where symmetry makes it true whatever was missed, or it can't be asked.

    The ranks are those that the Betti numbers of the manifold demand: in degree 0, rank d_1 = N_0 - 1; in
    degree 1 of a sphere of three dimensions or more, rank d_2 = N_1 - N_0 + 1; and so on from the top.

    Args:
        betti: of the manifold, by degree.
        mirrored: whether the upper half of the boundaries was copied from the lower by x -> -x.
    """
    top = found.dimension
    checks: dict[str, bool | None] = {}
    known_betti = betti_numbers(found)
    for degree in range(top + 1):
        value = known_betti.get(degree)
        right = None if value is None else value == int(betti[degree])
        # By symmetry it holds if it holds in the complementary degree, which is listed.
        copied = mirrored and degree > top - degree and right is not False
        checks[f"betti_{degree}"] = None if copied else right
    for degree in range(2, top + 1):
        if {degree - 1, degree} <= set(found.boundary):
            known = found.boundary
            checks[f"d_{degree - 1} d_{degree} = 0"] = composes_to_zero(known[degree - 1], known[degree])
    return checks


def same_arcs(one: Mapping[int, Arcs], other: Mapping[int, Arcs]) -> bool | None:
    """Whether two complexes agree on the boundaries that both know; None if there are none."""
    both = set(one) & set(other)
    return all(np.array_equal(one[degree], other[degree]) for degree in both) if both else None
