"""Trajectories as cells of a study: what a table stands for, what is refused, and runs that are resumed."""

import numpy as np
import pytest
import xarray as xr
from rich.console import Console

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.check import verify_store
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.pipeline.worker.bodies import load
from morsecensus.storage.dataset import dataset_hash, dataset_path
from morsecensus.tasks.dynamics.run import run_trajectories
from morsecensus.tasks.dynamics.words import OUTCOMES

TABLE = {"xi": "q^3", "n": 8, "landscapes": 2, "algorithm": "gd", "step": 0.1, "until": 1.0, "looks": 4}


def study(*tables, **more):
    tables = tables or ({},)
    return parse_study({"name": "runs", "seed": 5, "trajectories": [TABLE | one | more for one in tables]})


def asked(parsed):
    return [
        (cell.spec["n"], *(cell.spec["trajectory"][name] for name in ("algorithm", "step", "summands")))
        for cell in parsed.cells
    ]


def test_each_algorithm_of_a_table_gets_the_keys_that_concern_it():
    cells = study(
        algorithm=["flow", "gd", "sgd", "langevin"],
        summands=[1, 20],
        sampling=["cyclic", "shuffle"],
        temperature=[0.5, 1],
        step=[0.1, "adaptive"],
        n=[8, 1e12],
    ).cells
    found = [cell.spec["trajectory"] for cell in cells if cell.spec["n"] == 8]
    assert len(cells) == 2 * len(found)
    assert all(type(cell.spec["n"]) is int for cell in cells)
    by_name = {}
    for options in found:
        by_name.setdefault(options["algorithm"], []).append(options)
    # A flow takes no step that is a number; a search along the line is a step of gd.
    assert [options["step"] for options in by_name["flow"]] == ["adaptive"]
    assert {options["step"] for options in by_name["gd"]} == {0.1, "adaptive"}
    assert [(o["summands"], o["sampling"]) for o in by_name["sgd"]] == [(20, "cyclic"), (20, "shuffle")]
    assert [o["temperature"] for o in by_name["langevin"]] == [0.5, 1.0]
    assert all(o["temperature"] is None for name in ("flow", "gd", "sgd") for o in by_name[name])


def test_sweeps_are_cells_and_the_same_cell_twice_is_refused():
    assert asked(study(step=[0.1, 0.05], n=[8, 9])) == [
        (8, "gd", 0.1, 1),
        (8, "gd", 0.05, 1),
        (9, "gd", 0.1, 1),
        (9, "gd", 0.05, 1),
    ]
    with pytest.raises(UsageError, match=r"trajectories\[1\]: the same cell as in trajectories\[0\]"):
        study({}, {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 8.5}, r"\.n: got 8.5, allowed: integers >= 2"),
        ({"n": 1}, r"\.n: got 1, allowed"),
        ({"n": 1e16}, r"\.n: got 10{16}, allowed"),
        (
            {"n": 1_000_000, "sampler": "tensor"},
            r"sampler: got tensor at n = 1000000, .*GiB, allowed: .*free",
        ),
        ({"algorithm": "adam"}, r"algorithm: got 'adam', allowed: flow, gd"),
        ({"algorithm": []}, r"\.algorithm: got a list of 0, allowed"),
        ({"algorithm": "sgd", "summands": []}, r"\.summands: got a list of 0, allowed"),
        ({"until": 10**400}, r"\.until: got an integer of 1329 bits, allowed: numbers below"),
        ({"algorithm": "sgd"}, r"summands: got 1 with algorithm sgd, which is gd then"),
        ({"algorithm": "sgd", "summands": 0}, r"summands: got 0, allowed: integers >= 1"),
        ({"temperature": 1}, r"\.temperature: given with algorithm gd, allowed: with langevin"),
        ({"algorithm": "langevin", "temperature": -1}, r"temperature: got -1"),
        ({"step": 0}, r"step: got 0.0, allowed"),
        ({"overlap": 0.25}, r"overlap: got 0.25 with model pspin, allowed: models with a signal"),
        ({"model": "spiked", "xi": "q^3", "signal": "q^3", "overlap": 1.5}, r"overlap: got 1.5, allowed"),
        ({"start": "equilibrium", "start_temperature": 0.5}, r"start_temperature: got 0.5, at or below"),
        ({"looks": [0.0, 2.0]}, r"looks: got 2, allowed: up to until = 1"),
        ({"tolerance": 1e-14}, r"tolerance: got 1e-14, allowed"),
        ({"model": "partite", "sizes": "1,1", "sampler": "free"}, "sampler|unknown key"),
        ({"model": "factorised"}, r"\.model: got .?factorised"),
        ({"body": "census"}, r"\.body: got .?census.?, allowed: trajectories"),
        ({"wrong": 1}, r"\.wrong: unknown key"),
        ({"algorithm": "pgd", "epsilon": 0}, r"until: given with algorithm pgd"),
    ],
)
def test_what_cannot_be_is_one_line(change, message):
    with pytest.raises(UsageError, match=message) as error:
        study(change)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("study: trajectories[0]")


def test_a_study_of_nothing_is_refused():
    with pytest.raises(
        UsageError, match=r"cells: missing, allowed: one or more tables \[\[cells\]\] or \[\[traj"
    ):
        parse_study({"name": "none", "seed": 1})


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A store of runs on dense couplings and free, with a signal and without, and what it was asked."""
    parsed = study(
        {"starts": 2, "sampler": "tensor", "correlations": True},
        {"n": 1e12, "algorithm": ["flow", "langevin"], "temperature": 0.5, "landscapes": 3},
        {"model": "spiked", "xi": "q^3", "signal": "2*q^3", "overlap": 0.25, "n": 1e6},
    )
    place = str(tmp_path_factory.mktemp("trajectories") / "store")
    outcome = run_study(parsed, place, Settings(backend="serial"), Console(quiet=True))
    assert outcome.failure is None
    return parsed, place


def test_a_store_holds_what_the_runs_showed(stored):
    parsed, place = stored
    from morsecensus.tasks.bodies.trajectories import options_of

    groups = [xr.open_zarr(dataset_path(place), group=f"c{k:04}") for k in range(len(parsed.cells))]
    assert groups[0]["energy"].dims == ("landscape", "run", "look")
    assert groups[0]["correlations"].dims == ("landscape", "run", "look", "other_look")
    assert groups[0]["energy"].attrs["long_name"] == "energy per spin H/N"
    assert ["overlap_signal" in group for group in groups] == [False, False, False, True]
    for cell, group in zip(parsed.cells, groups, strict=True):
        runs = run_trajectories(options_of(cell.spec), 5, 1, range(cell.spec["starts"]))
        for name in ("energy", "gradient_norm", "time", "step", "overlap_start"):
            wanted = np.stack([getattr(run, name) for run in runs])
            np.testing.assert_array_equal(group[name].values[1], wanted)
        assert set(group["outcome"].values.ravel()) == {OUTCOMES.index("time")}
    np.testing.assert_allclose(groups[3]["overlap_signal"].values[:, 0, 0], 0.25, atol=1e-12)
    assert groups[1].sizes["landscape"] == 16  # blocks are whole


def test_a_store_can_be_verified_extended_and_resumed(stored, tmp_path):
    _, place = stored
    report, again = verify_store(place, deep=True, blocks=3, body=None)
    assert not report.problems, report.problems
    assert again is not None
    assert again.computed == again.bitwise > 0
    small = study({"block": 1})
    more = study({"block": 1}, landscapes=4)
    silent, serial = Console(quiet=True), Settings(backend="serial")
    run_study(more, str(tmp_path / "whole"), serial, silent)
    run_study(small, str(tmp_path / "grown"), serial, silent)
    run_study(more, str(tmp_path / "grown"), serial, silent)
    assert dataset_hash(str(tmp_path / "whole")) == dataset_hash(str(tmp_path / "grown"))


def test_a_plan_tells_runs_apart_and_what_they_cost():
    made = make_plan(study(algorithm=["gd", "sgd"], summands=[1, 7], n=[8, 1e9]))
    rows = made.rows()
    assert [row["label"] for row in rows[:2]] == ["gd, step 0.1", "sgd, P 7 replacement, step 0.1"]
    assert all(0 < row["seconds"] < 60 for row in rows)
    free = rows[2]["memory_bytes_per_task"]
    assert free < 2**30, "a free field takes what its directions take, at any n"


def test_a_run_that_diverges_is_told_apart(tmp_path):
    """Steps so long that x is no number where it is scaled back to the sphere."""
    place = str(tmp_path / "run")
    wrong = study(step=1e200, until=4e200, looks=3)
    outcome = run_study(wrong, place, Settings(backend="serial"), Console(quiet=True))
    assert outcome.failure is None
    group = xr.open_zarr(dataset_path(place), group="c0000")
    assert set(group["outcome"].values.ravel()) == {OUTCOMES.index("diverged")}
    assert (group["status"].values == 1).all()


def test_the_body_is_known_by_its_recorded_name():
    assert load("trajectories").__module__ == "morsecensus.tasks.bodies.trajectories"
