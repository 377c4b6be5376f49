"""Finite-N Kac-Rice numbers: tables, closed forms, Morse sums, and each quantity by two routes."""

import numpy as np
import pytest
from scipy.integrate import simpson

from morsecensus.analysis.theory.kac_rice.euler import (
    mean_characteristic_above,
    mean_characteristic_below,
    sphere_characteristic,
)
from morsecensus.analysis.theory.kac_rice.finite_n import EXACT_INDEX_LIMIT, FiniteN
from morsecensus.analysis.theory.kac_rice.sampler import sample_counts, sample_critical_points
from morsecensus.tasks.covariance import Covariance
from oracles.closed_forms import total_pure, total_pure_asymptotic

P3 = Covariance.pure(3)
MIXED = Covariance.parse("0.5*q^2+0.5*q^3")
MODELS = [
    P3,
    Covariance.pure(4),
    MIXED,
    MIXED.with_field(0.7),
    MIXED.with_field(3.0),
    MIXED.with_field(100.0),
]

# N: total, minima, mean and spread of the energy of minima (pure p = 3; brute force agrees at N = 2..5).
TABLE = {
    2: (5.291503, 2.645751, -0.5801717, 0.61456),
    3: (10.552360, 3.138090, -0.8121975, 0.46224),
    4: (18.790234, 3.579524, -0.9422066, 0.37776),
    5: (31.496914, 3.999812, -1.0272370, 0.32304),
    6: (50.873137, 4.411781, -1.0880570, 0.28428),
    8: (124.091986, 5.235449, -1.1706290, 0.23232),
    10: (286.915880, 6.080387, -1.2251040, 0.19862),
    20: (13842.22607, 11.013980, -1.3537800, 0.12185),
    30: (553032.5063, 17.70543, -1.407897, 0.09140),
}


@pytest.mark.parametrize("n", list(TABLE))
def test_table_of_the_pure_three_spin(n):
    total, minima, mean, spread = TABLE[n]
    model = FiniteN(P3, n)
    assert model.total() == pytest.approx(total, rel=2e-7)
    assert model.by_index()[0] == pytest.approx(minima, rel=1e-6)
    assert model.minima_energy() == (pytest.approx(mean, abs=2e-6), pytest.approx(spread, abs=6e-6))


@pytest.mark.parametrize(
    ("n", "head"),
    [
        (4, [3.5795, 5.8156]),
        (5, [3.9998, 7.3742, 8.7488]),
        (6, [4.4118, 8.9912, 12.0335]),
        (8, [5.2354, 12.4749, 19.8345, 24.5011]),
    ],
)
def test_index_resolved_table(n, head):
    np.testing.assert_allclose(FiniteN(P3, n).by_index()[: len(head)], head, atol=6e-5)


@pytest.mark.parametrize("p", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_closed_forms(p, n):
    assert FiniteN(Covariance.pure(p), n).total() == pytest.approx(total_pure(p, n), rel=1e-12)


def test_two_spin_has_two_points_of_each_index():
    for n in (2, 7, 40):
        np.testing.assert_allclose(FiniteN(Covariance.pure(2), n).by_index(), 2.0, rtol=1e-10)
    # The field-free total has no exponential growth, and none is lost at N = 200.
    assert FiniteN(Covariance.pure(2), 200).total() == pytest.approx(400, rel=1e-10)


def test_total_approaches_its_asymptote():
    ratio = {n: FiniteN(P3, n).total() / total_pure_asymptotic(3, n) for n in (2, 10, 20, 50, 100)}
    assert ratio == pytest.approx({2: 0.586, 10: 0.888, 20: 0.947, 50: 0.980, 100: 0.990}, abs=6e-4)


def test_fraction_of_minima_is_not_two_to_the_minus_n():
    for n, fraction in ((8, 0.04219), (20, 7.957e-4), (30, 3.20e-5)):
        model = FiniteN(P3, n)
        assert model.by_index()[0] / model.total() == pytest.approx(fraction, rel=2e-3)


@pytest.mark.parametrize("covariance", MODELS, ids=str)
@pytest.mark.parametrize("n", [2, 3, 4, 9, 16, 25])
def test_sum_over_indices_and_morse_sum(covariance, n):
    model = FiniteN(covariance, n)
    counts = model.by_index()
    assert counts.sum() == pytest.approx(model.total(), rel=1e-10)
    alternating = (-1.0) ** np.arange(n) @ counts
    assert alternating == pytest.approx(sphere_characteristic(n), abs=1e-11 * model.total() + 1e-10)


@pytest.mark.parametrize("covariance", MODELS, ids=str)
@pytest.mark.parametrize("n", [2, 3, 6, 9, 14])
def test_kinematic_formula_is_the_signed_kac_rice_sum(covariance, n):
    model = FiniteN(covariance, n)
    sign = (-1.0) ** (n - 1 - np.arange(n))
    for score in (-1.1, 0.0, 0.4, 1.3):
        u = score * np.sqrt(covariance.x0)
        signed = sign @ model.count_by_index((u, np.inf))[:, 0]
        expected = float(mean_characteristic_above(covariance, n, u))
        assert signed == pytest.approx(expected, abs=1e-8 + 1e-9 * model.total())


def test_euler_characteristic_known_values_and_limits():
    values = mean_characteristic_above(P3, 3, np.array([-1.0, 0.3, 1.2]))
    np.testing.assert_allclose(values, [0.99165350, 1.69004122, 0.61142275], atol=5e-9)
    assert float(mean_characteristic_above(MIXED, 3, 0.6)) == pytest.approx(1.507, abs=5e-4)
    assert float(mean_characteristic_above(MIXED, 4, 0.6)) == pytest.approx(1.578, abs=5e-4)
    for n in (2, 5, 8, 21):
        assert float(mean_characteristic_above(P3, n, -9.0)) == pytest.approx(
            sphere_characteristic(n), abs=1e-9
        )
        assert float(mean_characteristic_below(P3, n, -9.0)) == pytest.approx(0.0, abs=1e-9)


def test_high_superlevel_sets_count_maxima():
    """The sign (-1)^index instead of (-1)^{N-1-index}, as circulates, is wrong at even N."""
    model = FiniteN(P3, 6)
    maxima = model.count_by_index((1.9, np.inf))[5, 0]
    assert float(mean_characteristic_above(P3, 6, 1.9)) == pytest.approx(maxima, rel=1e-3)
    assert maxima > 0


@pytest.mark.parametrize("covariance", MODELS, ids=str)
def test_energy_bins_add_up_and_integrate_the_density(covariance):
    model = FiniteN(covariance, 7)
    scale = np.sqrt(covariance.x0 + covariance.x1)
    edges = np.concatenate([[-np.inf], np.linspace(-1.5, 1.5, 41) * scale, [np.inf]])
    table = model.count_by_index(edges)
    np.testing.assert_allclose(table.sum(axis=1), model.by_index(), rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(table.sum(axis=0), model.count_bins(edges), rtol=1e-8, atol=1e-10)
    grid = np.linspace(-0.9, 0.2, 2001) * scale
    density = model.density_by_index(grid)
    np.testing.assert_allclose(density.sum(axis=0), model.density(grid), rtol=1e-8, atol=1e-12)
    inside = model.count_by_index((grid[0], grid[-1]))[:, 0]
    np.testing.assert_allclose(simpson(density, grid, axis=1), inside, rtol=1e-7, atol=1e-9)
    mean = np.trapezoid(density[0] * grid, grid) / inside[0]
    assert grid[0] < mean < grid[-1]


def test_energy_symmetry_of_an_odd_model():
    counts = FiniteN(P3, 8).count_by_index((-1.2, -0.4, 0.4, 1.2))
    np.testing.assert_allclose(counts, counts[::-1, ::-1], rtol=1e-9, atol=1e-12)


def test_mixture_is_continuous_towards_the_pure_model():
    near = FiniteN(Covariance.parse("q^3+1e-9*q^2"), 9)
    exact = FiniteN(P3, 9)
    edges = (-1.6, -1.2, -0.8, 0.0)
    np.testing.assert_allclose(near.count_by_index(edges), exact.count_by_index(edges), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(("s2", "exact"), [(0.7, 7.130), (3.0, 4.782)])
def test_field_on_both_sides_of_trivialisation(s2, exact):
    assert FiniteN(MIXED.with_field(s2), 3).total() == pytest.approx(exact, abs=1e-3)


def test_strong_field_leaves_two_points():
    counts = FiniteN(MIXED.with_field(1e6), 12).by_index()
    np.testing.assert_allclose(counts[[0, -1]], 1.0, rtol=1e-6)
    assert counts[1:-1].sum() < 1e-4


def test_exact_above_forty_and_refusals():
    model = FiniteN(P3, 45)
    assert model.by_index().sum() == pytest.approx(model.total(), rel=1e-10)
    with pytest.raises(ValueError, match=r"kac_rice\.sampler"):
        FiniteN(P3, EXACT_INDEX_LIMIT + 1).by_index()
    with pytest.raises(ValueError, match="got 1"):
        FiniteN(P3, 1)
    with pytest.raises(ValueError, match="lowest first"):
        model.count_bins((1.0, 0.0))


def test_totals_in_log_space():
    assert FiniteN(P3, 200).log_total == pytest.approx(np.log(total_pure_asymptotic(3, 200)), abs=0.006)
    assert FiniteN(P3, 1000).log_total == pytest.approx(351.187, abs=1e-3)


# p = 4 at N = 30, the mixture with fields on both sides of the switch between the two sampling routes.
SAMPLED = [(Covariance.pure(4), 30), (MIXED, 24), (MIXED.with_field(1.2), 20)]


def _largest_z(model: FiniteN, scale: float) -> float:
    sampled = sample_counts(model, 3000, seed=3)
    return float(np.max(np.abs(scale * sampled.by_index - model.by_index()) / sampled.se))


@pytest.mark.parametrize(("covariance", "n"), SAMPLED, ids=str)
def test_sampled_counts_agree_with_exact_ones(covariance, n):
    model = FiniteN(covariance, n)
    # 37 distinct comparisons at 4 standard errors: a false alarm once in 400 runs; the seed is fixed.
    assert _largest_z(model, 1.0) < 4.0
    # Negative control: 12% too many points is caught.
    assert _largest_z(model, 1.12) > 4.0
    sampled = sample_counts(model, 3000, seed=3)
    mean, spread = model.minima_energy()
    assert abs(sampled.minima_energy_mean - mean) < 4 * sampled.minima_energy_mean_se
    assert sampled.minima_energy_sd == pytest.approx(spread, rel=0.1)


def test_sampled_counts_in_a_strong_field():
    model = FiniteN(MIXED.with_field(40.0), 30)
    sampled = sample_counts(model, 3000, seed=4)
    assert abs(sampled.by_index[0] - model.by_index()[0]) < 4 * sampled.se[0]
    assert sampled.se[0] < 0.05


def test_sampled_counts_at_two_hundred():
    model = FiniteN(P3, 200)
    sampled = sample_counts(model, 400, seed=5)
    error = np.sqrt(np.sum(sampled.se**2) + 2 * np.sum(sampled.se[:100] ** 2))
    assert np.all(np.isfinite(sampled.by_index))
    assert abs(sampled.by_index.sum() - model.total()) < 4 * error


@pytest.mark.parametrize("covariance", [P3, MIXED, MIXED.with_field(40.0)], ids=str)
def test_sampled_points_have_their_index_and_energy(covariance):
    model = FiniteN(covariance, 10)
    points = sample_critical_points(model, 0, 3000, seed=6)
    assert np.all(points.hessian > 0)
    assert points.weight.sum() == pytest.approx(1.0)
    error = np.sqrt(np.sum(points.weight**2 * (points.energy - points.weight @ points.energy) ** 2))
    exact, spread = model.minima_energy()
    assert abs(points.weight @ points.energy - exact) < 4 * error
    assert spread > 4 * error
    assert points.weight @ points.radial < 0
    drawn = points.resample(200, seed=7)
    assert drawn.hessian.shape == (200, 9)
    assert 1 < points.effective_size <= 3000


def test_sampled_hessian_against_rejection():
    """The smallest Hessian eigenvalue at minima, N = 3, p = 3, against draws of (G, D) weighted by |det|."""
    model = FiniteN(P3, 3)
    points = sample_critical_points(model, 0, 20000, seed=8)
    rng = np.random.default_rng(9)
    size = 200_000
    x = rng.standard_normal(size) * np.sqrt(model.radial_variance)
    off = rng.standard_normal(size) * np.sqrt(0.5)
    a, b = rng.standard_normal((2, size))
    gap = np.hypot((a - b) / 2, off)
    low, high = (a + b) / 2 - gap - x, (a + b) / 2 + gap - x
    weight = np.where(low > 0, low * high, 0.0)
    smallest = model.radial_scale * low
    brute = np.sum(weight * smallest) / weight.sum()
    brute_error = np.sqrt(np.sum((weight * (smallest - brute)) ** 2)) / weight.sum()
    mean = points.weight @ points.hessian[:, 0]
    error = np.sqrt(np.sum(points.weight**2 * (points.hessian[:, 0] - mean) ** 2))
    assert abs(mean - brute) < 4 * np.hypot(error, brute_error)
    # Negative control: without the determinant's weight the mean is different.
    unweighted = smallest[low > 0].mean()
    assert abs(mean - unweighted) > 4 * np.hypot(error, brute_error)


def test_sampler_refusals():
    model = FiniteN(P3, 5)
    with pytest.raises(ValueError, match="allowed is 0"):
        sample_critical_points(model, 5, 10, seed=0)
    with pytest.raises(ValueError, match="at least 2"):
        sample_counts(model, 1, seed=0)
