"""The r-partite landscape: derivatives, law, hand-made tensors with known critical points, and mean counts of
small censuses against exact numbers."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from morsecensus.tasks.finders.multistart.census import multistart
from morsecensus.tasks.finders.options import MultistartOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.landscapes.partite import Partite
from morsecensus.tasks.measurables.words import COMPLETE
from morsecensus.tasks.points.classify import classify
from morsecensus.tasks.systems.multilinear.count import singular_tuples

QUICK = MultistartOptions(starts_per_round=512)
SIZES = [(3, 4), (2, 3, 4), (3, 3, 3), (2, 3, 2, 3)]


def _plain(landscape):
    """H as one einsum over the whole tensor, written apart from the landscape."""
    letters = "abcde"[: landscape.factors]
    formula = ",".join([letters, *letters]) + "->"
    ends = np.cumsum((0, *landscape.sizes))

    def value(couplings, x):
        parts = [x[ends[i] : ends[i + 1]] for i in range(landscape.factors)]
        return jnp.einsum(formula, jnp.asarray(couplings), *parts)

    return value


@pytest.mark.parametrize("sizes", SIZES)
def test_derivatives_are_those_of_the_plain_contraction(sizes):
    landscape = Partite(sizes)
    couplings, plain = landscape.sample(7, 0), _plain(landscape)
    for x in landscape.manifold.random_points(np.random.default_rng(1), 3):
        jet = landscape.jet(couplings, x)
        np.testing.assert_allclose(jet.value, plain(couplings, x), rtol=1e-12)
        np.testing.assert_allclose(jet.gradient, jax.grad(plain, 1)(couplings, x), atol=1e-13)
        np.testing.assert_allclose(jet.hessian, jax.hessian(plain, 1)(couplings, x), atol=1e-13)
        value, gradient = landscape.value_and_gradient(couplings, x)
        np.testing.assert_allclose(value, jet.value, rtol=1e-12)
        np.testing.assert_allclose(gradient, jet.gradient, atol=1e-13)


@pytest.mark.parametrize("sizes", [(3, 3, 3), (2, 3, 4), (2, 2, 2, 2)])
def test_covariance_is_the_product_of_overlaps(sizes):
    landscape, instances = Partite(sizes), 2000
    points = landscape.manifold.random_points(np.random.default_rng(3), 4)
    # A common part, or covariances of several factors are all near 0.
    points = np.array(
        [landscape.manifold.retract(points[0], 0.7 * step) for step in (0 * points[0], *points[1:])]
    )
    values = jax.jit(jax.vmap(landscape.value, in_axes=(None, 0)))
    data = np.array([values(landscape.sample(5, i), points) for i in range(instances)])
    exact, scores = np.full((4, 4), np.nan), []
    for i, j in itertools.combinations_with_replacement(range(4), 2):
        overlaps = [points[i][part] @ points[j][part] / n for part, n in landscape.manifold.parts()]
        exact[i, j] = sum(sizes) / len(sizes) * math.prod(overlaps)
        product = data[:, i] * data[:, j]
        scores.append((product.mean() - exact[i, j]) / (product.std(ddof=1) / instances**0.5))
    assert np.abs(scores).max() < stats.norm.isf(1e-3 / 2 / 10)  # Bonferroni over 10 entries
    assert np.nanmax(exact - np.diag(np.diag(exact))) > 0.2  # not only variances are tested
    if sizes == (3, 3, 3):
        assert exact[0, 0] == pytest.approx(3)  # Var H = N


@pytest.mark.parametrize("sizes", SIZES)
def test_hessian_variation_bounds_what_is_seen(sizes):
    landscape = Partite(sizes)
    couplings = landscape.sample(11, 0)
    bound = landscape.hessian_variation(couplings)
    rng = np.random.default_rng(4)
    points = 1.09 * landscape.manifold.random_points(rng, 400)
    # Far pairs, and near ones along every direction.
    pairs = [(points[1:], points[:-1]), (points, points + 1e-3 * rng.standard_normal(points.shape))]
    hessians = jax.jit(jax.vmap(lambda x: landscape.jet(couplings, x).hessian))
    seen = 0.0
    for first, second in pairs:
        change = np.linalg.norm(np.asarray(hessians(first) - hessians(second)), ord=2, axis=(1, 2))
        seen = max(seen, float((change / np.linalg.norm(first - second, axis=1)).max()))
    assert seen <= bound
    assert (bound == 0) == (len(sizes) == 2)
    assert seen * 10 >= bound  # of use


@pytest.mark.parametrize("sizes", [(3, 3), (3, 5)])
def test_two_factors_have_the_singular_vectors(sizes):
    landscape = Partite(sizes)
    couplings = landscape.sample(4, 0)
    singular = np.linalg.svd(couplings, compute_uv=False) * math.sqrt(math.prod(sizes)) / sum(sizes)
    census = multistart(landscape, couplings, 4, 0, QUICK)
    points, _ = census.points()
    expected = np.sort(np.concatenate([-singular, singular]).repeat(2))
    assert census.ledger.status == COMPLETE
    np.testing.assert_allclose(points.energy, expected, atol=1e-13)
    assert landscape.complex_points == len(expected)


def test_rank_one_tensor_has_its_eight_extrema():
    landscape, n = Partite((3, 3, 3)), 3
    rng = np.random.default_rng(2)
    vectors = [v / np.linalg.norm(v) for v in rng.standard_normal((3, n))]
    couplings = landscape.scaled(np.einsum("i,j,k->ijk", *vectors))
    signs = list(itertools.product((1, -1), repeat=3))
    points = np.array(
        [math.sqrt(n) * np.concatenate([s * v for s, v in zip(sign, vectors, strict=True)]) for sign in signs]
    )
    found = classify(landscape, couplings, points, landscape.hessian_variation(couplings))
    h = np.prod(signs, axis=1)
    np.testing.assert_allclose(found.energy, h * math.sqrt(n) / 9, atol=1e-14)
    assert list(found.index) == [0 if sign < 0 else 6 for sign in h]
    # Nothing but the multiplier bends: -H/n in each of the six directions.
    np.testing.assert_allclose(found.spectrum, np.tile(-h[:, None] / math.sqrt(n), 6), atol=1e-13)
    assert not found.degenerate.any()


def test_diagonal_tensor_attains_the_bound():
    """e_1 e_1 e_1 + e_2 e_2 e_2: its two terms (value 1), and the four classes with all components of size
    1/sqrt 2 (value 1/sqrt 2)."""
    landscape = Partite((2, 2, 2))
    tensor = np.zeros((2, 2, 2))
    tensor[0, 0, 0] = tensor[1, 1, 1] = 1
    couplings = landscape.scaled(tensor)
    census = multistart(landscape, couplings, 1, 0, QUICK)
    points, _ = census.points()
    unit = math.sqrt(2) / 6
    expected = unit * np.repeat([-1, -math.sqrt(0.5), math.sqrt(0.5), 1], [8, 16, 16, 8])
    np.testing.assert_allclose(points.energy, expected, atol=1e-13)
    np.testing.assert_array_equal(points.index, np.repeat([0, 1, 2, 3], [8, 16, 16, 8]))
    assert landscape.complex_points == len(points.energy) == 48


def _coefficient(sizes):
    """The formula of Friedland and Ottaviani as it stands, by multiplying polynomials out."""

    def times(p, q):
        out = {}
        for (a, x), (b, y) in itertools.product(p.items(), q.items()):
            power = tuple(i + j for i, j in zip(a, b, strict=True))
            if all(i < n for i, n in zip(power, sizes, strict=True)):
                out[power] = out.get(power, 0) + x * y
        return out

    def unit(i, power=1):
        return tuple(power * (i == j) for j in range(len(sizes)))

    total = {unit(0, 0): 1}
    for i, n in enumerate(sizes):
        others = {unit(j): 1 for j in range(len(sizes)) if j != i}
        # (s^n - t^n)/(s - t) = sum of s^a t^b over a + b = n - 1
        factor, power = {}, {unit(0, 0): 1}
        for a in range(n):
            for key, value in times(power, {unit(i, n - 1 - a): 1}).items():
                factor[key] = factor.get(key, 0) + value
            power = times(power, others)
        total = times(total, factor)
    return total[tuple(n - 1 for n in sizes)]


@pytest.mark.parametrize("sizes", [(2, 2, 2), (3, 3, 3), (4, 4, 4), (2, 3, 4), (2, 2, 5), (3, 5), (2,) * 4])
def test_number_of_singular_tuples_is_the_published_coefficient(sizes):
    assert singular_tuples(sizes) == _coefficient(sizes)


def test_numbers_of_singular_triples_are_those_of_oeis_a271905():
    assert [singular_tuples((n, n, n)) for n in range(1, 8)] == [1, 6, 37, 240, 1621, 11256, 79717]
    assert Partite((50, 50, 50)).complex_points is None


def _tuples(n, landscapes, seed=3):
    """Real singular triples of a number of landscapes."""
    landscape, counts = Partite((n, n, n)), []
    for i in range(landscapes):
        census = multistart(landscape, landscape.sample(seed, i), seed, i, QUICK)
        points = len(census.points()[1])
        assert points % 8 == 0
        counts.append(points // 8)
    return np.array(counts)


@pytest.mark.parametrize(("n", "landscapes", "exact", "most"), [(2, 300, 4.2867, 6), (3, 120, 16.02, 37)])
def test_mean_number_of_real_singular_triples(n, landscapes, exact, most):
    """Exact means by the Kac-Rice formula (tests of `theory.models.partite.finite_n`), 4.287 also in
    Draisma and Horobet, Linear and Multilinear Algebra 64 (2016) 2498; seed 3 is arbitrary."""
    counts = _tuples(n, landscapes)
    assert counts.max() <= most
    assert ((most - counts) % 2 == 0).all()
    error = counts.std(ddof=1) / landscapes**0.5
    assert abs(counts.mean() - exact) < 3.3 * error
    # Negative control: a finder that misses a tenth would be seen.
    assert abs(0.9 * counts.mean() - exact) > 3.3 * error


@pytest.mark.parametrize(
    ("sizes", "n", "message"),
    [
        ("1,1,1", 1, r"of sizes \(1, 1, 1\) at n = 1"),
        ("1,1,1", 0, "n: got 0"),
        ("1", 4, "sizes: got '1', allowed: text such as"),
        ("1,0", 4, "sizes: got '1,0'"),
        ("1,-1", 4, "sizes: got '1,-1'"),
        ("1,1.5", 4, "sizes: got '1,1.5'"),
        ("1," * 8 + "1", 4, "2 to 8 whole numbers"),
        ("", 4, "sizes: got ''"),
        ([1, 1], 4, "sizes: got"),
    ],
)
def test_wrong_sizes_are_named(sizes, n, message):
    with pytest.raises(ValueError, match=message):
        build("partite", {"sizes": sizes}, n)


def test_sizes_are_in_units_of_n():
    landscape = build("partite", {"sizes": "1, 2,03"}, 4)
    assert landscape.manifold.sizes == (4, 8, 12)
    assert build("partite", {}, 5).manifold.sizes == (5, 5, 5)
    with pytest.raises(ValueError, match="got \\['xi'\\], allowed: sizes"):
        build("partite", {"xi": "q^3"}, 4)
