"""The census of the bottom of one landscape: rounds from above and below until what is sought is closed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Int

from morsecensus.tasks.finders.low_index.cost import LEAST_ROUNDS, require_low
from morsecensus.tasks.finders.low_index.graph import Descents, descend_sides
from morsecensus.tasks.finders.low_index.known import ABOVE, BELOW, Known, add, lower_index
from morsecensus.tasks.finders.low_index.ledger import Seen, chapman, everywhere, judge
from morsecensus.tasks.finders.low_index.rounds import Round, from_above, from_below
from morsecensus.tasks.finders.options import LowIndexOptions
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.measurables.words import (
    CLOSED,
    DEGENERATE,
    FAILED,
    FEW_HITS,
    INDEX_CLOSED,
    NOTHING_FOUND,
    OPEN,
    OUTCOMES,
    SINGULAR,
    UNINFORMATIVE,
    UNSOUGHT,
)
from morsecensus.tasks.points.census import Bottom, Census, Classes, Interval, census_of, evidence_of
from morsecensus.tasks.points.critical_sets import describe
from morsecensus.tasks.points.ledger import Ledger, assess
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.runtime.scatter import Scatter

NO_GRAPH = -1


@dataclass(frozen=True)
class _Search:
    """One landscape that is searched, in the unit of `tasks.landscapes.scale`."""

    landscape: Landscape
    couplings: Couplings
    variation: float
    options: LowIndexOptions

    @property
    def highest(self) -> int:
        """The highest index that is sought: where H is odd the upper half are images of the lower."""
        dimension = self.landscape.manifold.dimension
        return min(self.options.max_index, dimension // (1 + self.landscape.symmetry.odd))

    def add(self, known: Known, found: Round, way: int) -> Known:
        return add(
            self.landscape,
            self.couplings,
            self.variation,
            known,
            found.points,
            found.index,
            way,
            self.options.max_index + 1,
            found.origins,
            found.left,
        )

    def classes(self, known: Known) -> tuple[Classes, Int[np.ndarray, "classes 2"]]:
        """Classes of the indices that are sought, degenerate ones last, and their hits in each way."""
        low = known.low_index(self.landscape) <= self.options.max_index
        points, hits = known.points.take(np.flatnonzero(low)), known.hits[low]
        members = self.landscape.symmetry.members(points.points, points.uniqueness_radius)
        sound = Classes(points, hits.sum(axis=1), members)
        sets = known.unsound.sets
        if not len(sets):
            return sound, hits
        singular = describe(self.landscape, self.couplings, sets)
        counts = sets.hits_of_classes()
        all_of_them = Classes(singular, counts, sets.members())
        rows = np.flatnonzero(lower_index(self.landscape, singular.index) <= self.options.max_index)
        ways = np.stack([counts[rows], np.zeros_like(counts[rows])], axis=1)
        return Classes.join([sound, all_of_them.take(rows)]), np.concatenate([hits, ways])

    def seen(self, known: Known, components: int = NO_GRAPH) -> Seen:
        """What the ledger is told."""
        classes, hits = self.classes(known)
        points, landscape = classes.points, self.landscape
        index = np.where(points.degenerate != 0, -1, lower_index(landscape, points.index))
        lowest = np.where(index == points.index, points.energy, -points.energy)
        levels = range(self.highest + 1)
        counts = evidence_of(landscape, classes).points_by_index()[: len(levels)]
        return Seen(
            [hits[index == k] for k in levels],
            [lowest[index == k] for k in levels],
            counts,
            bool((points.degenerate != 0).any()),
            components,
        )

    def descents(self, known: Known) -> tuple[Descents, int]:
        """Where saddles of index 1 lead down, and how many minima there are."""
        points, _ = self.census(known, self.seen(known)).points()
        minima = points.take(np.flatnonzero((points.index == 0) & (points.degenerate == 0)))
        saddles = points.take(np.flatnonzero((points.index == 1) & (points.degenerate == 0)))
        return descend_sides(self.landscape, self.couplings, minima, saddles), len(minima.points)

    def census(
        self,
        known: Known,
        seen: Seen,
        outcomes: Int[np.ndarray, " outcome"] | None = None,
        rounds: int = 0,
    ) -> Census:
        """What is known, with the ledger's verdict."""
        classes, hits = self.classes(known)
        landscape = self.landscape
        state = judge(landscape.manifold, seen, self.options.min_hits)
        spread = everywhere(state, landscape.manifold.dimension, landscape.symmetry.odd)
        above = Classes(classes.points, hits[:, ABOVE], classes.members)
        ledger = _opened(assess(evidence_of(landscape, above), self.options.min_hits), spread)
        bottom = Bottom(hits[:, BELOW], spread, self._recapture(seen, ledger), seen.components)
        none = np.zeros(len(OUTCOMES), dtype=np.int64)
        return Census(
            landscape, classes, ledger, none if outcomes is None else outcomes, rounds, bottom=bottom
        )

    def _recapture(self, seen: Seen, ledger: Ledger) -> tuple[Interval, ...]:
        """In points: of the lowest indices, and of their images at -E."""
        levels = len(ledger.points_by_index)
        found = [Interval(np.nan, np.nan, np.nan)] * levels
        for k, hits in enumerate(seen.hits):
            scale = ledger.points_by_index[k] / max(len(hits), 1)
            number = Interval(*(scale * value for value in vars(chapman(hits)).values()))
            found[k] = number
            if self.landscape.symmetry.odd:
                found[levels - 1 - k] = number
        return tuple(found)


def _opened(ledger: Ledger, state: Int[np.ndarray, " levels"]) -> Ledger:
    """A ledger of all points as one of low indices: what is asked of all says nothing. The landscape is open,
    for nobody looked for the rest; its reason tells whether all that was sought is closed."""
    status, reason = ledger.status, ledger.reason
    if status != FAILED and reason not in (NOTHING_FOUND, DEGENERATE):
        status, reason = OPEN, CLOSED if np.isin(state, (INDEX_CLOSED, UNSOUGHT)).all() else FEW_HITS
    return replace(
        ledger,
        status=status,
        reason=reason,
        morse_check=UNINFORMATIVE,
        parity_check=UNINFORMATIVE,
        closed_by_index=state == INDEX_CLOSED,
    )


def low_index(
    landscape: Landscape, couplings: Couplings, seed: int, instance: int, options: LowIndexOptions
) -> Census:
    """The census of one instance, up to ``options.max_index``.

    Args:
        seed: of the study.
        instance: the landscape id; with the seed it keys the starts, as it keyed the couplings.

    Raises:
        ValueError: the landscape's orbits are manifolds, or ``max_index`` is above its dimension.
    """
    require_low(landscape, options)
    couplings, exponent = normalised(landscape, couplings)
    search = _Search(landscape, couplings, landscape.hessian_variation(couplings), options)
    known, outcomes = Known.nothing(landscape), np.zeros(len(OUTCOMES), dtype=np.int64)
    components, rounds = NO_GRAPH, 0
    for number in range(options.max_rounds):
        draw = generator(seed, landscape.name, landscape.manifold.ambient, instance, "low-index", number)
        above = from_above(landscape, couplings, draw, known, options)
        if len(known.hits):
            below = from_below(landscape, couplings, draw, known, options)
            known, outcomes = search.add(known, below, BELOW), outcomes + below.outcomes
        known, outcomes = search.add(known, above, ABOVE), outcomes + above.outcomes
        rounds, components = number + 1, NO_GRAPH
        state = judge(landscape.manifold, search.seen(known), options.min_hits)
        if rounds < LEAST_ROUNDS:
            continue
        if (state == SINGULAR).all() and _often(known, options.min_hits):
            break
        if (state != INDEX_CLOSED).any():
            continue
        if len(state) < 2:
            break
        descents, minima = search.descents(known)
        components = descents.components(minima)
        if not len(descents.elsewhere) and components == 1:
            break
        known = search.add(
            known,
            Round(outcomes, descents.elsewhere, np.zeros(len(descents.elsewhere), dtype=np.int64)),
            BELOW,
        )
    census = search.census(known, search.seen(known, components), outcomes, rounds)
    return census_of(census, exponent)


def _often(known: Known, min_hits: int) -> bool:
    return bool((known.hits.sum(axis=1) >= min_hits).all())


def find(
    spec: Mapping[str, Any],
    landscape: Landscape,
    couplings: Couplings,
    instance: int,
    options: LowIndexOptions,
    scatter: Scatter | None,
) -> Census:
    """The census of one instance of a cell."""
    return low_index(landscape, couplings, spec["seed"], instance, options)
