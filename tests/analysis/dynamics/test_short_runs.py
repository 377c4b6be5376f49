"""Sections of cells that a report must survive: short runs, defaults, temperature 0, no look after the start,
landscapes without an end."""

import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt

from morsecensus.analysis.topics.dynamics import figure
from morsecensus.analysis.topics.dynamics.learnt import where_runs_end
from morsecensus.analysis.topics.dynamics.limit import noise_temperature
from morsecensus.analysis.topics.dynamics.measure import Setting, end_energy, end_rows, look_rows, thermal
from morsecensus.analysis.topics.dynamics.section import Trajectories
from support.made_runs import flows
from support.run_cells import run_cells

FLOOR = -1.6329932
SHORT = {"n": 100, "landscapes": 2, "block": 2, "looks": 3}


def drawn(setting):
    topic = Trajectories()
    assert topic.section(setting).body
    assert list(look_rows(setting))
    return topic.figures(setting)


def test_sgd_takes_the_step_that_is_documented(tmp_path):
    sgd = SHORT | {"algorithm": "sgd", "summands": 4, "until": 1.0}
    (setting,) = run_cells(tmp_path, sgd, sgd | {"step": 0.05, "n": 200})
    first, second = setting.runs
    assert noise_temperature(first) == noise_temperature(second) == pytest.approx(0.05 * 3 * (3 / 4) / 2)
    assert first.label == second.label == "sgd, P = 4, step 0.05"
    assert len(setting.rules()) == 1, "the default and the same number are one rule"
    assert "algorithms" not in drawn(setting)


@pytest.mark.parametrize(
    "table", [{"algorithm": "gd", "step": 0.05, "until": 0.2}, {"algorithm": "flow", "until": 0.1}]
)
def test_short_runs_have_no_approach(tmp_path, table):
    (setting,) = run_cells(tmp_path, SHORT | table)
    assert "approach" not in drawn(setting)
    (longer,) = run_cells(tmp_path / "longer", SHORT | table | {"until": 1.0})
    assert "approach" in drawn(longer)


def test_a_start_that_goes_below_the_floor_has_no_logarithm_there(tmp_path):
    """Equilibrium between T_s and T_d stays in its state: e(10) = -1.6485 is below the floor."""
    table = {"algorithm": "flow", "until": 10.0, "start": "equilibrium", "start_temperature": 0.84}
    (setting,) = run_cells(tmp_path, SHORT | table)
    assert setting.limits[0].energy[-1] == pytest.approx(-1.6485, abs=1e-4)
    lines = drawn(setting)["approach"].axes[0].lines
    assert (np.concatenate([line.get_ydata() for line in lines[:1]]) > 0).all()


def test_langevin_dynamics_through_temperature_0(tmp_path):
    table = SHORT | {"algorithm": "langevin", "temperature": [0.0, 0.5], "until": 1.0}
    (setting,) = run_cells(tmp_path, table)
    assert "temperatures" in drawn(setting)
    cold = thermal(setting, 0.0)
    assert cold.energy == pytest.approx(FLOOR, abs=1e-6)
    assert thermal(setting, 1e-6).energy == pytest.approx(cold.energy, abs=1e-6)


@pytest.mark.parametrize("more", [{"looks": [0.0]}, {"memory": 1000.0}])
@pytest.mark.parametrize("model", [{}, {"model": "spiked", "signal": "q^3", "overlap": 0.5}])
def test_cells_without_a_look_after_the_start(tmp_path, more, model):
    """Alone, and beside one that has some."""
    table = SHORT | {"algorithm": "flow", "until": 1.0} | model
    bare = table | {"n": 200} | more
    for number, tables in enumerate([(bare,), (bare, table)]):
        (setting,) = run_cells(tmp_path / str(number), *tables)
        assert not (setting.runs[0].times > 0).any()
        assert drawn(setting)


def test_cells_of_which_every_run_diverges(tmp_path):
    """Alone, and beside a larger N that does not."""
    table = {"algorithm": "gd", "step": 1e200, "until": 4e200, "sampler": "tensor"} | SHORT | {"n": 8}
    (setting,) = run_cells(tmp_path, table)
    assert setting.runs[0].outcomes() == {"diverged": 2}
    assert drawn(setting)
    (row,) = end_rows(setting)
    assert np.isnan([row["end_energy"], row["below_floor"]]).all()
    assert where_runs_end([setting]) is None


def ended(ends):
    one = ("landscape", "run")
    outcome = (one, np.zeros(np.shape(ends), int), {"flag_meanings": "time diverged"})
    zeros = (one, np.zeros(np.shape(ends), int))
    return flows(
        xr.Dataset(
            {"end_energy": (one, np.array(ends)), "outcome": outcome, "gradients": zeros, "dimension": zeros}
        )
    )


def test_landscapes_without_an_end_say_nothing_of_ends():
    """Of two that have one both are below the floor; the mean is theirs."""
    runs = ended([[-1.7], [-1.8], [np.nan], [np.nan]])
    (row,) = end_rows(Setting((runs,), (None,)))
    assert (row["below_floor"], row["below_floor_se"]) == (1.0, 0.0)
    assert row["end_energy"] == pytest.approx(-1.75)
    assert row["end_energy_se"] == pytest.approx(0.05)
    assert "at −1.75" in where_runs_end([Setting((runs,), (None,))]).text
    # a run that has none on a landscape where another has
    runs = ended([[-1.7, np.nan], [-1.6, -1.5]])
    (row,) = end_rows(Setting((runs,), (None,)))
    assert row["below_floor"] == 0.5
    assert row["end_energy_sd"] == pytest.approx(0.1)  # of three, the sum of squares over 2
    (alone,) = end_rows(Setting((ended([[-1.7], [np.nan]]),), (None,)))
    assert alone["end_energy_sd"] is None
    nothing = ended([[np.nan], [np.nan]])
    (row,) = end_rows(Setting((nothing,), (None,)))
    assert np.isnan([row["below_floor"], *end_energy(nothing)]).all()


def test_corrections_are_of_looks_that_all_runs_got_to(tmp_path):
    """The limit goes on where runs rest."""
    table = {"algorithm": "gd", "step": 0.1, "until": 4.0, "n": 10**4, "landscapes": 4, "block": 4}
    (setting,) = run_cells(tmp_path, table | {"stop": 0.27, "looks": 30})
    _, ax = plt.subplots()
    (mark,) = figure.plot_corrections(ax, setting.rules()[0])
    shown = mark.lines[0].get_xdata()
    plt.close()
    (runs,) = setting.runs
    assert len(shown) > 1
    assert shown.max() <= runs.data["end_time"].values.min() < np.nanmax(runs.times) + 0.1
