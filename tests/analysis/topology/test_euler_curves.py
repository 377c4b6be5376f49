"""Mean Euler curves of random trigonometric polynomials (N = 2, solved here) against the exact formula."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.stats import kstest

from morsecensus.analysis.agreement.coupling_scale import combined
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.estimates.counts import estimate_counts
from morsecensus.analysis.theory.kac_rice.euler import mean_characteristic_above
from morsecensus.analysis.topics.topology.euler.curves import (
    bootstrap_maxima,
    curve_scale,
    curves_of,
    euler_curve,
    extreme_level,
    extreme_tests,
    joint_test,
    poisson_p_value,
)
from morsecensus.tasks.covariance import Covariance

N = 2


def circle_points(degree, landscapes, seed):
    """Critical points of H/N = q^degree at N = 2: owner, energy and index of each, by roots of polynomials.

    xi(cos a) is a cosine series, and H/N has its coefficients over N as variances.
    """
    rng = np.random.default_rng(seed)
    waves = np.arange(degree + 1)
    angle = 2 * np.pi * np.arange(64) / 64
    series = np.real(np.fft.fft(np.cos(angle) ** degree))[: degree + 1] / 64 * np.where(waves, 2, 1)
    scale = np.sqrt(np.maximum(series, 0) / N)
    rows = []
    for owner in range(landscapes):
        cosine, sine = rng.standard_normal((2, degree + 1)) * scale
        # With z = e^{it}, H = sum of c_k z^k + conj(c_k) z^-k; z^p H' is a polynomial of z.
        c = (cosine - 1j * sine) / 2
        power = np.concatenate([(c * 1j * waves)[::-1], (np.conj(c) * -1j * waves)[1:]])
        z = np.roots(np.trim_zeros(power, "f"))
        t = np.angle(z[np.abs(np.abs(z) - 1) < 1e-7])
        wave = np.outer(t, waves)
        energy = np.cos(wave) @ cosine + np.sin(wave) @ sine
        curvature = -(np.cos(wave) * waves**2 @ cosine + np.sin(wave) * waves**2 @ sine)
        order = np.argsort(energy)
        rows.append(
            np.stack([np.full(len(t), owner), energy[order], (curvature[order] < 0).astype(float)], axis=1)
        )
    return np.concatenate(rows)


def make_cell(rows, landscapes, xi):
    owner, index = rows[:, 0].astype(int), rows[:, 2].astype(int)
    by_index = np.bincount(owner * N + index, minlength=landscapes * N).reshape(landscapes, N)
    dataset = xr.Dataset(
        {
            "row_size": ("landscape", by_index.sum(axis=1)),
            "points_by_index": (("landscape", "morse_index"), by_index),
            "energy": ("row", rows[:, 1]),
            "index": ("row", index),
            "status": ("landscape", np.zeros(landscapes, int)),
            "reason": ("landscape", np.zeros(landscapes, int)),
            "n_points": ("landscape", by_index.sum(axis=1)),
            "n_degenerate": ("landscape", np.zeros(landscapes, int)),
            "bound": ("landscape", np.full(landscapes, 2.0 * N * 3)),
            "chao1": ("landscape", by_index.sum(axis=1).astype(float)),
        },
        attrs={"model": "pspin", "xi": xi, "n": N, "field": 0.0},
    )
    return Cell("c0000", dataset, landscapes)


def with_variance(cell, factor):
    """The cell as if its couplings had this many times their variance."""
    return replace(cell, stored=cell.dataset.assign(energy=cell.dataset["energy"] * factor**0.5))


@pytest.fixture(scope="module")
def cubic():
    return make_cell(circle_points(3, 20_000, 1), 20_000, "q^3")


@pytest.fixture(scope="module")
def quartic():
    return make_cell(circle_points(4, 3_000, 2), 3_000, "q^4")


def some(cell, first, last):
    """Landscapes first..last-1 of a cell."""
    offset = np.concatenate([[0], np.cumsum(cell.dataset["row_size"].values)])
    part = cell.dataset.isel(landscape=slice(first, last), row=slice(offset[first], offset[last]))
    return Cell(cell.name, part, last - first)


def test_curves_are_signed_counts(cubic):
    cell = some(cubic, 0, 200)
    levels = np.array([-1.0, -0.2, 0.0, 0.35, 1.1])
    owner = np.repeat(np.arange(200), cell.dataset["row_size"].values)
    energy, index = cell.dataset["energy"].values, cell.dataset["index"].values
    above, below = curves_of(cell, levels), curves_of(cell, levels, above=False)
    for j, u in enumerate(levels):
        for landscape in (0, 7, 123):
            mine = owner == landscape
            high, low = mine & (energy >= u), mine & (energy <= u)
            # On the circle: maxima less minima above, minima less maxima below; both count the arcs.
            assert above[landscape, j] == (index[high] == 1).sum() - (index[high] == 0).sum()
            assert below[landscape, j] == (index[low] == 0).sum() - (index[low] == 1).sum()
    np.testing.assert_array_equal(above, below)
    # A level that is a critical energy holds it, above and below.
    at = curves_of(cell, np.sort(energy[owner == 0]))[0]
    assert at[-1] == 1


@pytest.mark.parametrize("which", ["cubic", "quartic"])
def test_a_right_sample_passes(which, request):
    cell = request.getfixturevalue(which)
    curve = euler_curve(cell, draws=500)
    assert curve is not None
    assert curve.missing == estimate_counts(cell)["missing"].values.sum() == 0
    assert curve.result.p_value > 0.01
    assert np.all(np.abs(curve.mean - curve.exact) <= curve.band * 1.2)
    found = extreme_tests(cell)
    assert len(found) == (1 if which == "cubic" else 2)
    for test in found:
        assert test.expected == pytest.approx(5)
        assert min(test.poisson, test.binomial) > 0.005
        assert test.landscapes <= test.caps
    scale = curve_scale(cell)
    assert scale is not None
    assert scale.p_value > 0.005


@pytest.mark.parametrize("factor", [0.98, 1.02])
def test_two_percent_of_variance_are_rejected(cubic, factor):
    scale = curve_scale(with_variance(cubic, factor))
    right = curve_scale(cubic)
    assert scale is not None
    assert right is not None
    # The levels are fixed by the exact law, so the ratio moves by the factor.
    assert scale.ratio - right.ratio == pytest.approx(factor - 1, rel=0.15)
    assert scale.detectable(level=0.05) < 0.02
    assert scale.p_value < 0.01


def test_the_supremum_sees_four_percent(cubic):
    curve = euler_curve(with_variance(cubic, 1.04), draws=500)
    assert curve is not None
    assert curve.result.p_value < 0.01
    assert np.any(np.abs(curve.mean - curve.exact) > curve.band)


def test_caps_lost_at_the_top_are_seen(cubic):
    """Negative control of the exact tests: no landscape has its highest maximum."""
    data = cubic.dataset
    cut = data["energy"].values < extreme_level(Covariance.pure(3), N, 20_000, 20)
    # Lower the energies beyond the level, as a finder that never gets there would.
    lowered = replace(cubic, stored=data.assign(energy=data["energy"].where(cut, 0.0)))
    (test,) = extreme_tests(lowered)
    assert test.caps == 0
    assert max(test.poisson, test.binomial) < 0.02


def test_p_values_of_right_samples_are_uniform(cubic):
    """Forty cells of 500 landscapes: supremum and scale, each against the uniform law."""
    cells = [some(cubic, first, first + 500) for first in range(0, 20_000, 500)]
    curves = [curve for cell in cells if (curve := euler_curve(cell, draws=300)) is not None]
    assert len(curves) == 40
    assert kstest([float(curve.result.p_value or 0) for curve in curves], "uniform").pvalue > 0.01
    assert joint_test(curves).p_value > 0.01
    scales = [scale for cell in cells if (scale := curve_scale(cell)) is not None]
    assert kstest([scale.p_value for scale in scales], "uniform").pvalue > 0.01
    whole = curve_scale(cubic)
    assert whole is not None
    assert combined(scales).se == pytest.approx(whole.se, rel=0.15)


def test_joint_test_of_wrong_samples(cubic):
    cells = [some(with_variance(cubic, 1.06), first, first + 5000) for first in range(0, 20_000, 5000)]
    curves = [curve for cell in cells if (curve := euler_curve(cell)) is not None]
    assert joint_test(curves).p_value < 0.01
    assert joint_test([]).p_value is None


def test_points_that_may_be_missing_widen_the_band(cubic):
    cell = some(cubic, 0, 500)
    data = cell.dataset.assign(chao1=cell.dataset["chao1"] + 1, status=("landscape", np.ones(500, int)))
    sure, open_ = euler_curve(cell, draws=200), euler_curve(replace(cell, stored=data), draws=200)
    assert sure is not None
    assert open_ is not None
    assert open_.missing > 0
    np.testing.assert_allclose(open_.band, sure.band + open_.missing)
    assert open_.result.p_missing > open_.result.p_value


def test_extreme_levels_hold_what_they_say():
    for n in (2, 3, 6, 11):
        for xi in (Covariance.pure(3), Covariance.parse("0.5*q^2+0.5*q^4")):
            levels = [extreme_level(xi, n, 1000, events) for events in (2.0, 10.0)]
            assert levels[0] > levels[1] > 0
            np.testing.assert_allclose(1000 * mean_characteristic_above(xi, n, levels), [2.0, 10.0])
    with pytest.raises(ValueError, match="too few"):
        extreme_level(Covariance.pure(3), 3, 2, 10.0)


def test_too_few_landscapes_give_nothing(cubic):
    few = some(cubic, 0, 10)
    assert euler_curve(few) is None
    assert curve_scale(few) is None
    assert extreme_tests(few) == []


def test_bootstrap_of_gaussian_rows_is_the_studentised_law():
    """One level: |t| of the mean; the 95% quantile of a t distribution with 199 degrees is 1.97."""
    rows = np.random.default_rng(0).standard_normal((200, 1))
    assert np.quantile(bootstrap_maxima(rows, draws=8000), 0.95) == pytest.approx(1.97, abs=0.12)
    wide = np.random.default_rng(0).standard_normal((200, 20))
    assert np.quantile(bootstrap_maxima(wide, draws=2000), 0.95) > 2.7


def test_poisson_p_value():
    assert poisson_p_value(5, 5.0) == 1
    assert poisson_p_value(0, 5.0) == pytest.approx(2 * np.exp(-5))
    assert poisson_p_value(14, 5.0) < 0.005
