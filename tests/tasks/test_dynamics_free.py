"""Free sampling at N = 10^12, where fluctuations are 10^-6, against what is known at N -> infinity."""

import numpy as np
import pytest

from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.run import run_trajectory

HUGE = 10**12
CLOSE = 5e-6
"""Five standard deviations of an energy at this N: sqrt(N) sd(e) is at most 1."""


def run(algorithm, xi="q^3", **more):
    options = TrajectoryOptions(n=HUGE, algorithm=algorithm, parameters={"xi": xi}, **more)
    return run_trajectory(options, 1, 0, 0)


def test_gradient_descent_follows_the_recursion():
    """The recursion of gradient descent at N -> infinity has no step error."""
    found = run("gd", step=0.05, until=5, looks=[0.25, 0.5, 1, 2, 5], tolerance=1e-7)
    exact = [-0.63433718, -0.95517779, -1.20879825, -1.37455242, -1.49909038]
    np.testing.assert_allclose(found.energy, exact, atol=CLOSE)


@pytest.mark.parametrize(
    ("xi", "exact", "correlation"),
    [
        ("q^3", [-1.21983880, -1.38058007, -1.50117616], 0.32753474),
        ("q^4", [-1.32578969, -1.47617469], 0.53923949),
        ("0.5*q^3+0.5*q^4", [-1.27254710, -1.42866222], 0.51222033),
    ],
)
def test_flow_follows_the_two_time_equations(xi, exact, correlation):
    times = [1, 2, 5][: len(exact)]
    found = run("flow", xi, until=times[-1], looks=times, tolerance=1e-6, accuracy=1e-6)
    np.testing.assert_allclose(found.energy, exact, atol=CLOSE)
    np.testing.assert_allclose(found.overlap_start[-1], correlation, atol=CLOSE)
