"""Degenerate, or only nearly so? What doubles can't tell is tried in ball arithmetic.

Two critical points at distance d have Hessians with an eigenvalue of order d; below about 1e-8 of the
landscape's scale no radius in double precision separates them, and they look like one degenerate point. With
more digits Newton's method goes to one of them, and a proof (`tasks.finders.homotopy.krawczyk`) shows that it
is nondegenerate, and its index. No proof, at 384 bits, leaves a class degenerate.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.points.census import Classes
from morsecensus.tasks.points.classify import CriticalPoints, classify
from morsecensus.tasks.points.critical_sets import FLAT, CriticalSets
from morsecensus.tasks.points.deduplicate import same_point

if TYPE_CHECKING:
    from morsecensus.tasks.finders.homotopy.certify import Certificates
    from morsecensus.tasks.systems.system import System

ATTEMPTS = 3
"""Landmarks of a class that are tried before it is called degenerate: one may lie where two points part."""
ASIDE = (1e-6, 1e-4)
"""Steps along the kernel, in units of sqrt(ambient), from which neighbours of a proven point are sought."""


def resolve(landscape: Landscape, couplings: Couplings, sets: CriticalSets) -> tuple[CriticalSets, Classes]:
    """Take classes apart that hold provably nondegenerate points.

    Returns:
        The classes that stay, marked as tried; the points that were proven, whose radii are the proof's.
    """
    proven = Classes.none(landscape.manifold)
    untried = [k for k in range(sets.classes) if not sets.tried[sets.labels == k].any()]
    system = _system(landscape, couplings) if untried else None
    if system is None:
        return sets, proven
    gone, tried = np.zeros(len(sets), dtype=bool), sets.tried.copy()
    for label in untried:
        mine = np.flatnonzero(sets.labels == label)
        first = _prove(system, sets.found.points[mine[:ATTEMPTS]])
        tried[mine] = True
        if not first.proven.any():
            continue
        each = _prove(system, sets.found.points[mine])
        aside = _prove(system, _aside(landscape, sets, mine))
        points = _classified(landscape, couplings, [each, aside])
        # From a landmark beside a proven point Newton may fail, and it tells of nothing but that point.
        near = KDTree(landscape.symmetry.orbit(points.points)).query(sets.found.points[mine])[0]
        mine = mine[each.proven | (near <= ASIDE[-1] * landscape.manifold.ambient**0.5)]
        gone[mine] = True
        share = max(int(sets.hits[mine].sum()) // len(points.points), 1)
        hits = np.full(len(points.points), share, dtype=np.int64)
        proven = Classes.join([proven, Classes(points, hits)])
    return replace(sets, tried=tried).without(gone), proven


def _system(landscape: Landscape, couplings: Couplings) -> "System | None":
    try:
        return landscape.polynomial_system(couplings)
    except NotImplementedError:  # H is no polynomial that we have in balls
        return None


def _prove(system: "System", points: Float[np.ndarray, "points ambient"]) -> "Certificates":
    # flint is loaded only where there is something to prove.
    from morsecensus.tasks.finders.homotopy.certify import certify_points

    return certify_points(system, points)


def _aside(
    landscape: Landscape, sets: CriticalSets, mine: Int[np.ndarray, " landmarks"]
) -> Float[np.ndarray, "starts ambient"]:
    """Starts to both sides of a class along its kernel, where the neighbours are that it may hide."""
    first = sets.found.take(mine[:1])
    flat = np.abs(first.values[0]) <= FLAT * landscape.curvature_scale
    along = first.vectors[0][:, flat].T * landscape.manifold.ambient**0.5
    steps = [sign * length * along for length in ASIDE for sign in (1, -1)]
    return landscape.manifold.on_spheres(first.points + np.concatenate(steps))


def _classified(landscape: Landscape, couplings: Couplings, proofs: "list[Certificates]") -> CriticalPoints:
    """Proven points, each once, one of each class of images."""
    radius, error, index, points = (
        np.concatenate([getattr(each, name)[each.proven] for each in proofs])
        for name in ("radius", "error", "index", "points")
    )
    signs, energy = landscape.flips.to_canonical(points)
    points = points * signs
    index = np.where(energy < 0, landscape.manifold.dimension - index, index)
    found = classify(landscape, couplings, points, 0.0)
    found = replace(
        found,
        points=points,
        index=index,
        existence_radius=error,
        uniqueness_radius=radius,
        degenerate=np.zeros_like(index),
    )
    first = np.unique(same_point(found, landscape.symmetry), return_index=True)[1]
    return found.take(first)
