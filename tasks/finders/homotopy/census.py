"""The homotopy finder: every critical point of a spherical landscape, counted against algebra."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from morsecensus.tasks.finders.homotopy.books import Enumeration, enumerate_solutions
from morsecensus.tasks.finders.homotopy.certify import Certificates, certify_points, separated
from morsecensus.tasks.finders.homotopy.completeness import Completeness, prove_completeness
from morsecensus.tasks.finders.homotopy.cost import affordable_paths, path_count
from morsecensus.tasks.finders.homotopy.distinctness import directions
from morsecensus.tasks.finders.homotopy.ends import is_real
from morsecensus.tasks.finders.homotopy.start import polynomial_system
from morsecensus.tasks.finders.homotopy.survey import Survey, elsewhere, here
from morsecensus.tasks.finders.homotopy.tracker import ARRIVED, STALLED, TOO_LONG
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import HomotopyOptions, MultistartOptions
from morsecensus.tasks.geometry.symmetry import Flips
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.measurables.words import CONVERGED, MAX_ITERATIONS, OUTCOMES
from morsecensus.tasks.measurables.words import STALLED as NEWTON_STALLED
from morsecensus.tasks.points.census import Census, Classes, PathBooks, census_of, evidence_of
from morsecensus.tasks.points.classify import CriticalPoints, classify
from morsecensus.tasks.points.deduplicate import match_known, same_point
from morsecensus.tasks.points.ledger import Evidence, assess_enumeration
from morsecensus.tasks.runtime.pieces import PieceStore, kept
from morsecensus.tasks.runtime.scatter import Scatter
from morsecensus.tasks.runtime.tell import Tell
from morsecensus.tasks.systems.system import System

LARGE = 100_000
"""Paths from which on those of a study's landscape are committed as they are followed: ten seconds' work."""


@dataclass(frozen=True)
class EnumeratedCensus:
    """A census with all complex solutions, and what was proven of them, as far as that was asked for."""

    census: Census
    enumeration: Enumeration
    certificates: Certificates | None
    completeness: Completeness | None


def real_points(
    solutions: Complex[np.ndarray, "found unknowns"], system: System
) -> Float[np.ndarray, "points n"]:
    """The real solutions as points of the manifold, one of each class."""
    return system.on_spheres(directions(solutions, system)[is_real(solutions, system), : system.n])


def is_generic(landscape: Landscape) -> bool:
    """Whether its couplings have as many complex critical points as generic ones."""
    return landscape.complex_points is not None


def _classes(landscape: Landscape, couplings: Couplings, points: Float[np.ndarray, "points n"]) -> Classes:
    """Classified points, one of each class."""
    points = points * landscape.flips.to_canonical(points)[0]
    found = classify(landscape, couplings, points, landscape.hessian_variation(couplings))
    labels = same_point(found, landscape.flips)
    first = np.unique(labels, return_index=True)[1] if len(labels) else np.zeros(0, dtype=np.int64)
    return Classes(found.take(first), np.ones(len(first), dtype=np.int64))


def _outcomes(enumeration: Enumeration) -> np.ndarray:
    """Paths that ended each way, in the terms of the multistart finder."""
    outcomes = np.zeros(len(OUTCOMES), dtype=np.int64)
    for ours, theirs in (
        (ARRIVED, CONVERGED),
        (STALLED, NEWTON_STALLED),
        (TOO_LONG, MAX_ITERATIONS),
    ):
        outcomes[theirs] = enumeration.outcomes[ours]
    return outcomes


def _points_lost(classes: Classes, points: Float[np.ndarray, "points n"], system: System, parity: int) -> int:
    """Real solutions that classification joined: pairs of the mixed system's antipodes are meant to be."""
    expected = len(points) // 2 if parity and not system.homogeneous else len(points)
    return expected - len(classes.hits)


def certify_classes(
    classes: Classes, system: System, flips: Flips, tell: Tell | None = None
) -> tuple[Classes, Certificates]:
    """Prove classified points: existence, reality, uniqueness, index, and that they differ.

    A point that isn't proven to differ from the others is not proven. A proven point has its proven index and
    isn't degenerate, whatever doubles say where two points nearly merge.
    """
    found = classes.points
    proofs = certify_points(system, found.points, tell)
    sure = separated(proofs, flips)
    radius, error = np.where(sure, proofs.radius, 0.0), np.where(sure, proofs.error, 0.0)
    proofs = replace(proofs, radius=radius, error=error, index=np.where(sure, proofs.index, -1))
    points = np.where(sure[:, None], proofs.points, found.points)
    index = np.where(sure, proofs.index, found.index)
    degenerate = np.where(sure, 0, found.degenerate)
    better = replace(found, points=points, index=index, degenerate=degenerate)
    return replace(classes, points=better), proofs


def enumerate_landscape(
    landscape: Landscape,
    couplings: Couplings,
    seed: int,
    instance: int,
    options: HomotopyOptions,
    follow: Survey | None = None,
    store: PieceStore | None = None,
) -> EnumeratedCensus:
    """All critical points of one instance, with the books.

    Args:
        seed: of the study.
        instance: the landscape id; with the seed it keys the start forms.
        follow: where paths are followed; here by default.
        store: where the few that take extended precision are committed; is told how far it is.

    Raises:
        ValueError: if the landscape is none that can be enumerated, or too large for ``options.max_paths``.
    """
    affordable_paths(landscape, options)
    couplings, exponent = normalised(landscape, couplings)
    system = polynomial_system(landscape, couplings)
    labels = (seed, landscape.name, landscape.manifold.ambient, instance)
    enumeration = enumerate_solutions(
        system,
        labels,
        options,
        follow,
        generic=is_generic(landscape),
        everything=options.certify == "all",
        store=store,
    )
    points = real_points(enumeration.solutions, system)
    classes = _classes(landscape, couplings, points)
    whole = enumeration.complete and _points_lost(classes, points, system, landscape.parity) == 0
    proofs = completeness = None
    tell = None if store is None else store.tell
    if options.certify != "none":
        classes, proofs = certify_classes(classes, system, landscape.flips, tell)
    if proofs is not None and options.certify == "all":
        completeness = _completeness(enumeration, system, proofs, landscape.flips, tell)
    proven = proofs is None or bool(proofs.proven.all())
    proven = proven and (completeness is None or completeness.proven)
    radius = None if proofs is None else proofs.radius
    if enumeration.singular:
        classes, radius = _with_degenerate(classes, radius, landscape, couplings, seed, instance)
    census = Census(
        landscape,
        classes,
        assess_enumeration(_evidence(landscape, classes, system, enumeration), whole, proven),
        _outcomes(enumeration),
        enumeration.rounds,
        _books(enumeration, completeness),
        radius,
    )
    return EnumeratedCensus(census_of(census, exponent), enumeration, proofs, completeness)


def _books(enumeration: Enumeration, completeness: Completeness | None) -> PathBooks:
    return PathBooks(
        enumeration.expected,
        enumeration.found,
        enumeration.retries,
        len(enumeration.open_paths),
        proven=-1 if completeness is None else completeness.solutions,
        singular=enumeration.singular,
        infinite=enumeration.infinite,
    )


def _with_degenerate(
    classes: Classes,
    radius: Float[np.ndarray, " classes"] | None,
    landscape: Landscape,
    couplings: Couplings,
    seed: int,
    instance: int,
) -> tuple[Classes, Float[np.ndarray, " classes"] | None]:
    """Paths that end at singular solutions don't say whether real ones are among them; starts do."""
    found = multistart(landscape, couplings, seed, instance, MultistartOptions()).classes
    rows = np.flatnonzero(found.points.degenerate != 0)
    joined = Classes.join([classes, found.take(rows)])
    return joined, None if radius is None else np.concatenate([radius, np.zeros(len(rows))])


def _evidence(landscape: Landscape, classes: Classes, system: System, enumeration: Enumeration) -> Evidence:
    """What is known of one instance: couplings with as many complex points as generic ones have the parity
    of theirs; of others nothing is assumed."""
    evidence = evidence_of(landscape, classes)
    if evidence.complex_points is not None or not enumeration.complete:
        return evidence
    points = enumeration.expected * (landscape.flips.size if system.homogeneous else 1)
    return replace(evidence, complex_points=points)


def _completeness(
    enumeration: Enumeration, system: System, proofs: Certificates, flips: Flips, tell: Tell | None
) -> Completeness:
    """What is proven of all complex solutions: a real class that sign changes relate is one of a homogeneous
    system, and as many as it has points of another."""
    solutions = enumeration.solutions
    real = int((proofs.radius > 0).sum()) * (1 if system.homogeneous else flips.size)
    return prove_completeness(system, solutions[~is_real(solutions, system)], real, tell)


def homotopy(
    landscape: Landscape,
    couplings: Couplings,
    seed: int,
    instance: int,
    options: HomotopyOptions,
    follow: Survey | None = None,
    store: PieceStore | None = None,
) -> Census:
    """The census of one instance by `enumerate_landscape`: a finder like `multistart`."""
    return enumerate_landscape(landscape, couplings, seed, instance, options, follow, store).census


def find(
    spec: Mapping[str, Any],
    landscape: Landscape,
    couplings: Couplings,
    instance: int,
    options: HomotopyOptions,
    scatter: Scatter | None,
) -> Census:
    """The census of one instance of a cell, paths followed through ``scatter`` if there is one; of a large
    landscape they are committed piece by piece, where the block's runner keeps them."""
    generic, follow = is_generic(landscape), None
    store = kept(instance) if path_count(landscape) >= LARGE else None
    if scatter is not None:
        follow = elsewhere(spec, instance, scatter, generic, store)
    elif store is not None:
        scaled = normalised(landscape, couplings)[0]
        follow = here(polynomial_system(landscape, scaled), options.threads, generic, store)
    return homotopy(landscape, couplings, spec["seed"], instance, options, follow, store)


def recall(found: CriticalPoints, truth: CriticalPoints, flips: Flips) -> np.ndarray:
    """For each true class, whether the other finder has it: its nearest found point lies in its uniqueness
    ball."""
    seen = np.zeros(len(truth.points), dtype=bool)
    rows = match_known(found.points, truth, flips)
    seen[rows[rows >= 0]] = True
    return seen
