"""Where paths end that don't end at a regular solution: for couplings that nobody says are generic.

A generic system has as many regular solutions as paths. Another one may have fewer: paths then end at
singular points (multiple ones, or continuous sets, which each path meets somewhere) or run to infinity
(isotropic directions; for multilinear forms also tuples of value 0). No care makes them arrive.
"""

import numpy as np
from jaxtyping import Bool

from morsecensus.tasks.finders.homotopy.ends import Ends
from morsecensus.tasks.systems.system import System

NEAR = 1e-2
"""A path that fails later than this before its end fails because of its end."""
FAR = 100.0
"""So many times the typical |x|^2 of solutions is on the way to infinity."""


def ended(ends: Ends) -> Bool[np.ndarray, " paths"]:
    """Paths that failed at their end, or arrived at a singular solution."""
    return ~ends.arrived & (ends.reached >= 1 - NEAR)


def at_infinity(system: System, ends: Ends) -> Bool[np.ndarray, " paths"]:
    """Of those that `ended`, the ones on the way to infinity."""
    typical = float(np.median(ends.size[ends.arrived])) if ends.arrived.any() else float(system.n)
    return ended(ends) & ~(ends.size <= FAR * typical)
