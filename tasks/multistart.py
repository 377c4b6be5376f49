"""Multistart: rounds of descent and Newton from random starts, until the ledger closes or the budget ends."""

import numpy as np
from jaxtyping import Float, Int

from tasks.census import Census, Classes
from tasks.classify import classify
from tasks.deduplicate import bucket, match_known, same_point
from tasks.landscapes.base import Couplings, Landscape
from tasks.ledger import COMPLETE, FAILED, Evidence, assess
from tasks.newton import OUTCOMES
from tasks.options import MultistartOptions
from tasks.orbits import classify_orbits, orbit_evidence
from tasks.rounds import Search, here
from tasks.scale import census_of, normalised


def _merge(landscape: Landscape, classes: Classes) -> Classes:
    """Join rows that are one critical point, keeping the sharpest row and the sum of the hits."""
    labels = same_point(classes.points, landscape.symmetry)
    count = int(labels.max(initial=-1)) + 1
    if count == len(labels):
        return classes
    best = np.lexsort((classes.points.existence_radius, labels))
    first = best[np.unique(labels[best], return_index=True)[1]]
    return Classes(classes.points.take(first), np.bincount(labels, weights=classes.hits).astype(np.int64))


def add_hits(
    landscape: Landscape,
    couplings: Couplings,
    variation: float,
    classes: Classes,
    points: Float[np.ndarray, "hits ambient"],
) -> Classes:
    """Attribute converged points to known classes, and classify and add the new ones."""
    points = landscape.symmetry.representatives(points)
    rows, sizes = bucket(points)
    known = match_known(points[rows], classes.points, landscape.symmetry)
    old = known >= 0
    hits = classes.hits + np.bincount(known[old], weights=sizes[old], minlength=len(classes.hits)).astype(
        np.int64
    )
    fresh = points[rows[~old]]
    isolated = landscape.symmetry.orbits is None
    found = (classify if isolated else classify_orbits)(landscape, couplings, fresh, variation)
    joined = Classes(classes.points.extend(found), np.concatenate([hits, sizes[~old]]))
    return _merge(landscape, joined)


def evidence_of(landscape: Landscape, classes: Classes) -> Evidence:
    manifold, symmetry = landscape.manifold, landscape.symmetry
    return Evidence(
        classes.hits,
        classes.points.index,
        classes.points.degenerate,
        symmetry.size,
        symmetry.odd,
        manifold.dimension,
        manifold.euler_characteristic,
        landscape.complex_points,
        orbit_evidence(symmetry.orbits, classes.points),
    )


def multistart(
    landscape: Landscape,
    couplings: Couplings,
    seed: int,
    instance: int,
    options: MultistartOptions,
    search: Search | None = None,
) -> Census:
    """The census of one instance.

    Args:
        seed: of the study.
        instance: the landscape id; with the seed it keys the starts, as it keyed the couplings.
        search: where the rounds are searched; here, one by one, if None. The census doesn't depend on it.
    """
    couplings, exponent = normalised(landscape, couplings)
    variation = landscape.hessian_variation(couplings)
    classes = Classes.none(landscape.manifold)
    outcomes: Int[np.ndarray, " outcome"] = np.zeros(len(OUTCOMES), dtype=np.int64)
    ledger = assess(evidence_of(landscape, classes), options.min_hits)
    rounds = 0
    for ended, points in (search or here(landscape, couplings, seed, instance))(options):
        outcomes += ended
        classes = add_hits(landscape, couplings, variation, classes, points)
        ledger = assess(evidence_of(landscape, classes), options.min_hits)
        rounds += 1
        if ledger.status in (COMPLETE, FAILED):
            break
    return census_of(Census(landscape, classes, ledger, outcomes, rounds), exponent)
