"""Multistart: rounds of descent and Newton from random starts, until the ledger closes or the budget ends."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Int

from morsecensus.tasks.finders.found import add_hits, nothing_found
from morsecensus.tasks.finders.multistart.rounds import Search, elsewhere, here, is_worth_sending
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.measurables.words import COMPLETE, CONVERGED, FAILED, OUTCOMES, STALLED
from morsecensus.tasks.points.census import Census, census_of, evidence_of
from morsecensus.tasks.points.ledger import Evidence, assess
from morsecensus.tasks.runtime.scatter import Scatter

MANY = 32
NEARLY_ALL = 0.9
"""Of so many new classes in one round; arbitrary."""


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
        evidence = evidence_of(landscape, classes, couplings)
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
