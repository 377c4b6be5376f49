"""What programs and shells want of the command line: versions, completion, JSON, silence, exit codes."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.commands.report import default_folder
from morsecensus.pipeline.run.follow import follow, line
from morsecensus.pipeline.run.pace import CellPace, time_left, work_left
from morsecensus.storage.seals import seal, unseal

RUN = CliRunner()


def call(*arguments, **more):
    return RUN.invoke(app, [str(argument) for argument in arguments], **more)


@pytest.fixture
def whole(finished):
    """A store of two cells of 5 blocks of 4 landscapes."""
    return finished


@pytest.fixture
def half(whole):
    """One of its cells lacks the last three blocks: their markers lie beside it."""
    for block in (2, 3, 4):
        marker = whole / f"commits/c0001/{block:06}.json"
        marker.rename(whole.parent / marker.name)
    return whole


def test_version():
    assert call("--version").stdout == f"morsecensus {version('morsecensus')}\n"


def test_completion_is_typers():
    words = {"_MORSECENSUS_COMPLETE": "complete_bash", "COMP_WORDS": "morsecensus stat", "COMP_CWORD": "1"}
    assert call(env=words, prog_name="morsecensus").stdout.split() == ["status"]
    assert "compdef" in call(env={"_MORSECENSUS_COMPLETE": "source_zsh"}, prog_name="morsecensus").stdout


def test_run_and_repair_in_json_and_in_silence(tmp_path, whole, toolbox):
    study = tmp_path / "study.toml"
    study.write_text(toolbox.text())
    chunk = whole / "stream.zarr/c0001/energy/c.3.0"
    chunk.write_bytes(chunk.read_bytes()[:-1])
    options = ("--body", toolbox.body, "--quiet", "--json")
    done = call("repair", whole, *options)
    found = json.loads(done.stdout)
    assert (found["damaged_blocks"], found["computed_blocks"], done.stderr) == ([["c0001", 3]], 1, "")
    done = call("run", study, "--store", whole, *options)
    found = json.loads(done.stdout)
    assert (found["landscapes"], found["computed_blocks"], found["failed"]) == (40, 0, {})
    assert (found["store"], found["dataset"], done.stderr) == (str(whole), "dataset-1.zarr", "")
    assert call("run", study, "--store", whole, *options[:-1]).output == ""


def test_failed_blocks_in_json(tmp_path, toolbox, monkeypatch):
    monkeypatch.setenv("MORSECENSUS_TEST", '{"raise": ["4:0"]}')
    study = tmp_path / "study.toml"
    study.write_text(toolbox.text(n="4", landscapes=8))
    done = call("run", study, "--store", tmp_path / "run", "--body", toolbox.body, "--json", "--quiet")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["failed"] == {"c0000 block 0": "ArithmeticError: scripted failure of 4:0"}
    assert "1 blocks failed" in done.stderr
    assert call("status", tmp_path / "run").exit_code == 3


def test_status_tells_finished_from_unfinished(half):
    done = call("status", half)
    assert done.exit_code == 3
    assert "not finished: the same `morsecensus run` goes on from there" in done.stdout
    found = json.loads(call("status", half, "--json").stdout)
    assert (found["complete"], found["finished"]) == (False, False)
    for block in (2, 3, 4):
        (half.parent / f"{block:06}.json").rename(half / f"commits/c0001/{block:06}.json")
    assert call("status", half).exit_code == 0
    assert call("status", half / "nowhere").exit_code == 1


def test_a_dataset_of_other_blocks_is_not_finished(whole):
    """As after an extension that was killed before its dataset was written."""
    path = whole / "latest.json"
    path.write_bytes(seal({**unseal(path.read_bytes()), "content": "0" * 64}))
    found = json.loads(call("status", whole, "--json").stdout)
    assert (found["complete"], found["finished"]) == (True, False)


def test_following_ends_with_the_driver(half, monkeypatch):
    """A driver is there for two looks; the block that it commits between them gives a rate."""
    holders = iter([{"host": "here", "pid": 1}] * 2 + [None])
    monkeypatch.setattr("morsecensus.pipeline.run.check.holder_of", lambda files: next(holders))
    blocks, times = iter((2, 3)), iter([0.0, 2.0, 4.0])

    def wait(seconds):
        name = f"{next(blocks):06}.json"
        (half.parent / name).rename(half / "commits/c0001" / name)

    found = list(follow(str(half), wait, lambda: next(times)))
    assert [one["finished"] for one in found] == [False] * 3
    assert [one["rate"] for one in found] == [None, 2.0, 2.0]
    assert line(found[0]) == "28/40 landscapes"
    assert line(found[2]).startswith("36/40 landscapes, 2/s")


def test_following_counts_what_the_body_makes():
    found = {"cells": [{"landscapes": 8, "committed": 1, "blocks": 2, "failed": 0}], "parts": []}
    found |= {"unit": "training runs", "rate": None, "left": None, "complete": False}
    assert line(found) == "4/8 training runs"


def test_follow_of_a_run_that_nobody_computes(half):
    done = call("status", half, "--follow")
    assert done.exit_code == 3
    assert "28/40 landscapes" in done.stderr


def test_time_left_weighs_cells():
    """The small cell is done, 0.1 s a landscape; of the large one, planned at ten times that, nothing."""
    cells = [CellPace(100, 100, 10.0, 0.2), CellPace(100, 0, 0.0, 2.0)]
    assert work_left(cells) == pytest.approx(100.0)
    assert time_left(cells, before=0.0, elapsed=5.0) == pytest.approx(50.0)  # two workers
    assert time_left(cells, before=10.0, elapsed=5.0) is None
    assert work_left([CellPace(100, 50, 5.0), CellPace(10)]) == pytest.approx(6.0)  # no plan: the mean
    assert work_left([CellPace(10)]) is None
    assert work_left([CellPace(100, 100, 10.0)]) == 0.0


def _options():
    for command, known in typer.main.get_command(app).commands.items():
        for option in known.params:
            yield command, option.name, option


def test_landscape_is_a_number_of_one_and_landscapes_are_how_many():
    found = {(command, name): option for command, name, option in _options() if name.startswith("landscape")}
    assert {command for command, name in found if name == "landscape"} >= {"census", "enumerate", "couplings"}
    for (_, name), option in found.items():
        assert option.help.startswith("Number of the landscape" if name == "landscape" else "Landscapes ")


def test_out_is_a_new_file_or_a_folder_and_nothing_is_written_without():
    """But for commands whose whole purpose the file is, and a report, which goes into its store."""
    found = {command: option for command, name, option in _options() if name == "out"}
    files = {"init", "examples", "couplings", "export", "explore"}
    assert {command for command, option in found.items() if option.help.startswith("A new file")} == files
    others = {command: option for command, option in found.items() if command not in files}
    assert all(option.help.startswith("A folder for ") for option in others.values())
    assert all(option.default is None for option in others.values())


def test_a_report_goes_into_its_store_and_is_listed(whole, monkeypatch):
    asked = []

    def write(store, out, check, partial, made, tell):
        tell("measuring", "0 of 1 cells")
        asked.append((partial, made))
        for name in ("report.html", "figures/counts.svg", "tables/cells.csv"):
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).touch()
        return out / "report.html"

    monkeypatch.setattr("morsecensus.analysis.report.write_report", write)
    folder = f"{whole}/report"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    monkeypatch.setenv("MORSECENSUS_COMMIT", "0123abc")
    monkeypatch.setattr("sys.argv", ["/somewhere/morsecensus", "report", "a b", "--partial"])
    assert call("report", whole, "--partial").stdout == f"{folder}/report.html\n"
    partial, made = asked.pop()
    assert partial is True
    assert made["date"] == "1970-01-02"
    assert made["git commit"] == "0123abc"
    assert made["command"] == "morsecensus report 'a b' --partial"
    assert made["morsecensus"] == version("morsecensus")
    assert call("report", whole).stdout == f"{folder}/report.html\n"
    assert asked.pop()[0] is False
    assert json.loads(call("report", whole, "--json").stdout) == {
        "store": str(whole),
        "page": f"{folder}/report.html",
        "figures": [f"{folder}/figures/counts.svg"],
        "tables": [f"{folder}/tables/cells.csv"],
    }
    assert call("report", whole, "--quiet", "--out", whole.parent / "mine").output == ""
    assert (whole.parent / "mine/report.html").exists()
    found = json.loads(call("verify", whole, "--json").stdout)
    assert (found["problems"], found["leftovers"]) == ([], [])
    assert default_folder("s3://bucket/runs/demo/") == Path("demo-report")
