"""Newton from many starts, by the implementation that stands the landscape and the machine.

On a CPU compiled lanes (`tasks.points.newton_lanes`), from N = 12 on twice as fast, and ready at once;
on an accelerator, and where orbits are manifolds, `tasks.points.newton`: there the Hessian is singular, and
factors without pivots don't stand that.
"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.measurables.words import CONVERGED
from morsecensus.tasks.points.newton import refine
from morsecensus.tasks.points.newton_lanes import arrive


class Ends(NamedTuple):
    """One row per start. ``outcomes`` indexes OUTCOMES; ``points`` of a start that didn't converge mean
    nothing."""

    points: Float[np.ndarray, "starts ambient"]
    outcomes: Int[np.ndarray, " starts"]

    def converged(self) -> Float[np.ndarray, "hits ambient"]:
        """Where those that converged ended, the same point many times."""
        return self.points[self.outcomes == CONVERGED]


def converge(
    landscape: Landscape,
    couplings: Couplings,
    starts: Float[np.ndarray, "starts ambient"],
    max_iterations: int,
    max_step: float,
) -> Ends:
    """Run Newton from every start until its gradient vanishes or ``max_iterations`` steps were made, each at
    most ``max_step`` long in units of sqrt(ambient)."""
    plain = landscape.symmetry.orbits is None and jax.default_backend() == "cpu"
    found = (arrive if plain else refine)(landscape, couplings, starts, max_iterations, max_step)
    return Ends(np.asarray(found.points), np.asarray(found.outcomes))
