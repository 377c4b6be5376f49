"""What is known of flows before they run: how many go together, how they end, which models have a signal."""

from collections.abc import Mapping
from typing import Any

BATCH = 64
"""Starts that flow together."""
ENDS = ("minimum", "saddle", "open")
"""How a start ended; open: neither the descent nor Newton converged, or in another point."""
MINIMUM, SADDLE, OPEN = range(3)
FLOW_SECONDS, DESCENT_SECONDS = 7e-12, 4.4e-11
"""Of a start for each byte of couplings, of which every gradient reads all: a unit of time of the flow; and,
times the dimension, the descent to a minimum, which takes the more steps the softer the minimum is. Measured
on one CPU for p = 3 at n = 20, 50, 100 and p = 4 at n = 30; right to a factor of two or three, and eight
times too low for a form on three small spheres (n = 20), whose gradients are more than their couplings."""
HESSIAN_SECONDS, EIGENVECTORS_SECONDS = 3e-10, 5e-9
"""Of a Hessian, for each byte of couplings, and of its eigenvectors, times the dimension's cube; likewise."""


def is_planted(landscape: Any) -> bool:
    """Say whether a landscape has a signal."""
    from morsecensus.tasks.landscapes.spiked import Spiked

    return isinstance(landscape, Spiked)


def noise_of(spec: Mapping[str, Any]) -> Any:
    """Return the landscape of a spec without its signal; ValueError if its noise isn't isotropic."""
    from morsecensus.tasks.landscapes.base import build
    from morsecensus.tasks.landscapes.distinct import DistinctSpin
    from morsecensus.tasks.landscapes.spin import MixedSpin

    given = build(spec["model"], spec["parameters"], spec["n"])
    if not isinstance(given, MixedSpin) or isinstance(given, DistinctSpin):
        raise ValueError(
            f"model: got {spec['model']}, allowed for threshold states: one with isotropic noise"
        )
    return MixedSpin(given.covariance, given.n)
