"""Newton's steps in groups of eight lanes against those of JAX and NumPy, model by model."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from morsecensus.tasks.landscapes import spin
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.measurables.words import CONVERGED
from morsecensus.tasks.points.ldlt import factorise, place, solve
from morsecensus.tasks.points.newton import newton_step, refine
from morsecensus.tasks.points.newton_lanes import ANY, WIDEST, Stepper, arrive
from morsecensus.tasks.runtime.simd import aligned

MODELS = [
    ("pspin", {"xi": "q^3"}, 9),
    ("pspin", {"xi": "q^2"}, 7),
    ("pspin", {"xi": "0.5*q^2+0.3*q^3+0.2*q^4", "field": 0.3}, 6),
    ("partite", {"sizes": "1,2"}, 4),
    ("bilinear", {}, 3),
]


def riemannian(landscape, couplings, x):
    """Spectrum of the Riemannian Hessian, by NumPy."""
    jet = landscape.jet(couplings, x)
    matrix = landscape.manifold.tangent_hessian(x, jet.gradient, jet.hessian, landscape.curvature_scale)
    return np.linalg.eigvalsh(np.asarray(matrix)), np.asarray(matrix)


@pytest.fixture(params=MODELS, ids=lambda case: f"{case[0]}-{case[1].get('xi', case[2])}")
def case(request, bilinear):
    model, parameters, n = request.param
    landscape = bilinear.from_parameters({}, n) if model == "bilinear" else build(model, parameters, n)
    couplings = jax.tree.map(jnp.asarray, landscape.sample(3, 0))
    return landscape, couplings, landscape.random_starts(np.random.default_rng(1), 16)


def test_l_d_l_of_eight_matrices():
    m, draw = 12, np.random.default_rng(2)
    matrices = draw.standard_normal((8, m, m))
    matrices = matrices + matrices.transpose(0, 2, 1)
    factors, row, inverse, x = (aligned(size) for size in (m * m, 4 * m, m, m))
    for i in range(m):
        for j in range(i + 1):
            at = int(place(m, i, j))
            factors[8 * at : 8 * at + 8] = matrices[:, i, j]
    right = draw.standard_normal((m, 8))
    x[:] = right.reshape(-1)
    factorise(factors, m, row, inverse)
    solve(factors, m, inverse, x)
    expected = np.linalg.solve(matrices, right.T[..., None])[..., 0].T
    np.testing.assert_allclose(x.reshape(m, 8), expected, rtol=1e-9, atol=1e-9)
    negative = (np.linalg.eigvalsh(matrices) < 0).sum(axis=1)
    assert ((inverse.reshape(m, 8) < 0).sum(axis=0) == negative).all()


def test_steps_are_those_of_jax(case):
    landscape, couplings, starts = case
    found = Stepper(landscape, couplings, 16).step(starts.T, np.full(16, ANY))
    expected = jax.vmap(lambda x: newton_step(landscape, couplings, x, 1e9))(jnp.asarray(starts))
    np.testing.assert_allclose(np.sqrt(found.squares), expected.gradient_norm, rtol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(found.way, axis=0), expected.length, rtol=1e-9)
    ends = jax.vmap(landscape.manifold.retract)(jnp.asarray(starts), jnp.asarray(found.way.T.copy()))
    np.testing.assert_allclose(ends, expected.point, rtol=0, atol=1e-8)
    index = [(riemannian(landscape, couplings, x)[0] < 0).sum() for x in jnp.asarray(starts)]
    assert found.index.tolist() == index


def test_packed_rows_are_those_of_the_full_matrix(monkeypatch):
    def forget():
        jax.clear_caches()
        for table in (spin._contraction_table, spin._once, spin._positions):
            table.cache_clear()

    landscape = build("pspin", {"xi": "0.5*q^2+0.3*q^3+0.2*q^4", "field": 0.3}, 7)
    starts = landscape.random_starts(np.random.default_rng(1), 16)
    ways = []
    for first in (100, 2):
        monkeypatch.setattr(spin, "PACKED_FROM", first)
        forget()
        couplings = jax.tree.map(jnp.asarray, landscape.sample(3, 0))
        ways.append(Stepper(landscape, couplings, 16).step(starts.T, np.full(16, ANY)).way.copy())
    forget()
    np.testing.assert_allclose(ways[0], ways[1], rtol=0, atol=1e-8)


def test_an_aimed_step_is_that_of_a_shifted_hessian_of_this_index(case):
    """Of any s for which A + s has the index aimed at: the step says which s it was."""
    landscape, couplings, starts = case
    widest = WIDEST * landscape.curvature_scale
    spectra, matrices = zip(*(riemannian(landscape, couplings, x) for x in jnp.asarray(starts)), strict=True)
    index = np.array([(spectrum < 0).sum() for spectrum in spectra])
    aims = np.maximum(index + np.resize([-1, 0, 1], 16), 0)
    found = Stepper(landscape, couplings, 16).step(starts.T, aims)
    right = []
    for x, way, aim, spectrum, matrix in zip(
        jnp.asarray(starts), found.way.T, aims, spectra, matrices, strict=True
    ):
        slope = np.asarray(landscape.manifold.project(x, landscape.jet(couplings, x).gradient))
        shift = -(way @ (slope + matrix @ way)) / (way @ way)
        least, most = -np.concatenate([[-np.inf], spectrum, [np.inf]])[[aim + 1, aim]]
        # Six trials don't find what is narrower than this, nor what is out of bounds.
        if min(most, widest) - max(least, -widest) > widest / 16:
            right.append((spectrum + shift < 0).sum() == aim)
    assert len(right) >= 5
    assert all(right)


def test_softened_vectors(case):
    landscape, couplings, starts = case
    draw = np.random.default_rng(4)
    vectors, shifts = draw.standard_normal(starts.shape), draw.standard_normal(16)
    found = Stepper(landscape, couplings, 16).soften(starts, vectors, shifts)
    for x, vector, shift, way in zip(jnp.asarray(starts), vectors, shifts, found, strict=True):
        _, matrix = riemannian(landscape, couplings, x)
        tangent = np.asarray(landscape.manifold.project(x, jnp.asarray(vector)))
        expected = np.linalg.solve(matrix + shift * np.eye(len(x)), tangent)
        expected = np.asarray(landscape.manifold.project(x, jnp.asarray(expected)))
        np.testing.assert_allclose(way, expected / np.linalg.norm(expected), rtol=0, atol=1e-6)


def test_a_pool_of_lanes_ends_where_newton_of_jax_does():
    landscape = build("pspin", {"xi": "q^3"}, 9)
    couplings = jax.tree.map(jnp.asarray, landscape.sample(3, 0))
    starts = landscape.random_starts(np.random.default_rng(1), 100)
    ours = arrive(landscape, couplings, starts, 30, 0.25, lanes=16)
    theirs = refine(landscape, couplings, jnp.asarray(starts), 30, 0.25)
    both = (ours.outcomes == CONVERGED) & (np.asarray(theirs.outcomes) == CONVERGED)
    assert (ours.outcomes == np.asarray(theirs.outcomes)).mean() > 0.95
    same = np.linalg.norm(ours.points[both] - np.asarray(theirs.points)[both], axis=1) < 1e-8
    assert same.mean() > 0.95  # a long way amplifies round-off
