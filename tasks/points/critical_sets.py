"""Degenerate critical points: isolated ones once each, continuous sets once a component.

Starts that end at points with a singular Hessian say little one by one: on a continuous set no two end at
the same point, and near an isolated degenerate one they end where the gradient drowns in round-off, which is
a ball of radius eps^(1/k) for a gradient of order k. What they have in common is that one can *walk* from one
to the other without leaving the critical set. So hits are kept as landmarks, and landmarks that a walk joins
are one class:

* A walk goes along a straight line in WALK steps; after each, `tasks.points.levenberg_marquardt` brings it
  back to the critical set. It fails if the gradient doesn't vanish there, or if it was thrown back by half a
  step.
* Joined landmarks are found by growing a spanning forest: each landmark tries its nearest of another tree.
* The dimension of a class is the number of independent directions in which one can go: from a landmark a
  step PROBE along each direction of the Hessian's kernel, then back to the set. An isolated point stays where
  it was. Landmarks vote, since the dimension is larger where a set crosses itself.

All of this is evidence in double precision: sets that a gradient below NOISE can't tell apart are one.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.points.classify import CriticalPoints
from morsecensus.tasks.points.levenberg_marquardt import Approach, approach

NOISE = 1e-12
"""Gradients below this are zero to round-off, in units of sqrt(ambient) times the landscape's scale: a
hundredth of what a start must reach to converge."""
FLAT = 1e-5
"""Eigenvalues below this share of the landscape's curvature count as zero, at a point without a proof. Where
the gradient is t^k, NOISE leaves t at its k-th root, and the eigenvalue at NOISE^(1 - 1/k)."""
SAME_LEVEL = 1e-9
"""Energies per spin, in units of the gradient's scale, that are one to round-off."""
WALK = 6
PROBE = 0.1
"""In units of sqrt(ambient): large against the ball in which an isolated point is lost, small against a
sphere."""
FIRST = 64
"""Landmarks of which the first ones of a search are made at a time."""
MOST_LANDMARKS = 512
"""A search whose landmarks don't join doesn't grow without bound."""
VOTES = 8
TRIES = 4
"""Nearest landmarks of other trees that each landmark tries in vain before it gives up."""


@dataclass(frozen=True)
class CriticalSets:
    """Landmarks of the degenerate critical sets of one landscape, up to its sign changes.

    Attributes:
        found: the landmarks, one row each.
        hits: starts that ended nearest to each, shape (landmarks,).
        labels: class of each landmark, 0, 1, ..., shape (landmarks,).
        images: label of each image among all images, shape (group, landmarks): a class that a sign change
            takes to itself has one label for both.
        tried: landmarks for which a proof of nondegeneracy was tried.
    """

    found: Approach
    hits: Int[np.ndarray, " landmarks"]
    labels: Int[np.ndarray, " landmarks"]
    images: Int[np.ndarray, "group landmarks"]
    tried: Bool[np.ndarray, " landmarks"]

    def __len__(self) -> int:
        return len(self.hits)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.labels.max(initial=-1)) + 1

    def hits_of_classes(self) -> Int[np.ndarray, " classes"]:
        """Starts that ended at each class."""
        return np.bincount(self.labels, self.hits, self.classes).astype(np.int64)

    def members(self) -> Bool[np.ndarray, "classes group"]:
        """Which images of each class are sets of their own: one of each coset of its stabiliser."""
        group = len(self.images)
        separate = np.ones((self.classes, group), dtype=bool)
        for label, first in enumerate(np.unique(self.labels, return_index=True)[1]):
            own = self.images[:, first]
            separate[label] = [own[g] not in own[:g] for g in range(group)]
        return separate

    def without(self, gone: Bool[np.ndarray, " landmarks"]) -> "CriticalSets":
        """The landmarks that stay."""
        kept = ~gone
        labels = np.unique(self.labels[kept], return_inverse=True)[1].astype(np.int64)
        return CriticalSets(
            self.found.take(kept), self.hits[kept], labels, self.images[:, kept], self.tried[kept]
        )


def no_sets(landscape: Landscape) -> CriticalSets:
    """What a search begins with."""
    whole = np.zeros(0, dtype=np.int64)
    nothing = approach(landscape, None, np.zeros((0, landscape.manifold.ambient)))
    images = np.zeros((landscape.symmetry.size, 0), dtype=np.int64)
    return CriticalSets(nothing, whole, whole, images, np.zeros(0, dtype=bool))


def is_critical(landscape: Landscape, norm: Float[np.ndarray, " points"]) -> Bool[np.ndarray, " points"]:
    """Whether gradients of these norms are zero to round-off."""
    return norm <= NOISE * landscape.gradient_scale * landscape.manifold.ambient**0.5


def gather(
    landscape: Landscape,
    couplings: Couplings,
    sets: CriticalSets,
    found: Approach,
    sizes: Int[np.ndarray, " points"],
) -> CriticalSets:
    """Attribute degenerate points to known landmarks, make landmarks of the others, and join them.

    Args:
        found: points to which `is_critical` applies.
        sizes: starts that ended at each.
    """
    left = np.arange(len(sizes))
    known = len(sets)
    while len(left) and len(sets) < MOST_LANDMARKS:
        if len(sets):
            nearest = _nearest(landscape, sets.found.points, found.points[left])
            linked = _walks(landscape, couplings, found.points[left], nearest.points)
            hits = sets.hits + np.bincount(nearest.rows[linked], sizes[left[linked]], len(sets))
            sets = _with(sets, sets.found, hits.astype(np.int64))
            left = left[~linked]
        # Hits come sorted along some direction: take landmarks from everywhere.
        taken = np.zeros(len(left), dtype=bool)
        taken[np.linspace(0, len(left) - 1, min(FIRST, len(left))).astype(np.int64)] = True
        fresh, left = left[taken], left[~taken]
        joined = Approach.join([sets.found, found.take(fresh)])
        sets = _with(sets, joined, np.concatenate([sets.hits, sizes[fresh]]))
    return sets if len(sets) == known else _join(landscape, couplings, sets)


def _with(sets: CriticalSets, found: Approach, hits: Int[np.ndarray, " landmarks"]) -> CriticalSets:
    """More hits or landmarks; new ones come without labels."""
    fresh = len(hits) - len(sets)
    labels = np.concatenate([sets.labels, np.full(fresh, -1)])
    images = np.concatenate([sets.images, np.full((len(sets.images), fresh), -1)], axis=1)
    tried = np.concatenate([sets.tried, np.zeros(fresh, dtype=bool)])
    return CriticalSets(found, hits, labels, images, tried)


@dataclass(frozen=True)
class _Nearest:
    rows: Int[np.ndarray, " points"]
    points: Float[np.ndarray, "points ambient"]


def _nearest(
    landscape: Landscape,
    landmarks: Float[np.ndarray, "landmarks ambient"],
    points: Float[np.ndarray, "points ambient"],
) -> _Nearest:
    """The nearest image of a landmark to each point."""
    images = landscape.symmetry.orbit(landmarks)
    row = np.asarray(KDTree(images).query(points)[1])
    return _Nearest(row % len(landmarks), images[row])


def _walks(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[np.ndarray, "pairs ambient"],
    ends: Float[np.ndarray, "pairs ambient"],
) -> Bool[np.ndarray, " pairs"]:
    """Whether one can walk from each start to its end within the critical set."""
    at, arrives = starts.copy(), np.ones(len(starts), dtype=bool)
    for step in range(WALK, 0, -1):
        aim = at + (ends - at) / step
        arrives &= _off_centre(landscape, aim)
        rows = np.flatnonzero(arrives)
        if not len(rows):
            break
        # Straight back to the spheres, as `approach` begins, is no way off the set.
        target = landscape.manifold.on_spheres(aim[rows])
        aimed = approach(landscape, couplings, target)
        thrown = np.linalg.norm(aimed.points - target, axis=1)
        length = np.linalg.norm(target - at[rows], axis=1)
        held = is_critical(landscape, aimed.before) | (
            is_critical(landscape, aimed.gradient_norm) & (thrown <= length / 2)
        )
        arrives[rows] = held
        at[rows] = aimed.points
    return arrives


def _off_centre(
    landscape: Landscape, points: Float[np.ndarray, "points ambient"]
) -> Bool[np.ndarray, " points"]:
    """Whether points have a direction on each sphere: between antipodes there is no straight way."""
    lengths = [
        np.linalg.norm(points[:, part], axis=1) / size**0.5 for part, size in landscape.manifold.parts()
    ]
    return np.all(np.array(lengths) > 1e-3, axis=0)


def _join(landscape: Landscape, couplings: Couplings, sets: CriticalSets) -> CriticalSets:
    """Label the landmarks by a spanning forest of walks, over all their images."""
    points, count = sets.found.points, len(sets)
    images = landscape.symmetry.orbit(points)
    forest = _Forest(landscape, count)
    distance = cdist(points, images)
    # H is constant on a connected critical set.
    energy = np.outer(landscape.symmetry.energies(), sets.found.energy).reshape(-1)
    level = SAME_LEVEL * landscape.gradient_scale
    distance[np.abs(sets.found.energy[:, None] - energy[None, :]) > level] = np.inf
    tries = np.zeros(count, dtype=np.int64)
    while True:
        labels = forest.labels()
        apart = np.where(labels.reshape(-1)[None, :] == labels[0][:, None], np.inf, distance)
        column = np.argmin(apart, axis=1)
        rows = np.flatnonzero(np.isfinite(apart[np.arange(count), column]) & (tries < TRIES))
        if not len(rows):
            break
        column = column[rows]
        walked = _walks(landscape, couplings, points[rows], images[column])
        forest.add(rows[walked], column[walked])
        distance[rows[~walked], column[~walked]] = np.inf
        tries[rows[~walked]] += 1
    labels = forest.labels()
    joined = coo_array(
        (np.ones(labels.size), (np.tile(labels[0], len(labels)), labels.reshape(-1))),
        shape=(labels.max() + 1,) * 2,
    )
    every = connected_components(joined, directed=False)[1]
    classes = np.unique(every[labels[0]], return_inverse=True)[1].astype(np.int64)
    return CriticalSets(sets.found, sets.hits, classes, labels, sets.tried)


class _Forest:
    """Landmarks and their images, joined by walks; an image of a walk is one."""

    def __init__(self, landscape: Landscape, count: int) -> None:
        self.count, self.group = count, landscape.symmetry.size
        self.product = landscape.symmetry.products()
        self.edges: list[np.ndarray] = []

    def add(self, rows: Int[np.ndarray, " walks"], columns: Int[np.ndarray, " walks"]) -> None:
        """Walks from landmarks to images of landmarks, numbered as `Symmetry.orbit` does."""
        element, landmark = np.divmod(columns, self.count)
        for g in range(self.group):
            to = self.product[g, element] * self.count + landmark
            self.edges.append(np.stack([g * self.count + rows, to]))

    def labels(self) -> Int[np.ndarray, "group landmarks"]:
        """The tree of each image."""
        ends = np.concatenate([np.zeros((2, 0), dtype=np.int64), *self.edges], axis=1)
        size = self.group * self.count
        graph = coo_array((np.ones(ends.shape[1]), (ends[0], ends[1])), shape=(size, size))
        trees = connected_components(graph, directed=False)[1]
        return trees.reshape(self.group, self.count).astype(np.int64)


def describe(landscape: Landscape, couplings: Couplings, sets: CriticalSets) -> CriticalPoints:
    """One row a class: its most regular landmark, the dimension of the set there and the nullity.

    Nothing is proven of these: the existence radius is infinite and the uniqueness radius 0. ``index`` counts
    the eigenvalues that are negative beyond doubt.
    """
    if not len(sets):
        return CriticalPoints.none(landscape.manifold)
    flat = FLAT * landscape.curvature_scale
    nullity = (np.abs(sets.found.values) <= flat).sum(axis=1)
    chosen, dimension = [], []
    for label in range(sets.classes):
        mine = np.flatnonzero(sets.labels == label)
        voters = mine[np.argsort(nullity[mine], kind="stable")][:VOTES]
        votes = _dimensions(landscape, couplings, sets.found.take(voters))
        numbers, ballots = np.unique(votes, return_counts=True)
        dimension.append(numbers[np.argmax(ballots)])
        chosen.append(int(voters[0]))
    rows = np.array(chosen, dtype=np.int64)
    found = sets.found.take(rows)
    spectrum = found.values[:, : landscape.manifold.dimension]
    ones = np.ones(len(rows), dtype=np.int64)
    return CriticalPoints(
        found.points,
        found.energy,
        (spectrum < -flat).sum(axis=1),
        spectrum,
        found.radial_derivative,
        found.gradient_norm,
        np.full(len(rows), np.inf),
        np.zeros(len(rows)),
        ones,
        np.array(dimension, dtype=np.int64),
        nullity[rows],
    )


def _dimensions(landscape: Landscape, couplings: Couplings, found: Approach) -> Int[np.ndarray, " landmarks"]:
    """In how many directions one can go from each landmark."""
    flat = FLAT * landscape.curvature_scale
    step = PROBE * landscape.manifold.ambient**0.5
    owner, column = np.nonzero(np.abs(found.values) <= flat)
    along = found.vectors[owner, :, column]
    # Each direction, and its opposite.
    owner, along = np.concatenate([owner, owner]), np.concatenate([along, -along])
    ends = approach(landscape, couplings, found.points[owner] + step * along)
    moved = (ends.points - found.points[owner]) / step
    moved[~is_critical(landscape, ends.gradient_norm)] = 0.0
    return np.array(
        [_rank(moved[owner == landmark]) for landmark in range(len(found.points))], dtype=np.int64
    )


def _rank(moved: Float[np.ndarray, "probes ambient"]) -> int:
    """A direction and its opposite that both arrive give a singular value of sqrt(2), none gives the smaller
    ones: what curves away, and the ball in which an isolated point is lost."""
    if not len(moved):
        return 0
    return int((np.linalg.svd(moved, compute_uv=False) > 0.5 * 2**0.5).sum())
