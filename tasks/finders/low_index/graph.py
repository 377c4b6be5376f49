"""From saddles of index 1 down both sides: which minima they join, and minima that nobody had found.

Minima and saddles of index 1 of a function on a connected manifold are a connected graph, whatever the
function: rank d_1 = N_0 - 1. A minimum that stands alone lacks its saddles, or is none. Descents leave inside
the ball in which the saddle is alone, so to either side of it; further down a descent in steps may cross a
watershed that a gradient line wouldn't, so an arc is evidence and no proof (`tasks.topology` proves).
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from morsecensus.tasks.finders.low_index.descent import descend_to
from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.measurables.words import CONVERGED
from morsecensus.tasks.points.classify import CriticalPoints
from morsecensus.tasks.points.newton_lanes import arrive
from morsecensus.tasks.runtime.lanes import filled, in_batches

STOP = 0.02
"""Gradient norm, in units of sqrt(ambient) times the landscape's scale, at which Newton takes over: below the
stops of the search, for here only minima are wanted."""
FALLEN = 0.1
"""And of the largest on the way down, which is small where a minimum is near its saddle."""
LONGEST = 200.0
"""Steps in units of the inverse curvature scale: from a saddle that is soft to one side shorter ones take
thousands. At N = 60 all but 2 of 954 sides end where steps of 1 lead."""
MOST_TRIALS = 2000
AWAY = 0.5
"""Of the radius in which a saddle is alone."""
UNKNOWN = -1


class Descents(NamedTuple):
    """Where both sides of each saddle lead.

    Attributes:
        minima: row of the known minimum, UNKNOWN if it is none of them, shape (saddles, 2).
        elsewhere: where those of unknown end converged: points that may be new, shape (points, ambient).
    """

    minima: Int[np.ndarray, "saddles 2"]
    elsewhere: Float[np.ndarray, "points ambient"]

    def components(self, minima: int) -> int:
        """Parts of the graph, among which minima that no saddle touches."""
        joined = self.minima[(self.minima != UNKNOWN).all(axis=1)]
        arcs = coo_array((np.ones(len(joined)), tuple(joined.T)), shape=(minima, minima))
        return int(connected_components(arcs, directed=False)[0])


@partial(jax.jit, static_argnames=("landscape",))
def _unstable(
    landscape: Landscape, couplings: Couplings, points: Float[Array, "batch ambient"]
) -> Float[Array, "batch ambient"]:
    def one(x: Float[Array, " ambient"]) -> Array:
        jet = landscape.jet(couplings, x)
        normal = 2 * (jnp.linalg.norm(jet.hessian) + jnp.linalg.norm(jet.gradient))
        matrix = landscape.manifold.tangent_hessian(x, jet.gradient, jet.hessian, normal)
        return jnp.linalg.eigh(matrix)[1][:, 0]

    return jax.vmap(one)(points)


def _sides(
    landscape: Landscape, couplings: Couplings, saddles: CriticalPoints
) -> Float[np.ndarray, "sides ambient"]:
    """Starts beside each saddle, one side of all, then the other."""
    modes = in_batches(partial(_unstable, landscape, couplings), saddles.points)
    rho = landscape.manifold.ambient**0.5
    way = AWAY * saddles.uniqueness_radius * rho
    sides = [saddles.points + way[:, None] * modes, saddles.points - way[:, None] * modes]
    return landscape.manifold.on_spheres(np.concatenate(sides))


def descend_sides(
    landscape: Landscape, couplings: Couplings, minima: CriticalPoints, saddles: CriticalPoints
) -> Descents:
    """Follow both sides of each saddle of index 1 down.

    Args:
        minima, saddles: points of the manifold, images under sign changes among them.
    """
    if not len(saddles.points):
        return Descents(np.zeros((0, 2), dtype=np.int64), np.zeros((0, landscape.manifold.ambient)))
    starts = _sides(landscape, couplings, saddles)
    rho = landscape.manifold.ambient**0.5
    lanes = filled(np.arange(len(starts)), 128)
    stop = STOP * landscape.gradient_scale * rho
    # What fills up stops at once.
    stops = np.where(np.arange(len(lanes)) < len(starts), stop, np.inf)
    reached = descend_to(
        landscape, couplings, starts[lanes], stops, MOST_TRIALS, fallen=FALLEN, longest=LONGEST
    )
    aims = np.zeros(len(starts), dtype=np.int64)
    hits = arrive(landscape, couplings, np.asarray(reached.points)[: len(starts)], 50, 0.1, aims)
    points, arrived = hits.points, hits.outcomes == CONVERGED
    rows = np.full(len(points), UNKNOWN)
    if len(minima.points):
        distance, nearest = KDTree(minima.points / rho).query(points / rho)
        rows = np.where(arrived & (distance <= 0.5 * minima.uniqueness_radius[nearest]), nearest, UNKNOWN)
    return Descents(rows.reshape(2, -1).T, points[arrived & (rows == UNKNOWN)])
