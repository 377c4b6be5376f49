"""Networks with quadratic units: the value, its derivatives, the symmetry, and what is refused."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.parameters import eigenvalues


def landscape_of(n=3, **parameters):
    return build("quadratic", {"width": 2, **parameters}, n)


def test_value_is_half_the_mean_squared_error_on_gaussian_inputs():
    """By Gauss-Hermite quadrature, exact for the quartic that it is."""
    landscape = landscape_of(n=3, teacher="goe")
    target, x = landscape.sample(1, 0), np.random.default_rng(0).standard_normal(6)
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    error = 0.0
    for place in product(range(3), repeat=3):
        z, units = nodes[list(place)], x.reshape(2, 3)
        share = np.prod(weights[list(place)] / np.sqrt(2 * np.pi))
        error += share * (((units @ z) ** 2).sum() - z @ target @ z) ** 2 / 2
    assert float(landscape.value(target, jnp.asarray(x))) == pytest.approx(error, rel=1e-12)


@pytest.mark.parametrize(("teacher", "edge"), [("wishart", 4.0), ("goe", 2.0)])
def test_teachers_have_the_spectra_that_they_name(teacher, edge):
    landscape = landscape_of(n=200, teacher=teacher)
    known = landscape.known(landscape.sample(3, 0))["target_eigenvalues"]
    assert (np.diff(known) < 0).all()
    # The largest eigenvalue is within 2 n^{-2/3} of the edge's scale, Tracy and Widom's.
    assert known[0] == pytest.approx(edge, abs=0.25)
    assert known[-1] == pytest.approx(0.0 if teacher == "wishart" else -edge, abs=0.25)


def test_rotations_of_units_change_nothing_and_have_one_representative():
    landscape, draw = landscape_of(n=3, width=3), np.random.default_rng(1)
    target, x = landscape.sample(1, 0), draw.standard_normal(9)
    turns = [np.linalg.qr(draw.standard_normal((3, 3)))[0] for _ in range(4)]
    images = np.stack([x, *[(turn @ x.reshape(3, 3)).ravel() for turn in turns]])
    values = [float(landscape.value(target, jnp.asarray(y))) for y in images]
    np.testing.assert_allclose(values, values[0], rtol=1e-12)
    found = landscape.symmetry.stratify(images)
    np.testing.assert_allclose(found.points, np.broadcast_to(found.points[0], (5, 9)), atol=1e-12)
    assert found.dimension.tolist() == [3] * 5
    rank = np.linalg.matrix_rank(np.asarray(landscape.symmetry.tangents(jnp.asarray(found.points[0]))))
    assert rank == 3


def test_starts_have_every_rank():
    landscape = landscape_of(n=4, width=3)
    starts = landscape.random_starts(np.random.default_rng(2), 400)[::2].reshape(-1, 3, 4)
    ranks = np.bincount([np.linalg.matrix_rank(w, tol=1e-12) for w in starts], minlength=4)
    # Uniform on 0 to 3: chi-squared with 3 degrees of freedom, 21.1 at a level of 1e-4.
    assert ((ranks - 50) ** 2 / 50).sum() < 21.1


@pytest.mark.parametrize("teacher", ["wishart", "goe"])
def test_bound_on_the_third_derivative_holds(teacher):
    landscape = landscape_of(n=4, width=3, teacher=teacher)
    target, draw = landscape.sample(2, 0), np.random.default_rng(6)
    bound = landscape.hessian_variation(target)
    positive = np.maximum(np.linalg.eigvalsh(target), 0.0).sum()
    hessian = jax.jit(jax.hessian(lambda x: landscape.value(target, x)))
    largest = 0.0
    for x in draw.standard_normal((20, 12)):
        x *= np.sqrt(positive) / np.linalg.norm(x)
        v = draw.standard_normal(12) if largest else x
        v /= np.linalg.norm(v)
        # f is a quartic: the central difference of its Hessian is exact.
        largest = max(largest, np.linalg.norm(hessian(x + v) - hessian(x - v), 2) / 2)
    assert bound / 4 < largest <= bound


@pytest.mark.parametrize("text", ["1,2", "2,2", "1,x", "3,nan", "1e9,1", "0,0", 5])
def test_bad_eigenvalues_are_refused_in_one_line(text):
    with pytest.raises(ValueError, match=r"got .*, allowed: .*descending"):
        eigenvalues(text)


def test_repeated_eigenvalues_are_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"got '1,1,0', .*manifolds of repeated ones are larger than orbits"):
        eigenvalues("1,1,0")
    assert eigenvalues("3, 1,-2") == "3,1,-2"


def test_bad_parameters_are_refused():
    with pytest.raises(ValueError, match=r"spectrum: got 2 eigenvalues, allowed: n = 3"):
        landscape_of(n=3, spectrum="2,1")
    with pytest.raises(ValueError, match=r"parameters of quadratic: got \['rank'\]"):
        landscape_of(rank=2)
    with pytest.raises(ValueError, match=r"teacher: got 'random', allowed: wishart, goe"):
        landscape_of(teacher="random")
