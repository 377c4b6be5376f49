"""One landscape, everything, JSON-ready: what a worker does for the command ``enumerate``."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from morsecensus.tasks.finders.homotopy.books import settings_of
from morsecensus.tasks.finders.homotopy.census import (
    EnumeratedCensus,
    enumerate_landscape,
    is_generic,
)
from morsecensus.tasks.finders.homotopy.ends import Ends
from morsecensus.tasks.finders.homotopy.paths import Paths, TrackerSettings
from morsecensus.tasks.finders.homotopy.start import polynomial_system
from morsecensus.tasks.finders.homotopy.survey import Survey, elsewhere, here
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.landscapes.base import Landscape, build
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.measurables.words import CERTIFIED, CHECKS, COMPLETE, REASONS, STATUSES, TOPOLOGIES
from morsecensus.tasks.runtime.pieces import PieceStore
from morsecensus.tasks.runtime.scatter import Scatter
from morsecensus.tasks.systems.system import Weights
from morsecensus.tasks.topology.census import Topology, topology_of
from morsecensus.tasks.topology.persistence import betti

WARM_UP = 3
"""Dimension of the landscape whose few paths load the tracker's machine code before the clock starts."""
FEW = 8
"""Paths that do it for couplings that were given, which have one size: nothing smaller can be drawn."""


def enumerate_one(
    spec: Mapping[str, Any],
    instance: int,
    scatter: Scatter | None = None,
    store: PieceStore | None = None,
    *,
    points: bool = False,
) -> dict[str, Any]:
    """Enumerate one landscape of a homotopy cell.

    Args:
        spec: of the cell; ``finder_options.threads`` follow paths here where ``scatter`` is None.
        instance: the landscape id; landscape and starts are those of this landscape of a study.
        scatter: follows pieces of many paths elsewhere.
        store: where pieces are committed, and those from before are found; then there is no
            ``paths_per_second``.
        points: whether to list the points.
    """
    landscape = build(spec["model"], spec["parameters"], spec["n"])
    options = HomotopyOptions(**spec["finder_options"])
    _warm_up(spec, options)
    started = time.perf_counter()
    couplings = landscape.sample(spec["seed"], instance)
    store = watched = None if store is None else _Watched(store)
    clock = _Clock(_follow(spec, landscape, couplings, instance, scatter, store))
    found = enumerate_landscape(landscape, couplings, spec["seed"], instance, options, clock, store)
    seconds = time.perf_counter() - started
    timed = clock.seconds > 0 and not (watched is not None and watched.used)
    record = {
        "model": spec["model"],
        **spec["parameters"],
        "n": spec["n"],
        "seed": spec["seed"],
        "landscape": instance,
        **_counts(landscape, found),
        "paths_per_second": found.enumeration.expected / clock.seconds if timed else None,
        "seconds": seconds,
    }
    return record | ({"points": _points(found)} if points else {})


def _follow(
    spec: Mapping[str, Any],
    landscape: Landscape,
    couplings: Any,
    instance: int,
    scatter: Scatter | None,
    store: PieceStore | None = None,
) -> Survey:
    generic = is_generic(landscape)
    if scatter is not None:
        return elsewhere(spec, instance, scatter, generic, store)
    system = polynomial_system(landscape, couplings)
    if system.closed_form() is None:
        # Where start solutions are paths' endpoints themselves, they come before the clock starts.
        system.starts(system.start("warm up"), np.arange(1))
    return here(system, spec["finder_options"]["threads"], generic, store)


def _counts(landscape: Landscape, found: EnumeratedCensus) -> dict[str, Any]:
    census, enumeration = found.census, found.enumeration
    ledger = census.ledger
    radius, completeness = census.certified_radius, found.completeness
    return {
        "paths": enumeration.expected,
        "distinct": enumeration.found,
        "complete": ledger.status == COMPLETE,
        "status": STATUSES[ledger.status],
        "reason": REASONS[ledger.reason],
        "total": int(ledger.points_by_index.sum()),
        "by_index": ledger.points_by_index.tolist(),
        "certified": None if radius is None else int((radius > 0).sum()) * ledger.scale,
        "certified_complex": None if completeness is None else completeness.solutions,
        "completeness": _completeness(found),
        "retries": enumeration.retries,
        "paths_singular": enumeration.singular,
        "paths_infinite": enumeration.infinite,
        "open_paths": enumeration.open_paths.tolist(),
    }


def _completeness(found: EnumeratedCensus) -> str:
    """What it rests on that no critical point is missing."""
    if found.completeness is not None and found.completeness.proven:
        return "proven"
    return "distinct endpoints in doubles" if found.enumeration.complete else "none"


def _points(found: EnumeratedCensus) -> list[dict[str, Any]]:
    points, classes = found.census.points()
    certified = found.census.certified_radius
    radius = np.zeros(len(classes)) if certified is None else certified[classes]
    columns = (points.points, points.energy, points.index, radius)
    return [
        {"position": position, "energy": energy, "index": index, "radius": radius or None}
        for position, energy, index, radius in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _warm_up(spec: Mapping[str, Any], options: HomotopyOptions) -> None:
    """Compile the tracker, or load its machine code: seconds that say nothing of its speed."""
    given = MODELS[spec["model"]].content_of is not None
    small = build(spec["model"], spec["parameters"], spec["n"] if given else min(WARM_UP, spec["n"]))
    system = polynomial_system(small, small.sample(0, 0))
    if system.closed_form() is None:
        weights = system.start("warm up")
        paths = min(system.paths, FEW) if given else system.paths
        here(system, 1)(weights, np.arange(paths), settings_of(options), False)


class _Clock:
    """Follows paths and takes the time from the first path's start to the last one's end: with retries, and
    the books between them."""

    def __init__(self, follow: Survey):
        self._follow = follow
        self._first: float | None = None
        self.seconds = 0.0

    def __call__(self, weights: Weights, paths: Paths, settings: TrackerSettings, everything: bool) -> Ends:
        self._first = time.perf_counter() if self._first is None else self._first
        ends = self._follow(weights, paths, settings, everything)
        self.seconds = time.perf_counter() - self._first
        return ends


class _Watched:
    """A store of pieces, and whether any came from before."""

    def __init__(self, store: PieceStore):
        self._store = store
        self.keeps = store.keeps
        self.used = False

    def read(self, name: str) -> bytes | None:
        found = self._store.read(name)
        self.used |= found is not None
        return found

    def write(self, name: str, data: bytes) -> None:
        self._store.write(name, data)

    def tell(self, what: str, done: int, of: int) -> None:
        self._store.tell(what, done, of)


def topology_of_one(
    spec: Mapping[str, Any],
    instance: int,
    scatter: Scatter | None = None,
    store: PieceStore | None = None,
) -> dict[str, Any]:
    """Enumerate one landscape of a homotopy cell and pair its critical points; see `enumerate_one`.

    Returns:
        A JSON-ready record: points by index, Betti numbers of the whole sphere (None unless every boundary is
        known), the degrees whose pairs are exact, pairs with energies per spin, and checks by name.
    """
    landscape = build(spec["model"], spec["parameters"], spec["n"])
    options = HomotopyOptions(**spec["finder_options"])
    couplings = landscape.sample(spec["seed"], instance)
    follow = _follow(spec, landscape, couplings, instance, scatter, store)
    census = enumerate_landscape(landscape, couplings, spec["seed"], instance, options, follow, store).census
    found = topology_of(census, couplings)
    return {
        "model": spec["model"],
        **spec["parameters"],
        "n": spec["n"],
        "seed": spec["seed"],
        "landscape": instance,
        "complete": found.outcome == CERTIFIED,
        "outcome": TOPOLOGIES[found.outcome],
        "why": found.why or None,
        "counts": census.ledger.points_by_index.tolist(),
        "betti": _betti(found),
        "degrees": [k for k, exact in enumerate(found.exact.tolist()) if exact],
        "connections": found.connections,
        "loops": found.loops,
        "unresolved": found.unresolved,
        "pairs": _pairs(found),
        "checks": _checks(found),
    }


def _betti(found: Topology) -> list[int] | None:
    numbers = betti(found.complex)
    return None if numbers is None else numbers.tolist()


def _pairs(found: Topology) -> list[dict[str, Any]]:
    energy, pairs = found.complex.energy, found.pairs
    rows = zip(pairs.dim.tolist(), pairs.birth.tolist(), pairs.death.tolist(), strict=True)
    return [
        {
            "dim": dim,
            "birth": float(energy[birth]),
            "death": float(energy[death]) if death >= 0 else None,
            "birth_id": birth,
            "death_id": death if death >= 0 else None,
        }
        for dim, birth, death in rows
    ]


def _checks(found: Topology) -> dict[str, str]:
    verdicts = {f"homology_{k}": verdict for k, verdict in enumerate(found.homology.tolist())}
    verdicts |= {"square": found.square, "dual": found.dual}
    return {name: CHECKS[verdict] for name, verdict in verdicts.items()}
