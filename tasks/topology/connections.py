"""Degree 1: the two gradient lines that leave each index-1 saddle, and the minima that they end in.

Each branch starts on the unstable eigenvector v, at +v and at -v, as far out as a tenth of the uniqueness
radius. So far out the Hessian has changed by about a tenth of its softest eigenvalue at most: the flow
leaves on the side that it starts on, and eigenvector and branch differ by about a twentieth of the step, in
stable directions alone, where the difference dies away. Further in, time would be lost for nothing: it grows
as log(1/step).
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.topology.views import View, unstable_frames
from morsecensus.tasks.trajectories.lines import LOST
from morsecensus.tasks.trajectories.paths import Paths, flow_all

LEAVE = 0.1
"""Where paths start, in units of the uniqueness radius."""

TOLERANCE = 1e-8
"""Error of one step of a branch, in units of sqrt(ambient): a branch that passes another saddle as near as
the sum of these errors may take the wrong side of it."""

ARRIVE = 0.5
"""Where they have arrived, in the same units: as in `tasks.points.deduplicate.match_known`."""


@dataclass(frozen=True)
class Branches:
    """Both branches of each saddle of index 1.

    Attributes:
        saddles: rows of the saddles.
        direction: unit unstable vector of each.
        minima: rows of the minima that the branches along plus and minus this vector end in; LOST where the
            flow was given up.
        paths: of the branches, first all along plus, then all along minus.
    """

    saddles: Int[np.ndarray, " saddles"]
    direction: Float[np.ndarray, "saddles ambient"]
    minima: Int[np.ndarray, "saddles 2"]
    paths: Paths


def flow_down(
    seen: View, starts: Float[np.ndarray, "starts ambient"], tolerance: float, tracks: bool
) -> Paths:
    """Paths to the minima of a view; their arrivals are rows of the view."""
    sinks = seen.rows(0)
    paths = flow_all(
        seen.landscape,
        seen.couplings,
        seen.sign,
        starts,
        seen.points[sinks],
        ARRIVE * seen.radius[sinks],
        tolerance,
        tracks,
    )
    return replace(paths, arrival=np.where(paths.arrival == LOST, LOST, sinks[paths.arrival]))


def on_manifold(
    seen: View, points: Float[np.ndarray, "points ambient"]
) -> Float[np.ndarray, "points ambient"]:
    """Points near the manifold, put on it."""
    scaled = points.copy()
    for part, size in seen.landscape.manifold.parts():
        scaled[:, part] *= size**0.5 / np.linalg.norm(points[:, part], axis=1, keepdims=True)
    return scaled


def branches(seen: View, tracks: bool = False) -> Branches:
    """Follow both branches of every index-1 saddle of a view."""
    saddles = seen.rows(1)
    direction = unstable_frames(seen, saddles, 1)[:, :, 0]
    step = LEAVE * seen.radius[saddles, None] * direction
    starts = np.concatenate([seen.points[saddles] + step, seen.points[saddles] - step])
    paths = flow_down(seen, on_manifold(seen, starts), TOLERANCE, tracks)
    return Branches(saddles, direction, paths.arrival.reshape(2, -1).T, paths)
