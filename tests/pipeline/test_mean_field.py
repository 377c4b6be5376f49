"""The command mean-field, predict --temperature, and what they refuse."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

import morsecensus as mc
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.commands.sequences import given_sequence, sampled_sequence
from morsecensus.pipeline.errors import UsageError


def call(*arguments):
    return CliRunner().invoke(app, ["mean-field", *map(str, arguments)])


def rows(*arguments):
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["rows"]


def test_continuous_time_in_json():
    found = json.loads(call("--xi", "q^3", "--looks", "2,1", "--json").stdout)
    assert set(found) == {"rows", "method"}
    assert [row["t"] for row in found["rows"]] == [1.0, 2.0]
    first = found["rows"][0]
    assert set(first) == {"t", "energy", "energy_error", "radial", "correlation", "overlap"}
    assert first["energy"] == pytest.approx(-1.21983880, abs=1e-8)
    assert 0 < first["energy_error"] < 1e-8
    assert first["radial"] == pytest.approx(3 * first["energy"], abs=1e-8)
    assert first["correlation"] == pytest.approx(0.62814340, abs=1e-8)
    assert first["overlap"] is None
    assert "trapezoid" in found["method"]


def test_pairs_of_times_in_json_table_and_api():
    found = json.loads(call("--xi", "q^3", "--temperature", 1, "--two-time", "2,1", "--json").stdout)
    two = found["two_time"]
    assert [row["t"] for row in found["rows"]] == two["t"] == [1.0, 2.0]
    assert two["correlation"][1][0] == two["correlation"][0][1]
    assert two["response"] == [[1.0, 0.0], [pytest.approx(two["response"][1][0]), 1.0]]
    assert two["ratio"][0] == [None, None]
    assert 0 < two["ratio"][1][0] < 1
    assert 0 < two["error"] < 1e-7
    assert found == mc.mean_field("q^3", temperature=1, two_time=[1, 2])
    printed = call("--xi", "q^3", "--temperature", 1, "--looks", "4", "--two-time", "1,2").stdout
    assert f"{two['correlation'][1][0]:.8f}" in printed
    assert "two_time" not in mc.mean_field("q^3", looks=[1])


def test_pairs_of_steps():
    """The response of a step to the one before is 1 but for the scaling back to the sphere."""
    found = mc.mean_field("q^3", step=0.05, two_time=[19, 20])["two_time"]
    assert found["t"] == [19, 20]
    assert found["ratio"] is None
    assert 0.9 < found["response"][1][0] < 1
    assert found["susceptibility"][1][0] == pytest.approx(0.05 * found["response"][1][0])
    # Nearly that of continuous time.
    flow = mc.mean_field("q^3", two_time=[0.5, 1.0])["two_time"]
    steps = mc.mean_field("q^3", step=0.005, two_time=[100, 200])["two_time"]
    for name in ("correlation", "response", "susceptibility"):
        assert steps[name][1][0] == pytest.approx(flow[name][1][0], rel=0.01)


def test_a_signal_by_model_or_by_polynomial():
    model = rows(
        "--model",
        "matrix-tensor",
        "--p",
        3,
        "--delta2",
        1 / 3,
        "--deltap",
        1,
        "--overlap",
        0.25,
        "--looks",
        1,
    )
    same = rows("--xi", "1.5*q^2+1/3*q^3", "--signal", "1.5*q^2+1/3*q^3", "--overlap", 0.25, "--looks", 1)
    assert model[0]["overlap"] == pytest.approx(0.80004121, abs=1e-8)
    assert same[0] == pytest.approx(model[0], abs=1e-12)


def test_temperatures():
    (row,) = rows("--xi", "q^3", "--temperature", 1, "--start-temperature", 1, "--looks", 1)
    assert row["energy"] == pytest.approx(-1.0, abs=1e-8)
    assert row["radial"] == pytest.approx(-3.0, abs=1e-7)


def test_algorithms_of_finite_step():
    """`t` counts steps; a rule, the file of its values and the API are one thing."""
    found = rows(
        "--xi", "q^3", "--step", 0.3, "--summands", 7, "--sequence", "(t*t+3*t)%7", "--looks", "10,50"
    )
    assert [row["t"] for row in found] == [10, 50]
    assert [row["energy"] for row in found] == pytest.approx([-0.75122614, -0.9907595], abs=1e-8)
    assert found == mc.mean_field("q^3", looks=[10, 50], step=0.3, summands=7, sequence="(t*t+3*t)%7")["rows"]
    assert rows("--xi", "q^3", "--step", 0.05, "--looks", 20)[0]["energy"] == pytest.approx(-1.20879825)
    langevin = rows("--xi", "q^3", "--step", 0.05, "--temperature", 1, "--looks", 20)
    assert langevin[0]["energy"] == pytest.approx(-0.75077346, abs=1e-8)


def test_samplings_come_from_the_seed_alone():
    for sampling in ("replacement", "shuffle", "cyclic"):
        drawn = sampled_sequence(sampling, 25, 6, 3)
        np.testing.assert_array_equal(drawn, sampled_sequence(sampling, 25, 6, 3))
        assert drawn.shape == (25,)
        if sampling != "replacement":
            np.testing.assert_array_equal(np.sort(drawn[6:12]), np.arange(6))
    assert np.any(sampled_sequence("shuffle", 25, 6, 3) != sampled_sequence("shuffle", 25, 6, 4))
    one = rows("--xi", "q^3", "--step", 0.1, "--summands", 3, "--seed", 5, "--looks", 9)
    assert one == rows("--xi", "q^3", "--step", 0.1, "--summands", 3, "--seed", 5, "--looks", 9)
    assert one != rows("--xi", "q^3", "--step", 0.1, "--summands", 3, "--seed", 6, "--looks", 9)


def test_a_sequence_from_a_file(tmp_path):
    path = tmp_path / "sequence.txt"
    path.write_text("0, 1\n2 1\n")
    np.testing.assert_array_equal(given_sequence(str(path), 4, 3), [0, 1, 2, 1])
    with pytest.raises(UsageError, match="got 4 integers"):
        given_sequence(str(path), 5, 3)
    path.write_text("0 one")
    with pytest.raises(UsageError, match="allowed: integers"):
        given_sequence(str(path), 1, 3)


@pytest.mark.parametrize(
    "rule",
    [
        "__import__('os').getpid()",
        "t.real",
        "x",
        "t if t else 0",
        "[t][0]",
        "t**t",
        "9" * 19 + "*t",
        "1.5",
        "True",
        "'a'",
        "t%",
        "",
        "(" * 150 + "t" + ")" * 150,
        "0\x00",
    ],
)
def test_rules_are_sums_and_products_of_integers(rule):
    with pytest.raises(UsageError, match="--sequence: got"):
        given_sequence(rule, 30, 7)


def test_rules_that_divide_by_zero_or_leave_the_summands_are_refused():
    with pytest.raises(UsageError, match="divides by zero"):
        given_sequence("t%(t-3)", 30, 7)
    with pytest.raises(UsageError, match="summands from 0 to 7"):
        given_sequence("t%8", 30, 7)
    np.testing.assert_array_equal(given_sequence("-t%P", 4, 3), [0, 2, 1, 0])


def test_a_folder_with_table_and_figure(tmp_path):
    out = tmp_path / "out"
    result = call("--xi", "q^3", "--until", 1, "--out", out)
    assert result.exit_code == 0, result.output
    table, _, _ = result.stdout.partition("two-time")
    assert max(map(len, table.splitlines())) <= 80
    with (out / "mean-field.csv").open() as file:
        written = list(csv.DictReader(file))
    assert len(written) == 12
    assert float(written[-1]["energy"]) == pytest.approx(-1.21983880, abs=1e-8)
    assert {path.name for path in out.iterdir()} >= {"mean-field.csv", "mean-field.svg", "mean-field.png"}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "--until: missing, as is --looks"),
        (("--until", 0), "--until: got 0"),
        (("--until", "nan"), "--until: got nan"),
        (("--looks", "1,x"), "--looks: got '1,x'"),
        (("--looks", "-1"), "--looks: got '-1'"),
        (("--two-time", "1,x"), "--two-time: got '1,x'"),
        (("--two-time", "1,20", "--until", 10), "--two-time: got 20, allowed: up to the last look, 10"),
        (("--two-time", "1,3.14159"), "--two-time: got some without a common step"),
        (("--two-time", "1,5000"), "--two-time: got 5000, allowed: up to about"),
        (("--two-time", "0.5"), "--two-time: got 1, allowed: from 2 to"),
        (("--until", 1e13, "--step", 0.1), "--until: got 1e+13 steps, allowed: to 20000"),
        (("--until", 1e20, "--step", 0.1), "--until: got 1e+20 steps, allowed: to 20000"),
        (("--looks", 30000, "--step", 0.1), "--looks: got 30000 steps, allowed: to 20000"),
        (
            ("--until", 1e13, "--step", 0.1, "--summands", 7, "--sequence", "t%7"),
            "--until: got 1e+13 steps, allowed: to 20000",
        ),
        (("--looks", "1,20", "--until", 10), "--looks: got 20"),
        (("--looks", "1.5", "--step", 0.1), "--looks: got '1.5', allowed: at most 1000 steps"),
        (("--until", 1e7), "until: got"),
        (("--looks", 1, "--temperature", -1), "--temperature: got -1"),
        (("--looks", 1, "--overlap", 0.3), "--overlap: got 0.3 without a signal"),
        (("--looks", 1, "--signal", "q^3", "--overlap", 2), "--overlap: got 2"),
        (("--looks", 1, "--start-temperature", 0.82), "allowed: above T_s = 0.82880548"),
        (("--looks", 1, "--start-temperature", 1, "--field", 0.1), "term of degree 1"),
        (("--looks", 1, "--start-temperature", 1, "--signal", "q^3"), "with a signal"),
        (("--looks", 1, "--step", 0), "--step: got 0"),
        (("--looks", 1, "--step", 0.1, "--summands", 0), "--summands: got 0"),
        (("--looks", 1, "--step", 0.1, "--summands", 1, "--sampling", "shuffle"), "gradient descent"),
        (("--looks", 1, "--step", 0.1, "--sampling", "shuffle"), "--summands: missing"),
        (("--looks", 1, "--step", 0.1, "--summands", 3, "--sampling", "often"), "--sampling: got 'often'"),
        (("--looks", 1, "--step", 0.1, "--summands", 3, "--sequence", "t%4", "--seed", 1), "beside"),
        (("--looks", 1, "--step", 0.1, "--signal", "q^3"), "--step: got one with a signal"),
        (("--looks", 1, "--step", 0.1, "--start-temperature", 1), "--start-temperature: got one with --step"),
        (("--looks", 1, "--summands", 3), "given without --step"),
        (("--looks", 1, "--model", "partite"), "--model: got 'partite'"),
    ],
)
def test_what_cannot_be_is_one_line(arguments, text, tmp_path):
    out = tmp_path / "out"
    result = call("--xi", "q^3", *arguments, "--out", out)
    assert result.exit_code == 2, result.output
    assert text in result.stderr
    assert result.stderr.count("\n") == 1
    assert not out.exists()


def test_what_is_allowed_but_unusual_is_said():
    between = call("--xi", "q^3", "--looks", 0.5, "--start-temperature", 0.85)
    assert between.exit_code == 0
    assert "between T_s = 0.8288055 and T_d = 0.8660254" in between.stderr
    long = call("--xi", "q^3", "--looks", 3, "--step", 1)
    assert "above 2/(largest curvature)" in long.stderr


def test_predict_has_temperatures():
    found = mc.predict("q^3", 3, temperature=0.847415)[0]["limits"]["thermal"]
    assert found["T_d"] == pytest.approx(0.86602540)
    assert found["T_s"] == pytest.approx(0.82880548)
    assert found["tap"]["maximum"] == pytest.approx(found["tap"]["expected"], abs=1e-9)
    assert found["equilibrium_energy"] == pytest.approx(-1 / 0.847415)
    cold = mc.predict("q^3", 3, temperature=0.5)[0]["limits"]["thermal"]
    assert cold["aging"]["energy"] == pytest.approx(-1.37206283, abs=1e-8)
    assert cold["tap"] is cold["equilibrium_energy"] is None
    mixed = mc.predict("0.5*q^3+0.5*q^4", 3, temperature=0.8)[0]["limits"]["thermal"]
    assert mixed["T_d"] == pytest.approx(0.805166, abs=1e-6)
    assert mixed["aging"] is None
    text = CliRunner().invoke(app, ["predict", "--xi", "q^3", "--n", "3", "--temperature", "0.5"]).stdout
    assert "aging to e = -1.37206283" in text
    for wrong in ({"temperature": 0.0}, {"temperature": 1.0, "field": 0.2}):
        with pytest.raises(UsageError, match="allowed"):
            mc.predict("q^3", 3, **wrong)
