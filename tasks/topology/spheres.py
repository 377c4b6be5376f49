"""Where Morse complexes are built: on one sphere. Free of JAX, so that a plan can ask."""

from morsecensus.tasks.landscapes.base import Landscape


def require_one_sphere(landscape: Landscape) -> None:
    """Raise ValueError for a landscape on any other manifold, which gradient lines aren't followed on."""
    sizes = landscape.manifold.sizes
    if len(sizes) != 1:
        what = f"a product of {len(sizes)} spheres" if sizes else type(landscape.manifold).__name__
        raise ValueError(f"manifold: got {what}, allowed for topology: one sphere")
