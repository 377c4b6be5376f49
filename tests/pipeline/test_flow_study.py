"""Gradient flow as a study: blocks, resumption, extension and checks like those of a census."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest
import xarray as xr
from typer.testing import CliRunner

import morsecensus as mc
from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.report import write_report
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.dataset import dataset_hash, dataset_path
from morsecensus.storage.store import open_run
from support.figures import unrendered

RUN = CliRunner()
FLOW = ["--xi", "q^3", "--n", "4", "--starts", "2", "--until", "0.5", "--looks", "3"]
CELL = {"body": "flow", "model": "pspin", "xi": "q^3", "n": 4, "landscapes": 2, "starts": 2}


def flow(tmp_path, name, landscapes):
    asked = ["--landscapes", str(landscapes), "--store", str(tmp_path / name), "--out", str(tmp_path / "out")]
    done = RUN.invoke(app, ["flow", *FLOW, *asked, "--json"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def killed_flow(tmp_path, name, landscapes, markers):
    """Leave a store as a driver leaves it that is killed after so many blocks."""
    asked = ["--landscapes", str(landscapes), "--store", str(tmp_path / name), "--out", str(tmp_path / "out")]
    with (tmp_path / "err.txt").open("w") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "morsecensus", "flow", *FLOW, *asked],
            stdout=subprocess.DEVNULL,
            stderr=err,
            start_new_session=True,
        )
    try:
        while len(list((tmp_path / name).glob("commits/*/*.json"))) < markers:
            assert process.poll() is None, (tmp_path / "err.txt").read_text()
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()


def test_killed_and_resumed_is_uninterrupted(tmp_path):
    killed_flow(tmp_path, "killed", 12, 2)
    rows = flow(tmp_path, "killed", 12)
    assert flow(tmp_path, "whole", 12) == rows
    assert dataset_hash(str(tmp_path / "killed")) == dataset_hash(str(tmp_path / "whole"))
    assert dataset_path(str(tmp_path / "whole")).endswith("dataset-1.zarr")
    # a run asked for again computes nothing; one asked for more keeps what is there
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "whole").glob("commits/*/*.json")}
    assert flow(tmp_path, "whole", 13)[0]["landscapes"] == 13
    assert all(path.stat().st_mtime_ns == moment for path, moment in before.items())
    assert RUN.invoke(app, ["verify", str(tmp_path / "whole")]).exit_code == 0
    data = xr.open_zarr(dataset_path(str(tmp_path / "whole")), group="c0000")
    assert data["energy"].dims == ("landscape", "start", "time")
    assert data["energy"].attrs["long_name"] == "energy per spin along the flow"
    with (tmp_path / "out" / "ends.csv").open() as stream:
        first = next(csv.DictReader(stream))
    assert float(first["energy"]) == data["end_energy"].values[0, 0]


def study(**more):
    return parse_study({"name": "flows", "seed": 1, "cells": [CELL | more]})


def test_a_study_names_the_body_of_its_cells(tmp_path):
    content = {"name": "both", "seed": 1, "cells": [CELL, {"xi": "q^3", "n": 4, "landscapes": 2}]}
    flows, census = make_plan(parse_study(content)).cells
    assert (flows.layout.body, census.layout.body) == ("flow", "tasks.block:run_block")
    assert [table.name for table in flows.layout.tables] == ["landscape"]
    assert flows.layout.sizes == {"start": 2, "time": 40}
    rows = make_plan(parse_study(content)).rows()
    assert [(row["body"], row["finder"]) for row in rows] == [("flow", None), ("census", "multistart")]


def test_the_command_is_a_short_study_of_its_own(tmp_path):
    """The cells of the command are those that a study would have, and so is its report."""
    (row,) = flow(tmp_path, "command", 2)
    page = write_report(str(tmp_path / "command"), tmp_path / "report")
    with (tmp_path / "report" / "tables" / "flow.csv").open() as stream:
        (reported,) = csv.DictReader(stream)
    assert {name: float(reported[name]) for name in ("minima", "end_energy", "end_energy_se")} == {
        name: row[name] for name in ("minima", "end_energy", "end_energy_se")
    }
    assert "Gradient flow: pspin" in page.read_text()
    for mine, other in (("summary", "flow"), ("curves", "flow_curves"), ("ends", "flow_ends")):
        header = (tmp_path / "out" / f"{mine}.csv").read_text().splitlines()[0]
        theirs = (tmp_path / "report" / "tables" / f"{other}.csv").read_text().splitlines()[0]
        assert header == theirs.replace(",parameters,", ",xi,field,")
    assert (tmp_path / "report" / "figures" / "flow-1-flow.svg").exists()
    text = page.read_text()
    opening = text[: text.index("Gradient flow: pspin")]
    assert "Where runs end" in opening
    assert r.estimate(float(reported["end_energy"]), float(reported["end_energy_se"])) in opening
    (stored,) = open_run(str(tmp_path / "command")).manifest.cells
    (written,) = make_plan(study(until=0.5, looks=3)).cells
    assert written.layout.hash == stored.hash


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"body": "dance"}, "cells[0].body: got 'dance', allowed: census, flow, threshold"),
        ({"finder": "homotopy"}, "cells[0].finder: unknown key"),
        ({"starts": 0}, "cells[0].starts: got 0"),
        ({"overlap": 2}, "cells[0].overlap: got 2"),
        ({"looks": 1}, "cells[0].looks: got 1"),
        ({"until": float("nan")}, "cells[0].until: got nan"),
        ({"body": "threshold"}, "cells[0].strengths: missing"),
        ({"body": "threshold", "strengths": [1, -1]}, "cells[0].strengths: got -1"),
        ({"model": "factorised"}, "cells[0].model: got 'factorised'"),
    ],
)
def test_mistakes_are_one_line(changes, text):
    with pytest.raises(UsageError) as caught:
        study(**changes)
    assert text in str(caught.value)


def test_an_overlap_needs_a_signal():
    with pytest.raises(UsageError, match=r"overlap: got 0\.2 with model pspin"):
        make_plan(study(overlap=0.2))


def test_a_cluster_needs_a_store_that_it_sees(tmp_path):
    asked = ["flow", *FLOW, "--backend", "ray", "--address", "auto", "--out", str(tmp_path)]
    done = RUN.invoke(app, asked)
    assert done.exit_code == 2
    assert "--address: needs --store" in done.stderr


def test_the_page_of_flows_alone_says_what_it_holds(tmp_path):
    cells = [CELL | {"landscapes": 3, "until": 0.5, "looks": 3}]
    cells.append(CELL | {"body": "threshold", "until": 0.5, "strengths": [1.0]})
    alone = {"name": "flows", "seed": 1, "cells": cells}
    census = {"xi": "q^3", "n": 4, "landscapes": 2, "block": 2, "spectra": False}
    pages = {}
    for name, study in (("alone", alone), ("both", alone | {"cells": [*cells, census]})):
        mc.run(study, tmp_path / name, quiet=True)
        with unrendered():
            pages[name] = write_report(str(tmp_path / name), tmp_path / f"report-{name}").read_text()
    holds = "flow: 6 starts on 3 landscapes, 1 cell; threshold: 4 starts on 2 landscapes, 1 cell."
    assert all(holds in page for page in pages.values())
    assert "<h1>Report: flows</h1>" in pages["alone"]
    assert "No census, but flow" in pages["alone"]
    assert "Beside the census flow" in pages["both"]
    for words in ("0 landscapes", "critical points in", "No test against", "cell by cell"):
        assert words not in pages["alone"]
    assert "critical points in 2 landscapes, 1 cell" in pages["both"]


def test_a_plan_says_how_long_flows_take():
    def seconds(**more):
        (row,) = make_plan(study(**more)).rows()
        return row["seconds"]

    assert 0 < seconds() < seconds(landscapes=4) == 2 * seconds()
    assert seconds(starts=4) == pytest.approx(2 * seconds())
    assert seconds() < seconds(until=100.0) < seconds(until=200.0)
    assert seconds(n=40) > 100 * seconds(n=4)
    threshold = {"body": "threshold", "strengths": [1.0]}
    assert seconds(**threshold) < seconds(**threshold | {"strengths": [1.0, 2.0]})
    # As measured: 0.07 s a landscape of 16 starts at n = 40 on one CPU.
    assert 0.02 < seconds(n=40, starts=16, landscapes=1) < 0.2


def test_starts_that_know_the_signal_are_compared_with_no_others(tmp_path):
    cell = {**CELL, "model": "spiked", "signal": "3*q^3", "n": 6, "starts": 6, "until": 4.0, "looks": 4}
    study = {"name": "starts", "seed": 2, "cells": [cell, {**cell, "overlap": 0.9}]}
    store = tmp_path / "store"
    mc.run(study, store)
    page = write_report(str(store), tmp_path / "report")
    with (tmp_path / "report" / "tables" / "flow.csv").open() as file:
        uniform, planted = csv.DictReader(file)
    assert (uniform["given_overlap"], planted["given_overlap"]) == ("", "0.9")
    shares = [float(row["success_rate"]) for row in (uniform, planted)]
    assert shares[0] < shares[1] == 1
    figures = {path.stem for path in (tmp_path / "report" / "figures").glob("flow-*.svg")}
    assert len(figures) == 2  # a limit and a figure for each kind of start, and none of recovery
    text = page.read_text()
    assert f"the signal is found by {r.percent(shares[0])} of the starts." in text
    assert "over the parameters" not in text
