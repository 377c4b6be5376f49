"""What GUDHI does for us: persistence of filtered simplicial complexes, and distances between diagrams."""

from itertools import combinations

import gudhi
import numpy as np
from jaxtyping import Float, Int


def lower_star_diagrams(
    simplices: Int[np.ndarray, "simplices vertices"], values: Float[np.ndarray, " points"]
) -> list[Float[np.ndarray, "classes two"]]:
    """Persistence over Z/2 of the function that is linear on each simplex, one diagram for each degree.

    A simplex enters with its highest vertex. Classes of no lifetime are left out.

    Args:
        simplices: of the top dimension, vertices as rows of ``values``.
        values: at the vertices.
    """
    tree, size = gudhi.SimplexTree(), simplices.shape[1]
    vertices = np.ascontiguousarray(simplices.T, dtype=np.int32)
    heights = np.asarray(values, dtype=np.float64)
    # Faces first: a simplex that is inserted never lowers a face that is there.
    for count in range(1, size + 1):
        for chosen in combinations(range(size), count):
            face = np.ascontiguousarray(vertices[list(chosen)])
            tree.insert_batch(face, heights[face].max(axis=0))
    # GUDHI leaves out the top degree unless asked, and an essential class lives there.
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
    found = (tree.persistence_intervals_in_dimension(k) for k in range(size))
    return [np.asarray(part, dtype=np.float64).reshape(-1, 2) for part in found]


def bottleneck(first: Float[np.ndarray, "classes two"], second: Float[np.ndarray, "others two"]) -> float:
    """Bottleneck distance of two diagrams; inf if they have different numbers of essential classes."""
    return float(gudhi.bottleneck_distance(first, second))
