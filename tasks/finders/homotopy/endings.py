"""Where paths end that don't end at a regular solution: for couplings that nobody says are generic.

A generic system has as many regular solutions as paths. Another one may have fewer: paths then end at
singular points (multiple ones, or continuous sets, which each path meets somewhere) or run to infinity
(isotropic directions; for multilinear forms also tuples of value 0). No care makes them arrive.
"""

import numpy as np
from jaxtyping import Bool, Complex

from morsecensus.tasks.finders.homotopy.complex_points import bordered_jacobians, on_complex_spheres
from morsecensus.tasks.finders.homotopy.paths import Tracked
from morsecensus.tasks.systems.system import System

SINGULAR = 1e-10
"""Ratio of the extreme singular values of the Jacobian below which a solution counts as singular. Regular
ones that doubles can tell apart are 1e-8 apart or more, and have as large a ratio or nearly so."""
NEAR = 1e-2
"""A path that fails later than this before its end fails because of its end."""
FAR = 100.0
"""So many times the typical |x|^2 of solutions is on the way to infinity."""


def is_regular(
    system: System, solutions: Complex[np.ndarray, "found unknowns"]
) -> Bool[np.ndarray, " found"]:
    """Which solutions have a regular Jacobian, to round-off."""
    if len(solutions) == 0:
        return np.zeros(0, dtype=bool)
    points = on_complex_spheres(system, solutions)
    matrices = bordered_jacobians(system, points)
    finite = np.isfinite(matrices).all(axis=(1, 2))
    found = np.zeros(len(solutions), dtype=bool)
    values = np.linalg.svd(matrices[finite], compute_uv=False)
    found[finite] = values[:, -1] > SINGULAR * values[:, 0]
    return found


def ended(tracked: Tracked, arrived: Bool[np.ndarray, " paths"]) -> Bool[np.ndarray, " paths"]:
    """Paths that failed at their end, or arrived at a singular solution.

    Args:
        arrived: paths that arrived at a regular one.
    """
    return ~arrived & (tracked.accuracy[:, 2] >= 1 - NEAR)


def at_infinity(
    system: System, tracked: Tracked, arrived: Bool[np.ndarray, " paths"]
) -> Bool[np.ndarray, " paths"]:
    """Of those that `ended`, the ones on the way to infinity."""
    size = np.sum(np.abs(tracked.endpoints[:, : system.n]) ** 2, axis=1)
    typical = float(np.median(size[arrived])) if arrived.any() else float(system.n)
    return ended(tracked, arrived) & ~(size <= FAR * typical)
