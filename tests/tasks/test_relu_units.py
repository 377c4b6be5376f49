"""ReLU students of orthonormal teachers: closed forms against integrals and differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from morsecensus.tasks.landscapes.relu_units import ReluUnits


def test_value_is_half_the_mean_squared_error():
    """In the plane by the trapezoidal rule on the circle: the radius integrates to E r^2/2 = 1."""
    landscape, w = ReluUnits(2, 3), np.random.default_rng(0).standard_normal((3, 2))
    angle = np.linspace(0, 2 * np.pi, 200_001)[:-1]
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    error = np.maximum(x @ w.T, 0).sum(axis=1) - np.maximum(x, 0).sum(axis=1)
    value = float(landscape.value(np.eye(2), jnp.asarray(w.ravel())))
    assert value == pytest.approx((error**2).mean(), rel=1e-8)


@pytest.mark.parametrize(("k", "units"), [(3, 3), (4, 6)])
def test_derivatives_are_those_of_the_value(k, units):
    landscape, teachers = ReluUnits(k, units), np.eye(k)
    x = np.random.default_rng(1).standard_normal(k * units)
    jet = jax.jit(landscape.jet)(teachers, x)
    value, slope, step = jax.jit(landscape.value), jax.jit(landscape.gradient), 1e-5
    slopes = [(value(teachers, x + d) - value(teachers, x - d)) / (2 * step) for d in step * np.eye(x.size)]
    np.testing.assert_allclose(jet.gradient, slopes, atol=1e-8)
    columns = [(slope(teachers, x + d) - slope(teachers, x - d)) / (2 * step) for d in step * np.eye(x.size)]
    np.testing.assert_allclose(jet.hessian, np.array(columns), atol=1e-8)
    np.testing.assert_allclose(jet.hessian, jet.hessian.T, atol=1e-14)


def test_teachers_are_the_minimum_where_autodiff_has_no_number():
    landscape, x = ReluUnits(3, 3), np.eye(3)[[2, 0, 1]].ravel()
    jet = jax.jit(landscape.jet)(np.eye(3), x)
    assert abs(float(jet.value)) < 1e-15
    np.testing.assert_allclose(jet.gradient, 0, atol=1e-15)
    spectrum = np.linalg.eigvalsh(jet.hessian)
    assert spectrum[0] > 0.01
    assert np.isnan(jax.hessian(landscape.value, 1)(np.eye(3), jnp.asarray(x))).any()


def test_slopes_keep_their_digits_where_units_are_nearly_parallel():
    """Gradients take angles from cosines, Hessians from differences: beside the minimum both say the same."""
    landscape, teachers = ReluUnits(4, 5), np.eye(4)
    weights = np.insert(np.eye(4) * 1.0, 4, 0.4 * np.eye(4)[1], axis=0)
    weights[1] *= 0.6  # two students along one teacher
    jet, slope = jax.jit(landscape.jet)(teachers, weights.ravel()), jax.jit(landscape.gradient)
    np.testing.assert_allclose(jet.gradient, 0, atol=1e-15)
    for length in (1e-5, 1e-6, 1e-7):
        away = length * np.random.default_rng(3).standard_normal(20)
        gradient = slope(teachers, weights.ravel() + away)
        # What is left is the second order, and round-off.
        np.testing.assert_allclose(gradient, jet.hessian @ away, atol=30 * length**2 + 1e-15)


def test_one_teacher_is_refused():
    with pytest.raises(ValueError, match=r"k: got 1, allowed: integers >= 2"):
        ReluUnits.from_parameters({}, 1)
