"""The command `flow`: what it writes, and what it says to mistakes."""

import csv
import json

import pytest
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.commands.flow import flow_cells, spike_strengths

RUN = CliRunner()
PLANTED = ["--model", "matrix-tensor", "--deltap", "1"]


def _rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_sweep_writes_tables_and_figures(tmp_path):
    sizes = ["--n", "6,8", "--landscapes", "3", "--starts", "4", "--until", "4", "--looks", "6"]
    asked = ["--sweep", "delta2=0.3,0.9", "--spikes", "0.5,2", "--out", str(tmp_path), "--json"]
    done = RUN.invoke(app, ["flow", *PLANTED, *sizes, *asked])
    assert done.exit_code == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [(row["n"], row["delta2"]) for row in rows] == [(6, 0.3), (8, 0.3), (6, 0.9), (8, 0.9)]
    assert all(row["minima"] == 1 and 0 <= row["success_rate"] <= 1 for row in rows)
    assert [row["success_rate"] for row in rows] == [
        float(r["success_rate"]) for r in _rows(tmp_path / "summary.csv")
    ]
    ends = _rows(tmp_path / "ends.csv")
    assert len(ends) == 2 * 2 * 3 * 4
    found = [float(end["overlap"]) > 0.5 for end in ends if end["n"] == "8" and end["delta2"] == "0.3"]
    assert rows[1]["success_rate"] == pytest.approx(sum(found) / len(found))
    curves = _rows(tmp_path / "curves.csv")
    assert len(curves) == 4 * 6
    assert float(curves[0]["limiting_energy"]) == 0
    # At t = 0 uniform starts have N m^2 = 1 on average.
    assert float(curves[0]["limiting_n_overlap_squared"]) == pytest.approx(1)
    assert len(_rows(tmp_path / "outliers.csv")) == 2 * 2
    for name in ("flow-0", "flow-1", "recovery", "outliers"):
        assert (tmp_path / f"{name}.png").stat().st_size > 5000
    assert json.loads((tmp_path / "flow.json").read_text())["model"] == "matrix-tensor"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--n", "8", "--model", "glass"], "--model: got 'glass'"),
        (["--n", "8"], "--xi: missing"),
        (["--n", "8", "--xi", "q^3", "--sweep", "delta2=1"], "--sweep: got 'delta2=1', allowed: NAME"),
        (["--n", "8", *PLANTED, "--sweep", "delta2=1,x"], "--sweep: got '1,x'"),
        (["--n", "8", *PLANTED, "--delta2", "1", "--sweep", "delta2=1"], "--delta2: given beside --sweep"),
        (["--n", "8", *PLANTED, "--delta2", "0"], "--delta2: got 0"),
        (["--n", "8", *PLANTED, "--delta2", "1", "--overlap", "2"], "--overlap: got 2"),
        (["--n", "8", *PLANTED, "--delta2", "1", "--until", "nan"], "--until: got nan"),
        (["--n", "8", *PLANTED, "--delta2", "1", "--starts", "0"], "--starts: got 0"),
        (["--n", "8", *PLANTED, "--delta2", "1", "--spikes", "a"], "--spikes: got 'a'"),
        (["--n", "8", *PLANTED, "--delta2", "1", "--spikes", "-1"], "--spikes: got -1"),
    ],
)
def test_mistakes_are_one_line(arguments, text, tmp_path):
    done = RUN.invoke(app, ["flow", *arguments, "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert text in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_sweeps_read_the_kind_of_their_parameter():
    given = {"p": None, "delta2": 0.5, "deltap": 1.0}
    assert [cell["p"] for cell in flow_cells("matrix-tensor", given, "p=3,4,3")] == [3, 4]
    assert spike_strengths("2,0.5,2") == (0.5, 2.0)
