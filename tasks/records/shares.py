"""Where training ends: descents of a network's landscape, their families, and the share above loss 0."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.points.families import FLAT, ZERO, Family, find_families
from morsecensus.tasks.proportions import interval
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.trajectories.fixed_steps import settle

STEP, LONGEST_STEP = 5.0, 1.0
"""Over k, the length of a step (arbitrary), and the longest one: with 5/k no descent settles at k = 3, where
the largest curvature is above 2/step (measured)."""
TARGET = 1e-10
MOST_STEPS = 100_000
"""Of one descent, after which it is open. A curvature of 1e-3 takes 46,000 steps at k = 10."""


class Trained(NamedTuple):
    """Where runs ended.

    Attributes:
        ends: the last weights of each.
        settled: which ended in a critical point, or at loss 0.
        families: those of the settled ones, whose members are numbers of rows of ``ends``.
    """

    ends: Float[np.ndarray, "runs ambient"]
    settled: Bool[np.ndarray, " runs"]
    families: list[Family]


def train(spec: Mapping[str, Any], runs: Sequence[int]) -> Trained:
    """Descend from starts with weights N(0, 1/k), each from a key of its own, to where they end."""
    k, landscape = spec["n"], build(spec["model"], spec["parameters"], spec["n"])
    couplings, ambient = landscape.sample(spec["seed"], 0), landscape.manifold.ambient
    draws = (generator(spec["seed"], landscape.name, k, ambient, "run", run) for run in runs)
    starts = np.stack([draw.standard_normal(ambient) for draw in draws]) / np.sqrt(k)
    # With students to spare minima at 0 are degenerate: there the gradient vanishes as the square of the
    # distance, and 1e-10 would take 100,000 steps and more.
    # Half of it, for a loss that is computed again differs by round-off.
    bottom = ZERO / 2 if ambient > k * k else -np.inf
    # Students that all point one way curve the landscape as many times as there are.
    step = min(STEP / max(k, ambient // k), LONGEST_STEP)
    ends, settled = settle(landscape, couplings, starts, step, TARGET, MOST_STEPS, bottom)
    rows = np.flatnonzero(settled)
    families = find_families(landscape, couplings, ends[rows], k)
    return Trained(ends, settled, [family.renumbered(rows) for family in families])


def shares_of(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Train ``runs`` times, and say where runs end, JSON-ready.

    Returns:
        ``runs``; ``open``, those that didn't settle or ran to infinity; ``spurious``, those that settled
        above loss 0; ``share`` of these among settled ones, with Clopper and Pearson's limits at 95%; and
        ``families``, lowest loss first: ``loss``, ``runs``, ``least_eigenvalue``, ``blocks``, ``index``,
        ``nullity``, ``residual``, and ``doubled``, for each student index and nullity of the point that has
        it twice.
    """
    k, runs = spec["n"], spec["runs"]
    ends, settled, families = train(spec, range(runs))
    spurious = sum(family.runs for family in families if family.loss > ZERO)
    lower, upper = interval(spurious, settled.sum())
    return {
        "model": spec["model"],
        **spec["parameters"],
        "k": k,
        "units": ends.shape[1] // k,
        "seed": spec["seed"],
        "runs": runs,
        "open": int((~settled).sum()),
        "spurious": spurious,
        "share": spurious / int(settled.sum()) if settled.any() else None,
        "share_lower": float(lower),
        "share_upper": float(upper),
        "families": [
            {
                "loss": family.loss,
                "runs": family.runs,
                "least_eigenvalue": float(family.spectrum[0]),
                "blocks": list(family.blocks),
                "index": family.index,
                "nullity": family.nullity,
                "residual": family.residual,
                "doubled": [{"index": index, "nullity": nullity} for index, nullity in family.doubled],
            }
            for family in families
        ],
        "flat": FLAT,
    }
