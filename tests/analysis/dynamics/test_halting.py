"""Halting times of runs that are made up: moments that are known, and errors over landscapes."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from morsecensus.analysis.topics.dynamics.halting import (
    draw_halting,
    halting,
    halting_row,
    shape_and_error,
)
from morsecensus.analysis.topics.dynamics.read import Runs


def runs_of(times, law="gaussian", stop=1e-4):
    """A cell of gradient descents that ended at these times; nan for one that was stopped."""
    data = xr.Dataset(
        {
            "outcome": (("landscape", "run"), np.isfinite(times).astype(int)),
            "end_time": (("landscape", "run"), np.nan_to_num(times, nan=1e9)),
        }
    )
    data["outcome"].attrs["flag_meanings"] = "time converged"
    options = {"algorithm": "gd", "step": 0.1, "stop": stop, "sampling": "replacement", "temperature": None}
    options |= {"start": "uniform", "start_temperature": None, "overlap": None}
    spec = {
        "model": "entries",
        "parameters": {"law": law},
        "n": 20,
        "trajectory": options | {"summands": 1},
    }
    return Runs("c0000", spec, data, True, "tensor")


def test_moments_of_exponential_times_are_one_and_two():
    """Mean 3, spread over mean 1, skewness 2, each within its error; and no error far too large."""
    times = np.random.default_rng(1).exponential(3.0, (2000, 2))
    values, errors = shape_and_error(times)
    assert (np.abs(values - [3.0, 1.0, 2.0]) < 4 * errors).all()
    np.testing.assert_allclose(errors[0], times.mean(axis=1).std(ddof=1) / np.sqrt(2000), rtol=1e-9)
    assert (errors < [0.1, 0.05, 0.3]).all()
    # Negative control: of uniform times spread and skewness are others, by many errors.
    other, bars = shape_and_error(np.random.default_rng(2).uniform(0, 6, (2000, 2)))
    assert (np.abs(other - [3.0, 1.0, 2.0])[1:] > 10 * bars[1:]).all()


def test_the_same_run_twice_is_no_second_one():
    times = np.random.default_rng(3).exponential(1.0, (200, 1))
    once, twice = shape_and_error(times), shape_and_error(np.repeat(times, 3, axis=1))
    np.testing.assert_allclose(once, twice)


def test_runs_that_were_stopped_have_no_halting_time():
    times = np.random.default_rng(4).exponential(1.0, (40, 3))
    times[:5] = np.nan
    times[7, 1] = np.nan
    found = halting(runs_of(times))
    row = halting_row(found)
    assert (row["runs"], row["converged"]) == (120, 104)
    assert row["time"] == pytest.approx(np.nanmean(times))
    assert halting(runs_of(times, stop=None)) is None
    assert halting(runs_of(times[:30])) is None, "25 landscapes with a time are too few"


def test_a_figure_needs_two_laws():
    times = np.random.default_rng(5).exponential(1.0, (40, 3))
    one, other = (halting(runs_of(times, law)) for law in ("gaussian", "rademacher"))
    assert draw_halting([one]) is None
    (ax,) = draw_halting([one, other]).axes
    assert len(ax.patches) == 2


def test_cells_with_other_starts_are_no_laws_of_one_panel():
    times = np.random.default_rng(6).exponential(1.0, (40, 3))
    one, other = (halting(runs_of(times, law)) for law in ("gaussian", "rademacher"))
    for name, value in (("start_temperature", 2.0), ("until", 50.0), ("overlap", 0.5)):
        options = one.runs.options | {"start": "equilibrium" if name == "start_temperature" else "uniform"}
        runs = replace(one.runs, spec=one.runs.spec | {"trajectory": options | {name: value}})
        assert draw_halting([halting(runs), other]) is None
