import errno
import json
import os
import shutil
import signal
from collections import Counter
from contextlib import contextmanager

import numpy as np
import pytest

from morsecensus.pipeline.errors import Interrupted, RunError, UsageError
from morsecensus.pipeline.run import run as run_module
from morsecensus.pipeline.run.check import repair_store, status
from morsecensus.pipeline.run.compaction import compact_store
from morsecensus.pipeline.run.plan import make_plan
from morsecensus.pipeline.run.run import Settings, continue_run
from morsecensus.pipeline.stopping import StopRequest
from morsecensus.pipeline.study.study import parse_study
from morsecensus.pipeline.worker.worker import _open
from morsecensus.storage.compact import compact
from morsecensus.storage.dataset import dataset_hash
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import RUN, Generation
from morsecensus.storage.lease import acquire
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import add_generation, open_run
from morsecensus.storage.verify import verify
from morsecensus.tasks.measurables.words import CLOSED, COMPLETE, ERROR, FEW_HITS, OPEN
from support.processes import alive, descendants, wait_until


def _calls(folder):
    """Return how often each "n-block" was computed."""
    names = [path.name for path in folder.iterdir()]
    return Counter(name.rpartition("-")[0] for name in names)


def _sound(store):
    report = verify(open_run(str(store)))
    assert report.problems == []
    assert report.done == report.planned


def test_resumed_after_kill_is_uninterrupted(tmp_path, toolbox, reference):
    store, calls = tmp_path / "run", tmp_path / "calls"
    calls.mkdir()
    script = {"seconds": 0.15, "calls": str(calls)}
    driver = toolbox.driver(toolbox.text(), store, script=script)
    driver.wait_for_markers(3)
    os.kill(driver.process.pid, signal.SIGKILL)
    driver.finish()
    committed = {path.stem for path in (store / "commits/c0000").glob("*.json")}
    assert len(committed) >= 3
    before = _calls(calls)
    outcome = toolbox.run(toolbox.content(), store, script={"calls": str(calls)})
    assert dataset_hash(str(store)) == reference["small"]
    _sound(store)
    again = _calls(calls) - before
    assert sum(again.values()) == outcome.computed_blocks
    assert not {f"4-{int(block)}" for block in committed} & set(again), (
        "committed blocks are not computed again"
    )
    assert sum(again.values()) == 10 - len(committed)


def test_the_worker_dies_with_its_driver(tmp_path, toolbox):
    store, calls = tmp_path / "run", tmp_path / "calls"
    calls.mkdir()
    driver = toolbox.driver(toolbox.text(), store, script={"hold": ["4:0"], "calls": str(calls)})
    wait_until(lambda: _calls(calls))
    below = descendants(driver.process.pid)
    assert below
    os.kill(driver.process.pid, signal.SIGKILL)
    driver.finish()
    wait_until(lambda: not any(map(alive, below)))
    assert len(_calls(calls)) == 1
    assert list(store.glob("commits/*/*")) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_cleanly_and_the_next_run_goes_on(tmp_path, toolbox, reference, number, code):
    store = tmp_path / "run"
    driver = toolbox.driver(toolbox.text(), store, script={"hold": ["4:2"]})
    driver.wait_for_markers(2)
    os.kill(driver.process.pid, number)
    returned, _, err = driver.finish()
    assert returned == code
    assert "the same command goes on" in err
    assert "Traceback" not in err
    assert not (store / "lease.json").exists()
    assert not (store / "latest.json").exists()
    toolbox.run(toolbox.content(), store)
    assert dataset_hash(str(store)) == reference["small"]


def test_extended_is_run_at_once(tmp_path, toolbox, reference):
    store, calls = tmp_path / "run", tmp_path / "calls"
    calls.mkdir()
    toolbox.run(toolbox.content(), store)
    first = dataset_hash(str(store))
    assert first == reference["small"]
    outcome = toolbox.run(toolbox.content(n="4:6", landscapes=32), store, script={"calls": str(calls)})
    assert outcome.dataset == "dataset-2.zarr"
    assert outcome.computed_blocks == sum(_calls(calls).values()) == 3 + 3 + 8
    assert dataset_hash(str(store)) == reference["large"] != first
    _sound(store)


def test_a_finished_run_computes_nothing(finished, tmp_path, toolbox):
    store, calls = finished, tmp_path / "calls"
    calls.mkdir()
    before = {p: p.read_bytes() for p in store.rglob("*") if p.is_file()}
    outcome = toolbox.run(toolbox.content(), store, script={"calls": str(calls)})
    assert (outcome.computed_blocks, outcome.landscapes) == (0, 40)
    assert not _calls(calls)
    assert {p: p.read_bytes() for p in store.rglob("*") if p.is_file()} == before


def test_a_block_that_fails_is_recorded_and_tried_again(tmp_path, toolbox, reference):
    store, calls = tmp_path / "run", tmp_path / "calls"
    calls.mkdir()
    script = {"raise": ["4:1"], "exit": ["5:2"], "calls": str(calls)}
    outcome = toolbox.run(toolbox.content(), store, script=script)
    assert set(outcome.failed) == {"c0000 block 1", "c0001 block 2"}
    assert outcome.failed["c0000 block 1"] == "ArithmeticError: scripted failure of 4:1"
    assert "died 4 times (exit code 7)" in outcome.failed["c0001 block 2"]
    assert _calls(calls)["4-1"] == 1, "exceptions are not retried"
    assert _calls(calls)["5-2"] == 4, "a dying worker is"
    record = unseal((store / "failed/c0000/000001.json").read_bytes())
    assert record["landscapes"] == [4, 5, 6, 7]
    assert "ArithmeticError" in record["traceback"]
    report = verify(open_run(str(store)))
    assert (report.problems, report.done, report.failed) == ([], 8, 2)
    toolbox.run(toolbox.content(), store)
    assert dataset_hash(str(store)) == reference["small"]
    assert verify(open_run(str(store))).failed == 0


@pytest.mark.parametrize("where", ["full", "full when written"])
def test_a_full_disk_stops_the_run_and_is_no_failure_of_a_block(tmp_path, toolbox, reference, where):
    store, calls = tmp_path / "run", tmp_path / "calls"
    calls.mkdir()
    with pytest.raises(RunError, match="disk is full: free space, then run again"):
        toolbox.run(toolbox.content(), store, script={where: ["4:3"], "calls": str(calls)})
    assert _calls(calls)["4-3"] == 1, "never retried"
    assert not (store / "failed").exists()
    report = verify(open_run(str(store)))
    assert (report.problems, report.failed) == ([], 0)
    toolbox.run(toolbox.content(), store)
    _sound(store)
    assert dataset_hash(str(store)) == reference["small"]


def test_a_store_that_cannot_be_written_stops_the_run(finished, toolbox, reference):
    store = finished
    (store / "commits/c0000/000003.json").unlink()
    blocked = store / "stream.zarr/c0000/energy"
    blocked.rename(store / "away")
    blocked.write_text("a file where a folder must be")
    with pytest.raises(RunError, match="cannot write the store"):
        continue_run(str(store), Settings(), _quiet())
    assert not (store / "failed").exists()
    blocked.unlink()
    (store / "away").rename(blocked)
    toolbox.run(toolbox.content(), store)
    assert dataset_hash(str(store)) == reference["small"]


@pytest.mark.parametrize(
    "name", ["leases.take_whole", "run.write_manifest", "session.record_failure", "ending.compact"]
)
@pytest.mark.parametrize(
    ("number", "text"),
    [(errno.ENOSPC, "disk is full: free space, then run again"), (errno.EROFS, "cannot write")],
)
def test_what_the_driver_itself_cannot_write_stops_the_run(
    tmp_path, toolbox, reference, monkeypatch, name, number, text
):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    store = tmp_path / "run"
    with monkeypatch.context() as context:
        context.setattr(f"morsecensus.pipeline.run.{name}", refuse)
        with pytest.raises((RunError, UsageError), match=text):
            toolbox.run(toolbox.content(), store, script={"raise": ["4:1"]})
    toolbox.run(toolbox.content(), store)
    assert dataset_hash(str(store)) == reference["small"]


def test_repair_writes_damaged_metadata_again(finished, toolbox, reference):
    store = finished
    stream = {path: path.read_bytes() for path in (store / "stream.zarr").rglob("*") if path.is_file()}
    (store / "stream.zarr/c0000/energy/zarr.json").write_text("{")
    assert [problem.kind for problem in verify(open_run(str(store))).problems] == ["metadata"]
    repair_store(str(store), Settings(), _quiet(), body=toolbox.body)
    _sound(store)
    assert {path: path.read_bytes() for path in stream} == stream
    assert dataset_hash(str(store)) == reference["small"]


def _quiet():
    from rich.console import Console

    return Console(quiet=True)


def test_another_environment_is_refused_or_kept_apart(finished, toolbox):
    store = finished
    record = unseal((store / RUN).read_bytes())
    record["generations"][0]["environment"]["packages"]["jax"] = "0.1"
    record["generations"][0]["fingerprint"] = "older"
    (store / RUN).write_bytes(seal(record))
    for path in (store / "commits").rglob("*.json"):
        path.write_bytes(seal(unseal(path.read_bytes()) | {"fingerprint": "older"}))
    (store / "commits/c0000/000002.json").unlink()
    with pytest.raises(RunError, match=r"another environment .*packages\.jax: 0\.1 / .*--allow-environment"):
        toolbox.run(toolbox.content(), store)
    outcome = toolbox.run(toolbox.content(), store, allow_environment=True)
    assert outcome.computed_blocks == 1
    assert (store / "generation-1/commits/c0000/000002.json").exists()
    assert not (store / "commits/c0000/000002.json").exists()
    _sound(store)
    assert toolbox.run(toolbox.content(), store).computed_blocks == 0


def test_two_drivers_never_share_a_store(finished, toolbox):
    store = finished
    from morsecensus.storage.errors import StoreError

    with acquire(open_run(str(store)).files), pytest.raises(StoreError, match="another driver"):
        toolbox.run(toolbox.content(), store)


@pytest.mark.parametrize("every", [1, 3])
def test_a_run_that_rolls_up_its_markers_is_the_same_run(tmp_path, toolbox, reference, monkeypatch, every):
    monkeypatch.setattr("morsecensus.pipeline.run.session.FRESH", 1)
    monkeypatch.setattr("morsecensus.pipeline.run.session.ROLL_UP_EVERY", every)
    store = tmp_path / "run"
    toolbox.run(toolbox.content(), store, script={"raise": ["4:1"]})
    assert sorted(path.name for path in (store / "rollup").iterdir()) == ["c0000.json", "c0001.json"]
    outcome = toolbox.run(toolbox.content(), store)
    assert (outcome.computed_blocks, outcome.landscapes) == (1, 40)
    assert dataset_hash(str(store)) == reference["small"]
    _sound(store)
    before = {p: p.read_bytes() for p in store.rglob("*") if p.is_file()}
    assert toolbox.run(toolbox.content(), store).computed_blocks == 0
    assert {p: p.read_bytes() for p in store.rglob("*") if p.is_file()} == before


def test_nothing_is_touched_when_the_study_does_not_fit(finished, toolbox):
    store = finished
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in store.rglob("*") if p.is_file()}
    for changes in ({"seed": 2}, {"name": "other"}, {"landscapes": 4}):
        with pytest.raises(UsageError):
            toolbox.run(toolbox.content(**changes), store)
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in store.rglob("*") if p.is_file()} == before


def test_a_folder_of_something_else_is_refused(tmp_path, toolbox):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="not empty and holds no run"):
        toolbox.run(toolbox.content(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_creation_that_was_cut_short_is_taken_up(tmp_path, toolbox, reference):
    store = tmp_path / "run"
    (store / "stream.zarr/c0000").mkdir(parents=True)
    (store / "stream.zarr/zarr.json").write_text("{")
    toolbox.run(toolbox.content(), store)
    assert dataset_hash(str(store)) == reference["small"]


def test_the_first_signal_asks_and_the_second_does_not():
    before = signal.getsignal(signal.SIGINT)
    with StopRequest() as stop:
        assert not stop
        signal.raise_signal(signal.SIGINT)
        assert stop
        assert stop.exit_code == 130
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_bytes_of_markers_hold_what_may_differ(tmp_path, toolbox):
    store = tmp_path / "run"
    toolbox.run(toolbox.content(n="4", landscapes=4), store)
    record = json.loads((store / "commits/c0000/000000.json").read_text())
    assert {"host", "pid", "attempt", "started", "seconds", "peak_bytes"} == set(record["provenance"])


def test_a_signal_while_the_dataset_is_written_stops_between_columns(
    tmp_path, toolbox, reference, monkeypatch
):
    store = tmp_path / "run"
    seen = []

    def interrupted(run, between, writers):
        signal.raise_signal(signal.SIGINT)
        try:
            return compact(run, between, writers)
        finally:
            seen.append(sorted(path.name for path in store.glob("dataset-1.zarr/c0000/*")))

    with monkeypatch.context() as patched:
        patched.setattr("morsecensus.pipeline.run.ending.compact", interrupted)
        with pytest.raises(Interrupted, match="stopped while the dataset was written") as caught:
            toolbox.run(toolbox.content(), store)
    assert caught.value.exit_code == 130
    assert len(seen[0]) < 10, "at the first opportunity"
    assert not (store / "lease.json").exists()
    assert not (store / "latest.json").exists()
    assert toolbox.run(toolbox.content(), store).computed_blocks == 0
    assert dataset_hash(str(store)) == reference["small"]


def test_a_landscape_of_which_all_that_was_sought_is_there_is_not_said_to_be_open():
    cell = {"xi": "q^3", "n": 6, "landscapes": 4, "block": 4, "finder": "low-index"}
    layout = make_plan(parse_study({"name": "low", "seed": 1, "cells": [cell]})).cells[0].layout
    ledgers = {
        "status": np.array([OPEN, OPEN, COMPLETE, OPEN]),
        "reason": np.array([CLOSED, FEW_HITS, CLOSED, ERROR]),
    }
    assert _open(layout, {layout.landscape.name: ledgers}) == 2
    assert _open(layout, {layout.landscape.name: {"status": ledgers["status"]}}) == 3


def _stamps(store):
    files = (path for path in store.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {path: path.stat().st_mtime_ns for path in files}


def test_repair_deletes_nothing_before_it_can_compute(finished, toolbox):
    store = finished
    (store / "stream.zarr/c0000/energy/c.0.0").write_bytes(b"")
    (store / "latest.json").write_bytes(b"{")
    before = _stamps(store)
    for settings in (Settings("bogus"), Settings("serial", 7)):
        with pytest.raises(UsageError):
            repair_store(str(store), settings, _quiet(), body=toolbox.body)
        assert _stamps(store) == before
    record = unseal((store / RUN).read_bytes())
    record["generations"][0]["fingerprint"] = "older"
    (store / RUN).write_bytes(seal(record))
    with pytest.raises(RunError, match="another environment"):
        repair_store(str(store), Settings(), _quiet(), body=toolbox.body)
    assert len(list((store / "commits").rglob("*.json"))) == 10
    assert (store / "latest.json").read_bytes() == b"{"


def test_a_run_whose_dataset_is_gone_is_not_finished(finished, toolbox):
    store = finished
    assert status(str(store))["finished"]
    shutil.rmtree(store / "dataset-1.zarr")
    assert not status(str(store))["finished"]
    again = toolbox.run(toolbox.content(), store)
    assert again.computed_blocks == 0
    assert (store / again.dataset).is_dir()
    assert status(str(store))["finished"]


def test_a_part_that_extends_a_run_keeps_the_environment_that_another_has_added(
    tmp_path, toolbox, monkeypatch
):
    store = tmp_path / "run"
    toolbox.run(toolbox.content(landscapes=8), store)
    here = open_run(str(store)).manifest.generations[0]
    added = []

    @contextmanager
    def lease(files, *_):
        added.append(add_generation(open_run(files.url), Generation("other", {"cpu": "other"})))
        yield

    monkeypatch.setattr(run_module, "wait_for_lease", lease)
    plan = make_plan(parse_study(toolbox.content(landscapes=12)), body=toolbox.body)
    with StopRequest() as stop:
        run = run_module._prepare_together(open_files(str(store)), plan, here, _quiet(), stop)
    assert added
    assert [one.fingerprint for one in run.manifest.generations] == [here.fingerprint, "other"]
    assert run.manifest.cells[0].landscapes == 12


def test_options_that_a_serial_compaction_would_not_heed_are_refused(finished):
    with pytest.raises(UsageError, match="--workers: got 7"):
        compact_store(str(finished), Settings("serial", 7), _quiet())
