"""The equations at N -> infinity, against a model that is solved in closed form and identities between their
solutions."""

import numpy as np
import pytest
from scipy.special import iv

from morsecensus.analysis.theory.dynamics.growth import overlap_spread
from morsecensus.analysis.theory.dynamics.limits import limit
from morsecensus.analysis.theory.dynamics.recovery import (
    informative_overlaps,
    outlier,
    outlier_overlap,
)
from morsecensus.analysis.theory.dynamics.two_time import Kernels, extrapolated, integrate, solve
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


def test_correlations_of_the_quadratic_model_are_those_of_matrix_exponentials():
    errors = []
    for steps in (100, 200, 400):
        found = solve(SQUARE, 3.0, steps)
        errors.append(np.abs(found.correlation - _exact_square(found.times)).max())
    assert errors[-1] < 5e-5
    # Second order in the step: halving it divides the error by four.
    assert 3.5 < errors[0] / errors[1] < 4.5
    assert 3.7 < errors[1] / errors[2] < 4.3


@pytest.mark.parametrize("wrong", ["memory_sign", "noise_second"])
def test_a_wrong_memory_is_rejected_by_the_quadratic_model(wrong):
    right = Kernels.of(SQUARE)
    kernels = {
        "memory_sign": Kernels(right.noise_first, right.noise_second, right.signal, right.signal_first, -1.0),
        "noise_second": Kernels(right.noise_first, right.noise_first, right.signal, right.signal_first),
    }
    found = integrate(kernels[wrong], 3.0, 200, 0.0)
    assert np.abs(found.correlation - _exact_square(found.times)).max() > 0.05


def test_overlap_with_a_rank_one_signal_is_that_of_a_spiked_matrix():
    overlap, until, steps = 0.2, 2.0, 400
    curve = extrapolated(*(solve(SQUARE, until, k, RANK_ONE, overlap) for k in (steps, 2 * steps)))
    fine = 8
    spiked = _spiked_moments(2 * until, 2 * steps * fine)
    along, twice = spiked[::fine][: steps + 1], spiked[:: 2 * fine]
    norm = overlap**2 * twice + (1 - overlap**2) * _moments(2 * curve.times)
    exact = overlap * along / np.sqrt(norm)
    assert exact[-1] > 0.8
    assert np.abs(curve.overlap - exact).max() < 1e-4


def test_spread_of_uniform_starts_is_that_of_a_spiked_matrix():
    steps, until, fine = 400, 2.0, 8
    coarse, better = (overlap_spread(solve(SQUARE, until, k), SQUARE, RANK_ONE) for k in (steps, 2 * steps))
    found = better[::2] + (better[::2] - coarse) / 3
    twice = _spiked_moments(2 * until, 2 * steps * fine)[:: 2 * fine]
    exact = twice / _moments(2 * until / steps * np.arange(steps + 1))
    assert exact[-1] > 20
    np.testing.assert_allclose(found, exact, rtol=2e-4)


def test_without_signal_every_direction_keeps_its_share():
    found = solve(CUBIC, 5.0, 400)
    np.testing.assert_allclose(overlap_spread(found, CUBIC, NOTHING), 1.0, atol=3e-4)


def test_energies_of_the_cubic_model():
    """Values of another solver, to the digits that it gives."""
    curve = extrapolated(solve(CUBIC, 5.0, 400), solve(CUBIC, 5.0, 800))
    np.testing.assert_allclose(curve.at(np.array([1.0, 2.0, 5.0]))[0], [-1.2199, -1.3806, -1.5012], atol=1e-4)
    assert curve.energy_error.max() < 5e-4


def test_overlaps_of_the_matrix_tensor_model():
    """Values of another solver, to the digits that it gives."""
    noise, signal = matrix_tensor(3, 1 / 3, 1.0)
    curve = extrapolated(*(solve(noise, 2.0, steps, signal, 0.25) for steps in (160, 320)))
    found = curve.at(np.array([0.25, 0.5, 1.0, 2.0]))[1]
    np.testing.assert_allclose(found, [0.455, 0.6275, 0.800, 0.855], atol=6e-4)


def test_energy_falls_as_fast_as_points_move():
    """de/dt = -|dx/dt|^2/N, and |x(t+d) - x(t-d)|^2/N = 2(1 - C(t+d, t-d)): energy from the response, speed
    from the correlation. Off by squares of d and of h/d: a per cent."""
    noise, signal = matrix_tensor(3, 0.4, 1.0)
    found = solve(noise, 1.5, 600, signal, 0.2)
    lag = 40
    span = found.times[lag]
    speed = 2 * (1 - np.diagonal(found.correlation, lag)) / span**2
    fall = (found.energy[:-lag] - found.energy[lag:]) / span
    assert speed[0] > 3
    np.testing.assert_allclose(fall, speed, rtol=0.01, atol=0.01)


def test_invariants():
    noise, signal = matrix_tensor(4, 0.4, 1.0)
    found = solve(noise, 3.0, 200, signal, 0.2)
    np.testing.assert_array_equal(np.diagonal(found.correlation), 1.0)
    np.testing.assert_array_equal(found.correlation, found.correlation.T)
    assert np.abs(found.correlation).max() <= 1 + found.times[1] ** 2
    assert not np.triu(found.response, 1).any()
    # E and the radial derivative of a pure model are proportional, whatever the state.
    pure = solve(CUBIC, 2.0, 100)
    np.testing.assert_allclose(pure.multiplier, -3 * pure.energy, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((CUBIC, 0.0, 10), "until: got 0.0"),
        ((CUBIC, 1.0, 0), "steps: got 0"),
        ((CUBIC, 1.0, 10, None, 1.5), "overlap: got 1.5"),
        ((CUBIC, 1e3, 20), "unstable"),
    ],
)
def test_what_cannot_be_solved_is_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        solve(*arguments)


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
