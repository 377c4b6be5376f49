"""Multistart: rounds of descent and Newton from random starts, until the ledger closes or the budget ends."""

import math

import numpy as np
from jaxtyping import Float, Int

from tasks.census import Census, Classes
from tasks.classify import classify
from tasks.deduplicate import bucket, canonical_signs, match_known, same_point
from tasks.descent import descend
from tasks.keys import generator
from tasks.landscapes.base import Couplings, Landscape
from tasks.ledger import COMPLETE, FAILED, Evidence, assess
from tasks.newton import CONVERGED, OUTCOMES, refine
from tasks.options import MultistartOptions

CHUNK = 64
"""Starts that descend together; sorted by depth first, so that a chunk holds lanes of like length."""


def draw_starts(
    landscape: Landscape, couplings: Couplings, draw: np.random.Generator, options: MultistartOptions
) -> Float[np.ndarray, "starts ambient"]:
    """One round of independent starts: half uniform, half along descents (or ascents) stopped at random
    depths.

    Uniform starts reach the crowd of points near energy zero; the others reach the thinly populated edges of
    the spectrum. For odd H an ascent is the mirror image of a descent, so only descents are made.
    """
    count = options.starts_per_round
    starts = landscape.manifold.random_points(draw, count)
    depths = np.exp(draw.uniform(0, math.log(options.max_depth + 1), count)).astype(np.int64)
    depths[: count // 2] = 0
    depths.sort()
    signs = np.where(draw.random(count) < 0.5, -1.0, 1.0) if landscape.parity >= 0 else np.ones(count)
    target = 1e-8 * landscape.gradient_scale * landscape.manifold.ambient**0.5
    for first in range(count // 2 // CHUNK * CHUNK, count, CHUNK):
        rows = slice(first, first + CHUNK)
        ends = descend(
            landscape, couplings, starts[rows], signs[rows], depths[rows], target, 2 * options.max_depth
        )
        starts[rows] = ends.points
    return starts


def _merge(landscape: Landscape, classes: Classes) -> Classes:
    """Join rows that are one critical point, keeping the sharpest row and the sum of the hits."""
    labels = same_point(classes.points, landscape.parity)
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
    points = points * canonical_signs(points, landscape.parity)[:, None]
    rows, sizes = bucket(points)
    known = match_known(points[rows], classes.points, landscape.parity)
    old = known >= 0
    hits = classes.hits + np.bincount(known[old], weights=sizes[old], minlength=len(classes.hits)).astype(
        np.int64
    )
    found = classify(landscape, couplings, points[rows[~old]], variation)
    joined = Classes(classes.points.extend(found), np.concatenate([hits, sizes[~old]]))
    return _merge(landscape, joined)


def evidence_of(landscape: Landscape, classes: Classes) -> Evidence:
    manifold = landscape.manifold
    return Evidence(
        classes.hits,
        classes.points.index,
        classes.points.degenerate,
        landscape.parity,
        manifold.dimension,
        manifold.euler_characteristic,
        landscape.complex_points,
    )


def multistart(
    landscape: Landscape, couplings: Couplings, seed: int, instance: int, options: MultistartOptions
) -> Census:
    """The census of one instance.

    Args:
        seed: of the study.
        instance: the landscape id; with the seed it keys the starts, as it keyed the couplings.
    """
    manifold = landscape.manifold
    variation = landscape.hessian_variation(couplings)
    classes = Classes.none(manifold)
    outcomes: Int[np.ndarray, " outcome"] = np.zeros(len(OUTCOMES), dtype=np.int64)
    rounds = 0
    ledger = assess(evidence_of(landscape, classes), options.min_hits)
    while (
        rounds < options.max_rounds and ledger.status != COMPLETE and (ledger.status != FAILED or rounds == 0)
    ):
        draw = generator(seed, landscape.name, manifold.ambient, instance, "starts", rounds)
        starts = draw_starts(landscape, couplings, draw, options)
        hits = refine(landscape, couplings, starts, options.max_iterations, options.max_step)
        ended = np.asarray(hits.outcomes)
        outcomes += np.bincount(ended, minlength=len(OUTCOMES))
        points = np.asarray(hits.points)[ended == CONVERGED]
        classes = add_hits(landscape, couplings, variation, classes, points)
        ledger = assess(evidence_of(landscape, classes), options.min_hits)
        rounds += 1
    return Census(landscape, classes, ledger, outcomes, rounds)
