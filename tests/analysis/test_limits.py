"""Thresholds, complexities, ground states and the semicircle for N -> infinity."""

from math import log, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize

from morsecensus.analysis.theory.goe.semicircle import (
    dominant_radial_derivative,
    hessian_density,
    hessian_edges,
    index_fraction,
    semicircle_cdf,
    semicircle_density,
    semicircle_quantile,
)
from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.kac_rice.ground_state import (
    deep_count,
    deep_prefactor,
    ground_state_law,
    poisson_constants,
)
from morsecensus.analysis.theory.limits.complexity import (
    density_of_index,
    dominant_minima_energy,
    joint_complexity,
    log_potential,
    marginal_complexity,
    minima_complexity,
    pure_complexity,
    pure_complexity_below,
    pure_complexity_of_index,
    radial_complexity,
    threshold_energy,
    total_complexity,
    total_minima_complexity,
)
from morsecensus.analysis.theory.limits.one_step import ground_state
from morsecensus.analysis.theory.limits.thresholds import (
    dominant_threshold,
    index_energy,
    marginal_range,
    pure_like_margin,
)
from morsecensus.tasks.covariance import Covariance

P3 = Covariance.pure(3)
# xi: e_th, complexity there, marginal zeros, ground state.
MIXED = {
    "0.5*q^3+0.5*q^4": (-71 / 42, 0.02948704, (-1.71590588, -1.64409412), -1.73306956),
    "0.5*q^2+0.5*q^3": (-1.55, 0.00250181, (-1.55650547, -1.52041761), -1.55709438),
    "0.5*q^2+0.5*q^4": (-1.63784605, 0.01095052, (-1.65622423, -1.51867735), -1.65699836),
}


@pytest.mark.parametrize(
    ("p", "edge", "at_edge", "levels"),
    [
        (3, 1.632993, 0.01324026, (1.65699836, 1.65287320, 1.65025313, 1.64839902)),
        (4, 1.732051, 0.04930614, (1.79408503, 1.78330030, 1.77647761, 1.77166217)),
        (5, 1.788854, 0.09314718, (1.88798883, 1.87057564, 1.85959892, 1.85186979)),
    ],
)
def test_pure_threshold_table(p, edge, at_edge, levels):
    assert threshold_energy(p) == pytest.approx(edge, abs=5e-7)
    for k, level in enumerate(levels):
        assert index_energy(p, k) == pytest.approx(level, abs=5e-9)
        assert float(pure_complexity_of_index(p, k, -edge)) == pytest.approx(at_edge, abs=2e-6)


@pytest.mark.parametrize("x", [0.0, 0.7, 2.0, 2.4, 5.0, -3.0])
def test_log_potential_is_its_integral(x):
    value, _ = quad(lambda t: log(abs(x - t)) * float(semicircle_density(t)), -2, 2, points=[x], limit=400)
    assert float(log_potential(x)) == pytest.approx(value, abs=1e-7)


@pytest.mark.parametrize("p", [3, 4, 6])
def test_minima_carry_the_whole_complexity_below_the_threshold(p):
    u = np.linspace(-1.3, -1.0, 31) * threshold_energy(p)
    np.testing.assert_allclose(pure_complexity_of_index(p, 0, u), pure_complexity(p, u), atol=1e-14)
    assert np.all(pure_complexity_of_index(p, 1, u[:-1]) < pure_complexity_of_index(p, 0, u[:-1]))
    assert float(pure_complexity_below(p, 0.5)) == pytest.approx(0.5 * log(p - 1))
    assert float(density_of_index(p, 0, -1.0)) == -np.inf
    # Minima are a fraction exp(-N (p-2)/p) of all points.
    gap = 0.5 * log(p - 1) - float(pure_complexity_of_index(p, 0, 0.0))
    assert gap == pytest.approx((p - 2) / p)


def test_exact_counts_grow_at_the_rate_of_the_complexity():
    for u in (-1.2, -0.5):
        low, high = (float(FiniteN(P3, n).density(u)[0]) for n in (100, 200))
        assert (log(high) - log(low)) / 100 == pytest.approx(float(pure_complexity(3, u)), abs=0.01)
    mixed = Covariance.parse("0.5*q^2+0.5*q^3")
    low, high = (FiniteN(mixed, n).log_total for n in (100, 200))
    assert (high - low) / 100 == pytest.approx(total_complexity(mixed), abs=0.01)
    assert total_complexity(mixed.with_field(2.0)) == 0.0


@pytest.mark.parametrize("xi", list(MIXED))
def test_mixed_table(xi):
    covariance = Covariance.parse(xi)
    threshold, rate, zeros, lowest = MIXED[xi]
    assert dominant_threshold(covariance) == pytest.approx(threshold, abs=5e-9)
    assert pure_like_margin(covariance) / 2 == pytest.approx(rate, abs=5e-9)
    assert float(marginal_complexity(covariance, threshold)) == pytest.approx(rate, abs=2e-8)
    assert marginal_range(covariance) == pytest.approx(zeros, abs=3e-8)
    state = ground_state(covariance)
    assert state.energy == pytest.approx(lowest, abs=5e-9)
    assert state.replicon > 0
    # The ground state is where the complexity of minima vanishes.
    assert minima_complexity(covariance, state.energy) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("xi", list(MIXED))
def test_best_radial_derivative(xi):
    covariance = Covariance.parse(xi)
    edge = -2 * sqrt(covariance.x2)
    radial = np.sort(np.append(np.linspace(-8, 8, 160001), edge))
    for u in (-1.7, -1.2, -0.4, 0.0, 0.9):
        rates = joint_complexity(covariance, u, radial)
        best = float(dominant_radial_derivative(covariance, u))
        assert best == pytest.approx(radial[np.argmax(rates)], abs=2e-4)
        assert minima_complexity(covariance, u) == pytest.approx(rates[radial <= edge].max(), abs=1e-6)
    # Maximised over the energy the joint rate is that of D alone.
    energy = np.linspace(-4, 4, 80001)
    for d in (-4.0, 1.0):
        best_rate = joint_complexity(covariance, energy, d).max()
        assert best_rate == pytest.approx(float(radial_complexity(covariance, d)), abs=1e-7)
    marginal = dominant_radial_derivative(covariance, dominant_threshold(covariance))
    assert float(marginal) == pytest.approx(-2 * sqrt(covariance.x2))


def test_radial_derivative_in_a_trivial_landscape():
    covariance = Covariance.parse("0.5*q^2+0.5*q^3").with_field(50.0)
    energy = np.linspace(-9, 9, 7)
    radial = dominant_radial_derivative(covariance, energy)
    np.testing.assert_allclose(radial, -radial[::-1], atol=1e-9)
    grid = np.linspace(-80, 80, 320001)
    for u in (-9.0, -3.0, 6.0):
        best = grid[np.argmax(joint_complexity(covariance, u, grid))]
        assert float(dominant_radial_derivative(covariance, u)) == pytest.approx(best, abs=1e-3)


def _functional(covariance, chi, y, q0):
    length = chi + y * (1 - q0)
    gain = covariance.x1 * chi + y * (covariance.x0 - covariance.value(q0))
    return 0.5 * (gain + q0 / length + log(length / chi) / y)


@pytest.mark.parametrize(("xi", "s2"), [("q^3", 0.0), ("q^4", 0.0), ("q^3", 1.0), ("0.5*q^3+0.5*q^4", 0.3)])
def test_one_step_ground_state_is_the_minimum_of_its_functional(xi, s2):
    covariance = Covariance.parse(xi).with_field(s2)
    state = ground_state(covariance)

    def objective(v):
        return _functional(covariance, np.exp(v[0]), np.exp(v[1]), (1 / (1 + np.exp(-v[2]))) if s2 else 0.0)

    starts = [(-1.0, -1.0, -2.0), (-1.0, -0.5, 0.0), (-0.5, -1.5, 1.0)]
    options = {"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000, "maxfev": 4000}
    best = min(minimize(objective, v, method="Nelder-Mead", options=options).fun for v in starts)
    assert -state.energy == pytest.approx(best, abs=1e-9)


def test_ground_state_in_a_field():
    # Trivial from S2 = x2 - x1 = 3 on: one state, energy -sqrt(x1).
    assert ground_state(P3.with_field(4.0)).energy == -sqrt(7.0)
    assert ground_state(P3.with_field(3.5)).replicon > 0
    assert ground_state(P3.with_field(1e-9)).energy == pytest.approx(ground_state(P3).energy, abs=1e-8)
    assert ground_state(Covariance.pure(2)).energy == pytest.approx(-sqrt(2))
    # The law at finite N comes from above.
    law = ground_state_law(FiniteN(P3.with_field(1.0), 60), points=301)
    assert ground_state(P3.with_field(1.0)).energy < law.mean < ground_state(P3.with_field(1.0)).energy + 0.05


def test_poisson_constants():
    assert poisson_constants(3) == (pytest.approx(0.62502082, abs=5e-9), pytest.approx(0.99868848, abs=5e-9))
    assert poisson_constants(4) == (pytest.approx(0.90982677, abs=5e-9), pytest.approx(0.42632748, abs=5e-9))
    # The rate is the slope y of the one-step solution: two derivations.
    assert ground_state(P3).slope == pytest.approx(poisson_constants(3)[0], abs=1e-9)


def test_sharp_count_of_deep_points():
    ratios = {
        n: FiniteN(Covariance.pure(4), n).expected_below(-1.9) / deep_count(4, n, -1.9)
        for n in (20, 100, 200)
    }
    assert ratios == pytest.approx({20: 0.819, 100: 0.951, 200: 0.974}, abs=6e-4)
    ratios = {n: FiniteN(P3, n).expected_below(-1.65) / deep_count(3, n, -1.65) for n in (20, 100, 200)}
    assert ratios == pytest.approx({20: 0.43, 100: 0.69, 200: 0.79}, abs=6e-3)
    with pytest.raises(ValueError, match="below the threshold"):
        deep_prefactor(3, -1.6)


def test_semicircle_and_index_curve():
    x = np.linspace(-2, 2, 4001)
    assert np.trapezoid(semicircle_density(x), x) == pytest.approx(1, abs=1e-5)
    assert semicircle_cdf(0.0) == 0.5
    assert semicircle_cdf(semicircle_quantile(0.2)) == pytest.approx(0.2)
    assert semicircle_quantile(0) == -2
    assert float(index_fraction(P3, -threshold_energy(3))) == pytest.approx(0.0, abs=1e-12)
    assert float(index_fraction(P3, 0.0)) == 0.5
    expected = semicircle_cdf(sqrt(3 / 2) * -0.8)
    assert float(index_fraction(P3, -0.8)) == pytest.approx(float(expected))
    low, high = hessian_edges(P3, 3 * -1.7)
    assert low == pytest.approx(5.1 - 2 * sqrt(6))
    assert low > 0
    grid = np.linspace(low, high, 4001)
    assert np.trapezoid(hessian_density(P3, grid, -5.1), grid) == pytest.approx(1, abs=1e-5)


def test_index_curve_against_exact_finite_n():
    model = FiniteN(P3, 40)
    u = np.linspace(-1.2, 1.2, 9)
    density = model.density_by_index(u)
    mean = np.arange(40) @ density / density.sum(axis=0) / 39
    np.testing.assert_allclose(mean, index_fraction(P3, u), atol=0.01)


def test_refusals():
    with pytest.raises(ValueError, match="allowed is p >= 3"):
        pure_complexity(2, 0.0)
    with pytest.raises(ValueError, match="allowed is a mixture"):
        joint_complexity(P3, -1.0, -3.0)
    with pytest.raises(ValueError, match="fraction"):
        semicircle_quantile(1.5)


@pytest.mark.parametrize("p", [3, 4, 5])
def test_all_minima_grow_like_those_at_the_threshold(p):
    at_edge = float(pure_complexity(p, -threshold_energy(p)))
    assert total_minima_complexity(Covariance.pure(p)) == pytest.approx(at_edge, abs=1e-14)


def test_all_minima_of_a_mixture_are_the_best_energy():
    mixed = Covariance.parse("0.5*q^2+0.5*q^3")
    energies = np.linspace(-1.6, -1.4, 401)
    rates = [minima_complexity(mixed, float(u)) for u in energies]
    assert total_minima_complexity(mixed) == pytest.approx(max(rates), abs=1e-6)
    assert dominant_minima_energy(mixed) == pytest.approx(energies[np.argmax(rates)], abs=1e-3)
    assert dominant_minima_energy(Covariance.pure(4)) == pytest.approx(-threshold_energy(4), abs=1e-14)
    assert total_minima_complexity(mixed.with_field(2.0)) == 0.0


@pytest.mark.parametrize("xi", ["1e6*q^3+1e-12*q^2", "1e3*q^3+1e-12*q^2", "q^3+1e-12*q^2"])
def test_a_pure_model_and_next_to_nothing_is_the_pure_model(xi):
    """Energies by sqrt(x0), rates as they are: nothing divides by what rounding leaves."""
    covariance = Covariance.parse(xi)
    unit = sqrt(covariance.x0)
    for energy in (-1.80, -1.70, -1.64):
        pure = float(pure_complexity(3, energy))
        assert minima_complexity(covariance, unit * energy) == pytest.approx(pure, abs=1e-8)
    np.testing.assert_allclose(
        dominant_radial_derivative(covariance, unit * np.array([-1.7, 0.5])) / unit, [-5.1, 1.5], rtol=1e-8
    )
    low, high = marginal_range(covariance)
    assert low < -threshold_energy(3) * unit < high
    # a parabola with the variance of E given D, det/(x1 + x2), which is 1e-12 c (3-2)^2/(x1 + x2)
    rate = 0.5 * log(2) + 1 - 4 * 6 / (2 * 9)
    width = sqrt(2 * rate * 1e-12 / 9)
    assert (high - low) / 2 == pytest.approx(width, rel=1e-6)


def test_weakest_fields_leave_the_ground_state_where_it_is():
    for field in (1e-12, 1e-11, 1e-10, 1e-9):
        found = ground_state(Covariance.pure(3).with_field(field))
        assert found.energy == pytest.approx(-1.656998363527, abs=2 * field + 1e-12)
        assert found.replicon > 0
    strong = ground_state(Covariance.parse("1e12*q^3").with_field(1e-12))
    assert strong.energy == pytest.approx(-1.656998363527e6, rel=1e-11)
