"""GOE at finite size: density, determinants and order statistics against independent routes."""

import numpy as np
import pytest

from morsecensus.analysis.theory.goe.density import hermite_functions, log_density, log_mean_abs_det
from morsecensus.analysis.theory.goe.order import index_fractions
from morsecensus.analysis.theory.goe.pfaffian import pfaffian
from morsecensus.analysis.theory.goe.sampler import plain_spectra, sample_spectra


def test_pfaffian_squared_is_the_determinant():
    rng = np.random.default_rng(0)
    for order in (2, 4, 6, 10):
        draw = rng.standard_normal((5, order, order)) + 1j * rng.standard_normal((5, order, order))
        skew = draw - draw.transpose(0, 2, 1)
        np.testing.assert_allclose(pfaffian(skew) ** 2, np.linalg.det(skew), rtol=1e-10)
    a, b, c, d, e, f = 2.0, -3.0, 5.0, 7.0, 11.0, -13.0
    known = np.array([[[0, a, b, c], [-a, 0, d, e], [-b, -d, 0, f], [-c, -e, -f, 0]]])
    assert pfaffian(known)[0] == pytest.approx(a * f - b * e + c * d)
    with pytest.raises(ValueError, match="odd order 3"):
        pfaffian(np.zeros((1, 3, 3)))


@pytest.mark.parametrize("n", [1, 2, 3, 8, 31, 200, 600])
def test_density_integrates_to_n(n):
    reach = np.sqrt(2 * n) + 8
    x, step = np.linspace(-reach, reach, 20001, retstep=True)
    density = np.exp(log_density(n, x))
    assert step * density.sum() == pytest.approx(n, rel=1e-10)
    assert step * (density * x**2).sum() == pytest.approx(n * (n + 1) / 2, rel=1e-9)


def test_hermite_functions_are_orthonormal_with_their_integrals():
    x, step = np.linspace(-14, 14, 8001, retstep=True)
    phi, integral = hermite_functions(12, x)
    np.testing.assert_allclose(step * phi @ phi.T, np.eye(12), atol=1e-12)
    np.testing.assert_allclose(integral[:, -1], step * phi.sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(np.gradient(integral[5], step)[10:-10], phi[5][10:-10], atol=1e-4)


def test_tail_is_finite_where_densities_underflow():
    tail = log_density(50, np.array([-60.0, 60.0]))
    assert np.all(np.isfinite(tail))
    assert tail[0] == tail[1]
    # Far out the mean of |det(x - M)| is x^n.
    assert float(log_mean_abs_det(20, 1e4)) == pytest.approx(20 * np.log(1e4), rel=1e-6)


def test_mean_abs_det_by_hand():
    # n = 1: E|x - l| at 0 for l ~ N(0, 1).
    assert float(np.exp(log_mean_abs_det(1, 0.0))) == pytest.approx(np.sqrt(2 / np.pi), rel=1e-14)
    assert float(log_mean_abs_det(0, 1.0)) == 0.0


@pytest.mark.parametrize("n", [1, 2, 3, 6, 9, 14, 23, 30])
def test_pfaffian_agrees_with_the_closed_form_density(n):
    table = index_fractions(n)
    assert table.mismatch < 1e-11
    np.testing.assert_allclose(table.values.sum(axis=0), 1.0, rtol=1e-12)
    x = np.linspace(-np.sqrt(2 * n), np.sqrt(2 * n), 41)
    np.testing.assert_allclose(table.at(x).sum(axis=0), 1.0, atol=1e-9)
    np.testing.assert_allclose(table.at(x), table.at(-x)[::-1], atol=1e-9)
    outside = table.at(np.array([-1e3, 1e3]))
    assert outside[0, 0] == 1.0
    assert outside[n, 1] == 1.0


def test_window_of_roots_loses_nothing():
    """n = 24 uses 21 roots of unity, n = 20 all of them: both obey the determinant's own recursion in law."""
    for n in (20, 24):
        table = index_fractions(n)
        k = np.arange(n + 1)
        middle = table.at(np.array([0.0]))[:, 0]
        assert middle @ k == pytest.approx(n / 2, abs=1e-9)
        assert np.all(middle >= 0)


def test_probability_that_all_eigenvalues_are_positive():
    """Known values of P(all > 0) for the GOE, from the order statistics of size n through a_0."""
    for n, known in ((2, 0.1464466), (3, 0.0249209), (4, 2.4567e-3), (5, 1.4011e-4)):
        # P(smallest > 0) = int_0^inf density of the smallest = n-point function with k = 0 below.
        table = index_fractions(n - 1)
        x = np.linspace(0.0, np.sqrt(2 * n) + 7, 20001)
        smallest = np.exp(log_density(n, x)) * table.at(x)[0]
        assert np.trapezoid(smallest, x) == pytest.approx(known, rel=2e-4)


def _largest_z(n: int, spectra: np.ndarray) -> float:
    """Deviation of the mean order statistics from exact ones, in standard errors, over all k."""
    table = index_fractions(n - 1)
    x = np.linspace(-np.sqrt(2 * n) - 7, np.sqrt(2 * n) + 7, 8001)
    density = np.exp(log_density(n, x)) * table.at(x)
    exact = np.trapezoid(density * x, x, axis=1)
    error = spectra.std(axis=0, ddof=1) / np.sqrt(len(spectra))
    return float(np.max(np.abs(spectra.mean(axis=0) - exact) / error))


def test_order_statistics_agree_with_the_tridiagonal_sampler():
    n = 12
    spectra = plain_spectra(n, 4000, np.random.default_rng(1))
    # 12 comparisons at 4 standard errors: a false alarm once in about 1,300 runs, and the seed is fixed.
    assert _largest_z(n, spectra) < 4.0
    # Negative control: a sampler with the wrong variance off the diagonal is caught.
    assert _largest_z(n, 1.02 * spectra) > 4.0


def test_tilted_draws_average_to_plain_ones():
    n, strength = 30, 0.8
    rng = np.random.default_rng(2)
    drawn = sample_spectra(n, strength, 6000, rng)
    weight = np.exp(drawn.log_weight)
    assert abs(weight.mean() - 1) < 4 * weight.std() / np.sqrt(6000)
    plain = plain_spectra(n, 6000, rng)[:, 0]
    lowest = weight * drawn.eigenvalues[:, 0]
    spread = np.hypot(lowest.std(), plain.std()) / np.sqrt(6000)
    assert abs(lowest.mean() - plain.mean()) < 4 * spread
    # Negative control: forgetting the weights shows.
    bare = drawn.eigenvalues[:, 0]
    assert abs(bare.mean() - plain.mean()) > 4 * np.hypot(bare.std(), plain.std()) / np.sqrt(6000)
