"""One landscape by any finder, from the command line: the numbers of a store, what people read, mistakes."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import morsecensus as mc
from morsecensus.pipeline import plugins
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.cli.tables import table_text
from morsecensus.pipeline.commands.census import (
    census_spec,
    census_verdict,
    level_rows,
    levels_of,
    search_rows,
)
from morsecensus.tasks.finders.options import LowIndexOptions
from morsecensus.tasks.measurables.words import INDEX_STATES
from support.workers import unshared

TORUS = Path(__file__).parents[2] / "examples" / "torus.py"
BOTTOM = ("--xi", "q^3", "--n", "8", "--seed", "5", "--finder", "low-index", "--max-index", "1")
QUICK = {"starts_per_round": 64}
WIDTH = 80


def _call(*arguments):
    return CliRunner().invoke(app, ["census", *(str(a) for a in arguments)])


def _found(*arguments):
    result = _call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def bottom():
    return _found(*BOTTOM, "--landscape", 1, "--positions", "--option", "starts_per_round=64")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The same landscape and its neighbours in a study's store."""
    cell = {"xi": "q^3", "n": 8, "landscapes": 3, "block": 3, "positions": True, "finder": "low-index"}
    study = {"name": "s", "seed": 5, "cells": [cell | {"options": QUICK | {"max_index": 1}}]}
    store = tmp_path_factory.mktemp("census") / "run"
    mc.run(study, store, quiet=True)
    return mc.open(store).cells[0].dataset.load()


def _rows(stored, landscape):
    return stored["row_landscape"].values == landscape


def test_the_numbers_are_those_of_a_store_byte_for_byte(bottom, stored):
    points, mine = bottom["points"], _rows(stored, 1)
    reals = ("energy", "lambda_min", "existence_radius", "uniqueness_radius", "gradient_norm", "position")
    for name in reals:
        column = np.array(points[name], dtype=np.float64)
        assert column.tobytes() == stored[name].values[mine].tobytes(), name
    for name in ("index", "hits", "hits_below"):
        assert points[name] == stored[name].values[mine].tolist(), name
    assert bottom["points_by_index"] == stored["points_by_index"].values[1].tolist()
    assert bottom["n_starts"] == int(stored["n_starts"].values[1])
    assert [INDEX_STATES.index(word) for word in bottom["state_by_index"][:2]] == stored[
        "state_by_index"
    ].values[1][:2].tolist()
    assert bottom["recapture_by_index"][:2] == stored["recapture_by_index"].values[1][:2].tolist()
    assert points["energy"] != stored["energy"].values[_rows(stored, 0)].tolist(), "another landscape"


def test_unknown_is_none_and_what_was_sought_is_counted(bottom):
    assert bottom["state_by_index"] == ["closed"] * 2 + [None] * 4 + ["closed"] * 2
    assert bottom["recapture_by_index"][2:6] == [None] * 4
    assert (bottom["finder"], bottom["odd"], bottom["dimension"]) == ("low-index", True, 7)
    assert bottom["finder_options"]["max_index"] == 1
    assert levels_of(bottom) == [0, 1]
    points, hits = bottom["points"], bottom["hits_by_index"]
    for level in (0, 1):
        at = [k for k, index in enumerate(points["index"]) if index == level]
        below = sum(points["hits_below"][k] for k in at)
        assert hits["below"][level] == below
        assert hits["above"][level] == sum(points["hits"][k] for k in at) - below > 0
    assert hits["above"] == hits["above"][::-1], "classes have an image at the mirrored index"


def test_hits_are_of_starts_not_of_points():
    """Even H: a class is two points of one index, and a start that ends in it is one start."""
    found = _found("--xi", "q^4", "--n", 4, "--seed", 1)
    assert found["complete"]
    assert not found["odd"]
    assert sum(found["hits_by_index"]["all"]) == found["outcomes"]["converged"]
    assert sum(found["points"]["hits"]) == 2 * found["outcomes"]["converged"]


def test_the_function_is_the_command(bottom):
    options = QUICK | {"max_index": 1}
    census = mc.census("q^3", 8, seed=5, landscape=1, finder="low-index", options=options)
    shorter = mc.census("q^3", 8, seed=5, landscape=1, finder="low-index", options=QUICK, max_index=1)
    assert census.record == shorter.record
    assert set(bottom) - set(census.record) == {"seconds"}
    assert set(bottom["points"]) - set(census.record["points"]) == {"position"}
    assert census.record["points_by_index"] == bottom["points_by_index"]
    np.testing.assert_allclose(census.energy, bottom["points"]["energy"], rtol=1e-12)
    np.testing.assert_allclose(census.points, bottom["points"]["position"], atol=1e-9)


def test_options_of_a_finder_and_what_its_paths_say():
    whole = ("--xi", "q^3", "--n", 4, "--seed", 1, "--finder", "sampled-homotopy")
    found = _found(*whole, "--option", "paths=8", "--option", "aim=1e-5")
    assert (found["finder_options"]["paths"], found["finder_options"]["aim"]) == (8, 1e-5)
    assert found["n_paths"] == 8
    assert found["points"]["sample_hits"] != [None] * found["n_points"]
    assert census_verdict(found)[1].startswith(f"recall {found['recall']:.4g}, at least ")


def test_auto_is_the_finder_that_it_stands_for():
    auto, named = (
        census_spec("pspin", {"xi": "q^3"}, 4, 1, 0, finder, {}) for finder in ("auto", "homotopy")
    )
    assert auto == named


def test_couplings_of_a_file(tmp_path):
    (tmp_path / "study.toml").write_text(
        'name = "a"\nseed = 3\n[[cells]]\nxi = "q^3"\nn = 4\nlandscapes = 2\nblock = 2\n'
    )
    out = tmp_path / "couplings.npz"
    words = ["couplings", str(tmp_path / "study.toml"), "--landscape", "0:1", "--out", str(out)]
    assert CliRunner().invoke(app, words).exit_code == 0
    given = ("--model", "given", "--file", out, "--n", 4)
    there = _found(*given, "--landscape", 1)
    here = _found("--xi", "q^3", "--n", 4, "--seed", 3, "--landscape", 1)
    np.testing.assert_allclose(there["points"]["energy"], here["points"]["energy"], rtol=1e-9)
    np.testing.assert_allclose(
        mc.census(n=4, model="given", file=str(out), landscape=1).energy, there["points"]["energy"]
    )
    refused = _call(*given, "--landscape", 2)
    assert refused.exit_code == 2
    assert "--landscape: got 2, allowed: integers from 0 to 1" in refused.stderr


def test_a_model_of_a_users_own():
    words = ("--model", "planar-glass", "--set", "field=0.5", "--n", 2, "--plugin", TORUS)
    try:
        with unshared():  # it would keep the model
            found = _found(*words)
    finally:
        plugins.forget()
    assert found["field"] == 0.5
    assert sum((-1) ** k * count for k, count in enumerate(found["points_by_index"])) == 0


def test_people_read_what_fits_in_their_terminal(bottom):
    """At N = 100, with the longest words and numbers: nothing is cut, nothing is wrapped."""
    large = bottom | {
        "finder_options": vars(LowIndexOptions(max_index=2)),
        "state_by_index": ["morse_inequality", "few_hits"] * 4,
        "points_by_index": [18_370, 1] * 4,
        "hits_by_index": {"above": [1_234_567, 1] * 4, "below": [1_234_567, 1] * 4},
        "coverage_by_index": [0.999123, 0.9] * 4,
        "coverage_lower_by_index": [0.998234, 0.9] * 4,
        "recapture_by_index": [18_376.4, 1.0] * 4,
        "recapture_lower_by_index": [18_370.3, 1.0] * 4,
        "recapture_upper_by_index": [18_381.9, 1.0] * 4,
    }
    text = "".join(table_text(rows, "title", WIDTH) for rows in (level_rows(large), search_rows(large)))
    lines = text.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert "…" not in text
    assert len([line for line in lines if line]) == 2 * (1 + 2 + 3), (
        "title, head, rule, and a line for each row"
    )
    assert "18376 (18370 to 18382)" in text
    assert max(map(len, census_verdict(large))) <= WIDTH


def test_people_read_tables_and_a_verdict():
    result = _call(*BOTTOM)
    assert result.exit_code == 0, result.output
    for text in (
        "lowest E",
        "recapture",
        "closed: index 0, 1",
        "graph of minima that saddles of index 1 join: one part",
        "index 7 - k at -E mirrors index k",
        " s with compiling",
    ):
        assert text in result.output
    even = _call("--xi", "q^4", "--n", 4)
    assert "mirrors" not in even.output
    assert "complete (closed): " in even.output


@pytest.mark.parametrize("state", [word for word in INDEX_STATES if word != "closed"])
def test_what_is_open_says_why_and_what_to_do(state, bottom):
    lines = census_verdict({**bottom, "state_by_index": ["closed", state, *bottom["state_by_index"][2:]]})
    assert lines[0] == "closed: index 0"
    assert lines[1].startswith(f"open: index 1 ({state}): ")
    assert max(map(len, lines)) <= WIDTH


def test_a_budget_that_ends_leaves_an_index_open():
    found = _found(*BOTTOM, "--option", "max_rounds=1", "--option", "starts_per_round=64")
    assert "few_hits" in found["state_by_index"][:2]
    assert any(line.startswith("open: index") for line in census_verdict(found))


FACTORISED = ("--model", "factorised", "--n", "3", "--finder", "low-index")
PLAIN = ("--xi", "q^3", "--n", "8")
MISTAKES = {
    "max_index below 0": (
        (*PLAIN, "--finder", "low-index", "--max-index", "-1"),
        "--option max_index: got -1, allowed: integers >= 0",
    ),
    "max_index above the dimension": (
        (*PLAIN, "--finder", "low-index", "--max-index", "8"),
        "--max-index: got 8, allowed: 0 to 7, the dimension",
    ),
    "max_index of another finder": (
        (*PLAIN, "--finder", "multistart", "--max-index", "1"),
        "--max-index: got 1 with --finder multistart, allowed: with low-index",
    ),
    "max_index twice": (
        (*PLAIN, "--finder", "low-index", "--max-index", "1", "--option", "max_index=2"),
        '--max-index: got 1 and --option "max_index", allowed: one of them',
    ),
    "orbits that are manifolds": (
        FACTORISED,
        "finder: got low-index with factorised, whose critical points are manifolds, allowed: multistart",
    ),
    "too large for memory": (
        ("--xi", "q^3", "--n", "2000", "--finder", "low-index"),
        "--n: got 2000, which needs ",
    ),
    "finder": (
        (*PLAIN, "--finder", "luck"),
        "--finder: got 'luck', allowed: auto, homotopy, low-index, multistart, sampled-homotopy",
    ),
    "unknown option": (
        (*PLAIN, "--option", "speed=1"),
        "--option: unknown key 'speed', allowed: starts_per_round",
    ),
    "option of a wrong type": (
        (*PLAIN, "--option", "max_rounds=few"),
        "--option max_rounds: got 'few', allowed: int",
    ),
    "option out of range": (
        (*PLAIN, "--option", "min_hits=1"),
        "--option min_hits: got 1, allowed: integers >= 2",
    ),
    "option that is not finite": (
        (*PLAIN, "--option", "max_step=nan"),
        "--option max_step: got nan, allowed: float",
    ),
    "option without a value": (
        (*PLAIN, "--option", "max_rounds"),
        "--option: got 'max_rounds', allowed: NAME=VALUE",
    ),
    "options of no finder": (
        (*PLAIN, "--finder", "auto", "--option", "max_rounds=1"),
        "--finder: got auto with options (max_rounds), allowed: the finder that they are for",
    ),
    "what only enumeration refuses": (
        ("--xi", "q^3", "--n", "30", "--finder", "homotopy"),
        "--n: got 30, which takes 1073741823 paths; allowed: at most 2097152",
    ),
    "no such model": (("--model", "ising", "--n", "3"), "--model: got 'ising', allowed: distinct, entries"),
    "no such file": (("--model", "given", "--file", "none.npz", "--n", "3"), "--file: "),
    "no file": (("--model", "given", "--n", "3"), "--file: missing"),
    "seed": ((*PLAIN, "--seed", "-1"), "--seed: got -1, allowed: integers from 0"),
    "landscape": ((*PLAIN, "--landscape", "-1"), "--landscape: got -1, allowed: integers from 0"),
    "n": (("--xi", "q^3", "--n", "1"), "--n: got 1, allowed: integers from 2"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_one_line(name):
    arguments, message = MISTAKES[name]
    result = _call(*arguments)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.output
