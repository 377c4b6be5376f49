"""Newton from many starts, by the implementation that stands the landscape and the machine.

On a CPU compiled lanes (`tasks.points.newton_lanes`), from N = 12 on twice as fast, and ready at once;
on an accelerator, and where orbits are manifolds, `tasks.points.newton`: there the Hessian is singular, and
factors without pivots don't stand that. Nor do they stand a critical point where a leading minor of the
Hessian vanishes, as where couplings are few: a start that hangs near one is taken on by the other.
"""

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.measurables.words import CONVERGED
from morsecensus.tasks.points.newton import refine
from morsecensus.tasks.points.newton_lanes import arrive
from morsecensus.tasks.runtime.lanes import filled

HUNG = 5
"""Steps that should have ended a start, after which it is taken on: sound ones need three at most."""


class Ended(NamedTuple):
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
) -> Ended:
    """Run Newton from every start until its gradient vanishes or ``max_iterations`` steps were made, each at
    most ``max_step`` long in units of sqrt(ambient)."""
    if landscape.symmetry.orbits is not None or jax.default_backend() != "cpu":
        found = refine(landscape, couplings, starts, max_iterations, max_step)
        return Ended(np.asarray(found.points), np.asarray(found.outcomes))
    lanes = arrive(landscape, couplings, starts, max_iterations, max_step)
    ends = Ended(lanes.points, lanes.outcomes)
    hanging = np.flatnonzero((ends.outcomes != CONVERGED) & (lanes.hung >= HUNG))
    if len(hanging):
        found = refine(landscape, couplings, ends.points[filled(hanging, 64)], max_iterations, max_step)
        ends.points[hanging] = np.asarray(found.points)[: len(hanging)]
        ends.outcomes[hanging] = np.asarray(found.outcomes)[: len(hanging)]
    return ends
