"""How many starts a landscape takes, and what they cost, before any is made. Free of JAX."""

from morsecensus.tasks.finders.options import Effort, MultistartOptions
from morsecensus.tasks.landscapes.base import Landscape

STARTS_PER_CLASS = 90
"""Starts for each class until the rarest was hit five times (measured for p = 3, N = 6..12)."""


def start_seconds(ambient: int) -> float:
    """Rough seconds of one start on one thread: 10 Newton steps, each 1.5 us for n = 8 and 5 us for n = 20
    (measured)."""
    return 1e-5 * (1 + (ambient / 11) ** 2)


def effort(landscape: Landscape, options: MultistartOptions) -> Effort:
    """Of a census."""
    bound, ambient = landscape.complex_points, landscape.manifold.ambient
    starts = options.starts_per_round * options.max_rounds
    most = starts * landscape.symmetry.size
    rows = min(most, bound) if bound is not None else most
    typical = min(landscape.typical_points, rows)
    likely = max(STARTS_PER_CLASS * typical / landscape.symmetry.size, options.starts_per_round)
    return Effort(rows, 4 * options.starts_per_round, likely * start_seconds(ambient))
