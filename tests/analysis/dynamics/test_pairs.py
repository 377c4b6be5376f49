"""C, R and their ratio between pairs of times: against free fields, in equilibrium, after quenches."""

import numpy as np
import pytest

from morsecensus.analysis.theory.dynamics.kernels import Kernels, Setting
from morsecensus.analysis.theory.dynamics.pairs import pairs
from morsecensus.analysis.theory.dynamics.recursion import descend
from morsecensus.analysis.theory.dynamics.two_time import integrate
from morsecensus.analysis.theory.limits.temperatures import aging
from morsecensus.pipeline.commands.two_time import discrete_pairs
from morsecensus.tasks.covariance import Covariance, Polynomial
from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.run import run_trajectory

CUBIC = Kernels.of(Covariance.parse("q^3"))


def test_flow_on_a_free_field_has_these_correlations():
    """N = 10^12: no program that knows the equations. Control: times longer by 1%."""
    times = [0.5, 1.0, 2.0, 4.0]
    options = TrajectoryOptions(
        n=10**12,
        algorithm="flow",
        parameters={"xi": "q^3"},
        until=4.0,
        looks=times,
        correlations=True,
        accuracy=1e-8,
        sampler="free",
    )
    run = run_trajectory(options, 3, 0, 0)
    found = pairs(CUBIC, times)
    assert found.error < 1e-8
    assert np.abs(run.correlations - found.correlation).max() < 5e-6
    other = integrate(CUBIC, 4.04, 404)
    nodes = [round(101 * time) for time in times]
    late = other.correlation[np.ix_(nodes, nodes)]
    assert np.abs(run.correlations - late).max() > 1e-3


def test_langevin_steps_on_free_fields_have_those_of_the_recursion():
    """Eight runs at N = 10^8: within their spread; at another temperature not."""
    options = TrajectoryOptions(
        n=10**8,
        algorithm="langevin",
        parameters={"xi": "q^3"},
        step=0.05,
        temperature=0.5,
        until=2.0,
        looks=[0.5, 1.0, 2.0],
        correlations=True,
        sampler="free",
    )
    runs = np.array([run_trajectory(options, 4, landscape, 0).correlations for landscape in range(8)])
    below = np.tril_indices(3, -1)
    error = runs.std(axis=0, ddof=1)[below] / np.sqrt(8)
    off = []
    for temperature in (0.5, 0.45):
        path = descend(CUBIC, 0.05, np.zeros(40, int), temperature=temperature)
        known = np.array(discrete_pairs(path, 0.05, [10, 20, 40])["correlation"])
        off.append(np.abs(runs.mean(axis=0) - known)[below] / error)
    assert (off[0] < 5.5).all(), "7 degrees of freedom: one in 1,000"
    assert (off[1] > 50).all()


def test_equilibrium_has_ratio_one_and_depends_on_the_lag():
    found = pairs(CUBIC, [0.5, 1.5, 2.5], Setting(1.0, 1.0))
    below = np.tril_indices(3, -1)
    np.testing.assert_allclose(found.ratio[below], 1, atol=1e-7)
    np.testing.assert_allclose(found.susceptibility[below], 1 - found.correlation[below], atol=1e-8)
    assert found.correlation[1, 0] == pytest.approx(found.correlation[2, 1], abs=1e-9)
    assert found.ratio_error < 1e-6
    # Controls: a quench to that temperature, and a start at another one.
    for other in (Setting(1.0), Setting(1.0, 2.0)):
        assert (np.abs(pairs(CUBIC, [0.5, 1.5, 2.5], other).ratio[below] - 1) > 0.02).all()


def test_above_the_glass_old_quenches_equilibrate_and_below_they_age():
    warm = pairs(CUBIC, [4.0, 8.0, 12.0], Setting(1.2), tolerance=1e-5)
    assert warm.ratio[2, 1] > warm.ratio[1, 0] > 0.9
    assert warm.ratio[2, 1] > 0.97
    cold = pairs(CUBIC, [3.0, 6.0, 12.0], Setting(0.5), tolerance=1e-5)
    known = aging(Covariance.parse("q^3"), 0.5)
    assert cold.correlation[2, 1] < known.overlap
    assert cold.ratio[2, 1] == pytest.approx(known.ratio, rel=0.15)
    assert cold.ratio[2, 1] < 0.5, "equilibrium has 1"


def test_the_derivative_of_the_earlier_time_is_that_of_correlations():
    """By differences, with noise, signal and a start in equilibrium: central ones are off by h^2."""
    xi, h = Covariance.parse("0.5*q^3+0.5*q^4"), 0.05
    mixed, planted = Kernels.of(xi), Kernels.of(xi, Polynomial.parse("1.5*q^2"))
    for kernels, setting in (
        (mixed, Setting(0.6, 1.1)),
        (mixed, Setting(0.4)),
        (planted, Setting(0.3, None, 0.4)),
    ):
        found = pairs(kernels, [1 - h, 1, 1 + h, 2], setting)
        derivative = (found.correlation[3, 2] - found.correlation[3, 0]) / (2 * h)
        slope = setting.temperature * found.response[3, 1] / found.ratio[3, 1]
        assert slope == pytest.approx(derivative, rel=3e-3)


def test_values_of_another_program_and_a_coarse_grid():
    found = pairs(CUBIC, [0.5, 1.0, 2.0, 5.0, 10.0])
    assert found.correlation[2, 1] == pytest.approx(0.92865682, abs=2e-8)
    assert found.correlation[4, 3] == pytest.approx(0.89740412, abs=2e-8)
    assert [found.response[1, 0], found.response[2, 1], found.response[4, 3]] == pytest.approx(
        [0.36549511, 0.17152056, 0.02639230], abs=2e-8
    )
    assert found.ratio is found.ratio_error is None
    np.testing.assert_array_equal(np.diag(found.response), 1)
    np.testing.assert_array_equal(np.triu(found.susceptibility), 0)


@pytest.mark.parametrize(
    ("times", "text"),
    [([1.0, 3.14159265], "without a common step"), ([1.0, 5000.0], "allowed: up to about ")],
)
def test_times_that_fit_no_grid_are_refused(times, text):
    with pytest.raises(ValueError, match=text):
        pairs(CUBIC, times)
