"""What is known of flows before they run: how many go together, how they end, which models have a signal."""

from collections.abc import Mapping
from typing import Any

BATCH = 64
"""Starts that flow together."""
ENDS = ("minimum", "saddle", "open")
"""How a start ended; open: neither the descent nor Newton converged, or in another point."""
MINIMUM, SADDLE, OPEN = range(3)


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
