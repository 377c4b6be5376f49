"""`Means` of the isotropic p-spin landscapes: exact, by index up to the N where that is affordable."""

import numpy as np

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.theory.kac_rice.finite_n import EXACT_INDEX_LIMIT, FiniteN
from morsecensus.analysis.theory.kac_rice.ground_state import ground_state_law
from morsecensus.analysis.theory.kac_rice.low_index import LowIndex
from morsecensus.analysis.theory.means import Means

GRID = 193
"""Energies at which exact curves are drawn."""


def means_of(theory: FiniteN, edges: Floats) -> Means:
    """Theory of one cell, in energy bins whose edges increase and are finite: by index, of all or of the low
    ones, where they are exact."""
    grid = np.linspace(edges[0], edges[-1], GRID)
    lowest = ground_state_law(theory, points=501)
    low = isinstance(theory, LowIndex)
    if theory.n > EXACT_INDEX_LIMIT and not low:  # the total is exact at any N
        return Means(theory.total(), theory.count_bins(edges), grid, theory.density(grid), lowest=lowest)
    curve = theory.density_by_index(grid)
    mean, spread = theory.energy_moments()
    return Means(
        theory.total(),
        theory.count_bins(edges),
        grid,
        theory.density(grid) if low else curve.sum(axis=0),
        by_index=theory.by_index(),
        energy_mean=mean,
        energy_sd=spread,
        binned=theory.count_by_index(edges),
        curve=curve,
        lowest=lowest,
        complete=len(mean) == theory.n,
    )
