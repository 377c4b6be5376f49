"""Numbers of low index at N beyond the reach of every index: by the whole law, two spins, and samples."""

import numpy as np
import pytest

from morsecensus.analysis.theory.goe.order import LARGEST
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.kac_rice.low_index import LowIndex
from morsecensus.analysis.theory.kac_rice.sampler import sample_counts
from morsecensus.tasks.covariance import Covariance

P3 = Covariance.parse("q^3")


@pytest.mark.parametrize("n", [8, 40])
@pytest.mark.parametrize("xi", ["q^3", "0.5*q^2+0.5*q^3", "q^4", "q^3+0.4*q"])
def test_low_indices_of_the_whole_law(n, xi):
    covariance = Covariance.parse(xi)
    whole, low = FiniteN(covariance, n), LowIndex(covariance, n, highest=2)
    np.testing.assert_allclose(low.by_index(), whole.by_index()[:3], rtol=1e-6)
    for mine, theirs in zip(low.energy_moments(), whole.energy_moments(), strict=True):
        np.testing.assert_allclose(mine, theirs[:3], rtol=1e-6)
    edges = np.linspace(-2, 0, 9)
    # Where there are hardly any, the whole law has the rounding of all points there.
    least = 1e-7 * low.by_index()[-1]
    np.testing.assert_allclose(
        low.count_by_index(edges), whole.count_by_index(edges)[:3], rtol=1e-6, atol=least
    )


def test_two_spins_have_two_points_of_each_index():
    """Eigenvectors of a GOE matrix and their opposites: no other route is needed at any N."""
    np.testing.assert_allclose(LowIndex(Covariance.parse("q^2"), 70, highest=3).by_index(), 2, rtol=1e-9)


def test_a_sample_agrees_where_the_whole_law_is_out_of_reach():
    """Level 1e-3 over three indices; a number off by 5% is seen at 4 standard errors of 1.2%."""
    exact = LowIndex(P3, 70, highest=2).by_index()
    sampled = sample_counts(FiniteN(P3, 70), 12_000, seed=3)
    score = (sampled.by_index[:3] - exact) / sampled.se[:3]
    assert np.all(np.abs(score) < 3.6)
    assert np.all(sampled.se[:3] < 0.0125 * exact)
    assert np.abs((sampled.by_index[0] - 1.05 * exact[0]) / sampled.se[0]) > 3.6


@pytest.mark.parametrize(("n", "highest"), [(LARGEST + 2, 1), (12, -1), (12, 12)])
def test_out_of_range(n, highest):
    with pytest.raises(ValueError, match="allowed is"):
        LowIndex(P3, n, highest=highest).by_index()
