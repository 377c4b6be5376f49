"""A mesh of the unit sphere in three dimensions, with vertices that stand for equal areas.

The vertices are a Fibonacci lattice: equal steps in height, and a golden angle from each to the next
(A. González, Math. Geosci. 42 (2010) 49). Their convex hull is their Delaunay triangulation.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import ConvexHull

GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


def mesh(count: int) -> tuple[Float[np.ndarray, "count three"], Int[np.ndarray, "faces three"]]:
    """Return vertices and faces, 2 count - 4 of them, each counterclockwise as seen from outside."""
    height = 1 - (2 * np.arange(count) + 1) / count
    angle = GOLDEN_ANGLE * np.arange(count)
    radius = np.sqrt(1 - height**2)
    vertices = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    faces = np.asarray(ConvexHull(vertices).simplices, dtype=np.int64)
    inward = np.linalg.det(vertices[faces]) < 0
    faces[inward] = faces[inward][:, ::-1]
    return vertices, faces
