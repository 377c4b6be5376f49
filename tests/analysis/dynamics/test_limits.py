"""What flows are held against at late times: one curve from two grids, and none where no grid reaches."""

from functools import cache

import numpy as np
import pytest

from morsecensus.analysis.theory.dynamics import late_curve
from morsecensus.analysis.theory.dynamics.kernels import Kernels, Setting
from morsecensus.analysis.theory.dynamics.late_curve import curve_to
from morsecensus.analysis.theory.dynamics.limits import Limit, limit
from morsecensus.analysis.theory.dynamics.romberg import Curve
from morsecensus.analysis.topics.dynamics import limit as report
from morsecensus.tasks.covariance import Covariance, Signal

CUBIC = Covariance.pure(3)
SIGNAL = Signal((0.0, 0.0, 0.5))
"""Of degree 2: it leaves uniform starts where they are, and pulls at others."""
OPTIONS = {"until": 1e4, "start_temperature": None, "overlap": None}


@pytest.fixture(scope="module")
def uniform():
    """A flow from uniform starts to t = 20.5, joined at 19.8, as early as it can be: cheap."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(late_curve, "EARLY", 48.5)
        return limit(CUBIC, SIGNAL, None, 20.5)


def test_the_curve_goes_on_where_the_uniform_grid_ends(uniform):
    """The energies of test_reference.py on both sides of the joint."""
    found, error = uniform.curve.looks(np.array([2.0, 10.0, 20.0]))
    np.testing.assert_allclose(found[0], [-1.38058007, -1.55177351, -1.5826225], atol=2e-7)
    assert error[0].max() < 1e-6
    assert uniform.curve.times[-1] == 20.5


def test_the_spread_is_known_up_to_the_joint(uniform):
    early = limit(CUBIC, SIGNAL, None, 5.0)
    times = np.array([0.0, 1.0, 5.0, 20.2])
    spread = uniform.spread_at(times)
    np.testing.assert_allclose(spread[:3], early.spread_at(times[:3]), rtol=1e-5)
    assert np.isnan(spread[3])


def test_no_curve_where_a_signal_pulls_for_too_long():
    found = limit(CUBIC, SIGNAL, 0.2, 1e4)
    assert found.curve is None
    assert found.spread_at(np.array([1.0])) is None
    assert found.theta == limit(CUBIC, SIGNAL, 0.2, 0.1).theta
    pulled = report._equations(Kernels.of(CUBIC, SIGNAL), OPTIONS | {"overlap": 0.2}, 0.0, "equations")
    assert pulled is None


def test_no_curve_where_the_logarithmic_grid_fails_or_is_too_far_off(monkeypatch):
    def looks(error):
        def found(kernels, times, setting):
            if error is None:
                raise ValueError("until: the grid fails")
            return np.full((4, len(times)), -1.0), np.full((4, len(times)), error)

        return found

    def solve():
        return curve_to(Kernels.of(CUBIC), 300.0, Setting(), tolerance=1e-3, most_steps=600)

    monkeypatch.setattr(late_curve, "curve", cache(late_curve.curve))  # the same uniform grid three times
    for error, reached in ((1e-5, True), (0.1, False), (None, False)):
        monkeypatch.setattr(late_curve, "late_looks", looks(error))
        assert (solve() is not None) == reached


def test_trajectories_of_a_report_reach_late_times_too(monkeypatch):
    """Wired to the same curve: its late part is asked for once, to the end."""
    asked = []

    def looks(kernels, times, setting):
        asked.append((times[-1], setting.temperature))
        return np.full((4, len(times)), -1.0), np.zeros((4, len(times)))

    monkeypatch.setattr(late_curve, "late_looks", looks)
    monkeypatch.setattr(report, "MOST_STEPS", 600)
    found = report._equations(Kernels.of(CUBIC), OPTIONS, 0.0, "equations")
    assert asked == [(1e4, 0.0)]
    assert found.at(np.array([9e3, 2e4]))[0] == pytest.approx(-1.0)


def test_a_signal_that_pulls_late_is_followed_by_a_finer_grid():
    """Next to no noise: dm/dt = 2 m (1 - m^2) at once. At the end the flow is at rest and its error nothing,
    but on the grid to the end alone m is off by 2e-3 while it rises."""
    quiet, start = Kernels.of(Covariance.parse("1e-12*q^2"), Signal.parse("q^2")), 1e-6
    found = curve_to(quiet, 60.0, Setting(overlap=start), tolerance=1e-6, most_steps=800)
    assert found is not None
    exact = 1 / np.sqrt(1 + (1 / start**2 - 1) * np.exp(-4 * found.times))
    np.testing.assert_allclose(found.overlap, exact, atol=1e-5)
    np.testing.assert_allclose(found.energy, -(exact**2), atol=1e-5)
    assert np.diff(found.times).min() > 0
    assert found.times[-1] == 60.0


def test_no_number_where_a_curve_is_far_off_between():
    times = np.linspace(0.0, 10.0, 41)
    errors = np.zeros((4, 41))
    errors[3, 18:23] = 0.06  # of the overlap, around t = 5
    curve = Curve(times, -times, times, times, times / 10, errors, np.empty((0, 41)))
    off = Limit(curve, None, 0.0, None)
    found, line = off.at(np.array([2.0, 5.0, 9.0])), off.line
    assert found is not None
    assert line is not None
    values, shown = found
    np.testing.assert_allclose(values, [[-2, np.nan, -9], [0.2, np.nan, 0.9]], atol=1e-12)
    np.testing.assert_allclose(shown, [[0, np.nan, 0]] * 2, atol=1e-12)
    _, energy, overlap = line
    assert np.isnan([energy[20], overlap[20]]).all()
    assert energy[4] == -1.0
    late = np.full((4, 41), 0.06) * (times > 8)
    assert _accepted(Curve(times, -times, times, times, times, late, np.empty((0, 41)))) is None


def _accepted(curve):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(late_curve, "curve", lambda *_, **__: curve)
        return curve_to(Kernels.of(CUBIC, SIGNAL), 10.0, Setting(overlap=0.2), tolerance=1e-6, most_steps=1)
