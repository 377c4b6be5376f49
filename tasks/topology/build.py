"""The Morse complex of one landscape from its critical points: wiring.

From H come d_1 (branches of index-1 saddles) and d_2 (separatrices of index-2 saddles); from -H, whose
index-k points are those of index dimension - k, the same two from the top. Up to n = 5 that is the whole
complex.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from morsecensus.tasks.geometry.symmetry import no_flips
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.points.classify import CriticalPoints, classify
from morsecensus.tasks.points.converge import converge
from morsecensus.tasks.points.deduplicate import match_known
from morsecensus.tasks.points.newton import GRADIENT_TOLERANCE
from morsecensus.tasks.topology.certificates import certify_complex, same_arcs
from morsecensus.tasks.topology.chains import Arcs, odd_arcs
from morsecensus.tasks.topology.circles import Separatrices, separatrices
from morsecensus.tasks.topology.complex import MorseComplex
from morsecensus.tasks.topology.connections import Branches, branches
from morsecensus.tasks.topology.levels import levels_of
from morsecensus.tasks.topology.spheres import betti_of_product, require_spheres
from morsecensus.tasks.topology.views import View, view
from morsecensus.tasks.trajectories.lines import LOST

NEWTON_STEPS, LONGEST_STEP = 50, 0.05
"""For suspects, which are near what they are suspected to be; the length is in units of sqrt(ambient)."""


@dataclass(frozen=True)
class ComplexReport:
    """How far a Morse complex can be trusted.

    Attributes:
        resolved: degree -> connections that were followed to their end: branches, or separatrices.
        unresolved: degree -> row of the saddle, once for each of its branches or intervals of directions
            that weren't resolved: an interval may hide any number of separatrices.
        loops: index-1 saddles both of whose branches end in one minimum, and their likes at the top.
        strangers: critical points that lines passed and the census doesn't have.
        lines: gradient lines that were followed.
        checks: of the boundaries that are resolved: name -> whether it holds, None where that says nothing.
    """

    resolved: Mapping[int, int]
    unresolved: Mapping[int, Int[np.ndarray, " connections"]]
    loops: int
    strangers: CriticalPoints
    lines: int
    checks: Mapping[str, bool | None]

    @property
    def sound(self) -> bool:
        """Whether everything is resolved and no check fails."""
        return False not in self.checks.values()


@dataclass(frozen=True)
class _Half:
    """Boundaries from one end, by the degree in H."""

    boundary: dict[int, Arcs]
    resolved: dict[int, int]
    unresolved: dict[int, np.ndarray]
    loops: int
    suspects: Float[np.ndarray, "suspects ambient"]
    lines: int


def require_sound(landscape: Landscape, points: CriticalPoints, highest: int = 2) -> None:
    """Raise ValueError, naming rows and why, for points that gradient lines can't be followed between, or a
    manifold on which boundaries up to the highest degree aren't known."""
    manifold = landscape.manifold
    require_spheres(landscape, highest)
    limit = GRADIENT_TOLERANCE * landscape.gradient_scale * manifold.ambient**0.5
    for name, bad in (
        ("degenerate", points.degenerate != 0),
        ("unconverged", ~(points.gradient_norm <= limit)),
    ):
        rows = np.flatnonzero(bad)
        if len(rows):
            raise ValueError(
                f"points: got {len(rows)} {name} ones (rows {', '.join(map(str, rows[:10]))}), allowed: "
                "none; gradient lines near them can't be told apart, so this landscape has no Morse complex"
            )
    if not (points.index == 0).any() or not (points.index == manifold.dimension).any():
        raise ValueError("points: got none of index 0 or none of the top index, allowed: a complete census")


def antipodes(points: CriticalPoints) -> Int[np.ndarray, " points"]:
    """The row of -x for each point x.

    Raises:
        ValueError: if the points aren't closed under x -> -x.
    """
    distance, row = KDTree(points.points).query(-points.points)
    missing = np.flatnonzero(distance > points.uniqueness_radius * points.points.shape[1] ** 0.5)
    if len(missing):
        raise ValueError(
            f"points: got no antipode of rows {missing[:10].tolist()}, allowed: both of each pair"
        )
    return np.asarray(row, dtype=np.int64)


def _half(seen: View, highest: int, mirror: Int[np.ndarray, " points"] | None) -> _Half:
    """Degrees 1 to ``highest`` of a view, in its own degrees; ``mirror`` is the row of -x for even H."""
    found = branches(seen, tracks=highest > 1)
    lost = (found.minima == LOST).any(axis=1)
    upper = np.repeat(found.saddles[~lost], 2)
    boundary = {1: odd_arcs(upper, found.minima[~lost].reshape(-1))}
    resolved, unresolved = {1: len(upper)}, {1: found.saddles[lost]}
    loops = int((found.minima[:, 0] == found.minima[:, 1])[~lost].sum())
    lines = 2 * len(found.saddles)
    suspects = found.paths.least_point[np.tile(lost, 2)]
    if highest > 1:
        cuts = _cuts(seen, found, mirror)
        boundary[2], resolved[2] = odd_arcs(cuts.upper, cuts.lower), len(cuts.upper)
        unresolved[2], lines = cuts.unresolved, lines + cuts.lines
        suspects = np.concatenate([suspects, cuts.suspects])
    return _Half(boundary, resolved, unresolved, loops, suspects, lines)


def _cuts(seen: View, found: Branches, mirror: Int[np.ndarray, " points"] | None) -> Separatrices:
    rows = seen.rows(2)
    if mirror is None:
        return separatrices(seen, found, levels_of(seen), rows)
    cuts = separatrices(seen, found, levels_of(seen), rows[rows < mirror[rows]])
    upper, lower, unresolved = (
        np.concatenate([some, mirror[some]]) for some in (cuts.upper, cuts.lower, cuts.unresolved)
    )
    return Separatrices(upper, lower, unresolved, np.concatenate([cuts.suspects, -cuts.suspects]), cuts.lines)


def _turned(half: _Half, dimension: int) -> _Half:
    """What a half of -H says of H: its lower points are the upper ones."""

    def arcs(given: Arcs) -> Arcs:
        return odd_arcs(given[:, 1], given[:, 0])

    return _Half(
        {dimension + 1 - degree: arcs(given) for degree, given in half.boundary.items()},
        {dimension + 1 - degree: count for degree, count in half.resolved.items()},
        {dimension + 1 - degree: rows for degree, rows in half.unresolved.items()},
        half.loops,
        half.suspects,
        half.lines,
    )


def _mirrored(half: _Half, mirror: Int[np.ndarray, " points"]) -> _Half:
    """For odd H: what H at -x says of -H at x."""
    boundary = {degree: odd_arcs(*mirror[given].T) for degree, given in half.boundary.items()}
    unresolved = {degree: mirror[rows] for degree, rows in half.unresolved.items()}
    return _Half(boundary, half.resolved, unresolved, half.loops, -half.suspects, 0)


def _strangers(
    landscape: Landscape, couplings: Couplings, points: CriticalPoints, suspects: np.ndarray
) -> CriticalPoints:
    """Critical points near the suspects that aren't known, each as often as it was found."""
    none = CriticalPoints.none(landscape.manifold)
    suspects = suspects[np.linalg.norm(suspects, axis=1) > 0]
    if len(suspects) == 0:
        return none
    arrived = converge(landscape, couplings, suspects, NEWTON_STEPS, LONGEST_STEP).converged()
    new = arrived[match_known(arrived, points, no_flips(landscape.manifold)) < 0]
    return classify(landscape, couplings, new, landscape.hessian_variation(couplings)) if len(new) else none


def morse_complex(
    landscape: Landscape, couplings: Couplings, points: CriticalPoints, highest: int = 2
) -> tuple[MorseComplex, ComplexReport]:
    """The boundaries of degree 1 to ``highest``, and as many from the top.

    Args:
        points: all critical points of the manifold, as `tasks.points.census.Census.points` gives them.
        highest: 1 or 2; 1 takes a small part of the time, and is what H_0 and its dual need.

    Raises:
        ValueError: if points are degenerate or unconverged, or plainly not a complete census.
    """
    require_sound(landscape, points, highest)
    dimension = landscape.manifold.dimension
    highest = min(highest, dimension)
    parity = landscape.parity
    mirror = antipodes(points) if parity else None
    even = mirror if parity > 0 else None
    low = _half(view(landscape, couplings, points, 1), highest, even)
    if parity < 0 and mirror is not None:
        high = _mirrored(low, mirror)
    else:
        high = _half(view(landscape, couplings, points, -1), highest, even)
    high = _turned(high, dimension)

    # Where both ends know a degree, it is taken from its own end, where it needs no circles.
    near = {k: arcs for k, arcs in low.boundary.items() if k not in high.boundary or 2 * k <= dimension + 1}
    boundary = high.boundary | near
    complex_ = MorseComplex(points.energy, points.index, dimension, dict(sorted(boundary.items())))
    unresolved = {
        degree: np.concatenate([half.unresolved[degree] for half in (low, high) if degree in half.unresolved])
        for degree in boundary
    }
    sure = {k: arcs for k, arcs in complex_.boundary.items() if not len(unresolved[k])}
    betti = betti_of_product(landscape.manifold.sizes)
    checks = certify_complex(replace(complex_, boundary=sure), betti, parity < 0)
    checks["from both ends"] = same_arcs(
        *({k: half.boundary[k] for k in sure if k in half.boundary} for half in (low, high))
    )
    checks["resolved"] = not any(len(rows) for rows in unresolved.values())
    suspects = np.concatenate([low.suspects, high.suspects])
    report = ComplexReport(
        {degree: low.resolved.get(degree, 0) + high.resolved.get(degree, 0) for degree in boundary},
        unresolved,
        low.loops + high.loops,
        _strangers(landscape, couplings, points, suspects),
        low.lines + high.lines,
        checks,
    )
    return complex_, report
