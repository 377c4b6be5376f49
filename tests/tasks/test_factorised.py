"""Factorised landscapes: derivatives, symmetry, the census, and what its ledger says of manifolds."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.geometry.manifolds import Euclidean
from morsecensus.tasks.geometry.rotations import (
    Layers,
    Rotations,
    classifying_series,
    stiefel_dimension,
    stiefel_euler,
)
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.parameters import singular_values
from morsecensus.tasks.measurables.words import COMPLETE, DEGENERATE, FAIL, PASS, UNINFORMATIVE
from morsecensus.tasks.points.census import evidence_of
from morsecensus.tasks.points.ledger import assess
from morsecensus.tasks.points.orbits import classify_orbits

BUDGET = MultistartOptions(starts_per_round=1024, max_rounds=8, max_iterations=60)


def landscape_of(n=3, **parameters):
    return build("factorised", {"width": 2, **parameters}, n)


def rotated(layers, x, draw):
    """The image of a point under random rotations of the hidden layers."""
    turns = [np.linalg.qr(draw.standard_normal((layers.width,) * 2))[0] for _ in range(layers.depth - 1)]
    turns = [np.eye(layers.columns), *turns, np.eye(layers.rows)]
    weights = layers.split(x)
    return np.concatenate([(turns[k + 1] @ w @ turns[k].T).ravel() for k, w in enumerate(weights)])


@pytest.mark.parametrize(("layers", "extra"), [(2, 0), (3, 1)])
def test_value_is_written_out_and_has_its_derivatives(layers, extra):
    landscape = landscape_of(layers=layers, extra=extra)
    target, draw = landscape.sample(1, 0), np.random.default_rng(0)
    x = draw.standard_normal(landscape.manifold.ambient)
    weights = landscape.layers.split(x)
    product = np.linalg.multi_dot(weights[::-1])
    balance = sum(np.linalg.norm(b.T @ b - a @ a.T) ** 2 for a, b in pairwise(weights))
    jet = jax.jit(landscape.jet)(target, x)
    assert float(jet.value) == pytest.approx(np.linalg.norm(product - target) ** 2 / 2 + balance / 8)
    step = 1e-5 * draw.standard_normal(x.size)
    up, down = (landscape.value(target, x + sign * step) for sign in (1, -1))
    assert float(up - down) / 2 == pytest.approx(float(jet.gradient @ step), rel=1e-6)
    np.testing.assert_allclose(jet.hessian, jax.jit(jax.hessian(landscape.value, 1))(target, x), atol=1e-10)


def test_two_layers_are_one_symmetric_factorisation():
    landscape = landscape_of()
    target = landscape.sample(1, 0)
    x = np.random.default_rng(1).standard_normal(landscape.manifold.ambient)
    below, above = landscape.layers.split(x)
    stacked = np.concatenate([above, below.T])
    doubled = np.block([[np.zeros((3, 3)), target], [target.T, np.zeros((3, 3))]])
    square = np.linalg.norm(stacked @ stacked.T - 2 * doubled) ** 2 / 8
    constant = np.linalg.norm(target) ** 2 / 2
    assert float(landscape.value(target, x)) == pytest.approx(square - constant)


@pytest.mark.parametrize(("layers", "width"), [(2, 3), (4, 2)])
def test_points_of_an_orbit_have_one_representative(layers, width):
    landscape = landscape_of(layers=layers, width=width)
    target, draw, symmetry = landscape.sample(1, 0), np.random.default_rng(2), landscape.symmetry
    # Balanced points: singular vectors of all layers fit together, as at critical points.
    x = landscape.random_starts(draw, 1)[0]
    images = np.stack([rotated(landscape.layers, x, draw) for _ in range(5)])
    found = symmetry.stratify(np.stack([x, *images]))
    np.testing.assert_allclose(found.points, np.broadcast_to(found.points[0], found.points.shape), atol=1e-9)
    values = [float(landscape.value(target, y)) for y in (x, *images)]
    np.testing.assert_allclose(values, values[0], rtol=1e-12)
    np.testing.assert_allclose(symmetry.stratify(found.points).points, found.points, atol=1e-12)


@pytest.mark.parametrize(("layers", "width"), [(2, 3), (3, 2)])
def test_tangents_span_as_many_dimensions_as_the_orbit_has(layers, width):
    landscape = landscape_of(layers=layers, width=width)
    draw = np.random.default_rng(3)
    for s in range(width + 1):
        starts = landscape.random_starts(draw, 1)
        weak = [w.copy() for w in landscape.layers.split_all(landscape.symmetry.stratify(starts).points)]
        for k, part in enumerate(weak):
            if k < layers - 1:
                part[:, s:, :] = 0
            if k > 0:
                part[:, :, s:] = 0
        x = np.concatenate([part.ravel() for part in weak])
        rank = np.linalg.matrix_rank(np.asarray(landscape.symmetry.tangents(jnp.asarray(x))), tol=1e-6)
        assert rank == (layers - 1) * stiefel_dimension(s, width)


def test_euler_characteristics_of_frames():
    assert [stiefel_euler(s, 3) for s in range(4)] == [1, 2, 0, 0]
    assert [stiefel_euler(s, 4) for s in range(5)] == [1, 0, 0, 0, 0]
    assert stiefel_euler(1, 1) == 2


def test_classifying_series_counts_partitions():
    assert classifying_series(3, 1, 8).tolist() == [1, 1, 2, 3, 4, 5, 7, 8]
    product = np.convolve(classifying_series(2, 1, 8), classifying_series(2, 1, 8))[:8]
    assert classifying_series(2, 2, 8).tolist() == product.tolist()


@pytest.fixture(scope="module")
def factorisation():
    landscape = landscape_of()
    target = landscape.sample(1, 0)
    return landscape, target, multistart(landscape, target, 1, 0, BUDGET)


def test_census_of_a_factorisation_closes(factorisation):
    landscape, target, census = factorisation
    found = census.classes.points
    assert (census.ledger.status, census.ledger.morse_check) == (COMPLETE, PASS)
    assert sorted(found.index.tolist()) == [0, 1, 2, 2, 3, 4, 6]
    np.testing.assert_array_equal(found.nullity, found.set_dimension)
    halves = np.linalg.svd(target, compute_uv=False) ** 2 / 2
    lowest = found.energy.min() * landscape.manifold.ambient
    assert lowest == pytest.approx(halves[2], rel=1e-12)


def test_critical_points_are_balanced(factorisation):
    landscape, target, census = factorisation
    for x in census.classes.points.points:
        below, above = landscape.layers.split(x)
        np.testing.assert_allclose(above.T @ above, below @ below.T, atol=1e-12)
        loss_gradient = jax.grad(landscape.loss, argnums=1)(target, jnp.asarray(x))
        np.testing.assert_allclose(loss_gradient, 0, atol=1e-12)


def test_ledger_misses_no_missing_manifold(factorisation):
    """The negative control of the Morse check: take any manifold away, or any two, and it fails."""
    landscape, _, census = factorisation
    count = len(census.classes.hits)
    drops = [{i, j} for i in range(count) for j in range(i + 1)]
    for drop in drops:
        rest = np.array([k for k in range(count) if k not in drop])
        classes = type(census.classes)(census.classes.points.take(rest), census.classes.hits[rest])
        assert assess(evidence_of(landscape, classes), 1).morse_check == FAIL, drop


def test_euler_sum_alone_would_not_see_it(factorisation):
    landscape, _, census = factorisation
    evidence = evidence_of(landscape, census.classes)
    assert evidence.orbits is not None
    # Width 2: circles and pairs of circles have characteristic 0, only the origin counts.
    assert sorted(evidence.orbits.euler_characteristic.tolist()) == [0, 0, 0, 0, 0, 0, 1]
    assert evidence.morse_sum() == 1
    assert not evidence.orbits.quotient.any(), "a perfect function"


def test_wrong_index_fails_the_morse_check(factorisation):
    landscape, _, census = factorisation
    points = census.classes.points
    index = points.index.copy()
    index[np.argmax(points.energy)] -= 1
    wrong = type(points)(*[index if column is points.index else column for column in points.columns()])
    evidence = evidence_of(landscape, type(census.classes)(wrong, census.classes.hits))
    assert assess(evidence, 1).morse_check == FAIL


@pytest.fixture(scope="module")
def deep():
    landscape = landscape_of(n=2, layers=3)
    target = landscape.sample(1, 0)
    options = MultistartOptions(starts_per_round=1024, max_rounds=2, max_iterations=60)
    return landscape, target, multistart(landscape, target, 1, 0, options)


def test_three_layers_have_a_saddle_without_any_curvature(deep):
    landscape, target, census = deep
    points = census.classes.points
    origin = int(np.argmax(points.energy))
    assert not points.points[origin].any()
    assert points.nullity[origin] == landscape.manifold.ambient
    assert points.degenerate[origin] == 1
    assert (census.ledger.reason, census.ledger.morse_check) == (DEGENERATE, UNINFORMATIVE)
    # f(t) - f(0) goes as t^3 along a direction that it goes down: a saddle, but not a strict one.
    draw = np.random.default_rng(4)
    left, values, right = np.linalg.svd(target)
    q, p = (np.linalg.qr(draw.standard_normal((2, 2)))[0][:, :1] for _ in range(2))
    ray = np.concatenate([(q @ right[:1]).ravel(), (p @ q.T).ravel(), (left[:, :1] @ p.T).ravel()])
    start = float(landscape.value(target, jnp.zeros(ray.size)))
    for t in (1e-2, 2e-2):
        change = float(landscape.value(target, jnp.asarray(t * ray))) - start
        assert change == pytest.approx(-(t**3) * values[0], rel=1e-4)


def test_degenerate_hits_are_settled_on_their_stratum(deep):
    landscape, target, _ = deep
    noise = 1e-4 * np.random.default_rng(5).standard_normal((3, landscape.manifold.ambient))
    found = classify_orbits(landscape, target, noise, landscape.hessian_variation(target))
    assert not found.points.any()
    assert (found.gradient_norm == 0).all()


@pytest.mark.parametrize("layers", [2, 3])
def test_bound_on_the_third_derivative_holds(layers):
    landscape = landscape_of(layers=layers)
    target, draw = landscape.sample(2, 0), np.random.default_rng(6)
    bound = landscape.hessian_variation(target)
    scale = np.linalg.svd(target, compute_uv=False)[0] ** (1 / layers)

    def along(x, v):
        return jax.jvp(lambda y: landscape.value(target, y), (x,), (v,))[1]

    def twice(x, v):
        return jax.jvp(lambda y: along(y, v), (x,), (v,))[1]

    third = jax.jit(lambda x, v: jax.jvp(lambda y: twice(y, v), (x,), (v,))[1])
    for x in landscape.random_starts(draw, 20)[::2]:
        largest = max(float(np.linalg.norm(w, 2)) for w in landscape.layers.split(x))
        v = draw.standard_normal(x.size)
        assert abs(float(third(x * scale / largest, v / np.linalg.norm(v)))) <= bound


def test_given_singular_values_are_those_of_the_target():
    landscape = landscape_of(n=3, spectrum="3,2,0.5")
    known = landscape.known(landscape.sample(9, 4))["target_singular_values"]
    np.testing.assert_allclose(known, [3, 2, 0.5], atol=1e-14)


@pytest.mark.parametrize("text", ["1,2", "2,2", "1,x", "3,nan", "1e9,1", "1,0", 5])
def test_bad_singular_values_are_refused_in_one_line(text):
    with pytest.raises(ValueError, match=r"got .*, allowed: .*descending"):
        singular_values(text)


def test_bad_shapes_are_refused():
    with pytest.raises(ValueError, match=r"spectrum: got 2 singular values, allowed: n = 3"):
        landscape_of(n=3, spectrum="2,1")
    with pytest.raises(ValueError, match=r"parameters of factorised: got \['rank'\]"):
        landscape_of(rank=2)
    with pytest.raises(ValueError, match=r"ambient, scale: got 0"):
        Euclidean(0, 1.0)


def test_rotations_change_nothing_in_the_identity_class():
    symmetry = Rotations(Layers(2, 2, 2, 2), 1e-3)
    assert (symmetry.size, symmetry.odd, symmetry.energies().tolist()) == (1, False, [1])
    assert symmetry.products().tolist() == [[0]]
