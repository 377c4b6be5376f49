"""Two-point Kac-Rice: its Gaussian law by automatic differentiation, exact moments at N = 2, brute force."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from morsecensus.analysis.theory.kac_rice.finite_n import FiniteN
from morsecensus.analysis.theory.two_point.kinds import Kind, every_index
from morsecensus.analysis.theory.two_point.law import across_plane, pair_law, same_point, two_points
from morsecensus.analysis.theory.two_point.matrices import matrix_pairs
from morsecensus.analysis.theory.two_point.pairs import count_pairs, uniform_share
from morsecensus.tasks.covariance import Covariance

jax.config.update("jax_enable_x64", True)

THREE = Covariance.pure(3)
MIXED = Covariance.parse("0.5*q^2+0.5*q^3+0.3*q")
MODELS = [THREE, MIXED, Covariance.pure(4), Covariance.parse("q^2+0.4*q^5")]
ALL, MINIMA = Kind("all"), Kind("minima", 0)


def mixed_derivative(xi, x, y, first, second):
    """Covariance of the derivatives of the field at x along ``first`` and at y along ``second``."""

    def shifted(a, b):
        left = x + sum((s * v for s, v in zip(a, first, strict=True)), jnp.zeros_like(x))
        right = y + sum((s * v for s, v in zip(b, second, strict=True)), jnp.zeros_like(y))
        return sum(c * jnp.dot(left, right) ** p for p, c in xi.terms)

    function = shifted
    for place in range(len(first)):
        function = along(function, 0, place)
    for place in range(len(second)):
        function = along(function, 1, place)
    return float(function([0.0] * len(first), [0.0] * len(second)))


def along(function, side, place):
    def derivative(a, b):
        def of(value):
            moved = [list(a), list(b)]
            moved[side][place] = value
            return function(*moved)

        return jax.grad(of)((a, b)[side][place])

    return derivative


@pytest.mark.parametrize("xi", [MIXED, Covariance.parse("q^2+0.4*q^5")])
def test_the_joint_law_against_automatic_differentiation(xi):
    q = 0.37
    s = np.sqrt(1 - q**2)
    across, other = np.eye(4)[2], np.eye(4)[3]
    n1, n2 = np.array([1.0, 0, 0, 0]), np.array([q, s, 0, 0])
    t1, t2 = (n2 - q * n1) / s, (n1 - q * n2) / s
    one, two = ([t1], [n1], [t1, t1], []), ([t2], [n2], [t2, t2], [])
    found = two_points(xi, np.array([q]), np.array([s]))[..., 0]
    direct = [[mixed_derivative(xi, n1, n2, v, w) for w in two] for v in one]
    np.testing.assert_allclose(found, direct, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found, found.T)
    same = [[mixed_derivative(xi, n1, n1, v, w) for w in one] for v in one]
    np.testing.assert_allclose(same_point(xi), same, rtol=1e-10, atol=1e-12)
    pairs = [([across],) * 2, ([across], [t2, across]), ([t1, across], [t2, across]), ([across, other],) * 2]
    direct = [mixed_derivative(xi, n1, n2, v, w) for v, w in pairs]
    np.testing.assert_allclose(np.ravel(across_plane(xi, np.array([q]), np.array([s]))), direct, rtol=1e-10)
    # what symmetry makes independent
    for v, w in (
        ([across], [t2]),
        ([across, other], [t2, t2]),
        ([n1], [across, across]),
        ([], [across, across]),
    ):
        assert mixed_derivative(xi, n1, n2, v, w) == pytest.approx(0, abs=1e-12)


def test_the_law_stays_regular_where_the_points_meet():
    for angle in (1e-5, np.pi - 1e-5):
        law = pair_law(THREE, 5, np.array([angle]))
        assert np.isfinite(law.log_gradient_density).all()
        assert np.isfinite(law.plane).all()
        assert np.all(law.across >= 0)


def circle_moments(xi, nodes=4000):
    """E[C (C-1)] of all points, and of minima, on the circle, antipodes apart: Rice's formula, quadrature.

    c(t) = xi(cos t) = sum a_k cos(k t) is the covariance along the circle; points are zeros of a stationary
    process X with covariance -c''. No determinant, no sampling.
    """
    grid = 2 * np.pi * np.arange(64) / 64
    a = np.fft.rfft([xi.value(np.cos(t)) for t in grid]).real / 32
    k = np.arange(len(a))
    # midpoints: neither 0 nor pi, where the density of both zeros is singular
    t = np.pi * (np.arange(nodes) + 0.5) / nodes
    x0, d0 = np.sum(a * k**2), np.sum(a * k**4)
    xx, xd, dd = (
        (a * k**2) @ np.cos(np.outer(k, t)),
        (a * k**3) @ np.sin(np.outer(k, t)),
        (a * k**4) @ np.cos(np.outer(k, t)),
    )
    det = x0**2 - xx**2
    # given X = X' = 0: (D, D') with covariance [[d0, dd], [dd, d0]] - B [[x0, xx], [xx, x0]]^-1 B^T
    variance, cross = d0 - xd**2 * x0 / det, dd - xd**2 * xx / det
    r = np.clip(cross / variance, -1, 1)
    every = 2 / np.pi * variance * (np.sqrt(1 - r**2) + r * np.arcsin(r))
    positive = variance / (2 * np.pi) * (np.sqrt(1 - r**2) + r * (np.pi / 2 + np.arcsin(r)))
    density = 2 * np.pi / (2 * np.pi * np.sqrt(det)) * 2 * np.pi / nodes
    return np.sum(density * every), np.sum(density * positive)


@pytest.mark.parametrize("xi", MODELS)
def test_two_spins_against_rice_on_the_circle(xi):
    found = count_pairs(FiniteN(xi, 2), (ALL, MINIMA), draws=20_000, seed=3)
    value, error = found.pairs.sum(axis=0), np.sqrt(np.sum(found.se**2, axis=0))
    z = (np.diag(value) - circle_moments(xi)) / np.diag(error)
    assert np.all(np.abs(z) < 4)
    assert np.all(np.diag(error) < 0.02 * np.diag(value))
    # negative control: independent points with these means
    assert np.all(np.abs(found.means**2 - circle_moments(xi)) > 10 * np.diag(error))


def test_three_spins_and_more_against_brute_force():
    # relative variances of the total and their relative errors, by brute-force census apart from this code
    table = {3: (0.096, 0.03), 4: (0.084, 0.05), 5: (0.072, 0.08)}
    z = []
    for n, (relative, error) in table.items():
        theory = FiniteN(THREE, n)
        variance, se = count_pairs(theory, draws=30_000, seed=1).variance()
        square = theory.total() ** 2
        z.append((variance[0] / square - relative) / np.hypot(se[0] / square, error * relative))
    assert np.max(np.abs(z)) < 4


def trigonometric_points(xi, landscapes, rng):
    """Critical points on the circle by brute force: owner, energy and index (0 or 1) of each."""
    angles = np.linspace(0, 2 * np.pi, 1441)
    grid = 2 * np.pi * np.arange(64) / 64
    power = np.maximum(np.fft.rfft([2 * xi.value(np.cos(t)) for t in grid]).real / 32, 0.0)
    power[0] /= 2
    scale, k = np.sqrt(power), np.arange(len(power))
    normal = rng.standard_normal((2, landscapes, len(k))) * scale
    slope = normal[1] * k @ np.cos(np.outer(k, angles)) - normal[0] * k @ np.sin(np.outer(k, angles))
    height = normal[0] @ np.cos(np.outer(k, angles)) + normal[1] @ np.sin(np.outer(k, angles))
    owner, place = np.nonzero(slope[:, :-1] * slope[:, 1:] < 0)
    return owner, height[owner, place] / 2, (slope[owner, place] > 0).astype(int)


@pytest.mark.parametrize("xi", [THREE, MIXED])
def test_energies_of_pairs_against_brute_force(xi):
    owner, energy, index = trigonometric_points(xi, 6000, np.random.default_rng(5))
    low, kinds = -0.6, (Kind("low minima", 0, -np.inf, -0.6), Kind("low", None, -np.inf, -0.6))
    counts = np.stack(
        [np.bincount(owner[kept], minlength=6000) for kept in ((energy < low) & (index == 0), energy < low)]
    )
    found = count_pairs(FiniteN(xi, 2), kinds, draws=20_000, seed=4)
    exact, se = found.covariance()
    for one in range(2):
        residue = (counts[one] - found.means[one]) * (counts - found.means[:, None])
        error = np.hypot(se[one], residue.std(axis=1) / np.sqrt(6000))
        assert np.all(np.abs(residue.mean(axis=1) - exact[one]) < 4 * error)
        # negative control: Poisson counts
        assert abs(residue[one].mean() - found.means[one]) > 6 * error[one]


@pytest.mark.parametrize("xi", [THREE, MIXED])
def test_symmetries_and_the_morse_sum(xi):
    n = 3
    found = count_pairs(FiniteN(xi, n), every_index(n), draws=20_000, seed=2)
    value, error = found.covariance()
    np.testing.assert_allclose(value, value.T)
    # C_0 - C_1 + C_2 = 2 in every landscape
    gap = value[2, 2] - value[1, 1] - value[3, 3] - 2 * value[1, 3]
    assert abs(gap) < 4 * (error[2, 2] + error[1, 1] + error[3, 3] + 2 * error[1, 3])
    if xi.is_odd:
        pairs, se = found.pairs[:, 0, 0], found.se[:, 0, 0]
        z = (pairs - pairs[::-1])[:20] / np.hypot(se, se[::-1])[:20]
        assert np.sum(z**2) < 20 + 4 * np.sqrt(40)
        np.testing.assert_allclose(found.antipodes[1], [found.means[1], 0, 0, found.means[1]], rtol=1e-9)
    else:
        assert not found.antipodes.any()


def test_even_models_have_antipodes_of_their_own_index():
    found = count_pairs(FiniteN(Covariance.pure(4), 3), every_index(3), draws=640, seed=0)
    np.testing.assert_allclose(np.diag(found.antipodes), found.means)


def test_blocks_have_the_moments_of_the_ensemble():
    matrices, log_weight = matrix_pairs(4, 1.3, 60_000, np.random.default_rng(1))
    weight = np.exp(log_weight)
    lowest = np.linalg.eigvalsh(matrices)[..., 0]
    plain = np.linalg.eigvalsh(matrix_pairs(4, 0.0, 60_000, np.random.default_rng(2))[0])[..., 0]
    values = np.stack(
        [
            np.ones(len(weight)),
            matrices[0, :, 0, 0] ** 2 / 2,
            matrices[1, :, 0, 0] ** 2 / 2,
            matrices[1, :, 1, 2] ** 2,
            1 + matrices[0, :, 0, 1] * matrices[1, :, 0, 1],
            *lowest / plain.mean(),
        ]
    )
    error = (values * weight).std(axis=1) / np.sqrt(len(weight)) + 0.005
    assert np.all(np.abs((values * weight).mean(axis=1) - 1) < 4 * error)
    # negative control: without weights the lowest eigenvalue is raised
    assert np.all(np.abs(values[-2:].mean(axis=1) - 1) > 4 * error[-2:])


def test_uniform_share():
    x = np.random.default_rng(0).standard_normal((2, 40_000, 5))
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    edges = np.linspace(-1, 1, 9)
    counts = np.histogram(np.sum(x[0] * x[1], axis=-1), edges)[0]
    expected = 40_000 * uniform_share(5, edges)
    assert np.sum((counts - expected) ** 2 / expected) < 7 + 4 * np.sqrt(14)


def test_what_is_refused():
    theory = FiniteN(THREE, 3)
    with pytest.raises(ValueError, match="eigenvectors"):
        count_pairs(FiniteN(Covariance.pure(2), 3))
    with pytest.raises(ValueError, match=r"got 3, allowed: 0 \.\. 2"):
        count_pairs(theory, (Kind("none", 3),))
    with pytest.raises(ValueError, match="low < high"):
        count_pairs(theory, (Kind("none", 0, 1.0, -1.0),))
    with pytest.raises(ValueError, match="kinds: got none"):
        count_pairs(theory, ())
    with pytest.raises(ValueError, match="overlap bins"):
        count_pairs(theory, edges=[0.5, 0.2])
    with pytest.raises(ValueError, match="draws: got 1"):
        count_pairs(theory, draws=1)
    with pytest.raises(ValueError, match=r"allowed: all of \[-1, 1\]"):
        count_pairs(theory, edges=[0.0, 1.0], draws=20).variance()
