"""The paths of one landscape in a store: killed, cut, of another landscape, and what commands say of it."""

import json
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

import morsecensus as mc
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.commands.enumerate import cell_spec, path_store, verdict
from morsecensus.pipeline.commands.how_far import told
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.worker.path_store import HEADER, PathStore, claim, how_far
from morsecensus.storage.files import open_files
from morsecensus.storage.local_files import PARTIAL
from morsecensus.tasks.records.enumerate import enumerate_one

SPEC = cell_spec("pspin", {"xi": "q^3"}, 5, 1, 100, 2)
TIMES = ("seconds", "paths_per_second", "damaged_pieces")


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def enumerated(store, n=5):
    result = run(
        "enumerate",
        "--xi",
        "q^3",
        "--n",
        n,
        "--seed",
        2,
        "--certify",
        "real",
        "--points",
        "--json",
        "--store",
        store,
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def same(one, other):
    return {k: v for k, v in one.items() if k not in TIMES} == {
        k: v for k, v in other.items() if k not in TIMES
    }


def test_a_cut_piece_is_named_and_followed_again(tmp_path):
    store = tmp_path / "paths"
    first = enumerated(store)
    assert first["damaged_pieces"] == 0
    assert run("verify", store).exit_code == 0
    piece = next((store / "pieces").iterdir())
    piece.write_bytes(piece.read_bytes()[:-100])
    found = run("verify", store)
    assert found.exit_code == 1
    assert piece.name in found.output
    refused = run("repair", store)
    assert refused.exit_code == 2
    assert "enumerate" in refused.output
    again = enumerated(store)
    assert again["damaged_pieces"] == 1
    assert same(again, first)
    assert run("verify", store).exit_code == 0


def test_pieces_from_before_have_no_rate(tmp_path):
    first, again = (enumerate_one(SPEC, 0, store=path_store(tmp_path / "paths", SPEC, 0)) for _ in range(2))
    assert first["paths_per_second"] > 0
    assert again["paths_per_second"] is None
    assert same(again, first)
    assert "no rate: pieces of the store" in verdict({**again, "damaged_pieces": 0})[-1]
    assert "paths/s" in verdict({**first, "damaged_pieces": 0})[-1]


@pytest.mark.parametrize("change", [{"n": 6}, {"seed": 7}, {"parameters": {"xi": "q^4", "field": 0.0}}])
def test_paths_of_another_landscape_are_refused(tmp_path, change):
    files = open_files(str(tmp_path))
    claim(files, SPEC, 3)
    claim(files, {**SPEC, "finder_options": {}}, 3)
    with pytest.raises(UsageError, match=f"another landscape \\({next(iter(change))}"):
        claim(files, {**SPEC, **change}, 3)
    with pytest.raises(UsageError, match="another landscape \\(landscape: 3 there, 4 here"):
        claim(files, SPEC, 4)


def test_a_folder_with_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    result = run("enumerate", "--xi", "q^3", "--n", 4, "--seed", 1, "--store", tmp_path)
    assert result.exit_code == 2
    assert "thesis.tex" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_header_that_a_kill_left_half_written_stops_nobody(tmp_path):
    (tmp_path / f"{HEADER}.0123456789abcdef{PARTIAL}").write_text("")
    assert run("enumerate", "--xi", "q^3", "--n", 4, "--seed", 1, "--store", tmp_path).exit_code == 0


def test_killed_at_any_moment_it_ends_with_the_same_points(tmp_path):
    """SIGKILL to command and worker while pieces are written; the same command goes on."""
    store = tmp_path / "paths"
    command = [
        "enumerate",
        "--xi",
        "q^3",
        "--n",
        "13",
        "--seed",
        "2",
        "--certify",
        "real",
        "--store",
        str(store),
    ]
    kills = 0
    for pieces in (1, 4):
        process = subprocess.Popen(
            [sys.executable, "-m", "morsecensus", *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while process.poll() is None and len(list(store.glob("pieces/*"))) < pieces:
            time.sleep(0.01)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills
    before = {path.name: path.read_bytes() for path in store.glob("pieces/paths-*[0-9a-f]")}
    again, whole = enumerated(store, n=13), enumerated(tmp_path / "other", n=13)
    assert again["complete"]
    assert again["paths"] == 8191
    assert same(again, whole)
    for name, data in before.items():
        assert (tmp_path / "other/pieces" / name).read_bytes() == data


def test_python_goes_on_with_the_same_store(tmp_path):
    first = enumerated(tmp_path, n=5)
    again = mc.enumerate("q^3", 5, seed=2, certify="real", store=tmp_path)
    assert again.total == first["total"]
    assert len(list((tmp_path / "pieces").iterdir())) == 1
    with pytest.raises(UsageError, match="another landscape"):
        mc.enumerate("q^3", 6, seed=2, store=tmp_path)


def test_how_far_it_is_comes_with_what_is_left(tmp_path, monkeypatch):
    note, shown, now = tmp_path / "note.json", [], [0.0]
    monkeypatch.setattr("morsecensus.pipeline.phases.detail", shown.append)
    show = told(note, lambda: now[0])
    show()
    store = PathStore(None, str(note))
    for second, done in ((0.0, 0), (10.0, 250), (20.0, 1000)):
        now[0] = second
        store._told = -1e9  # no waiting for the next note
        store.tell("paths followed", done, 1000)
        show()
    assert shown == [
        "0 of 1000 paths followed",
        "250 of 1000 paths followed, 30 s left",
        "1000 of 1000 paths followed",
    ]
    PathStore(None, str(tmp_path / "none" / "note.json")).tell("paths followed", 0, 1)
    assert how_far(tmp_path / "none" / "note.json") is None
