"""Derivatives against autodiff of the constrained function, the law of the couplings, and the bounds that
models state."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from morsecensus.tasks.geometry.manifolds import ProductOfSpheres
from morsecensus.tasks.landscapes import spin
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.runtime.keys import generator
from morsecensus.tasks.systems.symmetric import multiplicities, packed_size, ranks

SPINS = [
    ("q^3", 5, 0.0),
    ("q^2", 4, 0.0),
    ("q^4", 4, 0.0),
    ("q^5", 3, 0.0),
    ("q^6", 3, 0.0),
    ("0.5*q^2+0.5*q^3", 6, 0.7),
    ("0.2*q+q^2+0.1*q^3+q^4+2*q^5+0.3*q^6", 3, 0.0),
]


@pytest.mark.parametrize(("xi", "n", "field"), SPINS)
def test_riemannian_derivatives_are_those_of_the_constrained_function(xi, n, field):
    _check_derivatives(build("pspin", {"xi": xi, "field": field}, n))


def test_derivatives_by_autodiff_on_a_product_of_spheres(bilinear):
    _check_derivatives(bilinear)


def _check_derivatives(landscape):
    manifold = landscape.manifold
    couplings = landscape.sample(7, 0)

    @jax.jit
    def by_hand(x, basis):
        jet = landscape.jet(couplings, x)
        matrix = manifold.tangent_hessian(x, jet.gradient, jet.hessian, 3.5)
        return jet.value, basis.T @ manifold.project(x, jet.gradient), basis.T @ matrix @ basis, matrix

    @jax.jit
    def by_autodiff(x, basis):
        def constrained(t):
            # Scaling each factor is a second-order retraction: its Hessian at 0 is the Riemannian one.
            return landscape.value(couplings, manifold.retract(x, basis @ t))

        origin = jnp.zeros(manifold.dimension)
        return constrained(origin), jax.grad(constrained)(origin), jax.hessian(constrained)(origin)

    for x in manifold.random_points(np.random.default_rng(1), 3):
        normals = np.asarray(manifold.normals(x))
        basis = np.linalg.svd(normals)[0][:, normals.shape[1] :]
        value, gradient, hessian, matrix = by_hand(x, basis)
        exact_value, exact_gradient, exact_hessian = by_autodiff(x, basis)
        np.testing.assert_allclose(value, exact_value, rtol=1e-13)
        np.testing.assert_allclose(gradient, exact_gradient, atol=1e-12)
        np.testing.assert_allclose(hessian, exact_hessian, atol=1e-11)
        np.testing.assert_allclose(matrix @ normals, 3.5 * normals, atol=1e-12)


@pytest.mark.parametrize(("xi", "n", "field"), SPINS)
def test_value_is_the_sum_over_ordered_tuples(xi, n, field):
    landscape = build("pspin", {"xi": xi, "field": field}, n)
    x = landscape.manifold.random_points(np.random.default_rng(2), 1)[0]
    couplings = landscape.sample(3, 5)
    total = 0.0
    for degree, coefficient in landscape.covariance.terms:
        draw = generator(3, "pspin", n, 5, "couplings", degree).standard_normal(packed_size(n, degree))
        symmetric = draw / np.sqrt(multiplicities(n, degree))
        scale = coefficient**0.5 * n ** (-(degree - 1) / 2)
        for multi in itertools.product(range(n), repeat=degree):
            total += scale * symmetric[ranks(np.array(multi), n)] * np.prod(x[list(multi)])
    np.testing.assert_allclose(landscape.value(couplings, jnp.asarray(x)), total, rtol=1e-11)


@pytest.mark.parametrize("degree", [3, 4])
def test_packed_and_whole_storage_agree(degree, monkeypatch):
    landscape = build("pspin", {"xi": f"q^{degree}"}, 6)
    x = jnp.asarray(landscape.manifold.random_points(np.random.default_rng(8), 1)[0])
    whole = landscape.jet(landscape.sample(1, 0), x)
    variation = landscape.hessian_variation(landscape.sample(1, 0))
    spin._contraction_table.cache_clear()
    monkeypatch.setattr(spin, "PACKED_FROM", 2)
    couplings = landscape.sample(1, 0)
    assert len(couplings[f"degree_{degree}"]) == 21
    for packed, full in zip(landscape.jet(couplings, x), whole, strict=True):
        np.testing.assert_allclose(packed, full, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(landscape.hessian_variation(couplings), variation, rtol=1e-12)
    spin._contraction_table.cache_clear()


def _covariance_z(landscape, instances, sample):
    """Standard scores of the sample covariances of H/sqrt(N) at a few points against xi(overlap)."""
    n = landscape.n
    points = landscape.manifold.random_points(np.random.default_rng(3), 4)
    values = jax.jit(jax.vmap(landscape.value, in_axes=(None, 0)))
    data = np.array([values(sample(i), points) for i in range(instances)]) / n**0.5
    scores = []
    for i, j in itertools.combinations_with_replacement(range(4), 2):
        product = data[:, i] * data[:, j]
        exact = landscape.covariance.value(float(points[i] @ points[j]) / n)
        scores.append((product.mean() - exact) / (product.std(ddof=1) / instances**0.5))
    return np.array(scores)


def test_covariance_is_xi_of_the_overlap_and_the_test_can_fail():
    landscape = build("pspin", {"xi": "q^3", "field": 0.4}, 4)
    limit = stats.norm.isf(1e-3 / 2 / 10)  # Bonferroni over 10 entries; seed 5 is arbitrary
    assert np.abs(_covariance_z(landscape, 2000, lambda i: landscape.sample(5, i))).max() < limit
    distinct = build("distinct", {"p": 3}, 4)
    wrong = _covariance_z(distinct, 2000, lambda i: distinct.sample(5, i))
    assert np.abs(wrong).max() > limit


def test_couplings_depend_on_seed_size_and_instance_only():
    pure, field = build("pspin", {"xi": "q^3"}, 5), build("pspin", {"xi": "q^3", "field": 0.5}, 5)
    np.testing.assert_array_equal(pure.sample(1, 3)["degree_3"], field.sample(1, 3)["degree_3"])
    assert not np.array_equal(pure.sample(1, 3)["degree_3"], pure.sample(1, 4)["degree_3"])
    assert not np.array_equal(pure.sample(1, 3)["degree_3"], pure.sample(2, 3)["degree_3"])


@pytest.mark.parametrize(("xi", "n", "field"), SPINS)
def test_hessian_variation_bounds_what_is_seen(xi, n, field):
    landscape = build("pspin", {"xi": xi, "field": field}, n)
    couplings = landscape.sample(11, 0)
    bound = landscape.hessian_variation(couplings)
    points = jnp.asarray(landscape.manifold.random_points(np.random.default_rng(4), 200))
    hessians = jax.vmap(lambda x: landscape.jet(couplings, x).hessian)(points)
    steps = np.asarray(points[1:] - points[:-1])
    change = np.linalg.norm(np.asarray(hessians[1:] - hessians[:-1]), ord=2, axis=(1, 2))
    assert (change <= bound * np.linalg.norm(steps, axis=1) * (1 + 1e-12) + 1e-12).all()
    if landscape.covariance.degree == 3:
        # Not vacuous: the worst pair comes within the known looseness of a flattening, sqrt(n).
        assert (change / np.linalg.norm(steps, axis=1)).max() * n**0.5 > bound / 2


@pytest.mark.parametrize(
    ("parameters", "n", "message"),
    [
        ({"xi": "q^3"}, 1, "n: got 1"),
        ({"xi": "q"}, 4, "no term of degree >= 2"),
        ({"xi": "q^3", "spin": 2}, 4, "spin"),
        ({"xi": "q^3", "field": -1.0}, 4, "field"),
    ],
)
def test_wrong_parameters_are_named(parameters, n, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        build("pspin", parameters, n)


def test_unknown_model_is_named():
    with pytest.raises(ValueError, match="got 'ising', allowed: distinct, entries, factorised, given"):
        build("ising", {}, 4)


def test_euler_characteristics():
    assert [ProductOfSpheres((n,)).euler_characteristic for n in (2, 3, 4, 5)] == [0, 2, 0, 2]
    assert ProductOfSpheres((3, 5, 3)).euler_characteristic == 8
    assert ProductOfSpheres((3, 4)).euler_characteristic == 0
