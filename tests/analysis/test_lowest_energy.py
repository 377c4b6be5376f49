"""The law of the lowest energy at finite N: by brute force, where it is exact, and where it isn't known."""

from itertools import permutations
from math import sqrt

import numpy as np
import pytest

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.kac_rice.ground_state import ground_state_law, ground_state_mean_asymptotic
from morsecensus.analysis.theory.kac_rice.low_index import LowIndex
from morsecensus.tasks.covariance import Covariance

P3 = Covariance.pure(3)


@pytest.mark.parametrize(
    ("n", "mean"),
    [
        (5, -1.3639),
        (10, -1.4842),
        (20, -1.5545),
        (30, -1.5815),
        (50, -1.6059),
        (100, -1.6274),
        (200, -1.6398),
    ],
)
def test_law_of_the_lowest_energy(n, mean):
    law = ground_state_law(FiniteN(P3, n))
    assert law.mean == pytest.approx(mean, abs=6e-5)
    assert law.quantile(0.1) < law.median < law.quantile(0.9)
    if n == 200:
        assert law.mean == pytest.approx(ground_state_mean_asymptotic(3, n), abs=1e-3)
        assert law.standard_deviation == pytest.approx(np.pi / (sqrt(6) * 0.62502 * n), rel=0.06)


def test_all_points_do_for_minima_where_these_are_many():
    minima = ground_state_law(LowIndex(P3, 100, 0), points=301)
    everything = ground_state_law(FiniteN(P3, 100), points=301)
    assert abs(minima.mean - everything.mean) < 0.02 * minima.standard_deviation
    # in a field that leaves few, they don't: minima are counted, or the law isn't known
    assert ground_state_law(FiniteN(P3.with_field(100.0), 151)) is None
    assert ground_state_law(FiniteN(Covariance.pure(2), 500)) is None


def lowest_energies(n, field, landscapes, starts):
    """By brute force: of each landscape the lowest end of many descents, xi = q^3 + S2 q."""
    rng = np.random.default_rng(n)
    plain = rng.standard_normal((landscapes, n, n, n))
    cubic = sum(plain.transpose(0, *order) for order in permutations((1, 2, 3))) / 6
    linear = sqrt(field) * rng.standard_normal((landscapes, n, 1))
    flat = cubic.reshape(landscapes, n, n * n)
    x = rng.standard_normal((landscapes, n, starts))
    shift = 2.1 * np.linalg.norm(flat, axis=(1, 2))[:, None, None] / sqrt(n)
    for _ in range(300):
        x *= sqrt(n) / np.linalg.norm(x, axis=1, keepdims=True)
        pull = flat @ (x[:, :, None] * x[:, None]).reshape(landscapes, n * n, starts) / n
        energy = np.sum((pull + linear) * x, axis=1).min(axis=1) / n
        x = shift * x - 3 * pull - linear
    return energy


@pytest.mark.parametrize(
    ("n", "field", "off"), [(4, 0.0, 0.1), (5, 0.0, 0.1), (5, 2.0, 0.15), (6, 6.0, 0.12), (6, 100.0, 0.0)]
)
def test_law_of_the_lowest_energy_against_brute_force(n, field, off):
    """Off by so many standard deviations at most, and by none where a field leaves one minimum."""
    lowest = lowest_energies(n, field, 1200, 25)
    law = ground_state_law(FiniteN(P3.with_field(field), n), points=501)
    spread = lowest.std()
    assert abs(law.mean - lowest.mean()) < off * spread + 3.5 * spread / sqrt(1200)
    assert law.standard_deviation / spread == pytest.approx(1.0, abs=off + 3.5 / sqrt(2400))
    if (
        field > 2
    ):  # control: the Poisson law of all points, which takes saddles for minima, is seen to be wrong
        old = everything_as_poisson(FiniteN(P3.with_field(field), n))
        assert abs(old - lowest.mean()) > 2 * (off * spread + 3.5 * spread / sqrt(1200))


def everything_as_poisson(model):
    edges = np.linspace(-8 * sqrt(model.covariance.x0), 8 * sqrt(model.covariance.x0), 2001)
    law = -np.expm1(-np.cumsum(model.count_bins(edges)))
    return float(np.sum((edges[1:-1] + edges[2:]) / 2 * np.diff(law)) / law[-1])


@pytest.mark.parametrize(
    ("xi", "field", "n"),
    [("q^2", 0.0, 20), ("q^3", 1000.0, 10), ("q^3", 7.0, 8), ("q^4", 0.0, 8), ("q^2", 1.0, 9)],
)
def test_the_lowest_minimum_is_no_higher_than_minima(xi, field, n):
    model = FiniteN(Covariance.parse(xi).with_field(field), n)
    law, (mean, spread) = ground_state_law(model, points=501), model.minima_energy()
    assert law.mean <= mean + 1e-4 * spread
    if xi == "q^2" and not field:  # two points of each index: the lowest eigenvalue of the GOE
        draws = np.random.default_rng(5).standard_normal((4000, n, n))
        lowest = np.linalg.eigvalsh((draws + draws.transpose(0, 2, 1)) / 2)[:, 0] / sqrt(n)
        assert abs(law.mean - lowest.mean()) < 3.5 * lowest.std() / sqrt(4000)
        assert law.standard_deviation == pytest.approx(lowest.std(), rel=3.5 / sqrt(8000))


def test_law_of_the_lowest_energy_against_measured_minima():
    """Lowest energies found by multistart descent, with their standard errors (independent brute force)."""
    for n, measured, error in ((10, -1.4825, 0.0087), (20, -1.5540, 0.0069), (30, -1.5784, 0.0083)):
        assert abs(ground_state_law(FiniteN(P3, n), points=301).mean - measured) < 3 * error
