"""From known points to their neighbours: a way off along soft directions.

Points of the bottom crowd along their softest modes, so a random direction is softened: (A + s)^{-1} z,
with A the Hessian, z isotropic and s a random share of its scale, different for each start. Newton's method
then aims at the index below or above (`tasks.points.newton_lanes`).
"""

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.points.newton_lanes import Stepper, lanes_for

SOFT = 0.1
"""Standard deviation of s in units of the curvature scale: eigenvalues below that are soft."""


def leave(
    landscape: Landscape,
    couplings: Couplings,
    points: Float[np.ndarray, "starts ambient"],
    draw: np.random.Generator,
    lengths: Float[np.ndarray, " starts"],
) -> Float[np.ndarray, "starts ambient"]:
    """Starts at these distances from critical points, in soft directions.

    Args:
        lengths: before the point is put back on its spheres, in units of H's argument.
    """
    noise = draw.standard_normal(points.shape)
    shifts = SOFT * landscape.curvature_scale * draw.standard_normal(len(points))
    ways = Stepper(landscape, couplings, lanes_for(landscape, len(points))).soften(points, noise, shifts)
    return landscape.manifold.on_spheres(points + lengths[:, None] * ways)
