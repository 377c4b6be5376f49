"""The recursion of algorithms with finite steps, against values of another program, and where it must meet
the equations of continuous time."""

import dataclasses

import numpy as np
import pytest

from morsecensus.analysis.theory.dynamics.kernels import Kernels, Setting
from morsecensus.analysis.theory.dynamics.recursion import descend
from morsecensus.analysis.theory.dynamics.romberg import curve
from morsecensus.tasks.covariance import Covariance

CUBIC = Kernels.of(Covariance.pure(3))
SQUARE = Kernels.of(Covariance.pure(2))
DESCENT = {5: -0.63433718, 10: -0.95517779, 20: -1.20879825, 40: -1.37455242, 100: -1.49909038}
SEQUENCE = [(t * t + 3 * t) % 7 for t in range(200)]


def _assert_energies(found, expected):
    np.testing.assert_allclose(found.energy[list(expected)], list(expected.values()), atol=1e-8)


def test_gradient_descent():
    found = descend(CUBIC, 0.05, [0] * 200)
    _assert_energies(found, DESCENT | {200: -1.55091019})
    assert found.correlation[200, 0] == pytest.approx(0.24771284, abs=1e-8)


def test_langevin():
    found = descend(CUBIC, 0.05, [0] * 100, temperature=1.0)
    _assert_energies(found, {20: -0.75077346, 40: -0.83803147, 100: -0.90749817})


def test_stochastic_gradient_descent():
    found = descend(CUBIC, 0.3, SEQUENCE, 7)
    _assert_energies(found, {10: -0.75122614, 50: -0.9907595, 100: -1.06627486, 200: -1.09739271})
    np.testing.assert_allclose(found.radial, 3 * found.energy, atol=1e-13)


@pytest.mark.parametrize("wrong", ["memory_sign", "noise_second"])
def test_a_wrong_memory_gives_other_energies(wrong):
    change = -1.0 if wrong == "memory_sign" else CUBIC.noise_first
    found = descend(dataclasses.replace(CUBIC, **{wrong: change}), 0.05, [0] * 40)
    assert abs(found.energy[40] - DESCENT[40]) > 0.03


def test_descent_of_a_quadratic_form_is_a_power_of_a_matrix():
    """x_t ~ prod (1 - eta (A - gamma_s)) x_0 with A a semicircle of radius 2 sqrt(2): a quadrature in its
    eigenvalues."""
    steps, eta = 60, 0.1
    nodes, weights = np.polynomial.chebyshev.chebgauss(4000)
    values = 2 * np.sqrt(2) * nodes
    weights = weights * (1 - nodes**2)
    weights /= weights.sum()
    x, energies = np.ones_like(values), []
    for _ in range(steps + 1):
        gamma = weights @ (values * x**2)
        energies.append(gamma / 2)
        x = x - eta * (values - gamma) * x
        x /= np.sqrt(weights @ x**2)
    np.testing.assert_allclose(descend(SQUARE, eta, [0] * steps).energy, energies, atol=1e-12)


def test_short_steps_approach_the_equations():
    limit = curve(CUBIC, 1.0, Setting(0.5)).energy[-1]
    errors = [abs(descend(CUBIC, 1 / n, [0] * n, temperature=0.5).energy[n] - limit) for n in (50, 100, 200)]
    assert errors[2] < 4e-3
    # First order in the step.
    assert 1.9 < errors[0] / errors[1] < 2.1
    assert 1.95 < errors[1] / errors[2] < 2.05


def test_a_field_seen_once_pulls_as_a_new_one():
    """Each field used once: every gradient is new and independent, so x turns by the same angle a step."""
    steps, eta = 9, 0.4
    found = descend(CUBIC, eta, range(steps), steps)
    turn = 1 / np.sqrt(1 + eta**2 * 3 / steps)
    np.testing.assert_allclose(found.correlation[:, 0], turn ** np.arange(steps + 1), atol=1e-14)
    np.testing.assert_allclose(found.gradient, 3 / steps, atol=1e-14)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0.0, [0]), "step: got 0"),
        ((0.1, []), "steps: got 0"),
        ((0.1, [0], 0), "summands: got 0"),
        ((0.1, [0, 2], 2), "sequence: got fields from 0 to 2"),
        ((0.1, [0.5]), "sequence"),
        ((0.1, [0], 1, -1.0), "temperature: got -1"),
    ],
)
def test_what_cannot_be_followed_is_refused(arguments, text):
    with pytest.raises(ValueError, match=text):
        descend(CUBIC, *arguments)
