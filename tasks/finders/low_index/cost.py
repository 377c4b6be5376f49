"""How many starts the bottom of a landscape takes, and what they cost, before any is made. Free of JAX."""

from morsecensus.tasks.finders.options import Effort, LowIndexOptions
from morsecensus.tasks.landscapes.base import Landscape

STARTS_PER_CLASS = 100
"""Starts for each class until the rarest was hit four times (p = 3 at N = 60: 69, 127 and 128)."""
LEAST_ROUNDS = 8
"""Where there are few classes one round hits each often, and it looks from above alone: after it a census of
three spheres of N = 4 lacked a high saddle, and after four one of 30 of q^3 at N = 10 did."""
STEPPING = 4
"""Classes of the index above the highest that is sought, for each that is."""


def start_seconds(ambient: int) -> float:
    """Rough seconds of one start on one thread, all told: 0.15 ms for n = 30, 0.5 for 60, 2 for 100
    (measured on a busy machine)."""
    return 4e-5 * (1 + (ambient / 20) ** 2.4)


def effort(landscape: Landscape, options: LowIndexOptions) -> Effort:
    """Of a census up to ``options.max_index``.

    Raises:
        ValueError: the landscape's orbits are manifolds, or ``max_index`` is above its dimension.
    """
    require_low(landscape, options)
    ambient, size = landscape.manifold.ambient, landscape.symmetry.size
    in_round = (1 + options.from_below) * options.starts_per_round
    most = in_round * options.max_rounds
    points = landscape.low_points(options.max_index)
    likely = int(min(most * size, 1 + STEPPING * points))
    # Each start may find another class, each saddle lead down to two more: no likely number bounds them.
    rows = 3 * most * size
    closing = max(STARTS_PER_CLASS * points / size, LEAST_ROUNDS * in_round)
    seconds = min(closing, most) * start_seconds(ambient)
    return Effort(rows, 4 * in_round + STEPPING * likely, seconds, points, most / closing)


def require_low(landscape: Landscape, options: LowIndexOptions) -> None:
    """ValueError unless the bottom of this landscape can be searched so far up."""
    if landscape.symmetry.orbits is not None:
        raise ValueError(
            f"finder: got low-index with {landscape.name}, whose critical points are manifolds, "
            f"allowed: multistart"
        )
    dimension = landscape.manifold.dimension
    if options.max_index > dimension:
        raise ValueError(f"max_index: got {options.max_index}, allowed: 0 to {dimension}, the dimension")
