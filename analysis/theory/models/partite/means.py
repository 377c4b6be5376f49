"""`Means` of the r-partite landscapes: sampled, see `analysis.theory.models.partite.finite_n`."""

import numpy as np

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.theory.kac_rice.ground_state import GroundStateLaw, lowest_of
from morsecensus.analysis.theory.means import ROUND_OFF, Means
from morsecensus.analysis.theory.models.partite.finite_n import MAX_DIMENSION, FinitePartite

SAMPLES, ENERGY_SAMPLES = 20_000, 2000
"""Draws for counts, and for energies, which take most of the time: a second or two a cell each."""
MOST_DIMENSION = 30
"""Above, counts by index are carried by few draws (at 63 some errors are 50% of the number)."""


def means_of(whole: tuple[int, ...], edges: Floats) -> Means | None:
    """Theory of one cell; None where sampling is hopeless.

    Args:
        whole: sizes of the spheres.
        edges: of the energy bins, per spin, increasing and finite.
    """
    dimension = sum(whole) - len(whole)
    if dimension > min(MOST_DIMENSION, MAX_DIMENSION):
        return None
    model = FinitePartite(whole, SAMPLES)
    energies = FinitePartite(whole, ENERGY_SAMPLES).energies(edges)
    total, total_se = model.total()
    mean, spread = model.energy_moments()
    width = np.diff(edges)
    return Means(
        total,
        energies.all.mean,
        (edges[1:] + edges[:-1]) / 2,
        energies.all.mean / width,
        total_se=total_se if total_se > ROUND_OFF * total else 0.0,
        by_index=model.by_index().mean,
        by_index_covariance=model.by_index_covariance(),
        energy_mean=mean,
        energy_sd=spread,
        binned=energies.by_index.mean,
        minima_covariance=energies.minima_covariance,
        all_covariance=energies.all_covariance,
        curve=energies.by_index.mean / width,
        lowest=_lowest(edges, energies.by_index.mean[0], len(whole)),
    )


def _lowest(edges: Floats, counts: Floats, factors: int) -> GroundStateLaw:
    """Of the lowest minimum, from numbers of minima in bins that reach over all: they come 2^{r-1} at a time,
    at one energy."""
    below = np.concatenate([[0.0], np.cumsum(counts)]) / 2 ** (factors - 1)
    return lowest_of(edges, below, max(1.0, float(below[-1])))
