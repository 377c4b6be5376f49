"""Temperatures, TAP states and aging energies: values of another program, and identities."""

from math import log1p, sqrt

import numpy as np
import pytest

from morsecensus.analysis.theory.limits.temperatures import (
    aging,
    equilibrium_energy,
    tap_states,
)
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.temperatures import dynamic_transition, static_transition

MIXTURE = Covariance.parse("0.5*q^3+0.5*q^4")
PURE = (
    (3, 0.86602540, 0.82880548, 0.64500745, -1.53150760, -1.37206283),
    (4, 0.76980036, 0.71140507, 0.80452183, -1.62993734, -1.46625440),
    (5, 0.72618438, 0.65263108, 0.87114879, -1.68639035, -1.52026771),
)


@pytest.mark.parametrize(("p", "dynamic", "static", "overlap", "cold", "warm"), PURE)
def test_pure_models(p, dynamic, static, overlap, cold, warm):
    xi = Covariance.pure(p)
    found = dynamic_transition(xi)
    assert found.temperature == pytest.approx(dynamic, abs=1e-8)
    assert found.overlap == pytest.approx((p - 2) / (p - 1), abs=1e-7)
    assert static_transition(xi).temperature == pytest.approx(static, abs=1e-8)
    assert static_transition(xi).overlap == pytest.approx(overlap, abs=1e-6)
    assert aging(xi, 0.2).energy == pytest.approx(cold, abs=1e-8)
    assert aging(xi, 0.5).energy == pytest.approx(warm, abs=1e-8)


def test_mixtures():
    assert dynamic_transition(MIXTURE).temperature == pytest.approx(0.805166, abs=1e-6)
    # Continuous where the quadratic term is strong: both at xi''(0)^(1/2).
    weak = Covariance.parse("q^2+0.1*q^3")
    assert dynamic_transition(weak).temperature == static_transition(weak).temperature == sqrt(2)


@pytest.mark.parametrize("xi", [MIXTURE, Covariance.parse("q^3+2*q^6"), Covariance.pure(5)])
def test_two_conditions_meet_at_the_static_transition(xi):
    """Two conditions of one step of replica symmetry breaking whose last block has size 1."""
    found = static_transition(xi)
    q, square = found.overlap, found.temperature**2
    assert xi.value(q) / square == pytest.approx(-q - log1p(-q), rel=1e-10)
    assert xi.derivative(q) / square == pytest.approx(q / (1 - q), rel=1e-5)
    assert found.temperature < dynamic_transition(xi).temperature


@pytest.mark.parametrize(
    ("p", "temperature", "maximum", "energy", "complexity"),
    [
        (3, 0.847415, 0.6962693201, -1.643890, 0.0077481),
        (4, 0.740603, 0.9115896871, -1.759740, 0.0293718),
        (5, 0.689408, 1.0520047626, -1.832470, 0.0563271),
    ],
)
def test_tap_states_have_the_free_energy_of_equilibrium(p, temperature, maximum, energy, complexity):
    found = tap_states(Covariance.pure(p), temperature)
    assert found.maximum == pytest.approx(1 / (2 * temperature**2), abs=1e-9)
    assert found.maximum == pytest.approx(maximum, abs=2e-6)  # the temperatures have six digits
    assert found.energy == pytest.approx(energy, abs=2e-5)
    assert found.complexity == pytest.approx(complexity, abs=2e-5)
    # The maximiser is flat: its place has half of the digits.
    assert found.state_energy == pytest.approx(-1 / temperature, abs=1e-6)
    assert found.overlap > (p - 2) / (p - 1)


def test_units_of_energy_scale():
    large, unit = Covariance.parse("4*q^3"), Covariance.pure(3)
    assert static_transition(large).temperature == pytest.approx(2 * static_transition(unit).temperature)
    assert aging(large, 1.0).energy == pytest.approx(2 * aging(unit, 0.5).energy)
    assert tap_states(large, 1.7).maximum == pytest.approx(tap_states(unit, 0.85).maximum)
    assert tap_states(large, 1.7).energy == pytest.approx(2 * tap_states(unit, 0.85).energy, abs=1e-6)
    assert equilibrium_energy(large, 1.7) == pytest.approx(2 * equilibrium_energy(unit, 0.85))


def test_aging_meets_equilibrium_and_the_threshold():
    xi = Covariance.pure(3)
    highest = dynamic_transition(xi).temperature
    assert aging(xi, highest - 1e-6).energy == pytest.approx(-1 / highest, abs=1e-5)
    assert aging(xi, highest - 1e-6).ratio == pytest.approx(1.0, abs=1e-5)
    assert aging(xi, 1e-4).energy == pytest.approx(-2 * sqrt(2 / 3), abs=1e-4)
    # Equipartition: T/2 above the threshold.
    assert (aging(xi, 0.01).energy - aging(xi, 0.0001).energy) / 0.0099 == pytest.approx(0.5, abs=0.01)


def test_the_quadratic_model_ages_to_its_ground_state():
    found = aging(Covariance.pure(2), 0.3)
    assert found.energy == pytest.approx(-sqrt(2) + 0.15)
    assert found.ratio == pytest.approx(0.0, abs=1e-12)


def test_what_has_no_value_is_refused():
    with pytest.raises(ValueError, match="degree 1"):
        static_transition(Covariance.parse("q+q^3"))
    with pytest.raises(ValueError, match="got the mixture"):
        aging(MIXTURE, 0.3)
    for temperature in (0.0, 0.9, np.nan):
        with pytest.raises(ValueError, match="temperature: got"):
            aging(Covariance.pure(3), temperature)
    with pytest.raises(ValueError, match=r"T_s = 0\.828"):
        tap_states(Covariance.pure(3), 0.8)
    with pytest.raises(ValueError, match="degree 3 or more"):
        tap_states(MIXTURE, 0.8)
