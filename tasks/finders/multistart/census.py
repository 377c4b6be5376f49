"""Multistart: rounds of descent and Newton from random starts, until the ledger closes or the budget ends."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.finders.multistart.resolve import resolve
from morsecensus.tasks.finders.multistart.rounds import Search, elsewhere, here, is_worth_sending
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.measurables.words import COMPLETE, CONVERGED, FAILED, OUTCOMES, STALLED
from morsecensus.tasks.points.census import Census, Classes, census_of, evidence_of
from morsecensus.tasks.points.classify import classify
from morsecensus.tasks.points.critical_sets import CriticalSets, describe, gather, is_critical, no_sets
from morsecensus.tasks.points.deduplicate import bucket, match_known, same_point
from morsecensus.tasks.points.ledger import Evidence, assess
from morsecensus.tasks.points.levenberg_marquardt import approach
from morsecensus.tasks.points.orbits import classify_orbits
from morsecensus.tasks.runtime.scatter import Scatter

MANY = 32
NEARLY_ALL = 0.9
"""Of so many new classes in one round; arbitrary."""


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
        if not len(self.sets):
            return self.points
        points = describe(landscape, couplings, self.sets)
        degenerate = Classes(points, self.sets.hits_of_classes(), self.sets.members())
        return Classes.join([self.points, degenerate])


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


def _seen_enough(evidence: Evidence, before: Evidence, min_hits: int) -> bool:
    """Whether more starts have little to tell of a landscape that has degenerate points and so no number:
    every class was hit often, or what turns up anew is nearly all degenerate."""
    if evidence.orbits is not None or not evidence.degenerate.any():
        return False
    new = len(evidence.hits) - len(before.hits)
    degenerate = int(evidence.degenerate.sum() - before.degenerate.sum())
    return evidence.hits.min() >= min_hits or (new >= MANY and degenerate > NEARLY_ALL * new)


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
    found = nothing_found(landscape)
    outcomes: Int[np.ndarray, " outcome"] = np.zeros(len(OUTCOMES), dtype=np.int64)
    classes = found.points
    evidence = evidence_of(landscape, classes)
    ledger = assess(evidence, options.min_hits)
    rounds = 0
    for ended, points in (search or here(landscape, couplings, seed, instance))(options):
        found, lost = add_hits(landscape, couplings, variation, found, points)
        outcomes += ended
        outcomes[[CONVERGED, STALLED]] += [-lost, lost]
        classes, before = found.classes(landscape, couplings), evidence
        evidence = evidence_of(landscape, classes)
        ledger = assess(evidence, options.min_hits)
        rounds += 1
        if ledger.status in (COMPLETE, FAILED) or _seen_enough(evidence, before, options.min_hits):
            break
    return census_of(Census(landscape, classes, ledger, outcomes, rounds), exponent)


def find(
    spec: Mapping[str, Any],
    landscape: Landscape,
    couplings: Couplings,
    instance: int,
    options: MultistartOptions,
    scatter: Scatter | None,
) -> Census:
    """The census of one instance of a cell, rounds searched through ``scatter`` if that is worth the way."""
    search = None
    if scatter is not None and is_worth_sending(landscape, options):
        search = elsewhere(spec, instance, scatter)
    return multistart(landscape, couplings, spec["seed"], instance, options, search)
