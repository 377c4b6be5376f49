"""The equations at N -> infinity, against a model that is solved in closed form and identities between their
solutions."""

import dataclasses

import numpy as np
import pytest
from scipy.special import iv

from morsecensus.analysis.theory.dynamics.growth import overlap_spread
from morsecensus.analysis.theory.dynamics.kernels import Kernels, Setting
from morsecensus.analysis.theory.dynamics.limits import limit
from morsecensus.analysis.theory.dynamics.recovery import (
    informative_overlaps,
    outlier,
    outlier_overlap,
)
from morsecensus.analysis.theory.dynamics.romberg import curve, romberg
from morsecensus.analysis.theory.dynamics.two_time import integrate, solve
from morsecensus.analysis.theory.models.spiked.limits import descent_line
from morsecensus.analysis.topics.flow.outliers import spiked_goe
from morsecensus.tasks.covariance import Covariance, Signal, matrix_tensor

CUBIC, SQUARE = Covariance.pure(3), Covariance.pure(2)
NOTHING = Signal((0.0,))
STRENGTH = 3.5
RANK_ONE = Signal((0.0, 0.0, STRENGTH / 2))


def _moments(s):
    """K(s) = int rho(l) e^{-l s} dl over the semicircle of xi = q^2, of radius 2 sqrt(2)."""
    z = 2 * np.sqrt(2) * np.asarray(s, dtype=float)
    safe = np.where(z == 0, 1.0, z)
    return np.where(z == 0, 1.0, 2 * iv(1, safe) / safe)


def _spiked_moments(until, steps):
    """<e_1, e^{-A s} e_1> with A the semicircle's matrix less STRENGTH e_1 e_1^T, on a grid: Duhamel's
    formula K_1 = K + r int K(s - u) K_1(u) du, by trapezoids."""
    h = until / steps
    free = _moments(h * np.arange(steps + 1))
    found = np.empty(steps + 1)
    found[0] = 1.0
    for i in range(1, steps + 1):
        known = h * (free[i] * found[0] / 2 + free[i - 1 : 0 : -1] @ found[1:i])
        found[i] = (free[i] + STRENGTH * known) / (1 - STRENGTH * h / 2)
    return found


def _exact_square(times):
    """x(t) ~ e^{-At} x(0): correlations of the two-spin model."""
    norm = _moments(2 * times)
    return _moments(times[:, None] + times) / np.sqrt(norm[:, None] * norm)


def _levels(measure, coarse, levels=4):
    """Values and errors at step zero from `levels` grids, each with twice the steps of the one before."""
    return romberg([measure(coarse << k, 1 << k) for k in range(levels)])


def test_correlations_of_the_quadratic_model_are_those_of_matrix_exponentials():
    errors, matrices = [], []
    for k in range(4):
        found = solve(SQUARE, 3.0, 30 << k)
        matrices.append(found.correlation[:: 1 << k, :: 1 << k])
        errors.append(np.abs(found.correlation - _exact_square(found.times)).max())
    # Second order in the step: halving it divides the error by four.
    assert 3.9 < errors[-2] / errors[-1] < 4.1
    value, error = romberg(matrices)
    exact = _exact_square(np.linspace(0.0, 3.0, 31))
    assert np.abs(value - exact).max() < 1e-9
    assert np.abs(value - exact).max() < error.max() < 1e-7


def test_the_quadratic_model_in_closed_form():
    """e(1) and C(2, 0) from Bessel functions."""
    found, _ = curve(Kernels.of(SQUARE), 2.0).looks(np.array([1.0, 2.0]))
    assert found[0, 0] == pytest.approx(-1.0597810272, abs=3e-10)
    assert found[2, 1] == pytest.approx(0.3872430374, abs=3e-10)


def _wrong(kernels, what):
    if what == "memory_sign":
        return dataclasses.replace(kernels, memory_sign=-1.0)
    return dataclasses.replace(kernels, noise_second=kernels.noise_first)


@pytest.mark.parametrize("what", ["memory_sign", "noise_second"])
def test_a_wrong_memory_is_rejected_by_the_quadratic_model(what):
    found = integrate(_wrong(Kernels.of(SQUARE), what), 3.0, 200)
    assert np.abs(found.correlation - _exact_square(found.times)).max() > 0.05


def test_overlap_with_a_rank_one_signal_is_that_of_a_spiked_matrix():
    overlap, until, steps = 0.2, 2.0, 100
    found, _ = curve(Kernels.of(SQUARE, RANK_ONE), until, Setting(overlap=overlap)).looks(
        np.linspace(0.0, until, steps + 1)
    )
    fine = 64
    spiked = _spiked_moments(2 * until, 2 * steps * fine)
    along, twice = spiked[::fine][: steps + 1], spiked[:: 2 * fine]
    norm = overlap**2 * twice + (1 - overlap**2) * _moments(2 * np.linspace(0.0, until, steps + 1))
    exact = overlap * along / np.sqrt(norm)
    assert exact[-1] > 0.8
    # The error is that of the trapezoids of Duhamel's formula.
    assert np.abs(found[3] - exact).max() < 1e-5


def test_spread_of_uniform_starts_is_that_of_a_spiked_matrix():
    steps, until, fine = 50, 2.0, 64
    found, error = _levels(
        lambda k, stride: overlap_spread(solve(SQUARE, until, k), SQUARE, RANK_ONE)[::stride], steps
    )
    twice = _spiked_moments(2 * until, 2 * steps * fine)[:: 2 * fine]
    exact = twice / _moments(2 * until / steps * np.arange(steps + 1))
    assert exact[-1] > 20
    np.testing.assert_array_less(error, 1e-6 * exact)
    np.testing.assert_allclose(found, exact, rtol=2e-5)


def test_without_signal_every_direction_keeps_its_share():
    found, _ = _levels(lambda k, stride: overlap_spread(solve(CUBIC, 5.0, k), CUBIC, NOTHING)[::stride], 40)
    np.testing.assert_allclose(found, 1.0, atol=1e-7)


def test_energy_falls_as_fast_as_points_move():
    """de/dt = -|dx/dt|^2/N, and |x(t+d) - x(t-d)|^2/N = 2(1 - C(t+d, t-d)): energy from the response, speed
    from the correlation. Off by squares of d: a per cent."""
    noise, signal = matrix_tensor(3, 0.4, 1.0)
    found = solve(noise, 1.5, 600, signal, Setting(overlap=0.2))
    lag = 40
    span = found.times[lag]
    speed = 2 * (1 - np.diagonal(found.correlation, lag)) / span**2
    fall = (found.energy[:-lag] - found.energy[lag:]) / span
    assert speed[0] > 3
    np.testing.assert_allclose(fall, speed, rtol=0.01, atol=0.01)


def test_invariants():
    noise, signal = matrix_tensor(4, 0.4, 1.0)
    found = solve(noise, 3.0, 200, signal, Setting(0.3, overlap=0.2))
    np.testing.assert_array_equal(np.diagonal(found.correlation), 1.0)
    np.testing.assert_array_equal(found.correlation, found.correlation.T)
    assert np.abs(found.correlation).max() <= 1 + found.times[1] ** 2
    assert not np.triu(found.response, 1).any()


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_energy_and_radial_derivative_of_a_pure_model_are_proportional(temperature):
    found = solve(CUBIC, 2.0, 100, setting=Setting(temperature))
    np.testing.assert_allclose(temperature - found.multiplier, 3 * found.energy, atol=1e-12)


def test_a_uniform_start_is_remembered_as_a_kick_is():
    """R(t, 0) = C(t, 0): a kick at t = 0 and a shift of a start that knows nothing are one thing."""
    for temperature in (0.0, 0.7):
        found = solve(CUBIC, 4.0, 100, setting=Setting(temperature))
        np.testing.assert_allclose(found.response[:, 0], found.correlation[:, 0], atol=1e-12)
    planted = solve(CUBIC, 4.0, 100, setting=Setting(0.9, 0.9))
    assert np.abs(planted.response[:, 0] - planted.correlation[:, 0]).max() > 0.1


def test_equilibrium_stays():
    """From equilibrium at T, a bath of T changes nothing: e = -1/T, C depends on the lag alone, and
    R = -dC/dlag / T (fluctuation and dissipation)."""
    temperature, k = 1.0, 40
    found = curve(Kernels.of(CUBIC), 5.0, Setting(temperature, temperature), most_steps=500)
    np.testing.assert_allclose(found.energy, -1 / temperature, atol=1e-6)
    lags, _ = _levels(
        lambda n, stride: np.array(
            [[s[n, n - a * stride], s[n // 2, n // 2 - a * stride]] for s, a in _pairs(n, k, temperature)]
        ),
        k,
    )
    np.testing.assert_allclose(lags[:, 0], lags[:, 1], atol=1e-8)


def _pairs(n, k, temperature):
    solution = solve(CUBIC, 4.0, n, setting=Setting(temperature, temperature))
    return [(matrix, lag) for matrix in (solution.correlation, solution.response) for lag in (2, 10, k // 2)]


@pytest.mark.parametrize("what", ["memory_sign", "noise_second"])
def test_a_wrong_memory_leaves_equilibrium(what):
    found = integrate(_wrong(Kernels.of(CUBIC), what), 3.0, 200, Setting(1.0, 1.0))
    assert abs(found.energy[-1] + 1) > 0.05


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((CUBIC, 0.0, 10), "until: got 0.0"),
        ((CUBIC, 1.0, 0), "steps: got 0"),
        ((CUBIC, 1e3, 20), "too long"),
    ],
)
def test_what_cannot_be_solved_is_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        solve(*arguments)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((-0.1,), "temperature: got -0.1"),
        ((float("nan"),), "temperature: got nan"),
        ((0.0, 0.0), "start_temperature: got 0"),
        ((0.0, None, 1.5), "overlap: got 1.5"),
    ],
)
def test_settings_that_cannot_be_are_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        Setting(*arguments)


@pytest.mark.parametrize(("deltap", "inverse"), [(0.5, 2.561553), (1.0, 2.0), (4.0, 1.366025)])
def test_threshold_is_where_the_strength_is_one(deltap, inverse):
    noise, signal = matrix_tensor(3, 1 / descent_line(3, deltap), deltap)
    assert limit(noise, signal, 0.2, 0.1).theta == pytest.approx(1)
    assert descent_line(3, deltap) == pytest.approx(inverse, abs=1e-6)


def test_the_overlap_that_flows_reach_is_that_of_the_informative_minimum():
    noise, signal = matrix_tensor(3, 0.4, 1.0)
    found = limit(noise, signal, 0.4, 8.0)
    assert found.informative is not None
    assert found.curve.overlap[-1] == pytest.approx(found.informative, abs=1e-3)
    assert informative_overlaps(*matrix_tensor(3, 1.0, 1.0)) == []


def test_outliers_of_random_matrices():
    theta, n = np.array([0.5, 1.5, 2.5]), 150
    values, overlaps = spiked_goe(n, theta, 40, np.random.default_rng(1))
    spread = np.std(values, axis=0) / 40**0.5
    # Corrections: (N^{-2/3} at an edge, 1/N for an outlier) times constants of order one.
    assert np.all(np.abs(values.mean(0) - outlier(theta)) < 4 * spread + [3 * n ** (-2 / 3), 5 / n, 5 / n])
    error = 4 * np.std(overlaps, axis=0) / 40**0.5
    assert np.all(np.abs(overlaps.mean(0) - outlier_overlap(theta)) < error + 5 / n)
