"""Energies and correlations at N to infinity: values of another program, to its last digits."""

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from morsecensus.analysis.theory.dynamics import late_curve, long_times
from morsecensus.analysis.theory.dynamics.kernels import FLOW, Kernels, Setting
from morsecensus.analysis.theory.dynamics.late_curve import late_looks
from morsecensus.analysis.theory.dynamics.long_times import Resolution, late
from morsecensus.analysis.theory.dynamics.romberg import curve, romberg
from morsecensus.analysis.theory.dynamics.two_time import solve
from morsecensus.tasks.covariance import Covariance, matrix_tensor

CUBIC, QUARTIC = Covariance.pure(3), Covariance.pure(4)
MIXED = Covariance.parse("0.5*q^3+0.5*q^4")
TIMES = (1, 2, 5, 10)

ENERGIES = [
    (CUBIC, FLOW, (-1.21983880, -1.38058007, -1.50117616, -1.55177351), 1.5e-8),
    (QUARTIC, FLOW, (-1.32578969, -1.47617469, -1.59398826, -1.64546172), 1.5e-8),
    (MIXED, FLOW, (-1.27254710, -1.42866222, -1.54966431, -1.60198493), 1.5e-8),
    (CUBIC, Setting(1.0), (-0.78928203, -0.87435306, -0.94106200, -0.97002312), 1.5e-8),
    (CUBIC, Setting(0.9), (-0.82813004, -0.92396226, -1.00238612, -1.03903207), 1.5e-8),
    (CUBIC, Setting(0.5), (-0.99518171, -1.12813437, -1.23629652, -1.28511498), 1.5e-8),
    (QUARTIC, Setting(0.9), (-0.890367, -0.978290, -1.049914, -1.081691), 1.5e-6),
    (CUBIC, Setting(0.0, 0.9), (-1.576821, -1.597012, -1.609101, -1.613490), 3e-6),
    (MIXED, Setting(0.0, 2.0), (-1.348220, -1.458068, -1.557476, -1.604874), 3e-6),
    (MIXED, Setting(0.0, 0.9), (-1.592528, -1.615906, -1.635097, -1.646338), 3e-6),
    (MIXED, Setting(0.0, 0.805166), (-1.671995, -1.684775, -1.691538, -1.693509), 3e-6),
]


@pytest.fixture(scope="module")
def looks_of():
    """Looks and errors at TIMES; each curve is solved once for the tests of energies and of correlations."""

    @functools.cache
    def solved(xi, setting):
        return curve(Kernels.of(xi), 10.0, setting, looks=TIMES).looks(np.array(TIMES, dtype=float))

    return solved


@pytest.mark.parametrize(("xi", "setting", "energies", "digits"), ENERGIES)
def test_energies(looks_of, xi, setting, energies, digits):
    found, error = looks_of(xi, setting)
    assert error.max() < 1e-8
    np.testing.assert_allclose(found[0], energies, atol=digits)


@pytest.mark.parametrize(
    ("xi", "starts"),
    [
        (CUBIC, (0.62814340, 0.47628691, 0.32753474, 0.24781532)),
        (QUARTIC, (0.65887637, 0.53923949, 0.41303443, 0.33844936)),
        (MIXED, (0.64607654, 0.51222033, 0.37487622, 0.29727497)),
    ],
)
def test_correlations_with_the_start(looks_of, xi, starts):
    found, _ = looks_of(xi, FLOW)
    np.testing.assert_allclose(found[2], starts, atol=1.5e-8)


@pytest.mark.parametrize(
    ("xi", "expected"),
    [
        (CUBIC, (0.92865682, 0.89740412, 0.36549511, 0.17152056, 0.02639230)),
        (QUARTIC, (0.93527641, 0.90471166, 0.29026609, 0.13937144, 0.02496318)),
        (MIXED, (0.93199370, 0.90013955, 0.32260212, 0.15388203, 0.02622210)),
    ],
)
def test_pairs_of_times(xi, expected):
    """C(2,1), C(10,5), R(1,.5), R(2,1), R(10,5)."""
    multiples = (1, 2, 3, 4, 6)
    value, error = romberg([_pairs(xi, 100 * k) for k in multiples], multiples)
    assert error.max() < 1e-8
    np.testing.assert_allclose(value, expected, atol=2e-8)


def _pairs(xi, steps):
    found = solve(xi, 10.0, steps)
    c, r, one = found.correlation, found.response, steps // 10
    half = one // 2
    return np.array(
        [c[2 * one, one], c[10 * one, 5 * one], r[one, half], r[2 * one, one], r[10 * one, 5 * one]]
    )


def test_overlaps_with_a_signal():
    kernels = Kernels.of(*matrix_tensor(3, 1 / 3, 1.0))
    times = np.array([0.5, 1, 2, 5, 10])
    found, _ = curve(kernels, 10.0, Setting(overlap=0.25), looks=times).looks(times)
    energies = [-1.73965134, -2.19554879, -2.33119553, -2.34210292, -2.34213569]
    np.testing.assert_allclose(found[0], energies, atol=2e-8)
    np.testing.assert_allclose(
        found[3], [0.62748317, 0.80004121, 0.85486176, 0.85519506, 0.85488639], atol=2e-8
    )


def test_a_flow_from_the_dynamic_transition_passes_the_threshold():
    """Of the mixture, e_th = -1.690476 (G. Folena, S. Franz and F. Ricci-Tersenghi, arXiv:1903.01421); the
    pure model from T' = 0.9 stays above its own."""
    mixed = curve(Kernels.of(MIXED), 5.0, Setting(0.0, 0.805166), tolerance=1e-6).energy[-1]
    pure = curve(Kernels.of(CUBIC), 10.0, Setting(0.0, 0.9), tolerance=1e-6).energy[-1]
    assert mixed < -1.690476 - 1e-3
    assert pure > -2 * np.sqrt(2 / 3)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("xi", "until", "energy"),
    [
        (CUBIC, 20.0, -1.5826225),
        (CUBIC, 50.0, -1.6059962),
        (CUBIC, 100.0, -1.6160807),
        (QUARTIC, 50.0, -1.702606),
        (MIXED, 100.0, -1.670735),
    ],
)
def test_late_energies(xi, until, energy):
    found = curve(Kernels.of(xi), until, looks=[until])
    assert found.energy_error[-1] < 1e-6
    assert found.energy[-1] == pytest.approx(energy, abs=1.5e-6)


@pytest.mark.soak
def test_the_logarithmic_grid_continues_the_uniform_one():
    """At t = 20 and 50 of the sheet; test_limits.py has the energy at 20."""
    times = np.array([20.0, 50.0])
    coarse = late(Kernels.of(CUBIC), 50.0).looks(times)
    np.testing.assert_allclose(coarse[0], [-1.5826225, -1.6059962], atol=2e-7)
    np.testing.assert_allclose(coarse[2], [0.1886115, 0.1325868], atol=2e-7)


def test_the_logarithmic_grid_keeps_the_energy_of_equilibrium():
    """-1/T, of a start at T > 0."""
    still = late(Kernels.of(CUBIC), 25.0, Setting(1.0, 1.0), resolution=Resolution(81, 0.1, 8, 6))
    np.testing.assert_allclose(still.values[0], -1.0, atol=1e-5)


@pytest.mark.soak
def test_the_logarithmic_grid_at_late_times():
    found, error = late_looks(Kernels.of(CUBIC), np.array([100.0, 1000.0]))
    assert found[0, 0] == pytest.approx(-1.61608057, abs=3e-8)
    assert error[0, 1] < 1e-5
    gap = found[0] + 2 * np.sqrt(2 / 3)
    assert np.log10(gap[0] / gap[1]) == pytest.approx(2 / 3, abs=0.01)


@pytest.mark.soak
def test_the_logarithmic_grid_to_ten_thousand():
    """Finer nodes agree with those of earlier times, and the law of the approach goes on."""
    found, error = late_looks(Kernels.of(CUBIC), np.array([1000.0, 1e4]))
    assert error[0].max() < 1e-6
    assert found[0, 0] == pytest.approx(-1.629372, abs=2e-6)
    gap = found[0] + 2 * np.sqrt(2 / 3)
    assert np.log10(gap[0] / gap[1]) == pytest.approx(2 / 3, abs=0.01)


def test_late_grids_follow_the_last_time(monkeypatch):
    """Of the mixture, whose rate isn't that of the 3-spin."""
    asked = []

    def late(kernels, until, setting, resolution):
        asked.append(resolution.nodes)
        return SimpleNamespace(looks=lambda times: np.zeros((3, len(times))))

    monkeypatch.setattr(late_curve, "late", late)
    kernels = Kernels.of(MIXED)
    for last, nodes in ((2499.0, [161, 241]), (2501.0, [321, 401])):
        asked.clear()
        late_curve.late_looks(kernels, np.array([100.0, last / kernels.rate]))
        assert asked == nodes
    with pytest.raises(ValueError, match=r"until: got .*, allowed: later than .*, up to .* for this xi"):
        long_times.late(kernels, 25_001 / kernels.rate)
