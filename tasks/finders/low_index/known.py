"""What a search of the bottom knows: classes of low index, each with its hits from above and from below.

Points of index up to one more than is sought are kept: they are where exploration goes on from. Points above
that are dropped as they come, before anything dear is computed of them.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.finders.found import Found, add_hits, nothing_found
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.points.classify import CriticalPoints, classify
from morsecensus.tasks.points.deduplicate import bucket, match_known, same_point

ABOVE, BELOW = range(2)


@dataclass(frozen=True)
class Known:
    """Classes up to the landscape's sign changes.

    Attributes:
        points: nondegenerate ones of low index.
        hits: of each class from above and from below, shape (classes, 2).
        left: how many starts from below left each class.
        unsound: what Newton couldn't tell to be nondegenerate, and what came of it.
    """

    points: CriticalPoints
    hits: Int[np.ndarray, "classes ways"]
    left: Int[np.ndarray, " classes"]
    unsound: Found

    @classmethod
    def nothing(cls, landscape: Landscape) -> "Known":
        """What a search begins with."""
        none = CriticalPoints.none(landscape.manifold)
        hits, left = np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
        return cls(none, hits, left, nothing_found(landscape))

    def low_index(self, landscape: Landscape) -> Int[np.ndarray, " classes"]:
        """The lower of the indices that the points of each class have."""
        return lower_index(landscape, self.points.index)


def lower_index(landscape: Landscape, index: Int[np.ndarray, " points"]) -> Int[np.ndarray, " points"]:
    """The index of a point, or of its image at -E if that is lower."""
    return np.minimum(index, landscape.manifold.dimension - index) if landscape.symmetry.odd else index


def add(
    landscape: Landscape,
    couplings: Couplings,
    variation: float,
    known: Known,
    points: Float[np.ndarray, "hits ambient"],
    index: Int[np.ndarray, " hits"],
    way: int,
    highest: int,
    origins: Int[np.ndarray, " hits"] | None = None,
    left: Int[np.ndarray, " classes"] | None = None,
) -> Known:
    """Attribute converged points to known classes, and add new ones of index up to ``highest``.

    Args:
        index: of each, as Newton's steps had it.
        origins: the class from which each came: a return is no hit.
        left: how many starts left each known class.
    """
    points = landscape.symmetry.representatives(points)
    found = match_known(points, known.points, landscape.symmetry)
    old = found >= 0
    counted = old if origins is None else old & (found != origins)
    hits = known.hits.copy()
    hits[:, way] += np.bincount(found[counted], minlength=len(hits))
    rows, sizes = bucket(points[~old])
    fresh = points[~old][rows]
    low = lower_index(landscape, index[~old][rows]) <= highest
    fresh, sizes = fresh[low], sizes[low]
    new = classify(landscape, couplings, fresh, variation)
    sound = new.degenerate == 0
    ways = np.zeros((int(sound.sum()), 2), dtype=np.int64)
    ways[:, way] = sizes[sound]
    if left is not None:
        known = replace(known, left=known.left + left)
    known = _merge(landscape, _append(known, new.take(np.flatnonzero(sound)), hits, ways))
    unsound = np.repeat(new.points[~sound], sizes[~sound], axis=0)
    return _add_unsound(landscape, couplings, variation, known, unsound, way)


def _append(
    known: Known,
    points: CriticalPoints,
    hits: Int[np.ndarray, "classes 2"],
    ways: Int[np.ndarray, "fresh 2"],
) -> Known:
    """With new classes and their hits, and these hits of the old ones."""
    return replace(
        known,
        points=known.points.extend(points),
        hits=np.concatenate([hits, ways]),
        left=np.concatenate([known.left, np.zeros(len(ways), dtype=np.int64)]),
    )


def _add_unsound(
    landscape: Landscape,
    couplings: Couplings,
    variation: float,
    known: Known,
    points: Float[np.ndarray, "hits ambient"],
    way: int,
) -> Known:
    """Points whose Hessian is singular as far as Newton took them; what turns out to be sound is kept."""
    if not len(points):
        return known
    unsound, _ = add_hits(landscape, couplings, variation, known.unsound, points)
    proven = unsound.points
    ways = np.zeros((len(proven.hits), 2), dtype=np.int64)
    ways[:, way] = proven.hits
    joined = _append(known, proven.points, known.hits, ways)
    unsound = replace(unsound, points=nothing_found(landscape).points)
    return _merge(landscape, replace(joined, unsound=unsound))


def _merge(landscape: Landscape, known: Known) -> Known:
    """Join rows that are one critical point, keeping the sharpest row and the sum of the hits."""
    labels = same_point(known.points, landscape.symmetry)
    count = int(labels.max(initial=-1)) + 1
    if count == len(labels):
        return known
    best = np.lexsort((known.points.existence_radius, labels))
    first = best[np.unique(labels[best], return_index=True)[1]]
    hits = np.zeros((count, 2), dtype=np.int64)
    np.add.at(hits, labels, known.hits)
    left = np.bincount(labels, known.left, count).astype(np.int64)
    return replace(known, points=known.points.take(first), hits=hits, left=left)


def low_images(landscape: Landscape, points: CriticalPoints) -> Float[np.ndarray, "points ambient"]:
    """Of each point the image that has the low index: itself, or one at -E."""
    symmetry = landscape.symmetry
    mirrored = lower_index(landscape, points.index) != points.index
    images = symmetry.orbit(points.points).reshape(symmetry.size, *points.points.shape)
    return np.where(mirrored[:, None], images[np.argmin(symmetry.energies())], points.points)
