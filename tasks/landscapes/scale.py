"""The unit of H in which one instance is searched: a power of two, so that nothing is rounded.

A tolerance speaks of one instance. So finders work on H / 2^k with k such that a component of its gradient is
of order one (`Landscape.gradient_size`), whatever else stands in the same file, study or ensemble, and give
energies, spectra and gradients in the units of H. Points, indices and radii are the same for H and for any
multiple of it; for a power of two they are the same bits.
"""

import math

import numpy as np

from morsecensus.tasks.landscapes.base import Couplings, Landscape
from morsecensus.tasks.runtime.lazy_jax import jax


def normalised(landscape: Landscape, couplings: Couplings) -> tuple[Couplings, int]:
    """Couplings of H / 2^k, in which the gradient's size is in [1, 2), and k.

    Where a landscape names no size, and where every coupling is zero, they are returned as they are, k = 0.
    """
    largest = max(
        (float(np.max(np.abs(leaf), initial=0.0)) for leaf in jax.tree.leaves(couplings)), default=0.0
    )
    if not 0 < largest < math.inf:
        return couplings, 0
    # Twice, since the square of a size may be no double where the size is one.
    first = math.frexp(largest)[1]
    near = _times(couplings, -first)
    size = landscape.gradient_size(near)
    if size is None or not 0 < size < math.inf:
        return couplings, 0
    second = math.frexp(size)[1] - 1
    return _times(near, -second), first + second


def _times(couplings: Couplings, exponent: int) -> Couplings:
    return jax.tree.map(lambda leaf: np.ldexp(np.asarray(leaf), exponent), couplings)
