"""Multistart where enumeration is too long, with a uniform sample of paths as its judge.

The sampled real points say without bias how many critical points there are, of each index, and which share
of them multistart has: its recall. What multistart lacks of them joins the census with no hits, and leaves
the landscape open.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from morsecensus.tasks.finders.homotopy.census import (
    certify_classes,
    is_generic,
    real_points,
)
from morsecensus.tasks.finders.homotopy.cost import numbered_paths
from morsecensus.tasks.finders.homotopy.ends import is_real as real_solutions
from morsecensus.tasks.finders.homotopy.paths import Follow
from morsecensus.tasks.finders.homotopy.pieces import elsewhere
from morsecensus.tasks.finders.homotopy.sampled import (
    Sample,
    estimate_number,
    estimate_recall,
    sample_solutions,
)
from morsecensus.tasks.finders.homotopy.start import polynomial_system
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import SampledHomotopyOptions
from morsecensus.tasks.geometry.symmetry import Flips
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.landscapes.scale import normalised
from morsecensus.tasks.points.census import (
    Census,
    Classes,
    Interval,
    PathBooks,
    SampledCounts,
    census_of,
    evidence_of,
)
from morsecensus.tasks.points.classify import CriticalPoints, classify
from morsecensus.tasks.points.deduplicate import match_known, same_point
from morsecensus.tasks.points.ledger import assess
from morsecensus.tasks.runtime.scatter import Scatter
from morsecensus.tasks.systems.system import System


def sampled_homotopy(
    landscape: Landscape,
    couplings: Couplings,
    seed: int,
    instance: int,
    options: SampledHomotopyOptions,
    follow: Follow | None = None,
) -> Census:
    """The census of one instance, with its recall.

    Args:
        seed: of the study.
        instance: the landscape id; with the seed it keys starts, start form and the choice of paths.
        follow: where paths are followed; here by default.

    Raises:
        ValueError: if the number of paths of the landscape isn't known.
    """
    numbered_paths(landscape)
    couplings, exponent = normalised(landscape, couplings)
    census = multistart(landscape, couplings, seed, instance, options)
    system = polynomial_system(landscape, couplings)
    labels = (seed, landscape.name, landscape.manifold.ambient, instance)
    generic = is_generic(landscape)
    sample = sample_solutions(system, options.paths, labels, options, follow, generic=generic)
    certify = options.certify != "none"
    return census_of(judge(census, couplings, sample, system, options.min_hits, certify), exponent)


def find(
    spec: Mapping[str, Any],
    landscape: Landscape,
    couplings: Couplings,
    instance: int,
    options: SampledHomotopyOptions,
    scatter: Scatter | None,
) -> Census:
    """The census of one instance of a cell, paths followed through ``scatter`` if there is one."""
    follow = None if scatter is None else elsewhere(spec, instance, scatter)
    return sampled_homotopy(landscape, couplings, spec["seed"], instance, options, follow)


def judge(
    census: Census, couplings: Couplings, sample: Sample, system: System, min_hits: int, certify: bool = False
) -> Census:
    """A census with what a sample of the same landscape's paths says of it.

    Args:
        certify: prove the points first, so that books and ledger are of the classes as they are stored.
    """
    landscape = census.landscape
    real = sample.resolved & ~sample.irregular & real_solutions(sample.endpoints, system)
    points = real_points(sample.endpoints[real], system)
    signs, energy = landscape.flips.to_canonical(points)
    found = classify(landscape, couplings, points * signs, landscape.hessian_variation(couplings))
    classes, rows = _joined(census.classes, found, landscape.flips)
    radius = None
    if certify:
        classes, proofs = certify_classes(classes, system, landscape.flips)
        found, radius = _corrected(found, proofs.index[rows]), proofs.radius
    had = classes.hits[rows] > 0
    index = np.where(energy < 0, landscape.manifold.dimension - found.index, found.index)
    unresolved = int((~sample.resolved).sum())
    number, recall = [], []
    for k in range(landscape.manifold.dimension + 1):
        members, weight = _members(index, k, landscape, system)
        number.append(_number(sample, real, members, weight))
        recall.append(estimate_recall(had[members], unresolved))
    everything = np.ones(len(rows), dtype=bool)
    counts = SampledCounts(
        np.bincount(rows, minlength=len(classes.hits)),
        _number(sample, real, everything, landscape.flips.size if system.homogeneous else 1),
        tuple(number),
        estimate_recall(had, unresolved),
        tuple(recall),
    )
    distinct = int((sample.resolved & ~sample.irregular).sum())
    books = PathBooks(len(sample.paths), distinct, sample.retries, unresolved, sample.jumps)
    ledger = assess(evidence_of(landscape, classes), min_hits)
    return replace(
        census, classes=classes, ledger=ledger, books=books, sample=counts, certified_radius=radius
    )


def _corrected(found: CriticalPoints, proven: Int[np.ndarray, " sampled"]) -> CriticalPoints:
    """Sampled points with the index that is proven of their class; -1 is none."""
    return replace(found, index=np.where(proven >= 0, proven, found.index))


def _joined(
    known: Classes, found: CriticalPoints, flips: Flips
) -> tuple[Classes, Int[np.ndarray, " sampled"]]:
    """Classes with those that only the sample found, and the class of each sampled point."""
    rows = match_known(found.points, known.points, flips)
    fresh = np.flatnonzero(rows < 0)
    labels = same_point(found.take(fresh), flips)
    first = fresh[np.unique(labels, return_index=True)[1]] if len(fresh) else fresh
    rows[fresh] = len(known.hits) + labels
    fresh_classes = Classes(found.take(first), np.zeros(len(first), dtype=np.int64))
    return Classes.join([known, fresh_classes]), rows


def _members(
    index: Int[np.ndarray, " sampled"], k: int, landscape: Landscape, system: System
) -> tuple[Bool[np.ndarray, " sampled"], int]:
    """Sampled solutions that stand for points of index k, and for how many each."""
    if not system.homogeneous:
        return index == k, 1
    flips, dimension = landscape.flips, landscape.manifold.dimension
    if not flips.odd:
        return index == k, flips.size
    weight = flips.size if 2 * k == dimension else flips.size // 2
    return (index == k) | (index == dimension - k), weight


def _number(
    sample: Sample, real: Bool[np.ndarray, " paths"], members: Bool[np.ndarray, " sampled"], weight: float
) -> Interval:
    holds = np.zeros(len(sample.paths), dtype=bool)
    holds[np.flatnonzero(real)[members]] = True
    number = estimate_number(sample, holds)
    return Interval(weight * number.estimate, weight * number.lower, weight * number.upper)
