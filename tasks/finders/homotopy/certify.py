"""Certificates for real critical points: they exist, are unique in a box, have their index, and differ.

`krawczyk` proves one point; what it can't prove is tried again with more bits and smaller boxes: two points
that nearly merge have small boxes only, and their inverse Jacobian is large.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree

from morsecensus.tasks.finders.homotopy.balls import precision
from morsecensus.tasks.finders.homotopy.krawczyk import BorderedModel, Proof, prove
from morsecensus.tasks.geometry.symmetry import Flips
from morsecensus.tasks.runtime.tell import Tell
from morsecensus.tasks.systems.system import System

TOLD = 64
"""Points between two words on how far it is."""

ATTEMPTS: tuple[tuple[int, tuple[float, ...]], ...] = (
    (96, (1e-4, 1e-6, 1e-8, 1e-10)),
    (192, (1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-20)),
    (384, (1e-12, 1e-13, 1e-14, 1e-15, 1e-20, 1e-32)),
)
"""Bits, and half-widths of boxes in units of sqrt(n) from the largest: larger boxes separate more, and the
smallest says where the point is."""


@dataclass(frozen=True)
class Certificates:
    """Per point, in units of sqrt(n) and 0 where nothing is proven.

    Attributes:
        radius: half-width of a box around the point that holds exactly one real critical point.
        error: half-width of a box around the point that holds this critical point.
        index: its proven index, -1 if that isn't proven.
        points: the points, more exactly where doubles had been too coarse for a proof.
    """

    radius: Float[np.ndarray, " points"]
    error: Float[np.ndarray, " points"]
    index: Int[np.ndarray, " points"]
    points: Float[np.ndarray, "points n"]

    @property
    def proven(self) -> Bool[np.ndarray, " points"]:
        return (self.radius > 0) & (self.index >= 0)


def certify_points(
    system: System, points: Float[np.ndarray, "points n"], tell: Tell | None = None
) -> Certificates:
    """Certify real critical points of a system, one by one.

    Args:
        points: on the sphere of radius sqrt(n), to about round-off.
        tell: is told how many have been tried, now and then.
    """
    proofs = [Proof(0.0, 0.0, -1, point) for point in points]
    for number, (bits, radii) in enumerate(ATTEMPTS):
        left = [row for row, proof in enumerate(proofs) if proof.index < 0]
        if not left:
            break
        with precision(bits):
            model = BorderedModel(system)
            for tried, row in enumerate(left):
                if tell is not None and tried % TOLD == 0:
                    tell("points proven", len(points) - len(left) + tried, len(points))
                proofs[row] = prove(model, points[row], radii, refine=number > 0)
    return Certificates(
        np.array([proof.radius for proof in proofs]),
        np.array([proof.error for proof in proofs]),
        np.array([proof.index for proof in proofs], dtype=np.int64),
        np.array([proof.point for proof in proofs]).reshape(points.shape),
    )


def separated(certificates: Certificates, flips: Flips) -> Bool[np.ndarray, " points"]:
    """Which points are proven and proven to differ from all others (and from their images, where sign changes
    relate points): every proven solution lies in a box of half-width `error`, and these are disjoint."""
    points = certificates.points
    everything = flips.orbit(points)
    if len(everything) < 2:
        return certificates.proven
    distance = KDTree(everything).query(points, k=2, p=np.inf)[0][:, 1]
    reach = certificates.error + certificates.error.max()
    return certificates.proven & (distance > reach * np.sqrt(points.shape[1]))
