"""Commands on a store that means harm: bodies of its own choice, names that play with the terminal."""

import pytest
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.storage.seals import seal, unseal

NAME = "a\x1b[2J\u202e[/bold][link=http://x]\n"


@pytest.fixture
def store(tmp_path, toolbox):
    toolbox.run(toolbox.content(n="4", landscapes=4), tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def edit(store):
    """Change run.json as somebody would who knows the format."""

    def change(cell=None, **entries):
        record = unseal((store / "run.json").read_bytes()) | entries
        record["cells"][0] |= cell or {}
        (store / "run.json").write_bytes(seal(record))

    return change


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def bomb(tmp_path, monkeypatch):
    """A module that leaves a file behind when it is imported."""
    (tmp_path / "bomb.py").write_text(
        "from pathlib import Path\n(Path(__file__).parent / 'exploded').touch()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    yield "bomb:run_block"
    assert not (tmp_path / "exploded").exists()


def test_a_store_chooses_no_body(store, edit, bomb):
    (store / "commits/c0000/000000.json").unlink()
    for name in (bomb, "os:system", "builtins:exec"):
        edit({"body": name})
        for command in (("verify", store, "--deep"), ("repair", store)):
            result = call(*command)
            assert result.exit_code == 2
            assert f"its blocks are computed by '{name}', allowed: tasks.block:run_block" in result.stderr
            assert len(result.stderr.splitlines()) == 1
        assert call("verify", store).exit_code == 0
        assert call("status", store).exit_code == 3  # a block is open
    assert not (store / "commits/c0000/000000.json").exists()


def test_a_study_goes_on_with_its_own_body_only(store, edit, toolbox, tmp_path, bomb):
    edit({"body": bomb})
    path = tmp_path / "study.toml"
    path.write_text(toolbox.text(n="4", landscapes=8))
    result = call("run", path, "--store", store, "--body", toolbox.body)
    assert result.exit_code == 2
    assert "body is 'bomb:run_block' in the store and 'synthetic_body:run_block'" in result.stderr


def test_names_do_not_play_with_the_terminal(store, edit):
    edit({"spec": {"model": NAME, "parameters": {"xi": NAME, NAME: NAME}, "n": NAME}}, name=NAME)
    result = call("status", store)
    assert result.exit_code == 0, result.output
    assert all(line.isprintable() for line in result.output.split("\n"))
    assert "a\\x1b[2J\\u202e[/bold]" in result.output


def test_a_cell_outside_of_the_store_is_refused_by_every_command(store, edit, tmp_path):
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim/000000.json").write_text("precious")
    edit({"id": "../../victim"})
    for command in ("status", "verify", "repair", "report"):
        result = call(command, store)
        assert result.exit_code == 1
        assert "run.json: a cell is called '../../victim'" in result.stderr
    assert (tmp_path / "victim/000000.json").read_text() == "precious"
