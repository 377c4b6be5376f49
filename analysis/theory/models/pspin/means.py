"""`Means` of the isotropic p-spin landscapes: exact, by index up to the N where that is affordable."""

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.theory.kac_rice.finite_n import EXACT_INDEX_LIMIT, FiniteN
from morsecensus.analysis.theory.kac_rice.ground_state import ground_state_law
from morsecensus.analysis.theory.means import Means
from morsecensus.tasks.covariance import Covariance

GRID = 193
"""Energies at which exact curves are drawn."""


def means_pspin(n: int, edges: Floats, xi: str, field: float = 0.0) -> Means:
    """Theory of one cell.

    Args:
        n: number of spins.
        edges: of the energy bins, increasing and finite.
        xi: covariance polynomial.
        field: variance of a random linear field.
    """
    theory = FiniteN(Covariance.parse(xi).with_field(field), n)
    grid = np.linspace(edges[0], edges[-1], GRID)
    lowest = ground_state_law(theory, points=501)
    if n > EXACT_INDEX_LIMIT:  # the total is exact at any N
        return Means(theory.total(), theory.count_bins(edges), grid, theory.density(grid), lowest=lowest)
    curve = theory.density_by_index(grid)
    mean, spread = theory.energy_moments()
    return Means(
        theory.total(),
        theory.count_bins(edges),
        grid,
        curve.sum(axis=0),
        by_index=theory.by_index(),
        energy_mean=mean,
        energy_sd=spread,
        binned=theory.count_by_index(edges),
        curve=curve,
        lowest=lowest,
    )
