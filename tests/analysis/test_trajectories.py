"""Trajectories in the report: limits that are right, tests that find what is wrong, tables and figures."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from rich.console import Console

from morsecensus.analysis.agreement.residuals import LEVEL
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.topics.dynamics import across, figure, tables
from morsecensus.analysis.topics.dynamics.across import POINTS, AcrossSettings
from morsecensus.analysis.topics.dynamics.against_limit import limit_tests
from morsecensus.analysis.topics.dynamics.limit import LimitCurve, limit_of, noise_temperature
from morsecensus.analysis.topics.dynamics.measure import (
    end_rows,
    look_rows,
    settings_of,
    thermal,
)
from morsecensus.analysis.topics.dynamics.read import Runs, find_runs
from morsecensus.analysis.topics.dynamics.section import Trajectories
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study

LARGE = 10**8


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Small studies of free runs, as the report reads them."""
    common = {"xi": "q^3", "landscapes": 32, "sampler": "free", "step": 0.05, "until": 1.0, "looks": 7}
    content = {
        "name": "runs",
        "seed": 11,
        "trajectories": [
            common
            | {"n": [50, LARGE], "algorithm": ["flow", "gd", "langevin"], "temperature": [0.9, 1.0]}
            | {"looks": [0.0, 0.25, 0.5, 0.75, 1.0]},
            common | {"n": LARGE, "algorithm": "sgd", "summands": 8},
            common
            | {"model": "spiked", "signal": "2*q^3", "overlap": 0.25, "n": LARGE, "algorithm": "flow"}
            | {"step": "adaptive", "landscapes": 4, "block": 4},
        ],
    }
    place = str(tmp_path_factory.mktemp("trajectories") / "store")
    done = run_study(parse_study(content), place, Settings(backend="serial"), Console(quiet=True))
    assert done.failure is None
    return settings_of(find_runs(open_study(place)))


def runs_of(found, algorithm, n):
    return next(r for s in found for r in s.runs if r.options["algorithm"] == algorithm and r.n == n)


def test_limits_are_those_of_the_equations_and_of_the_recursion(found):
    # e(1) of the equations and e after 20 steps of 0.05 of the recursion; the first two by other integrators.
    flow, descent = (limit_of(runs_of(found, name, LARGE)) for name in ("flow", "gd"))
    assert flow.kind == "equations"
    assert flow.at(np.array([1.0]))[0] == pytest.approx(-1.21983880, abs=2e-7)
    assert descent.kind == "recursion"
    assert descent.at(np.array([0.5, 1.0])) == pytest.approx([-0.95517779, -1.20879825], abs=1e-8)
    warm = limit_of(runs_of(found, "langevin", LARGE))
    assert warm.kind == "recursion"
    noisy = runs_of(found, "sgd", LARGE)
    assert noise_temperature(noisy) == pytest.approx(0.05 * 3 * (7 / 8) / 2)
    assert not limit_of(noisy).exact
    planted = limit_of(runs_of([found[-1]], "flow", LARGE))
    assert planted.at(np.array([0.0]), "overlap")[0] == pytest.approx(0.25)


def test_runs_of_large_n_are_tested_and_small_ones_are_not(found):
    results = [(runs, result) for runs, result in limit_tests(found[0])]
    assert {runs.n for runs, _ in results} == {LARGE}
    assert len(results) == 4
    assert all(result.p_value > 1e-4 for _, result in results)


def test_runs_that_are_off_are_found(found):
    flow = runs_of(found, "flow", LARGE)
    _, error = flow.mean("energy")
    off = replace(flow, data=flow.data.assign(energy=flow.data["energy"] + 10 * float(error[-1])))
    wrong = replace(found[0], runs=(off,), limits=(limit_of(flow),))
    ((_, result),) = limit_tests(wrong)
    assert result.p_value < 0.5 * LEVEL
    # the other sign of the memory, as energies at N to infinity would be with xi'' for xi', is far off
    cold = replace(limit_of(flow), energy=limit_of(flow).energy * 1.001)
    ((_, result),) = limit_tests(replace(found[0], runs=(flow,), limits=(cold,)))
    assert result.p_value < 1e-3


def test_thermal_laws_meet_at_the_dynamic_temperature(found):
    setting = found[0]
    assert thermal(setting, 1.0).energy == pytest.approx(-1.0)
    assert thermal(setting, 0.5).energy == pytest.approx(-1.37206283, abs=1e-7)
    below, above = (thermal(setting, 0.86602540 + shift) for shift in (-1e-6, 1e-6))
    assert (below.law, above.law) == ("aging", "equilibrium")
    assert below.energy == pytest.approx(above.energy, abs=1e-4)
    assert thermal(found[-1], 1.0) is None


def test_rows_have_every_column_of_their_tables(found):
    for setting in found:
        for table, rows in ((tables.ENDS, end_rows(setting)), (tables.LOOKS, look_rows(setting))):
            names = {column.name for column in table.stored}
            assert all(set(row) == names for row in rows)
    (row,) = [row for row in end_rows(found[0]) if row["rule"] == "flow" and row["n"] == LARGE]
    assert row["outcomes"] == "32 time"
    assert row["below_floor"] == 0.0
    assert row["end_energy"] == pytest.approx(-1.21983880, abs=1e-3)
    last = [row for row in look_rows(found[0]) if row["rule"] == "flow" and row["n"] == LARGE][-1]
    assert last["limit"] == pytest.approx(-1.21983880, abs=2e-7)
    assert last["energy_sd"] * np.sqrt(LARGE) == pytest.approx(0.7, abs=0.4)


def test_a_section_places_every_figure_that_is_drawn(found):
    topic = Trajectories()
    for setting in found:
        drawn = topic.figures(setting)
        placed = {piece.name for piece in topic.section(setting).body if hasattr(piece, "name")}
        assert set(drawn) <= placed
    assert {"algorithms", "approach", "temperatures", "ends"} <= set(topic.figures(found[0]))
    assert "signal" in topic.figures(found[-1])
    assert figure.draw_algorithms(found[-1]) is None


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Starts from two temperatures of a mixture, signals of two strengths, Newton's methods."""
    common = {"landscapes": 6, "block": 6, "sampler": "free", "until": 1.0, "looks": 4, "tolerance": 1e-4}
    content = {
        "name": "compared",
        "seed": 12,
        "trajectories": [
            common
            | {"xi": "0.5*q^3+0.5*q^4", "n": LARGE, "algorithm": "flow", "start": "equilibrium"}
            | {"start_temperature": [0.81, 2.0]},
            common
            | {"model": "matrix-tensor", "p": 3, "delta2": [0.25, 4.0], "deltap": 1.0, "n": [50, 200]}
            | {"algorithm": "flow", "until": 6.0},
            {"xi": "q^3", "n": 10, "landscapes": 6, "starts": 2, "block": 6, "sampler": "tensor"}
            | {"algorithm": ["newton", "saddle-free-newton"], "most_steps": 100, "stop": 1e-8, "looks": 4}
            | {"index": True},
        ],
    }
    place = str(tmp_path_factory.mktemp("compared") / "store")
    done = run_study(parse_study(content), place, Settings(backend="serial"), Console(quiet=True))
    assert done.failure is None
    return open_study(place)


def test_starts_and_signals_are_compared(compared):
    topic = AcrossSettings()
    (found,) = topic.find(SimpleNamespace(study=compared))
    rows = topic.tables(found)[POINTS]
    assert all(set(row) == {column.name for column in POINTS.stored} for row in rows)
    cold, warm = (row["energy"] for row in rows[:2])
    assert cold < warm - 0.1  # a start from lower temperature stays lower
    # what flow finds from a uniform start takes a time of order log N: no limit at fixed time
    assert limit_of(found.signals[0]).kind == "overlap 0"
    assert not limit_of(found.signals[0]).exact
    strong, weak = (
        [row["success"] for row in rows if row["noise"] == place and row["n"] == 200]
        for place in sorted({row["noise"] for row in rows if row["noise"] is not None})
    )
    assert {strong[0], weak[0]} == {0.0, 1.0}
    assert set(topic.figures(found)) == {"starts", "signals"}


def test_newton_ends_at_saddles_and_saddle_free_newton_at_minima(compared):
    setting = next(one for one in settings_of(find_runs(compared)) if "end_index" in one.runs[0].data)
    newton, free = setting.runs
    assert newton.data["end_index"].values[newton.converged].mean() > 2
    assert free.converged.all()
    assert not free.data["end_index"].values.any()
    assert "plane" in Trajectories().figures(setting)


def rested(until=(1.0, 10.0, 100.0), n=100):
    """Four landscapes, one run each: three find the signal and rest before the last look, one never does."""
    nan = np.nan
    energy = np.array([[-1.0, -2.0, nan], [-1.0, -2.2, nan], [-1.0, nan, nan], [-0.5, -0.6, -0.7]])
    overlap = np.array([[0.2, 0.9, nan], [0.3, -0.9, nan], [0.9, nan, nan], [0.01, 0.02, 0.05]])
    looks, one = ("landscape", "run", "look"), ("landscape", "run")
    outcome = (one, np.array([[0], [0], [0], [1]]), {"flag_meanings": "converged time"})
    data = xr.Dataset(
        {
            "time": (looks, np.where(np.isfinite(energy), until, nan)[:, None]),
            "energy": (looks, energy[:, None]),
            "overlap_signal": (looks, overlap[:, None]),
            "end_energy": (one, np.array([[-2.1], [-2.3], [-2.5], [-0.7]])),
            "outcome": outcome,
        }
    )
    options = {
        "algorithm": "flow",
        "step": None,
        "summands": 1,
        "sampling": "replacement",
        "temperature": None,
    }
    options |= {"start_temperature": None, "start": "uniform", "overlap": 0.0, "until": until[-1]}
    spec = {"model": "spiked", "parameters": {"xi": "q^3", "signal": "q^3"}, "n": n, "trajectory": options}
    return Runs("c0000", spec, data, True, "tensor")


def strengths(name, *, n=100, **options):
    """Runs at two places on the axis of noise."""
    runs = rested(n=n)
    for number, delta2 in enumerate((0.5, 2.0)):
        spec = runs.spec | {"parameters": {"p": 3, "delta2": delta2, "deltap": 1.0}, "model": "matrix-tensor"}
        yield replace(
            runs,
            cell=f"{name}{number}",
            spec=spec | {"trajectory": runs.options | {"overlap": None} | options},
        )


def test_signals_are_compared_among_cells_that_differ_in_noise_alone(monkeypatch):
    """Other starts are left out; other algorithms, times and sizes are other lines, other axes panels."""
    uniform, informed = strengths("u"), list(strengths("m", overlap=0.5))
    colder, later, larger = strengths("a", algorithm="gd"), strengths("t", until=7.0), strengths("n", n=900)
    cells = [*uniform, *informed, *colder, *later, *larger]
    monkeypatch.setattr(across, "find_runs", lambda study: cells)
    (found,) = AcrossSettings().find(SimpleNamespace(study=None))
    assert set(found.signals) == set(cells) - set(informed)
    drawn = across.draw_signals(found.signals)
    names = drawn.axes[0].get_legend_handles_labels()[1]
    assert len(names) == len(set(names)) == 4 + 1, "a line for the threshold"
    assert all(len(line.lines[0].get_xdata()) == 2 for line in drawn.axes[0].containers)
    other = [
        replace(one, spec=one.spec | {"parameters": one.spec["parameters"] | {"deltap": 4.0}})
        for one in cells
    ]
    drawn = across.draw_signals([*found.signals, *other])
    thresholds = {ax.lines[-1].get_xdata()[0] for ax in drawn.axes}
    assert len(drawn.axes) == 4
    assert len(thresholds) == 2
    # one place on each of two axes is no comparison
    monkeypatch.setattr(across, "find_runs", lambda study: [cells[0], other[1]])
    assert not AcrossSettings().find(SimpleNamespace(study=None))


def test_all_runs_that_rest_have_the_time_of_the_last_end():
    runs = rested()
    resting = runs.data.assign(
        outcome=runs.data["outcome"].copy(data=np.zeros((4, 1), int)),
        time=runs.data["time"].where(runs.data["time"] < 100),
        end_time=(("landscape", "run"), np.array([[20.0], [30.0], [5.0], [40.0]])),
    )
    assert across._row(replace(runs, data=resting))["time"] == 40.0
    assert across._row(runs)["time"] == 100.0


def test_a_run_that_rests_stays_where_it_is():
    runs = rested()
    assert runs.mean("energy")[0].tolist() == pytest.approx([-0.875, -7.3 / 4, -7.6 / 4])
    row = across._row(runs)
    assert (row["success"], row["energy"]) == (0.75, pytest.approx(-1.9))
    assert row["overlap"] == pytest.approx((0.9 * 3 + 0.05) / 4)
    unknown = replace(runs, data=runs.data.assign(outcome=runs.data["outcome"].copy(data=np.ones((4, 1)))))
    assert np.isnan(across._row(unknown)["success"])  # nobody knows where those went


def test_curves_of_n_whose_limit_is_known_beside_one_whose_is_not():
    short, long = rested((0.1, 0.5, 1.0)), rested(n=1000)
    times = np.linspace(0, 1, 9)
    limit = LimitCurve(times, -times, times, times, 0 * times, "recursion")
    for group in ([(short, limit), (long, None)], [(long, None), (short, limit)]):
        assert figure.has_limit(group)
        assert figure.longest(group) is limit
        _, ax = plt.subplots()
        assert len(figure.plot_corrections(ax, group)) == 1
        plt.close()
