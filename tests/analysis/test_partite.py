"""The exact mean of the r-partite model: exact cases, topology, a quadrature without chance, published
numbers, and the large-N limits."""

import itertools
import json
from functools import cache
from math import gamma, log, pi, sqrt

import numpy as np
import pytest
from scipy.integrate import quad

from morsecensus.analysis.theory.limits.complexity import pure_complexity
from morsecensus.analysis.theory.models.partite.finite_n import FinitePartite
from morsecensus.analysis.theory.models.partite.predict import MOST_SPHERES, limits_partite, predict_partite
from morsecensus.analysis.theory.models.partite.theory import PartiteTheory
from morsecensus.tasks.covariance import Covariance
from morsecensus.tasks.landscapes.parameters import MOST_FACTORS

LIMIT = 4  # standard errors; a handful of comparisons each


@cache
def model(*sizes, samples=20_000):
    return FinitePartite(sizes, samples, seed=7)


@pytest.mark.parametrize("sizes", [(2, 2), (2, 4), (3, 2)])
def test_two_small_factors_are_exact(sizes):
    """Two points of each sign and singular value: 4 min(n_1, n_2); here G has one direction."""
    total, error = FinitePartite(sizes, 50).total()
    assert total == pytest.approx(4 * min(sizes), rel=1e-12)
    assert error < 1e-12


@pytest.mark.parametrize("sizes", [(3, 3), (3, 5), (4, 4)])
def test_two_factors_have_four_points_for_each_singular_value(sizes):
    """The exact number, for unequal sizes too; none of an index in between."""
    found = model(*sizes)
    total, error = found.total()
    assert abs(total - 4 * min(sizes)) < LIMIT * error
    exact = np.zeros(found.dimension + 1)
    exact[: min(sizes)] = 2
    exact = exact + exact[::-1]
    counts = found.by_index()
    assert (np.abs(counts.mean - exact) <= LIMIT * counts.error).all()


def _two_by_two_by_two():
    """The same formula for (2, 2, 2) by integration over the sphere of g and over h, without chance: G has
    the entries x, y, z off its diagonal, so det(h - G) = h^3 - r^2 h - 2 xyz."""

    def at(radius, product):
        roots = np.roots([1, 0, -(radius**2), -2 * product]).real
        edges = [-14.0, *sorted(roots), 14.0]
        nodes, weights = np.polynomial.legendre.leggauss(40)
        total = 0.0
        for low, high in itertools.pairwise(edges):
            h = low + (high - low) / 2 * (nodes + 1)
            cubic = np.abs(h**3 - radius**2 * h - 2 * product)
            total += (high - low) / 2 * (weights * cubic * np.exp(-(h**2) / 2)).sum() / sqrt(2 * pi)
        return total

    # Polar angles on one octant; the sign of xyz doesn't matter.
    unit, weight = np.polynomial.legendre.leggauss(20)
    grid, weight = (unit + 1) / 2, weight / 2
    radii, radial_weight = 7 * grid, 7 * weight
    mean = 0.0
    for radius, w in zip(
        radii, radial_weight * radii**2 * sqrt(2 / pi) * np.exp(-(radii**2) / 2), strict=True
    ):
        for z, wz in zip(grid, weight, strict=True):
            for angle, wa in zip(pi / 2 * grid, weight, strict=True):
                product = radius**3 * z * (1 - z**2) * np.cos(angle) * np.sin(angle)
                mean += w * wz * wa * at(radius, product)
    return (2 * pi) ** 3 * (2 * pi) ** -1.5 * mean


def test_cube_of_circles_against_quadrature():
    total, error = model(2, 2, 2, samples=100_000).total()
    exact = _two_by_two_by_two()
    assert exact / 8 == pytest.approx(4.287, abs=5e-4)  # Draisma and Horobet, LMA 64 (2016) 2498
    assert abs(total - exact) < LIMIT * error
    assert error < 1e-3 * total


@pytest.mark.parametrize(
    ("n", "triples", "minima", "digits"),
    [(3, 16.0, 5.57, 0.05), (4, 53.98, 6.80, 0.25), (5, 176.3, 8.09, 1.0)],
)
def test_table_of_another_implementation(n, triples, minima, digits):
    """Numbers computed apart from this code, by plain Monte Carlo over G; `digits`: their own errors."""
    found = model(n, n, n)
    total, error = found.total()
    assert abs(total / 8 - triples) < LIMIT * error / 8 + digits
    counts = found.by_index()
    assert abs(counts.mean[0] - minima) < LIMIT * counts.error[0] + 0.06


@pytest.mark.parametrize("sizes", [(3, 3, 3), (3, 3, 5), (2, 3, 4), (3, 3, 2, 2)])
def test_morse_sum_is_the_euler_characteristic(sizes):
    found = model(*sizes)
    signs = (-1.0) ** np.arange(found.dimension + 1)
    sums = found._by_index @ signs
    error = sums.std(ddof=1) / len(sums) ** 0.5
    assert abs(sums.mean() - found.euler_characteristic) <= LIMIT * error + 1e-9
    if found.euler_characteristic:
        assert abs(found.euler_characteristic) > LIMIT * error  # 0 would be refused


def test_energies_are_the_moments_and_the_law_of_a_plain_draw():
    found = model(3, 3, 3, samples=500)
    edges = np.linspace(-1.6, 1.6, 161)
    by_index, counts = found.binned(edges)
    np.testing.assert_allclose(by_index.mean.sum(axis=1), found.by_index().mean, rtol=1e-9)
    np.testing.assert_allclose(by_index.mean.sum(axis=0), counts.mean, rtol=1e-12)
    np.testing.assert_allclose(by_index.mean, by_index.mean[::-1, ::-1], atol=1e-12)
    middle = (edges[1:] + edges[:-1]) / 2
    weight = by_index.mean[0] / by_index.mean[0].sum()
    mean, spread, _ = found.minima_energy()
    assert weight @ middle == pytest.approx(mean, abs=1e-4)
    assert sqrt(weight @ middle**2 - (weight @ middle) ** 2) == pytest.approx(spread, abs=2e-3)
    everything, _ = found.binned([-np.inf, np.inf])
    np.testing.assert_allclose(everything.error[:, 0], found.by_index().error, rtol=1e-6)


def test_density_of_two_circles_is_that_of_singular_values():
    """Singular values s1 >= s2 >= 0 of a 2 x 2 Gaussian matrix have the density (s1^2 - s2^2) exp(-|s|^2/2);
    minima are at -s1, two of them."""
    found = FinitePartite((2, 2), 2)

    def inner(a):
        return quad(lambda b: (a * a - b * b) * np.exp(-(a * a + b * b) / 2), 0, a)[0]

    def below(s):
        return quad(inner, s, np.inf)[0]

    edges = np.array([-np.inf, -2.5, -1.5, -0.5]) * found.energy_scale
    exact = 2 * np.diff([0.0, *(below(s) for s in (2.5, 1.5, 0.5))]) / below(0.0)
    np.testing.assert_allclose(found.binned(edges)[0].mean[0], exact, rtol=1e-8)


@pytest.mark.parametrize("sizes", [(2, 4), (3, 5)])
def test_energies_of_minima_are_largest_singular_values(sizes):
    found = model(*sizes)
    matrices = np.random.default_rng(0).standard_normal((100_000, *sizes))
    lowest = -np.linalg.svd(matrices, compute_uv=False)[:, 0] * found.energy_scale
    mean, spread, error = found.minima_energy()
    assert abs(mean - lowest.mean()) < LIMIT * np.hypot(error, lowest.std() / len(lowest) ** 0.5)
    assert spread == pytest.approx(lowest.std(), rel=0.02)


def test_total_grows_as_the_limit_says():
    """log E Crit / (3N) -> log(2)/2; the power of N in front fades out."""
    rest = {n: log(FinitePartite((n,) * 3, 1000).total()[0]) - 1.5 * n * log(2) for n in (6, 12, 24)}
    steps = [rest[12] - rest[6], rest[24] - rest[12]]
    assert all(0 < step < log(2) for step in steps)
    assert limits_partite((1, 1, 1))["complexity"]["total"] == pytest.approx(log(2) / 2)


def test_limits_of_the_tripartite_model():
    """E_inf = 2 sqrt 2 and E_0 = sqrt 3 E_0(p = 3) per sphere; rates vanish at -E_0."""
    found = limits_partite((1, 1, 1), points=5)
    assert found["per_sphere"]["E_inf"] == pytest.approx(2 * sqrt(2))
    assert found["per_sphere"]["E_0"] == pytest.approx(2.8700053, abs=1e-7)
    assert found["E_0"] * 3 == pytest.approx(found["per_sphere"]["E_0"])
    assert pure_complexity(3, -sqrt(3) * found["E_0"]) == pytest.approx(0, abs=1e-9)
    curve = found["complexity"]
    np.testing.assert_allclose(curve["all"], pure_complexity(3, sqrt(3) * np.array(curve["energy"])))
    unequal = limits_partite((1, 2, 1))
    assert unequal["E_inf"] is unequal["complexity"] is None
    assert json.dumps([found, unequal], allow_nan=False)


@pytest.mark.parametrize("r", [7, 8])
def test_limits_of_as_many_spheres_as_are_allowed(r):
    """More than a polynomial has degrees: E_inf = 2 sqrt(r-1) per sphere, and (r-1)^{n/2} points."""
    theory = PartiteTheory(",".join("1" * r))
    found = theory.limits(5)
    assert found is not None
    assert found["per_sphere"]["E_inf"] == pytest.approx(2 * sqrt(r - 1))
    assert found["complexity"]["total"] == pytest.approx(log(r - 1) / 2)
    assert pure_complexity(r, -sqrt(r) * found["E_0"]) == pytest.approx(0, abs=1e-9)
    edge = -found["E_inf"]
    np.testing.assert_allclose(theory.index_fraction(np.array([edge, 0.0, -edge])), [0, 0.5, 1], atol=1e-7)
    with pytest.raises(ValueError, match="degree"):
        Covariance.pure(r)
    assert MOST_SPHERES == MOST_FACTORS


def test_rows():
    rows = predict_partite((1, 2), [2, 3], energy=(-1.0, 1.0, 4), samples=200)
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    assert rows == predict_partite((1, 2), [2, 3], energy=(-1.0, 1.0, 4), samples=200)
    assert rows[1] != predict_partite((1, 2), [3], energy=(-1.0, 1.0, 4), samples=200, seed=1)[0]
    for row in rows:
        assert (row["sizes"], row["method"]) == ("1,2", "sampled")
        assert len(row["by_index"]) == len(row["se"]) == 3 * row["n"] - 1
        assert len(row["by_energy"]["counts"]) == len(row["by_energy"]["counts_se"]) == 4


@pytest.mark.parametrize(
    ("sizes", "samples", "message"),
    [
        ((3,), 10, "two or more"),
        ((3, 1), 10, ">= 2"),
        ((3, 3), 1, "samples: got 1"),
        ((300,) * 3, 9, "dimension 897"),
    ],
)
def test_wrong_arguments_are_named(sizes, samples, message):
    with pytest.raises(ValueError, match=message):
        FinitePartite(sizes, samples)


def test_wrong_edges_are_named():
    with pytest.raises(ValueError, match="lowest first"):
        FinitePartite((2, 2), 2).binned([1.0, 0.0])


def test_factor_in_front_is_the_volume_and_the_gradient():
    """K from its definition: spheres, the density of the gradient at 0, and both Gaussian integrals."""
    found = FinitePartite((3, 4, 2), 2)
    d, e = found.dimension, 2 * 3 + 2 * 1 + 3 * 1
    spheres = (4 * pi) * (2 * pi**2) * (2 * pi)
    m = e + d + 1
    radial = 2 ** (1 - e / 2) / gamma(e / 2) * 2 ** (m / 2 - 1) * gamma(m / 2)
    assert found._log_factor == pytest.approx(log(spheres * (2 * pi) ** (-(d + 1) / 2) * radial))
