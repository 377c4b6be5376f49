"""How many paths a landscape takes, and what they cost, before any is followed. Free of JAX."""

import math

from morsecensus.tasks.finders.options import Effort, HomotopyOptions, SampledHomotopyOptions
from morsecensus.tasks.landscapes.base import Landscape

MOST_PATHS = 2**62
END_BYTES = 350
"""Of a path whose endpoint isn't held, while the books are closed: 341 of the process at 16.8 million paths,
the program's own taken off; 273 by Python's count at 2 and at 4 million. A piece keeps 58 of them
(`ends.py`)."""


def countable(landscape: Landscape) -> bool:
    """Whether the number of complex critical points is known, so that paths can be counted against it."""
    return landscape.homotopy_paths is not None


def path_count(landscape: Landscape) -> int:
    """Paths that enumerate this landscape: classes where sign changes relate all points, points otherwise.

    Raises:
        ValueError: if homotopies can't enumerate it.
    """
    paths = landscape.homotopy_paths
    if paths is None:
        raise ValueError(
            f"model: got {landscape.name!r}, allowed for homotopies: one whose complex critical points "
            "algebra counts, and not too many of them; use finder multistart"
        )
    return paths


def count_text(paths: int) -> str:
    """A number of paths for a message, which may have thousands of digits."""
    return str(paths) if paths < 10**15 else f"about 10^{math.log10(paths):.0f}"


def affordable_paths(landscape: Landscape, options: HomotopyOptions) -> int:
    """`path_count`, refused above ``options.max_paths``.

    Raises:
        ValueError: with the cost and an alternative.
    """
    paths = path_count(landscape)
    if paths > options.max_paths:
        raise ValueError(
            f"n: got {landscape.manifold.ambient}, which takes {count_text(paths)} paths; allowed: at most "
            f"{options.max_paths}; raise max_paths, or use finder sampled-homotopy or multistart"
        )
    return paths


def numbered_paths(landscape: Landscape) -> int:
    """`path_count`, refused where paths have no 64-bit numbers to draw a sample from.

    Raises:
        ValueError: with an alternative.
    """
    paths = path_count(landscape)
    if paths > MOST_PATHS:
        raise ValueError(
            f"n: got {landscape.manifold.ambient}, which has {count_text(paths)} paths; allowed for a "
            "sample: at most 2^62; use finder multistart"
        )
    return paths


def effort(landscape: Landscape, options: HomotopyOptions) -> Effort:
    """Of an enumeration.

    Raises:
        ValueError: if it is impossible, or takes more than ``options.max_paths``.
    """
    paths, n = affordable_paths(landscape, options), landscape.manifold.ambient
    # An endpoint is a complex vector, held a few times over; what isn't proven is known by its fingerprint.
    held = 16 * paths if options.certify == "all" else paths * END_BYTES // (8 * n)
    seconds = paths * landscape.path_seconds + 0.005
    classes = landscape.typical_points / landscape.symmetry.size
    if options.certify != "none":
        seconds += classes * 1e-4 * (n + (n / 4) ** 2)
    if options.certify == "all":
        # Measured: 10 us a path for n = 8, 75 us for n = 12.
        seconds += paths * 2e-8 * n**3.3
    return Effort(paths * landscape.symmetry.size, held, seconds)


def sample_effort(landscape: Landscape, options: SampledHomotopyOptions) -> Effort:
    """Of a sample of paths alone.

    Raises:
        ValueError: if the paths can't be numbered.
    """
    paths = min(options.paths, numbered_paths(landscape))
    # Each path is followed twice, the second time with smaller steps.
    seconds = 3 * paths * landscape.path_seconds
    return Effort(2 * paths, 16 * paths, seconds)
