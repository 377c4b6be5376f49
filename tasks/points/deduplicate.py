"""From hits to distinct points, in O(n log n).

Two stages. `bucket` joins hits that agree to many digits, by sorting on a random projection. What remains is
few, and `same_point` joins those whose Newton-Kantorovich balls overlap: if b lies, with its own error,
inside the ball in which a is the only critical point, then a and b are one point. Images under the
landscape's sign changes are compared too; where orbits are manifolds, all points are representatives already.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from morsecensus.tasks.geometry.symmetry import Symmetry, direction
from morsecensus.tasks.points.classify import CriticalPoints

# Hits are converged to about 1e-12; bucketing too finely only leaves more work to the second stage.
BUCKET_WIDTH = 1e-8


def bucket(
    points: Float[np.ndarray, "hits ambient"],
) -> tuple[Int[np.ndarray, " buckets"], Int[np.ndarray, " buckets"]]:
    """Group hits that agree within BUCKET_WIDTH: the row of one member of each group, and the sizes of the
    groups.

    One point may come as several groups (when another point has the same projection), never two points as
    one group.
    """
    if len(points) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    width = BUCKET_WIDTH * points.shape[1] ** 0.5
    order = np.argsort(points @ direction(points.shape[1]), kind="stable")
    gaps = np.linalg.norm(np.diff(points[order], axis=0), axis=1)
    first = np.flatnonzero(np.concatenate([[True], gaps > width]))
    return order[first], np.diff(np.append(first, len(points)))


def match_known(
    candidates: Float[np.ndarray, "candidates ambient"], known: CriticalPoints, symmetry: Symmetry
) -> Int[np.ndarray, " candidates"]:
    """The row of the known point whose uniqueness ball holds each candidate (or one of its images), -1 if
    there is none.

    Half the radius is used, since the candidates come with no error bound of their own.
    """
    if len(known.points) == 0 or len(candidates) == 0:
        return np.full(len(candidates), -1)
    rho = known.points.shape[1] ** 0.5
    images = symmetry.orbit(known.points)
    distance, row = KDTree(images / rho).query(candidates / rho)
    row = row % len(known.points)
    return np.where(distance <= 0.5 * known.uniqueness_radius[row], row, -1)


def same_point(found: CriticalPoints, symmetry: Symmetry) -> Int[np.ndarray, " points"]:
    """Labels 0, 1, ... such that rows with one label are one critical point, up to the landscape's
    symmetry."""
    count = len(found.points)
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    unit = found.points / found.points.shape[1] ** 0.5
    images = symmetry.orbit(unit)
    radii = found.uniqueness_radius
    neighbours = KDTree(images).query_ball_point(unit, radii)
    rows = np.repeat(np.arange(count), [len(near) for near in neighbours])
    columns = np.fromiter((j for near in neighbours for j in near), dtype=np.int64, count=len(rows))
    distance = np.linalg.norm(unit[rows] - images[columns], axis=1)
    columns = columns % count
    inside = distance + found.existence_radius[columns] <= radii[rows]
    graph = coo_array((np.ones(inside.sum()), (rows[inside], columns[inside])), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)
