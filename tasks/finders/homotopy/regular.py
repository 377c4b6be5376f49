"""Whether solutions are regular: whether Newton's method finds them, and no other lies on them."""

import numpy as np
from jaxtyping import Bool, Complex

from morsecensus.tasks.finders.homotopy.complex_points import bordered_jacobians, on_complex_spheres
from morsecensus.tasks.systems.system import System

SINGULAR = 1e-10
"""Ratio of the extreme singular values of the Jacobian below which a solution counts as singular. Regular
ones that doubles can tell apart are 1e-8 apart or more, and have as large a ratio or nearly so."""


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
