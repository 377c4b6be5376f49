import json
import subprocess
import sys
import time

import pytest
import typer
from typer.testing import CliRunner

from morsecensus.pipeline.cli import console
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.cli.console import user_errors

COMMANDS = (
    "run",
    "compact",
    "plan",
    "status",
    "verify",
    "repair",
    "predict",
    "census",
    "enumerate",
    "explore",
    "mean-field",
    "report",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("cli") / "run"


@pytest.fixture
def call(tmp_path, toolbox):
    def run(*arguments, study=None):
        if study is not None:
            path = tmp_path / "study.toml"
            path.write_text(study)
            arguments = (arguments[0], str(path), *arguments[1:])
        if study is not None or arguments[0] in ("verify", "repair"):
            arguments = (*arguments, "--body", toolbox.body)
        return CliRunner().invoke(app, [str(a) for a in arguments])

    return run


@pytest.fixture
def made(call, store, toolbox):
    if not store.exists():
        assert call("run", "--store", store, study=toolbox.text()).exit_code == 0
    return store


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(call, command):
    result = call(command, "--help")
    assert result.exit_code == 0
    assert f"Example: morsecensus {command}" in result.output


def test_help_is_quick():
    heavy = ("jax", "ray", "zarr", "xarray", "numpy")
    code = f"import morsecensus.pipeline.cli.app, sys; print([m for m in {heavy} if m in sys.modules])"
    started = time.perf_counter()
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
    assert time.perf_counter() - started < 5  # a loaded machine; 0.2 s on an idle one


def test_plan_in_json(call, toolbox):
    result = call("plan", "--json", study=toolbox.text(landscapes=21))
    rows = json.loads(result.stdout)
    assert [(row["n"], row["blocks"], row["landscapes"]) for row in rows] == [(4, 6, 24), (5, 6, 24)]
    assert all(row["memory_bytes_per_task"] > 0 and row["disk_bytes"] > 0 for row in rows)
    assert "21 landscapes asked, 24 computed" in call("plan", study=toolbox.text(landscapes=21)).output


def test_plan_says_which_finder_and_why(call, toolbox):
    text = toolbox.text(n="4", finder="auto")
    (row,) = json.loads(call("plan", "--json", study=text).stdout)
    assert row["finder"] == "homotopy"
    assert row["finder_choice"].startswith("15 paths")
    assert f"c0000: homotopy: {row['finder_choice']}" in call("plan", study=text).output
    (named,) = json.loads(call("plan", "--json", study=toolbox.text(n="4", finder="homotopy")).stdout)
    assert named == {**row, "finder_choice": None}


@pytest.mark.parametrize(
    ("n", "cell", "short"),
    [
        ("8", "", None),
        ("60", "", "use finder low-index"),
        ("8", "options = { max_rounds = 1, starts_per_round = 64 }\n", "use finder low-index"),
        ("8", "options = { max_rounds = 1, starts_per_round = 4096 }\n", None),
        ("60", 'finder = "low-index"\noptions = { max_index = 1 }\n', None),
        ("200", 'finder = "low-index"\noptions = { max_index = 1 }\n', "lower max_index"),
        ("60", 'finder = "sampled-homotopy"\noptions = { paths = 64 }\n', None),
    ],
)
def test_plan_points_out_budgets_that_close_nothing(tmp_path, n, cell, short):
    (row,), said = _planned(tmp_path, f"n = {n}\n{cell}")
    assert ("c0000: most landscapes will stay open" in said) == (short is not None)
    assert short is None or (row["budget"] < 0.5 and short in said)


def _planned(folder, cell):
    """What `plan` says of two landscapes, as rows and as text."""
    path = folder / "study.toml"
    path.write_text(f'name = "a"\nseed = 1\n[[cells]]\nxi = "q^3"\nlandscapes = 2\n{cell}')
    rows, said = (CliRunner().invoke(app, ["plan", str(path), *more]).stdout for more in (["--json"], []))
    return json.loads(rows), said


def test_no_plan_takes_longer_than_its_budget(tmp_path):
    """2,048 starts of some 1e-4 s, whatever there is to find."""
    (row,), _ = _planned(tmp_path, "n = 40\noptions = { max_rounds = 1 }\n")
    assert 0.1 < row["seconds"] / 2 < 1


def test_a_run_says_that_it_computes_whole_blocks(call, toolbox, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr("morsecensus.pipeline.run.run.note", said.append)
    call("run", "--store", tmp_path / "store", study=toolbox.text(n="4", landscapes=21))
    assert said == ["c0000: 21 landscapes asked, 24 computed: blocks of 4 are always whole"]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("max_paths: got 2, allowed: 3", "--max-paths: got 2, allowed: 3"),
        ("n: got 9; raise max_paths", "--n: got 9; raise --max-paths"),
        ("a.toml: max_paths of n: no", "a.toml: --max-paths of n: no"),
        ('cells[0].max_paths: got 2, "max_paths" is no n', 'cells[0].max_paths: got 2, "max_paths" is no n'),
        ("--max-paths: got 0", "--max-paths: got 0"),
        ("--option max_paths: got 0", "--option max_paths: got 0"),
    ],
)
def test_messages_name_options_as_they_are_typed(monkeypatch, text, typed):
    monkeypatch.setattr(console, "_options", {"max_paths": "--max-paths", "n": "--n"})
    assert console._as_typed(text) == typed


def test_a_table_has_a_column_for_each_parameter_of_any_model(call, toolbox):
    other = '[[cells]]\nmodel = "distinct"\nn = 9\nlandscapes = 4\n'
    lines = call("plan", study=toolbox.text(n="4", landscapes=4) + other).output.splitlines()
    rows = [line.split() for line in lines if line.startswith(("  cell", "  c0"))]
    head, pspin, distinct = (dict(zip(rows[0], row, strict=False)) for row in rows)
    assert "p" in head
    assert (pspin["xi"], pspin["field"], pspin["n"]) == ("q^3", "0", "4")
    assert (distinct["xi"], distinct["field"], distinct["n"]) == ("-", "-", "9")


def test_status_and_verify_in_json(call, made):
    found = json.loads(call("status", made, "--json").stdout)
    assert found["complete"]
    assert found["running"] is None
    assert [(cell["blocks"], cell["committed"], cell["failed"]) for cell in found["cells"]] == [(5, 5, 0)] * 2
    assert "dataset-1.zarr" in call("status", made).output
    result = call("verify", made, "--deep", "--blocks", "2", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["problems"], found["deep"]) == ([], {"computed": 4, "bitwise": 4})


def test_damage_is_named_and_repaired(call, made):
    before = _bytes_but_of_markers(made)
    cut, flipped = made / "stream.zarr/c0001/energy/c.3.0", made / "stream.zarr/c0000/energy/c.1.0"
    cut.write_bytes(cut.read_bytes()[:-1])
    data = flipped.read_bytes()
    flipped.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    (made / "dataset-7.zarr").mkdir()
    (made / "dataset-7.zarr/zarr.json").write_text("{")
    cut.with_name("c.2.0.1.partial").write_bytes(b"half")
    result = call("verify", made)
    assert result.exit_code == 1
    assert "c0001 block 3: stream.zarr/c0001/energy/c.3.0 is cut" in result.output
    assert "c0000 block 1: stream.zarr/c0000/energy/c.1.0 is changed" in result.output
    found = json.loads(call("verify", made, "--json").stdout)
    assert len(found["problems"]) == 2
    assert set(found["leftovers"]) == {"stream.zarr/c0001/energy/c.2.0.1.partial", "dataset-7.zarr"}
    assert call("repair", made).exit_code == 0
    found = json.loads(call("verify", made, "--json").stdout)
    assert (found["problems"], found["leftovers"]) == ([], [])
    assert call("verify", made).exit_code == 0
    assert _bytes_but_of_markers(made) == before


def _bytes_but_of_markers(store):
    return {p: p.read_bytes() for p in store.rglob("*") if p.is_file() and "commits" not in p.parts}


def test_what_comes_out_differently_is_named(call, made, toolbox, monkeypatch):
    """The negative control of --deep: another seed in run.json, everything else consistent."""
    from morsecensus.storage.seals import seal, unseal

    path = made / "run.json"
    text = path.read_bytes()
    record = unseal(text)
    record["cells"][0]["spec"]["seed"] = 2
    path.write_bytes(seal(record))
    result = call("verify", made, "--deep", "--blocks", "1")
    path.write_bytes(text)
    assert result.exit_code == 1
    assert "c0000 block 0: stream.zarr/c0000/energy/c.0.0 comes out differently" in result.output


MISTAKES = {
    "no study": (("run", "nowhere.toml"), 2, "cannot read the study"),
    "a folder as study": (("plan", "."), 2, "cannot read the study"),
    "no store": (("status", "nowhere"), 1, "no run here"),
    "a store that is a file": (("verify", "pyproject.toml"), 1, "pyproject.toml"),
    "text for an integer": (
        ("predict", "--xi", "q^3", "--n", "4", "--max-index", "2x"),
        2,
        "morsecensus: --max-index: got '2x', allowed: integers\n",
    ),
    "text for a number": (
        ("census", "--xi", "q^3", "--n", "4", "--seed", "1", "--field", "\x1b[2J"),
        2,
        "morsecensus: --field: got '\\x1b[2J', allowed: numbers\n",
    ),
    "unknown option": (("run", "--colour"), 2, "No such option"),
    "no store to compact": (("compact", "nowhere"), 1, "no run here"),
    "no command": (("frobnicate",), 2, "No such command"),
    "unknown scheme": (("status", "nosuch://x"), 1, "cannot open nosuch://x"),
    "bad n": (("predict", "--xi", "q^3", "--n", "1"), 2, "--n: got '1', allowed: integers from 2"),
    "a parameter twice": (
        ("predict", "--xi", "q^3", "--n", "4", "--set", "xi=q^4"),
        2,
        "--xi: given, and again by --set, allowed: once",
    ),
    "bad xi": (("predict", "--xi", "q", "--n", "4"), 2, "xi"),
    "bad field": (("predict", "--xi", "q^3", "--n", "4", "--field", "-1"), 2, "--field: got -1"),
    "no xi": (("predict", "--n", "4"), 2, "--xi: missing, it has no default"),
    "unknown model": (
        ("predict", "--model", "ising", "--n", "4"),
        2,
        "--model: got 'ising', allowed: factorised, matrix-tensor",
    ),
    "xi of another model": (
        ("predict", "--model", "partite", "--xi", "q^3", "--n", "4"),
        2,
        "--xi: got 'q^3' with --model partite, allowed: --sizes",
    ),
    "sizes of another model": (
        ("predict", "--xi", "q^3", "--sizes", "1,1", "--n", "4"),
        2,
        "--sizes: got '1,1' with --model pspin, allowed: --xi, --field",
    ),
    "bad sizes": (("predict", "--model", "partite", "--sizes", "1", "--n", "4"), 2, "--sizes: got '1'"),
    "too large": (("predict", "--model", "partite", "--n", "500"), 2, "of dimension 1497; allowed is"),
    "bad max index": (("predict", "--xi", "q^3", "--n", "4", "--max-index", "-1"), 2, "--max-index: got -1"),
    "large max index": (
        ("predict", "--xi", "q^3", "--n", "4", "--max-index", "4"),
        2,
        "--max-index: got 4 for n = 4; allowed is 0 .. 3",
    ),
    "max index of another": (
        ("predict", "--model", "partite", "--n", "3", "--max-index", "1"),
        2,
        "--max-index: got 1 for partite, allowed: for models with exact numbers of low index",
    ),
    "bad energy": (("predict", "--xi", "q^3", "--n", "4", "--energy", "1"), 2, "--energy: got '1'"),
    "paths into a file": (
        ("enumerate", "--xi", "q^3", "--n", "4", "--seed", "1", "--store", "pyproject.toml"),
        2,
        "--store: cannot use pyproject.toml",
    ),
    "paths nowhere": (
        ("enumerate", "--xi", "q^3", "--n", "4", "--seed", "1", "--store", "/proc/none"),
        2,
        "--store: cannot use /proc/none",
    ),
    "a page that is there": (
        ("explore", "--xi", "q^3", "--n", "3", "--out", "pyproject.toml"),
        2,
        "--out: pyproject.toml is there already",
    ),
    "a page nowhere": (("explore", "--xi", "q^3", "--n", "3", "--out", "/proc/x.html"), 2, "--out: cannot"),
    "pages without a store": (
        ("explore", "--xi", "q^3", "--n", "3", "--landscapes", "5"),
        2,
        "--landscapes:",
    ),
    "a report in a file": (
        ("report", "nowhere", "--out", "pyproject.toml"),
        2,
        "is a file, allowed: a folder",
    ),
    "blocks of nothing": (("verify", "nowhere", "--blocks", "3"), 2, "--blocks: got 3 without --deep"),
    "positions unseen": (("census", "--xi", "q^3", "--n", "5", "--positions"), 2, "--positions: got without"),
    "looks too late": (("mean-field", "--xi", "q^3", "--looks", "1e12"), 2, "--looks: got 1e+12, allowed: l"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_one_line_and_an_exit_code(call, name):
    arguments, code, message = MISTAKES[name]
    result = call(*arguments)
    assert result.exit_code == code, result.output
    assert message in result.output
    assert "Traceback" not in result.output
    # typer shows its own usage line before the errors that it finds itself
    own = [
        line for line in result.stderr.strip().splitlines() if line and not line.startswith(("Usage", "Try"))
    ]
    assert len(own) == 1


RUN_MISTAKES = {
    "backend": (("--backend", "dask"), 2, "--backend: got 'dask', allowed: serial or ray"),
    "workers": (("--workers", "0"), 2, "--workers: got 0"),
    "serial workers": (("--workers", "2"), 2, "use --backend ray"),
    "address without ray": (("--address", "auto"), 2, "--address: allowed only with --backend ray"),
    "part 0": (("--part", "0/4"), 2, "--part: got '0/4', allowed: I/N with 1 <= I <= N"),
    "part beyond": (("--part", "5/4"), 2, "--part: got '5/4'"),
    "no part": (("--part", "x"), 2, "--part: got 'x'"),
    "unwritable": (("--store", "/proc/nowhere"), 2, "cannot write /proc/nowhere"),
    "below a file": (("--store", "/etc/hostname/run"), 2, "--store: cannot"),
}


@pytest.mark.parametrize("name", RUN_MISTAKES)
def test_mistakes_of_run(call, tmp_path, toolbox, name):
    arguments, code, message = RUN_MISTAKES[name]
    if "--store" not in arguments:
        arguments = (*arguments, "--store", tmp_path / "run")
    result = call("run", *arguments, study=toolbox.text())
    assert result.exit_code == code, result.output
    assert message in result.output
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_truncated_store_is_refused_untouched(call, made, toolbox):
    path = made / "run.json"
    text = path.read_bytes()
    before = {p: p.read_bytes() for p in made.rglob("*") if p.is_file()}
    for damaged in (text[:100], text[:50] + bytes([text[50] ^ 1]) + text[51:]):
        path.write_bytes(damaged)
        commands = [(("run", "--store", made), toolbox.text())]
        commands += [((name, made), None) for name in ("status", "verify", "repair")]
        for arguments, study in commands:
            result = call(*arguments, study=study)
            assert result.exit_code == 1
            assert "run.json is damaged" in result.stderr
            assert len(result.stderr.strip().splitlines()) == 1
        assert {p: p.read_bytes() for p in made.rglob("*") if p.is_file()} == before | {path: damaged}
        path.write_bytes(text)


def test_failures_of_blocks_give_exit_code_1(call, tmp_path, toolbox, monkeypatch):
    monkeypatch.setenv("MORSECENSUS_TEST", '{"raise": ["4:0"]}')
    result = call("run", "--store", tmp_path / "run", study=toolbox.text(n="4", landscapes=4))
    assert result.exit_code == 1
    assert "1 blocks failed" in result.stderr
    assert "scripted failure of 4:0" in result.stderr
    assert "Traceback" not in result.output


def test_what_the_system_refuses_is_one_line(capsys):
    with pytest.raises(typer.Exit) as caught, user_errors():
        raise OSError(28, "No space left on device", "/somewhere/file")
    assert caught.value.exit_code == 1
    assert capsys.readouterr().err.strip() == "morsecensus: /somewhere/file: No space left on device"
