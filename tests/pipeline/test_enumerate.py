"""One landscape by the command line: its JSON contract, and the same points as a study's block."""

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

import morsecensus as mc
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.commands.enumerate import verdict
from morsecensus.pipeline.worker.bodies import DEFAULT_BODY
from morsecensus.tasks.finders.options import HomotopyOptions

KEYS = {
    "model": str,
    "xi": str,
    "field": float,
    "n": int,
    "seed": int,
    "landscape": int,
    "paths": int,
    "distinct": int,
    "complete": bool,
    "status": str,
    "reason": str,
    "total": int,
    "by_index": list,
    "certified": int,
    "certified_complex": int,
    "completeness": str,
    "paths_singular": int,
    "paths_infinite": int,
    "retries": int,
    "open_paths": list,
    "paths_per_second": float,
    "seconds": float,
}
SMALL = ("--xi", "q^3", "--n", "6", "--seed", "5")


def _call(*arguments):
    return CliRunner().invoke(app, ["enumerate", *(str(a) for a in arguments)])


def _found(*arguments):
    result = _call(*arguments, "--json", "--workers", "1")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def small():
    return _found(*SMALL, "--landscape", "7", "--points")


def test_the_contract(small):
    found = {key: value for key, value in small.items() if key != "points"}
    assert {key: type(value) for key, value in found.items()} == KEYS
    assert (found["model"], found["xi"], found["field"], found["n"]) == ("pspin", "q^3", 0.0, 6)
    assert (found["seed"], found["landscape"]) == (5, 7)
    assert found["complete"]
    assert found["distinct"] == found["paths"] == 2**6 - 1
    assert found["certified"] == found["total"] == sum(found["by_index"])
    assert len(found["by_index"]) == 6
    assert found["by_index"] == found["by_index"][::-1], "a point of index k has an antipode of index 5 - k"


def test_the_points(small):
    points = small["points"]
    assert [sum(p["index"] == k for p in points) for k in range(6)] == small["by_index"]
    position = np.array([p["position"] for p in points])
    assert position.shape == (small["total"], 6)
    np.testing.assert_allclose((position**2).sum(axis=1), 6, rtol=1e-12)
    energy = [p["energy"] for p in points]
    assert energy == sorted(energy)
    assert all(0 < p["radius"] < 1 for p in points)


def test_a_study_has_the_same_landscape(small):
    from morsecensus.tasks.block import run_block

    spec = {
        "model": "pspin",
        "parameters": {"xi": "1*q^3", "field": 0.0},
        "n": 6,
        "seed": 5,
        "finder": "homotopy",
        "finder_options": vars(HomotopyOptions()),
        "block_size": 2,
        "positions": True,
        "spectra": False,
    }
    block = run_block(spec, 3)
    mine = block["point"]["slot"] == 1
    assert block["landscape"]["points_by_index"][1].tolist() == small["by_index"]
    np.testing.assert_allclose(
        block["point"]["position"][mine], [p["position"] for p in small["points"]], atol=1e-12
    )
    assert block["landscape"]["points_by_index"][0].tolist() != small["by_index"], "another landscape"


FILES = {
    "a polynomial": (4, {"packed_3": (3, math.comb(6, 3)), "packed_2": (3, math.comb(5, 2))}),
    "a form": (1, {"tensors": (3, 2, 2, 3)}),
}


@pytest.mark.parametrize("what", FILES)
def test_couplings_of_a_file_have_the_points_of_a_study_of_it(what, tmp_path, toolbox):
    """Bit for bit: command, function and study."""
    n, shapes = FILES[what]
    draw = np.random.default_rng(1)
    path = tmp_path / "c.npz"
    np.savez(path, **{name: draw.standard_normal(shape) for name, shape in shapes.items()})
    cell = {"model": "given", "file": str(path), "n": n, "landscapes": 3, "positions": True}
    cell |= {"finder": "homotopy", "options": {"certify": "all"}, "spectra": False}
    study = {"name": "s", "seed": 5, "cells": [cell]}
    outcome = toolbox.run(study, str(tmp_path / "store"), body=DEFAULT_BODY)
    (stored,) = mc.open(outcome.store).cells
    data = stored.dataset.load()
    command = _found("--model", "given", "--file", path, "--n", n, "--seed", 5, "--landscape", 2, "--points")
    function = mc.enumerate(n=n, model="given", file=str(path), seed=5, landscape=2)
    rows = np.repeat(np.arange(3), data["row_size"].values) == 2
    assert command["complete"]
    assert command["total"] == function.total == rows.sum() > 0
    for name, mine in (("energy", "energy"), ("index", "index"), ("position", "points")):
        there = data[name].values[rows]
        np.testing.assert_array_equal([point[name] for point in command["points"]], there)
        np.testing.assert_array_equal(getattr(function, mine), there)


def test_mixtures_count_points_of_both_signs():
    found = _found("--xi", "0.5*q^2+0.5*q^4", "--field", "0.3", "--n", "4", "--seed", "1")
    assert found["complete"]
    assert found["distinct"] == found["paths"] == 2 * (3**4 - 1) // 2
    assert found["certified"] == found["total"] == sum(found["by_index"])
    assert sum((-1) ** k * count for k, count in enumerate(found["by_index"])) == 0


def test_quadratic_forms_have_their_eigenvectors():
    found = _found("--xi", "q^2", "--n", "5", "--seed", "1")
    assert found["by_index"] == [2] * 5
    assert found["distinct"] == found["paths"] == 5
    assert found["paths_per_second"] is None, "no path is followed"


def test_partite_landscapes_have_their_singular_triples():
    found = _found("--model", "partite", "--n", "2", "--seed", "1", "--points")
    assert (found["model"], found["sizes"]) == ("partite", "1,1,1")
    assert found["complete"]
    assert found["distinct"] == found["paths"] == 6
    assert found["certified"] == found["total"] == sum(found["by_index"])
    assert found["by_index"] == found["by_index"][::-1], "a factor turned around changes the sign of H"
    position = np.array([p["position"] for p in found["points"]]).reshape(-1, 3, 2)
    np.testing.assert_allclose((position**2).sum(axis=2), 2, rtol=1e-12)


def test_people_read_a_table_and_a_verdict():
    result = _call("--xi", "q^3", "--n", "3", "--seed", "1", "--points", "--workers", "2")
    assert result.exit_code == 0, result.output
    assert "complete: 7 of 7 complex solutions found, 10 of 10 points proven" in result.output
    assert "radius" in result.output
    assert "Positions: --json." in result.output


def test_what_is_open_is_named(small):
    broken = {**small, "complete": False, "reason": "paths_open", "distinct": 51}
    lines = verdict({**broken, "open_paths": list(range(12))})
    assert lines[0].startswith("not complete (paths_open): 51 of 63 complex solutions found")
    assert lines[1] == "open paths: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..."
    assert "max_extended" in lines[2]


MISTAKES = {
    "n of 1": (("--n", "1"), "--n: got 1, allowed: integers from 2"),
    "n too large": (
        ("--n", "30"),
        "--n: got 30, which takes 1073741823 paths; allowed: at most 2097152; raise --max-paths, or use "
        "finder sampled-homotopy or multistart (finders are chosen in a study or with the command census)",
    ),
    "too many for the given limit": (("--max-paths", "10"), "which takes 63 paths; allowed: at most 10"),
    "linear xi": (("--xi", "q^1"), "--xi: covariance xi: got no term of degree >= 2"),
    "xi that is no polynomial": (("--xi", "cubic"), "--xi: covariance xi: got"),
    "field": (("--field", "-1"), "--field: got -1, allowed: a variance"),
    "model": (
        ("--model", "none"),
        "--model: got 'none', allowed: distinct, entries, factorised, given",
    ),
    "option of another model": (
        ("--sizes", "1,1"),
        "--sizes: got '1,1' with --model pspin, allowed: --xi, --field",
    ),
    "landscape": (("--landscape", "-1"), "--landscape: got -1, allowed: integers from 0"),
    "a file for another model": (
        ("--file", "c.npz"),
        "--file: got 'c.npz' with --model pspin, allowed: --xi",
    ),
    "seed": (("--seed", "-1"), "--seed: got -1, allowed: integers from 0"),
    "workers": (("--workers", "0"), "--workers: got 0, allowed: integers"),
    "no limit": (("--max-paths", "0"), "--max-paths: got 0, allowed: integers from 1"),
    "backend": (("--backend", "dask"), "--backend: got 'dask', allowed: serial or ray"),
    "address without ray": (("--address", "auto"), "--address: allowed only with --backend ray"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_one_line(name):
    arguments, message = MISTAKES[name]
    result = _call(*SMALL, *arguments)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.output


def test_files_that_cannot_be_are_one_line(tmp_path):
    np.savez(tmp_path / "c.npz", packed_3=np.ones((2, math.comb(5, 3))))
    given = ("--model", "given", "--n", "3", "--seed", "1", "--file")
    for arguments, message in (
        ((*given, tmp_path / "none.npz"), "none.npz: no such file, and no Zarr group"),
        ((*given, tmp_path / "c.npz", "--n", "4"), "got shape (2, 10), allowed at n = 4: (20,)"),
        (
            (*given, tmp_path / "c.npz", "--landscape", "2"),
            "--landscape: got 2, allowed: integers from 0 to 1",
        ),
        ((*given[:-1],), "--file: missing"),
        ((*given, tmp_path / "c.npz", "--backend", "ray", "--address", "auto"), "--address: got 'auto' with"),
    ):
        result = _call(*arguments)
        assert result.exit_code == 2, result.output
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
