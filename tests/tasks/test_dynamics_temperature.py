"""What finite N and finite steps do: energies are off by 1/N, and SGD with replacement has a temperature."""

import math

import numpy as np
import pytest

from morsecensus.tasks.dynamics.options import TrajectoryOptions
from morsecensus.tasks.dynamics.run import run_trajectory

PURE = {"xi": "q^3"}
AT_HALF = -0.95517779
"""Energy after ten steps of .05, N to infinity, by the recursion of gradient descent."""


def ten_steps(n, runs):
    """Mean energy after ten steps of .05 and its error; the exact means of energy, its square and the
    gradient's at the start take half of the variance off."""
    options = TrajectoryOptions(
        n=n, algorithm="gd", parameters=PURE, step=0.05, until=0.5, looks=[0.0, 0.5], sampler="free"
    )
    found = [run_trajectory(options, 1, landscape, 0) for landscape in range(runs)]
    energy = np.array([run.energy[1] for run in found])
    known = np.array(
        [
            [run.energy[0], run.energy[0] ** 2 - 1 / n, run.gradient_norm[0] ** 2 - 3 * (n - 1) / n]
            for run in found
        ]
    )
    weights = np.linalg.lstsq(np.column_stack([np.ones(runs), known]), energy, rcond=None)[0][1:]
    rest = energy - known @ weights
    return rest.mean(), rest.std(ddof=4) / math.sqrt(runs)


def exponent(runs):
    """Of e_N - e in N, and its error."""
    means, errors = np.array([ten_steps(n, count) for n, count in runs.items()]).T
    logs, off = np.log(list(runs)), means - AT_HALF
    weights = (off / errors) ** 2
    centred = logs - np.average(logs, weights=weights)
    spread = np.sum(weights * centred**2)
    return np.sum(weights * centred * np.log(off)) / spread, spread**-0.5


def test_energies_are_off_by_one_over_n():
    """The root of N is 4 errors away, so it would be seen."""
    slope, error = exponent({10: 500, 60: 1500})
    assert abs(slope + 1) < 4 * error
    assert error < 0.5 / 4


@pytest.mark.soak
def test_the_exponent_of_n_is_one():
    slope, error = exponent({20: 4000, 60: 10_000, 200: 20_000})
    assert error < 0.05
    assert abs(slope + 1) < 0.1


def stochastic(sampling, runs):
    """Mean energy at time 2 of SGD on 20 fields at T_eff = step xi'(1) (1 - 1/20)/2 = 1/2, and its error."""
    options = TrajectoryOptions(
        n=10**6,
        algorithm="sgd",
        parameters=PURE,
        summands=20,
        sampling=sampling,
        step=1 / (3 * 0.95),
        until=2.0001,
        looks=2,
        sampler="free",
        tolerance=1e-4,
    )
    ends = np.array([run_trajectory(options, 1, landscape, 0).end_energy for landscape in range(runs)])
    return ends.mean(), ends.std(ddof=1) / math.sqrt(runs)


LANGEVIN = -1.12813437
"""Energy of Langevin dynamics at T = 1/2 and time 2, N to infinity."""


def test_drawing_fields_with_replacement_is_a_temperature():
    mean, error = stochastic("replacement", 60)
    assert abs(mean - LANGEVIN) < 4 * error
    assert error < 0.01


def test_shuffled_fields_are_none():
    """Control: each field once an epoch is far colder."""
    mean, error = stochastic("shuffle", 20)
    assert LANGEVIN - mean > 20 * error
    assert LANGEVIN - mean > 0.1
