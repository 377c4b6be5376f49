"""Commands for who writes a study: a first one, its faults all at once, what there is to choose from."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.commands import examples
from morsecensus.pipeline.commands.catalogue import finders, models
from morsecensus.pipeline.commands.init import study_text
from morsecensus.pipeline.study.faults import study_faults
from morsecensus.tasks.finders.choose import FINDERS
from morsecensus.tasks.landscapes.registry import MODELS

ROOT = Path(__file__).parents[2]
FAULTY = """
name = "../s"
seeds = 1
seed = 1
[[cells]]
xi = "q^3"
n = 1
landscape = 8
landscapes = 0
[cells.options]
max_round = 3
min_hits = "5"
[[cells]]
model = "pspn"
[[cells]]
body = "flow"
xi = "q"
n = 4
landscapes = 2
[[trajectories]]
xi = "q^3"
landscapes = 2
learning_rate = 0.1
algorithm = "gd"
"""
LINES = [
    ": seeds: unknown key (did you mean seed?), allowed: name, seed, cells, trajectories",
    ": cells[0].landscape: unknown key (did you mean landscapes?), allowed: model, body, n,",
    ": cells[0].options: unknown key 'max_round' (did you mean max_rounds?), allowed: starts_per_round,",
    ": trajectories[0].learning_rate: unknown key, allowed: model,",
    ": name: got '../s', allowed:",
    ": cells[0].n: got 1, allowed: integers from 2",
    ": cells[0].landscapes: got 0, allowed: greater than or equal to 1",
    ": cells[0].options.min_hits: got '5', allowed: int",
    ": cells[1].model: got 'pspn', allowed: distinct, entries, factorised,",
    ": cells[1].n: missing, it has no default",
    ": cells[1].landscapes: missing, it has no default",
    ": cells[2].xi: covariance xi: got",
    ": trajectories[0].n: missing, it has no default",
]


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_faults_at_once_unknown_keys_first(here):
    (here / "study.toml").write_text(FAULTY)
    done = call("check", "study.toml")
    assert done.exit_code == 2
    *said, last = done.stderr.splitlines()
    assert last == "morsecensus: study.toml: 13 things to mend"
    assert len(said) == len(LINES)
    for line, wanted in zip(said, LINES, strict=True):
        assert line.startswith(f"study.toml{wanted}"), (line, wanted)
    assert json.loads(call("check", "study.toml", "--json").stdout)["faults"] == said


def test_what_bodies_say_of_cells_is_checked_too(here):
    (here / "study.toml").write_text(
        'name = "s"\nseed = 1\n[[cells]]\nxi = "q^3"\nn = [9000, 9001]\nfinder = "homotopy"\nlandscapes = 1\n'
    )
    done = call("check", "study.toml")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 3
    assert "n = 9000" in done.stderr
    assert "n = 9001" in done.stderr


def test_what_only_shows_between_tables(here):
    cell = '[[cells]]\nxi = "q^3"\nn = 4\nlandscapes = 1\n'
    (here / "study.toml").write_text('name = "s"\nseed = 1\n' + 2 * cell)
    assert "the same cell as in cells[0]" in call("check", "study.toml").stderr
    (here / "study.toml").write_text('name = "s"\nseed = 1\n' + cell)
    assert call("check", "study.toml").stdout == "study.toml: 1 cell, nothing wrong\n"
    (here / "study.toml").write_text("name = ")
    assert "not TOML" in call("check", "study.toml").stderr


@pytest.mark.parametrize("model", MODELS)
def test_a_first_study_of_every_model(model, here):
    """As it is, and with every default that it names taken in."""
    np.savez(here / "couplings.npz", packed_3=np.ones((100, 20)))
    text = study_text("first", model)
    assert study_faults(tomllib.loads(text), "study", here) == []
    full = re.sub(r"^# (?=\[|\w+ = (?!\.\.\.))", "", text, flags=re.M)
    assert set(MODELS[model].parameters) <= tomllib.loads(full)["cells"][0].keys()
    assert study_faults(tomllib.loads(full), "study", here) == []


def test_a_first_study_of_a_model_that_is_trained_can_run(here):
    assert call("init", "--model", "relu-units").exit_code == 0
    assert call("check", "study.toml").stdout == "study.toml: 3 cells, nothing wrong\n"


@pytest.mark.parametrize("body", ["census", "flow", "shares"])
def test_a_misspelt_model_hides_nothing_that_any_model_has(here, body):
    table = {"body": body, "model": "psin", "n": -4, "landscapes": -3, "sizes": "1,1"}
    found = study_faults({"name": "s", "seed": 1, "cells": [table]}, "study", here)
    assert [fault.split(":")[1].split(".")[1] for fault in found] == ["model", "n", "landscapes"]


def test_init_writes_beside_its_schema_and_over_nothing(here):
    done = call("init", "--out", "folder/mine.toml", "--model", "spiked")
    assert done.stdout.split() == ["folder/mine.toml", "folder/study.schema.json"]
    assert tomllib.loads((here / "folder/mine.toml").read_text())["name"] == "mine"
    assert call("check", "folder/mine.toml").exit_code == 0
    again = call("init", "--out", "folder/mine.toml")
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)
    assert call("init", "--out", "folder/other.toml").exit_code == 0  # the schema is ours to write again
    (here / "study.schema.json").write_text("{}")
    before = sorted(here.iterdir())
    assert "isn't ours" in call("init").stderr
    assert "isn't ours" in call("examples", "torus").stderr
    assert sorted(here.iterdir()) == before, "nothing is written then"
    assert "did you mean spiked?" in call("init", "--model", "spikd", "--out", "new/s.toml").stderr


def test_examples_are_listed_and_copied(here):
    rows = json.loads(call("examples", "--json").stdout)
    assert [row["name"] for row in rows] == sorted(path.stem for path in ROOT.glob("examples/*.toml"))
    assert all(len(row["about"]) > 20 for row in rows)
    done = call("examples", "torus", "--out", "mine.toml")
    assert done.stdout.split() == ["mine.toml", "mine.py", "study.schema.json"]
    assert (here / "mine.toml").read_text() == (ROOT / "examples/torus.toml").read_text()
    assert call("examples", "demo").stdout.split()[0] == "demo.toml"
    missed = call("examples", "dmo")
    assert (missed.exit_code, "did you mean demo?" in missed.stderr) == (2, True)


def test_the_wheel_has_the_examples(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    wanted = [*(f"{name}.toml" for name in examples.names()), "study.schema.json", "torus.py"]
    assert {f"morsecensus/examples/{name}" for name in wanted} <= set(names)


def test_models_and_finders_are_listed():
    assert [one["model"] for one in models()] == list(MODELS)
    assert json.loads(call("models", "--json").stdout) == models()
    assert all(each["help"] for one in models() for each in one["parameters"])
    assert [one["finder"] for one in finders()] == list(FINDERS)
    assert json.loads(call("finders", "--json").stdout) == finders()
    assert all(option["meaning"] for one in finders() for option in one["options"])
    assert "matrix-tensor" in call("models").stdout
    assert "starts_per_round" in call("finders").stdout


def test_a_store_is_shown(here, toolbox):
    toolbox.run(toolbox.content(n="4", landscapes=8), here / "run")
    found = json.loads(call("show", here / "run", "--json").stdout)
    (cell,) = found["cells"]
    assert (found["name"], found["seed"], found["finished"]) == ("demo", 1, True)
    assert (cell["model"], cell["n"], cell["landscapes"], cell["done"]) == ("pspin", 4, 8, 8)
    said = call("show", here / "run").stdout
    assert f"dataset: {here / 'run'}/dataset-1.zarr\n" in said
    assert call("show", here).exit_code == 1
