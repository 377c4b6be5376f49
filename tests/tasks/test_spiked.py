"""Spiked landscapes: derivatives, the law of noise and signal, symmetries, shared noise, and enumeration."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from morsecensus.tasks.covariance import Covariance, Signal
from morsecensus.tasks.finders.homotopy.census import enumerate_landscape
from morsecensus.tasks.finders.homotopy.cost import countable, path_count
from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import HomotopyOptions, MultistartOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.registry import MODELS

SPIKED = [
    ("spiked", {"xi": "q^3", "signal": "0.7*q^3"}, 5),
    ("spiked", {"xi": "q^3", "signal": "2*q^2"}, 4),
    ("spiked", {"xi": "0.5*q^2+q^4", "signal": "q+0.3*q^3"}, 4),
    ("spiked", {"xi": "q^2", "signal": "1.5*q^5"}, 3),
    ("matrix-tensor", {"p": 3, "delta2": 0.4, "deltap": 2.0}, 6),
    ("matrix-tensor", {"p": 4, "delta2": 0.4, "deltap": 0.1}, 3),
]


@pytest.mark.parametrize(("model", "parameters", "n"), SPIKED)
def test_derivatives_are_those_of_the_constrained_function(model, parameters, n):
    landscape = build(model, parameters, n)
    manifold, couplings = landscape.manifold, landscape.sample(7, 0)

    @jax.jit
    def by_hand(x, basis):
        jet = landscape.jet(couplings, x)
        hessian = manifold.tangent_hessian(x, jet.gradient, jet.hessian, 3.5)
        return basis.T @ jet.gradient, basis.T @ hessian @ basis

    @jax.jit
    def by_autodiff(x, basis):
        def constrained(t):
            return landscape.value(couplings, manifold.retract(x, basis @ t))

        origin = jnp.zeros(n - 1)
        return jax.grad(constrained)(origin), jax.hessian(constrained)(origin)

    for x in manifold.random_points(np.random.default_rng(1), 2):
        basis = np.linalg.svd(np.asarray(manifold.normals(x)))[0][:, 1:]
        for mine, other in zip(by_hand(x, basis), by_autodiff(x, basis), strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-11)


@pytest.mark.parametrize(("model", "parameters", "n"), SPIKED)
def test_signal_is_added_to_the_noise_of_the_pspin_landscape(model, parameters, n):
    landscape = build(model, parameters, n)
    noise = build("pspin", {"xi": str(landscape.covariance)}, n)
    x = landscape.manifold.random_points(np.random.default_rng(2), 1)[0]
    alone = noise.value(noise.sample(3, 5), jnp.asarray(x))
    found = landscape.value(landscape.sample(3, 5), jnp.asarray(x))
    signal = sum(c * (x[0] / math.sqrt(n)) ** k for k, c in landscape.signal.terms)
    np.testing.assert_allclose(found - alone, -n * signal, rtol=1e-12, atol=1e-12)


def _scores(landscape, signal, instances):
    """Standard scores of the sample mean at some points, and of the covariances around the known mean."""
    n = landscape.n
    points = landscape.manifold.random_points(np.random.default_rng(3), 4)
    values = jax.jit(jax.vmap(landscape.value, in_axes=(None, 0)))
    data = np.array([values(landscape.sample(5, i), points) for i in range(instances)]) / n**0.5
    data += n**0.5 * np.array([signal.value(m) for m in points[:, 0] / n**0.5])
    scores = list(data.mean(axis=0) / (data.std(axis=0, ddof=1) / instances**0.5))
    for i, j in itertools.combinations_with_replacement(range(4), 2):
        product = data[:, i] * data[:, j]
        exact = landscape.covariance.value(float(points[i] @ points[j]) / n)
        scores.append((product.mean() - exact) / (product.std(ddof=1) / instances**0.5))
    return np.abs(scores)


def test_mean_and_covariance_and_the_test_can_fail():
    landscape = build("matrix-tensor", {"p": 3, "delta2": 0.7, "deltap": 1.5}, 4)
    limit = stats.norm.isf(1e-3 / 2 / 14)  # Bonferroni over 14 numbers; seed 5 is arbitrary
    assert _scores(landscape, landscape.signal, 2000).max() < limit
    assert _scores(landscape, Signal.parse("0.5*q^3"), 2000).max() > limit


def test_matrix_tensor_is_the_spiked_model_of_its_polynomials():
    matrix_tensor = build("matrix-tensor", {"p": 4, "delta2": 0.25, "deltap": 2.0}, 4)
    assert matrix_tensor.covariance == Covariance.parse("2*q^2+1/8 q^4")
    assert matrix_tensor.signal == Signal.parse("2*q^2+1/8 q^4")
    spiked = build("spiked", {"xi": "2*q^2+0.125*q^4", "signal": "2*q^2+0.125*q^4"}, 4)
    for key, value in spiked.sample(2, 3).items():
        np.testing.assert_array_equal(matrix_tensor.sample(2, 3)[key], value)


@pytest.mark.parametrize(
    ("xi", "signal", "parity"),
    [("q^3", "q^3", -1), ("q^3", "q+q^5", -1), ("q^3", "q^2", 0), ("q^2+q^4", "q^2", 1), ("q^4", "q", 0)],
)
def test_a_symmetry_needs_noise_and_signal_of_one_parity(xi, signal, parity):
    landscape = build("spiked", {"xi": xi, "signal": signal}, 4)
    assert landscape.parities == (parity,)
    couplings = landscape.sample(1, 0)
    x = jnp.asarray(landscape.manifold.random_points(np.random.default_rng(2), 1)[0])
    there, back = landscape.value(couplings, x), landscape.value(couplings, -x)
    for sign in (-1, 1):
        assert (abs(there - sign * back) < 1e-12) == (sign == parity)


def test_no_signal_is_the_pspin_landscape():
    spiked, pspin = build("spiked", {"xi": "q^3", "signal": "0*q"}, 5), build("pspin", {"xi": "q^3"}, 5)
    np.testing.assert_array_equal(spiked.sample(1, 3)["degree_3"], pspin.sample(1, 3)["degree_3"])
    assert spiked.parities == pspin.parities
    assert spiked.complex_points == pspin.complex_points


@pytest.mark.parametrize(
    ("model", "parameters", "n", "paths"),
    [
        ("spiked", {"xi": "q^3", "signal": "3*q^3"}, 5, 31),
        ("spiked", {"xi": "q^3", "signal": "2*q^2"}, 4, 30),
        ("matrix-tensor", {"p": 3, "delta2": 0.3, "deltap": 1.0}, 5, 62),
    ],
)
def test_all_complex_points_are_found_and_multistart_agrees(model, parameters, n, paths):
    """A rank-one term leaves the number of complex points as it is."""
    landscape = build(model, parameters, n)
    assert path_count(landscape) == paths
    for number in range(3):
        couplings = landscape.sample(4, number)
        found = enumerate_landscape(landscape, couplings, 4, number, HomotopyOptions(certify="none"))
        assert found.enumeration.complete
        searched = multistart(landscape, couplings, 4, number, MultistartOptions())
        mine, other = (census.points()[0].energy for census in (found.census, searched))
        np.testing.assert_allclose(mine, other, atol=1e-9)


def test_a_signal_above_the_degree_of_the_noise_is_left_to_multistart():
    landscape = build("spiked", {"xi": "q^2", "signal": "q^3"}, 4)
    assert landscape.complex_points is None
    assert not countable(landscape)
    with pytest.raises(ValueError, match="use finder multistart"):
        path_count(landscape)


@pytest.mark.parametrize(("model", "parameters", "n"), SPIKED)
def test_hessian_variation_bounds_what_is_seen(model, parameters, n):
    landscape = build(model, parameters, n)
    couplings = landscape.sample(11, 0)
    points = jnp.asarray(landscape.manifold.random_points(np.random.default_rng(4), 100))
    hessians = jax.vmap(lambda x: landscape.jet(couplings, x).hessian)(points)
    steps = np.linalg.norm(np.asarray(points[1:] - points[:-1]), axis=1)
    change = np.linalg.norm(np.asarray(hessians[1:] - hessians[:-1]), ord=2, axis=(1, 2))
    assert (change <= landscape.hessian_variation(couplings) * steps * (1 + 1e-12) + 1e-12).all()


@pytest.mark.parametrize(
    ("model", "name", "value", "message"),
    [
        ("spiked", "xi", "q", "a signal needs noise"),
        ("spiked", "xi", "0*q^2", "a signal needs noise"),
        ("spiked", "signal", "q^7", "signal: got the term 'q^7' of degree 7"),
        ("spiked", "signal", "-q^2", "signal: got the term '-q^2'"),
        ("spiked", "signal", 2, "got '2', allowed: text"),
        ("matrix-tensor", "p", 2, "got '2', allowed: integers from 3 to 6"),
        ("matrix-tensor", "p", True, "got 'True'"),
        ("matrix-tensor", "delta2", 0.0, "got 0, allowed: a noise variance"),
        ("matrix-tensor", "deltap", -1.0, "got -1, allowed"),
        ("matrix-tensor", "deltap", float("nan"), "got nan, allowed"),
    ],
)
def test_wrong_parameters_are_named(model, name, value, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the text is compared below)
        MODELS[model].parameters[name].read(value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["q", "0*q", "2*q^3", "0.5*q+q^6"])
def test_signals_are_read_and_written(text):
    assert str(Signal.parse(text)) == text
    assert Signal.parse(text) != Covariance.pure(3)
