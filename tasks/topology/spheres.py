"""Where Morse complexes are built: on one sphere; those of degree 1, whose gradient lines end in minima, on
products of spheres too. Free of JAX, so that a plan can ask."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from morsecensus.tasks.landscapes.base import Landscape

COMPONENTS = 1
"""Highest degree of the boundaries that merge trees need."""


def require_one_sphere(landscape: Landscape) -> None:
    """Raise ValueError for a landscape on any other manifold, on which separatrices aren't followed."""
    sizes = landscape.manifold.sizes
    if len(sizes) != 1:
        raise ValueError(f"manifold: got {_named(landscape)}, allowed for topology: one sphere")


def require_spheres(landscape: Landscape, highest: int) -> None:
    """Raise ValueError where boundaries up to a degree can't be had.

    Args:
        highest: 1 for merge trees alone.
    """
    sizes = landscape.manifold.sizes
    if not sizes or (len(sizes) > 1 and highest > COMPONENTS):
        raise ValueError(
            f"manifold: got {_named(landscape)}, allowed for topology: one sphere, or a product of them with "
            'topology = "components"'
        )


def betti_of_product(sizes: Sequence[int]) -> Int[np.ndarray, " degrees"]:
    """Betti numbers of a product of spheres in spaces of these dimensions (Kuenneth): the coefficients of the
    product of 1 + t^(size - 1)."""
    found = np.ones(1, dtype=np.int64)
    for size in sizes:
        longer = np.zeros(len(found) + size - 1, dtype=np.int64)
        longer[: len(found)] += found
        longer[size - 1 :] += found
        found = longer
    return found


def _named(landscape: Landscape) -> str:
    sizes = landscape.manifold.sizes
    return f"a product of {len(sizes)} spheres" if sizes else type(landscape.manifold).__name__
