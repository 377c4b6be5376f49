"""How many starts a landscape takes, and what they cost, before any is made. Free of JAX."""

import math

from morsecensus.tasks.finders.options import Effort, MultistartOptions
from morsecensus.tasks.landscapes.base import Landscape

STARTS_PER_CLASS = 90
"""Starts for each class until the rarest was hit five times (measured for p = 3, N = 6..12)."""


def start_seconds(ambient: int) -> float:
    """Rough seconds of one start on one thread: 10 Newton steps, each 1.5 us for n = 8 and 5 us for n = 20
    (measured)."""
    return 1e-5 * (1 + (ambient / 11) ** 2)


def closing_starts(landscape: Landscape, options: MultistartOptions) -> float:
    """Rough number of starts until a landscape closes, whatever the budget."""
    bound = landscape.complex_points
    typical = min(landscape.typical_points, math.inf if bound is None else bound)
    return max(STARTS_PER_CLASS * typical / landscape.symmetry.size, options.starts_per_round)


def effort(landscape: Landscape, options: MultistartOptions) -> Effort:
    """Of a census."""
    bound, ambient = landscape.complex_points, landscape.manifold.ambient
    budget = options.starts_per_round * options.max_rounds
    most = budget * landscape.symmetry.size
    rows = min(most, bound) if bound is not None else most
    closing = closing_starts(landscape, options)
    seconds = min(closing, budget) * start_seconds(ambient)
    return Effort(rows, 4 * options.starts_per_round, seconds, budget=budget / closing)
