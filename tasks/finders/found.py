"""What a search knows of one landscape, and how hits are added: nondegenerate points, and sets of others."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.finders.resolve import resolve
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.points.census import Classes
from morsecensus.tasks.points.classify import classify
from morsecensus.tasks.points.critical_sets import CriticalSets, describe, gather, is_critical, no_sets
from morsecensus.tasks.points.deduplicate import bucket, match_known, same_point
from morsecensus.tasks.points.levenberg_marquardt import approach
from morsecensus.tasks.points.orbits import classify_orbits


def _merge(landscape: Landscape, classes: Classes) -> Classes:
    """Join rows that are one critical point, keeping the sharpest row and the sum of the hits."""
    labels = same_point(classes.points, landscape.symmetry)
    count = int(labels.max(initial=-1)) + 1
    if count == len(labels):
        return classes
    best = np.lexsort((classes.points.existence_radius, labels))
    first = best[np.unique(labels[best], return_index=True)[1]]
    return Classes(classes.points.take(first), np.bincount(labels, weights=classes.hits).astype(np.int64))


@dataclass(frozen=True)
class Found:
    """What a search knows of one landscape: nondegenerate points, and the sets of degenerate ones."""

    points: Classes
    sets: CriticalSets

    def classes(self, landscape: Landscape, couplings: Couplings) -> Classes:
        """All classes, the degenerate ones last."""
        found = self.points.points
        members = landscape.symmetry.members(found.points, found.uniqueness_radius)
        sound = replace(self.points, members=members)
        if not len(self.sets):
            return sound
        points = describe(landscape, couplings, self.sets)
        degenerate = Classes(points, self.sets.hits_of_classes(), self.sets.members())
        return Classes.join([sound, degenerate])


def nothing_found(landscape: Landscape) -> Found:
    """What a search begins with."""
    return Found(Classes.none(landscape.manifold), no_sets(landscape))


def add_hits(
    landscape: Landscape,
    couplings: Couplings,
    variation: float,
    found: Found,
    points: Float[np.ndarray, "hits ambient"],
) -> tuple[Found, int]:
    """Attribute converged points to known classes, and classify and add the new ones.

    Returns:
        What is known now, and the number of hits that turn out not to be near a critical point.
    """
    classes = found.points
    points = landscape.symmetry.representatives(points)
    rows, sizes = bucket(points)
    known = match_known(points[rows], classes.points, landscape.symmetry)
    old = known >= 0
    hits = classes.hits + np.bincount(known[old], weights=sizes[old], minlength=len(classes.hits)).astype(
        np.int64
    )
    fresh, sizes = points[rows[~old]], sizes[~old]
    if landscape.symmetry.orbits is not None:
        manifolds = classify_orbits(landscape, couplings, fresh, variation)
        joined = Classes(classes.points.extend(manifolds), np.concatenate([hits, sizes]))
        return replace(found, points=_merge(landscape, joined)), 0
    new = classify(landscape, couplings, fresh, variation)
    sound = new.degenerate == 0
    joined = Classes(
        classes.points.extend(new.take(np.flatnonzero(sound))), np.concatenate([hits, sizes[sound]])
    )
    found = replace(found, points=_merge(landscape, joined))
    return _add_unsound(landscape, couplings, variation, found, new.points[~sound], sizes[~sound])


def _add_unsound(
    landscape: Landscape,
    couplings: Couplings,
    variation: float,
    found: Found,
    points: Float[np.ndarray, "hits ambient"],
    sizes: Int[np.ndarray, " hits"],
) -> tuple[Found, int]:
    """Hits where the Hessian is singular as far as Newton took them: go nearer, and see what is there."""
    if not len(points):
        return found, 0
    near = approach(landscape, couplings, points)
    critical = is_critical(landscape, near.gradient_norm)
    lost = int(sizes[~critical].sum())
    near, sizes = near.take(critical), sizes[critical]
    new = classify(landscape, couplings, near.points, variation)
    sound = new.degenerate == 0
    sets = gather(landscape, couplings, found.sets, near.take(~sound), sizes[~sound])
    sets, proven = resolve(landscape, couplings, sets)
    nearer = Classes(new.take(np.flatnonzero(sound)), sizes[sound])
    return Found(_merge(landscape, Classes.join([found.points, nearer, proven])), sets), lost
