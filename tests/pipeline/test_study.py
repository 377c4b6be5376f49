import tomllib

import pytest
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run.plan import extend_manifest, make_plan, new_manifest
from morsecensus.pipeline.study.cells import table_of
from morsecensus.pipeline.study.census import CensusTable, default_block
from morsecensus.pipeline.study.study import parse_study, read_study
from morsecensus.storage.layout import Generation
from morsecensus.tasks.landscapes.registry import MODELS

HEAD = 'name = "demo"\nseed = 1\n'
CELL = '[[cells]]\nxi = "q^3"\nn = 4\nlandscapes = 8\n'
LOW = 'finder = "low-index"\n[cells.options]\n'

BAD = {
    "unknown key": (HEAD + "colour = 1\n" + CELL, "colour: unknown key"),
    "unknown cell key": (HEAD + CELL + "colour = 1\n", "cells[0].colour: unknown key"),
    "unknown option": (HEAD + CELL + "[cells.options]\nspeed = 1\n", "options: unknown key 'speed'"),
    "option of a wrong type": (HEAD + CELL + "[cells.options]\nmax_rounds = 1.5\n", "max_rounds: got 1.5"),
    "option that is a boolean": (
        HEAD + CELL + "[cells.options]\nmax_rounds = true\n",
        "max_rounds: got True",
    ),
    "option out of range": (HEAD + CELL + "[cells.options]\nmax_rounds = 0\n", "max_rounds: got 0"),
    "option that is not finite": (HEAD + CELL + "[cells.options]\nmax_step = nan\n", "max_step: got nan"),
    "no name": ("seed = 1\n" + CELL, "name: missing"),
    "no seed": ('name = "a"\n' + CELL, "seed: missing"),
    "no cells": (HEAD, "cells: missing"),
    "empty cells": (HEAD + "cells = []\n", "cells: got []"),
    "cells that are no tables": (HEAD + "cells = [1]\n", "cells[0]: got 1"),
    "no xi": (HEAD + "[[cells]]\nn = 4\nlandscapes = 8\n", "cells[0].xi: missing"),
    "negative seed": ('name = "a"\nseed = -1\n' + CELL, "seed: got -1"),
    "huge seed": (f'name = "a"\nseed = {2**63}\n' + CELL, "seed: got"),
    "seed of text": ('name = "a"\nseed = "1"\n' + CELL, "seed: got '1'"),
    "name that is a path": ('name = "../a"\nseed = 1\n' + CELL, "name: got '../a'"),
    "name with control characters": ('name = "a\\u0007b"\nseed = 1\n' + CELL, "name: got 'a\\x07b'"),
    "name too long": (f'name = "{"a" * 65}"\nseed = 1\n' + CELL, "name: got"),
    "n of 1": (HEAD + CELL.replace("n = 4", "n = 1"), "cells[0].n: got 1, allowed: integers from 2"),
    "n of text": (HEAD + CELL.replace("n = 4", 'n = "four"'), "cells[0].n: got 'four'"),
    "n a float": (HEAD + CELL.replace("n = 4", "n = 4.0"), "cells[0].n: got 4.0"),
    "n a huge range": (HEAD + CELL.replace("n = 4", 'n = "2:999999"'), "cells[0].n: got '2:999999'"),
    "no landscapes": (HEAD + CELL.replace("= 8", "= 0"), "cells[0].landscapes: got 0"),
    "landscapes a float": (HEAD + CELL.replace("= 8", "= 8.5"), "cells[0].landscapes: got 8.5"),
    "landscapes a boolean": (HEAD + CELL.replace("= 8", "= true"), "cells[0].landscapes: got True"),
    "block of 0": (HEAD + CELL + "block = 0\n", "cells[0].block: got 0"),
    "block too large": (HEAD + CELL + "block = 65536\n", "cells[0].block: got 65536"),
    "p below 1": (HEAD + CELL.replace("q^3", "q^0"), "cells[0].xi: covariance xi: got"),
    "negative coefficient": (HEAD + CELL.replace("q^3", "-1*q^3"), "cells[0].xi: covariance xi: got"),
    "linear xi": (HEAD + CELL.replace("q^3", "q"), "no term of degree >= 2"),
    "xi that is code": (
        HEAD + CELL.replace("q^3", "__import__('os')"),
        "cells[0].xi: covariance xi: got",
    ),
    "xi a number": (HEAD + CELL.replace('"q^3"', "3"), "cells[0].xi: got '3', allowed: text"),
    "no xi in a list": (HEAD + CELL.replace('"q^3"', "[]"), "cells[0].xi: got a list of 0"),
    "negative field": (HEAD + CELL + "field = -1.0\n", "cells[0].field: got -1"),
    "field not finite": (HEAD + CELL + "field = inf\n", "cells[0].field: got inf"),
    "field of text": (HEAD + CELL + 'field = "0"\n', "cells[0].field: got '0'"),
    "positions as a number": (HEAD + CELL + "positions = 1\n", "cells[0].positions: got 1"),
    "unknown model": (
        HEAD + CELL + 'model = "ising"\n',
        "cells[0].model: got 'ising', allowed: distinct, entries, factorised, given",
    ),
    "model a list": (HEAD + CELL + "model = [1]\n", "cells[0].model: got [1]"),
    "unknown finder": (
        HEAD + CELL + 'finder = "luck"\n',
        "cells[0].finder: got 'luck', allowed: auto, homotopy, low-index, multistart, sampled-homotopy",
    ),
    "max_index below 0": (
        HEAD + CELL + LOW + "max_index = -1\n",
        "cells[0].options.max_index: got -1, allowed: integers >= 0",
    ),
    "max_index of another finder": (
        HEAD + CELL + "[cells.options]\nmax_index = 1\n",
        "cells[0].options: unknown key 'max_index', allowed: starts_per_round",
    ),
    "topology of minima alone": (
        HEAD + CELL + 'topology = "components"\n' + LOW + "max_index = 0\n",
        'cells[0].topology: got "components" with max_index = 0, allowed: false; "components" needs '
        "max_index 1",
    ),
    "all of topology where its components are closed": (
        HEAD + CELL + "topology = true\n" + LOW,
        'cells[0].topology: got true with max_index = 1, allowed: false, "components"; true needs '
        "max_index 2",
    ),
    "options without a finder": (
        HEAD + CELL + 'finder = "auto"\n[cells.options]\nmax_paths = 9\n',
        "cells[0].options: got max_paths, allowed: none with finder auto; name the finder",
    ),
    "the same cell twice": (HEAD + CELL + CELL, "cells[1]: the same cell as in cells[0]"),
    "too many cells": (
        HEAD + CELL.replace("n = 4", 'n = "2:1001"') + "field = [0, 1]\n",
        "cells: got more than",
    ),
    "not TOML": ("name = ", "not TOML"),
    "deep nesting": ("a = " + "[" * 5000, "not TOML"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_studies_are_refused_in_one_line(tmp_path, name):
    text, message = BAD[name]
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_study(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"#" * (2**20 + 1), None])
def test_files_that_are_no_studies(tmp_path, data):
    path = tmp_path / "study.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UsageError, match=r"study\.toml: "):
        read_study(path)


def test_a_sweep_is_the_product_in_the_order_written():
    text = HEAD + '[[cells]]\nxi = ["q^3", "1*q^4"]\nn = "4:5"\nfield = [0, 0.5]\nlandscapes = 8\n'
    study = parse_study(tomllib.loads(text))
    found = [(c.spec["parameters"]["xi"], c.spec["parameters"]["field"], c.spec["n"]) for c in study.cells]
    assert found == [(xi, s2, n) for xi in ("q^3", "q^4") for s2 in (0.0, 0.5) for n in (4, 5)]


def test_defaults_are_written_out():
    spec = parse_study(tomllib.loads(HEAD + CELL)).cells[0].spec
    assert spec["finder_options"]["max_rounds"] > 0
    assert spec["block_size"] == default_block(4)
    assert (spec["model"], spec["finder"], spec["positions"], spec["spectra"]) == (
        "pspin",
        "multistart",
        False,
        True,
    )
    assert "landscapes" not in spec


def test_equal_texts_of_a_covariance_are_one_cell():
    cells = [
        parse_study(tomllib.loads(HEAD + CELL.replace("q^3", xi))).cells[0] for xi in ("q^3", " 1.0*q**3 ")
    ]
    assert cells[0].spec == cells[1].spec


@pytest.mark.parametrize("model", [name for name in MODELS if MODELS[name].content_of is None])
def test_a_model_of_the_registry_is_written_by_its_parameters_alone(model):
    parameters = MODELS[model].parameters
    assert set(parameters) <= set(table_of(CensusTable, model).model_fields)
    known = {"xi": 'xi = "q^3"\n', "law": 'law = "rademacher"\n', "signal": 'signal = "q^3"\n'}
    known |= {"delta2": "delta2 = 0.5\n", "deltap": "deltap = 1.0\n", "kernel": 'kernel = "q^3"\n'}
    required = "".join(known[name] for name, parameter in parameters.items() if parameter.default is None)
    text = HEAD + f'[[cells]]\nmodel = "{model}"\nn = 4\nlandscapes = 8\n{required}'
    assert set(parse_study(tomllib.loads(text)).cells[0].spec["parameters"]) == set(parameters)


AUTO = """
name = "demo"
seed = 1
[[cells]]
xi = "q^3"
n = [4, 25]
landscapes = 8
finder = "auto"
[[cells]]
model = "distinct"
n = 4
landscapes = 8
finder = "auto"
"""


def test_spheres_of_any_sizes_have_n_as_their_unit():
    def cells(**changes):
        table = {"model": "partite", "landscapes": 3} | changes
        return parse_study({"name": "s", "seed": 1, "cells": [table]}).cells

    (one,) = cells(n=1, sizes="3x4x5")
    assert one.spec["parameters"] == {"sizes": "3,4,5"}
    assert one.spec["block_size"] == default_block(4)
    (large,) = cells(n=1, sizes="20,20,20")
    assert large.spec["block_size"] == default_block(20) == 1
    with pytest.raises(UsageError, match="n: got 0, allowed: integers from 1"):
        cells(n=0)
    with pytest.raises(
        UsageError, match=r"sizes: got spheres of sizes \(1, 1, 1\) at n = 1, allowed: each >= 2"
    ):
        make_plan(
            parse_study({"name": "s", "seed": 1, "cells": [{"model": "partite", "n": 1, "landscapes": 1}]})
        )


def test_auto_takes_a_finder_for_each_n_and_says_why():
    study = parse_study(tomllib.loads(AUTO))
    assert [cell.spec["finder"] for cell in study.cells] == ["homotopy", "sampled-homotopy", "multistart"]
    assert "15 paths" in (study.cells[0].finder_choice or "")
    assert "33554431 paths are too many" in (study.cells[1].finder_choice or "")
    assert study.cells[0].spec["finder_options"]["certify"] == "real"
    assert study.to_record()["cells"][0]["finder_choice"] == study.cells[0].finder_choice
    with pytest.raises(UsageError, match="the same cell as in"):
        parse_study(
            tomllib.loads(AUTO + '[[cells]]\nxi = "q^3"\nn = 4\nlandscapes = 8\nfinder = "homotopy"\n')
        )


def test_a_named_finder_goes_on_where_auto_began_and_the_other_way_round(toolbox):
    plans = []
    for finder in ("auto", "homotopy"):
        study = parse_study(toolbox.content(finder=finder))
        plans.append(make_plan(study, body=toolbox.body))
    auto, named = plans
    assert [row["finder_choice"] is None for row in auto.rows() + named.rows()] == [False] * 2 + [True] * 2
    assert [c.layout.hash for c in auto.cells] == [c.layout.hash for c in named.cells]
    for first, then in ((auto, named), (named, auto), (auto, auto)):
        stored = new_manifest(first, Generation("f", {}), {})
        assert extend_manifest(stored, then, "store").cells == stored.cells


UNAFFORDABLE = {
    "max_index above the dimension": (
        'xi = "q^3"\nn = 4\n' + LOW + "max_index = 4\n",
        "n = 4: max_index: got 4, allowed: 0 to 3, the dimension",
    ),
    "low indices of manifolds": (
        'model = "factorised"\nn = 3\n' + LOW,
        "finder: got low-index with factorised, whose critical points are manifolds, allowed: multistart",
    ),
    "topology of a bottom whose top is no image of it": (
        'xi = "q^4"\nn = 6\ntopology = "components"\n' + LOW,
        "topology: got it for pspin with no sign change that turns H into -H",
    ),
    "couplings larger than memory": (
        'xi = "q^3"\nn = 2000\n' + LOW,
        "n: got 2000, which needs ",
    ),
    "too many paths": (
        'xi = "q^3"\nn = 30\nfinder = "homotopy"\n',
        "n = 30: n: got 30, which takes 1073741823 paths; allowed: at most 2097152; raise max_paths, or use",
    ),
    "no count of solutions": (
        'model = "distinct"\nn = 5\nfinder = "homotopy"\n',
        "model: got 'distinct', allowed for homotopies: one whose complex critical points",
    ),
    "no sample of what can't be counted": (
        'model = "distinct"\nn = 5\nfinder = "sampled-homotopy"\n',
        "model: got 'distinct', allowed for homotopies: one whose",
    ),
}


@pytest.mark.parametrize(
    ("xi", "n", "highest", "topology"),
    [
        ("q^3", 6, 0, "false"),
        ("q^3", 6, 1, '"components"'),
        ("q^3", 6, 2, "true"),
        ("q^4", 6, 5, "true"),
        ("q^4", 6, 1, "false"),
    ],
)
def test_topology_of_what_a_search_of_low_indices_closes(xi, n, highest, topology):
    cell = f'[[cells]]\nxi = "{xi}"\nn = {n}\nlandscapes = 1\ntopology = {topology}\n'
    made = make_plan(parse_study(tomllib.loads(f"{HEAD}{cell}{LOW}max_index = {highest}\n")))
    assert made.cells[0].layout.spec["finder_options"]["max_index"] == highest


def test_a_plan_counts_the_points_that_are_sought():
    """At N = 60 the sphere has 10^10 points and its bottom a thousand."""
    rows = [
        make_plan(
            parse_study(tomllib.loads(f'{HEAD}[[cells]]\nxi = "q^3"\nn = 60\nlandscapes = 1\n{how}'))
        ).rows()
        for how in (LOW, "")
    ]
    (bottom,), (whole,) = rows
    assert 500 < bottom["expected_points_per_landscape"] < 2000
    assert whole["expected_points_per_landscape"] > 1e9
    assert bottom["disk_bytes"] < 2**24


@pytest.mark.parametrize("name", UNAFFORDABLE)
def test_what_a_finder_cannot_take_is_refused_by_plan_and_run(tmp_path, name):
    cell, message = UNAFFORDABLE[name]
    path = tmp_path / "study.toml"
    path.write_text(HEAD + "[[cells]]\nlandscapes = 8\n" + cell)
    for command in (["plan", str(path)], ["run", str(path), "--store", str(tmp_path / "store")]):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 2
        assert message in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "store").exists()


def _plan(toolbox, **changes):
    return make_plan(parse_study(toolbox.content(**changes)), body=toolbox.body)


def test_landscapes_are_rounded_up_to_whole_blocks(toolbox):
    plan = _plan(toolbox, landscapes=21)
    assert [row["landscapes"] for row in plan.rows()] == [24, 24]
    assert [row["landscapes_asked"] for row in plan.rows()] == [21, 21]


def test_a_task_that_does_not_fit_in_memory_is_refused(toolbox):
    study = parse_study(toolbox.content(n="1001"))
    with pytest.raises(UsageError, match=r"cells\[0\]\.n: got 1001, which needs .* available"):
        make_plan(study, body=toolbox.body, memory=2**34)
    with pytest.raises(UsageError, match=r"cells\[0\]: n = 1000: this body stops at 999"):
        make_plan(parse_study(toolbox.content(n="1000")), body=toolbox.body)


def test_hashes_follow_what_is_computed(toolbox):
    base = _plan(toolbox).cells[0].layout
    assert _plan(toolbox, landscapes=99).cells[0].layout.hash == base.hash
    assert _plan(toolbox, name="other").cells[0].layout.hash == base.hash
    for change in ({"seed": 2}, {"field": 0.5}, {"positions": True}, {"spectra": False}):
        assert _plan(toolbox, **change).cells[0].layout.hash != base.hash


GROWS = [{}, {"landscapes": 24}, {"n": "4:6"}, {"n": "6,5,4", "landscapes": 21}]
REFUSED = {
    "seed": ({"seed": 2}, "seed: 1 there, 2 here"),
    "field": ({"field": 0.5}, "parameters.field: 0.0 there, 0.5 here"),
    "positions": ({"positions": True}, "positions: False there, True here"),
    "fewer landscapes": ({"landscapes": 8}, "landscapes: got 8, allowed: at least the 20"),
    "a cell less": ({"n": "4"}, "which the study has not"),
    "another study": ({"name": "other"}, "holds the study 'demo', got 'other'"),
    "another cell": ({"n": "4,7"}, "n: 5 there, 7 here"),
}


@pytest.mark.parametrize("changes", GROWS)
def test_a_store_grows(toolbox, changes):
    stored = new_manifest(_plan(toolbox), Generation("f", {}), {})
    grown = extend_manifest(stored, _plan(toolbox, **changes), "store")
    assert [cell.hash for cell in grown.cells[:2]] == [cell.hash for cell in stored.cells]
    assert [cell.id for cell in grown.cells] == [f"c{i:04d}" for i in range(len(grown.cells))]


@pytest.mark.parametrize("name", REFUSED)
def test_a_store_refuses_everything_else(toolbox, name):
    changes, message = REFUSED[name]
    stored = new_manifest(_plan(toolbox), Generation("f", {}), {})
    with pytest.raises(UsageError) as caught:
        extend_manifest(stored, _plan(toolbox, **changes), "store")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
