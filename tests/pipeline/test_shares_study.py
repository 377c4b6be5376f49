"""Training of ReLU students as a study: rows are runs, those of the command `shares`, and a section of the
report."""

import csv
import json
import re

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import morsecensus as mc
from morsecensus.analysis.report import write_report
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.dataset import dataset_hash, dataset_path
from morsecensus.tasks.records.shares import shares_of
from support.figures import unrendered

RUN = CliRunner()
CELL = {"body": "shares", "model": "relu-units", "n": 7, "landscapes": 64, "block": 32}


def content(**more):
    return {"name": "training", "seed": 5, "cells": [CELL | more]}


def study(**more):
    return parse_study(content(**more))


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A store of 32 runs, then asked for 64."""
    store = tmp_path_factory.mktemp("shares") / "run"
    for runs in (32, 64):
        mc.run(content(landscapes=runs), store, backend="serial", quiet=True)
    return store


@pytest.fixture(scope="module")
def record():
    spec = {"model": "relu-units", "parameters": {"units": 0}, "n": 7, "runs": 64, "seed": 5}
    return shares_of(spec)


def test_extended_is_whole(extended, tmp_path):
    mc.run(content(), tmp_path / "run", backend="serial", quiet=True)
    assert dataset_hash(str(tmp_path / "run")) == dataset_hash(str(extended))
    assert RUN.invoke(app, ["verify", str(extended)]).exit_code == 0


def test_rows_are_the_runs_of_the_command(extended, record):
    """Run by run the same weights: blocks are no part of what a run is."""
    data = xr.open_zarr(dataset_path(str(extended)), group="c0000")
    assert data["weights"].dims == ("landscape", "unit", "input")
    losses = data["loss"].values
    assert [int((np.abs(losses - f["loss"]) < 1e-9).sum()) for f in record["families"]] == [
        f["runs"] for f in record["families"]
    ]
    spurious = losses > data.attrs["loss_zero"]
    assert 0 < spurious.sum() == record["spurious"]
    np.testing.assert_array_equal(data["blocks"].values[spurious, :2], [[6, 1]] * spurious.sum())
    np.testing.assert_array_equal(data["doubled_index"].values[spurious], 6)
    assert not data["status"].values.any()


def test_the_report_has_shares_beside_published_ones(extended, record, tmp_path):
    with unrendered():
        page = write_report(str(extended), tmp_path / "report").read_text()
    assert "Where training of ReLU students ends" in page
    first = re.sub("<[^>]*>", "", page).partition("Contents")[0]
    assert "No census, but shares: 64 training runs, 1 cell." in first
    assert f"{record['spurious']} of 64 runs of 7 students of 7 teachers settle above loss 0" in first
    with (tmp_path / "report/tables/shares.csv").open() as stream:
        (row,) = csv.DictReader(stream)
    assert (int(row["spurious"]), int(row["runs"]), int(row["published"])) == (record["spurious"], 64, 27)
    assert float(row["low"]) == record["share_lower"] <= float(row["share"]) <= float(row["high"])
    with (tmp_path / "report/tables/shares_families.csv").open() as stream:
        families = list(csv.DictReader(stream))
    assert [row["blocks"] for row in families] == ["7", "6+1"]
    assert [int(row["runs"]) for row in families] == [f["runs"] for f in record["families"]]
    assert [row["doubled"] for row in families] == ["0, 7", "6, 1"]
    assert (tmp_path / "report/figures/shares.svg").exists()


def test_a_plan_says_what_runs_cost():
    (row,) = make_plan(study(n=10, units=11)).rows()
    assert (row["body"], row["label"]) == ("shares", "descents, m = 11")
    (small,), (large,) = make_plan(study()).rows(), make_plan(study(n=14)).rows()
    assert large["seconds"] == pytest.approx(16 * small["seconds"])
    assert large["memory_bytes_per_task"] > small["memory_bytes_per_task"]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"model": "pspin"}, "cells[0].model: got 'pspin' with body shares, allowed: relu-units"),
        ({"starts": 3}, "cells[0].starts: unknown key"),
        ({"n": 1}, "cells[0].n: "),
        ({"block": 0}, "cells[0].block: got 0"),
        ({"units": -1}, "cells[0].units: "),
        ({"body": "census"}, "whose third derivatives"),
    ],
)
def test_mistakes_are_one_line(changes, text):
    with pytest.raises(UsageError) as caught:
        make_plan(study(**changes))
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_command_keeps_its_json():
    asked = ["shares", "--k", "3", "--units", "3", "--runs", "4", "--seed", "1", "--json"]
    done = RUN.invoke(app, asked)
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["runs"], found["spurious"], found["open"]) == (4, 0, 0)
    assert set(found["families"][0]) >= {"loss", "runs", "least_eigenvalue", "blocks", "index", "nullity"}
