from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import zarr

from morsecensus.storage.compact import compact
from morsecensus.storage.dataset import dataset_hash
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import Generation, Manifest
from morsecensus.storage.lease import acquire
from morsecensus.storage.local_files import PARTIAL, LocalFiles
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import add_generation, check_same, exists, open_run, write_manifest
from morsecensus.storage.verify import verify


def test_what_was_created_is_opened(full_run):
    run = open_run(full_run.url)
    assert run.manifest == full_run.manifest
    assert exists(full_run.url)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "run.json is damaged"),
        (b"{", "run.json is damaged"),
        (b"[1]", "run.json is damaged"),
        (b"\xff\xfe", "run.json is damaged"),
        (b"[" * 100_000, "run.json is damaged"),
        (b"{}", "run.json is damaged"),
        (seal({"format": 99}), "format is 99"),
        (seal({"format": 1}), "not of this format"),
        (
            seal({"format": 1, "name": "x", "study": {}, "cells": [{}], "generations": []}),
            "not of this format",
        ),
    ],
)
def test_a_damaged_run_json_is_one_line(tmp_path, content, text):
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(StoreError, match=text) as caught:
        open_run(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_truncated_anywhere_run_json_is_refused(full_run):
    path = full_run.files.root / "run.json"
    data = path.read_bytes()
    for cut in range(0, len(data) - 2, 97):
        path.write_bytes(data[:cut])
        with pytest.raises(StoreError, match="damaged"):
            open_run(full_run.url)


@pytest.mark.parametrize("url", ["", "a\nb", "nosuchscheme://x/y"])
def test_unusable_urls_are_refused(url):
    with pytest.raises(StoreError):
        open_files(url)


def test_no_run_is_said(tmp_path):
    with pytest.raises(StoreError, match="no run here"):
        open_run(str(tmp_path))


def test_extended_is_created_at_once(tmp_path, toolbox):
    small = toolbox.new_run(tmp_path / "one")
    toolbox.write(small, small.manifest.cells[0], 0)
    first, second = toolbox.layout(landscapes=30), toolbox.layout(1)
    write_manifest(small.files, replace(small.manifest, cells=(first, second)))
    whole = toolbox.new_run(tmp_path / "two", first, second)
    toolbox.write(whole, whole.manifest.cells[0], 0)
    one, two = ({key: run.files.read(key) for key in run.files.walk()} for run in (small, whole))
    assert one == two


def test_zarr_reads_the_stream(full_run, toolbox):
    group = zarr.open_group(full_run.files.root / "stream.zarr", mode="r")
    tables = toolbox.tables(full_run.manifest.cells[0], 0)
    energy = tables["point"]["energy"]
    assert (group["c0000/energy"][0, : len(energy)] == energy).all()
    assert (group["c0000/n_points"][:4] == tables["landscape"]["n_points"]).all()


def test_cells_that_differ_are_told_apart(toolbox):
    check_same(toolbox.layout(), toolbox.layout(landscapes=99))
    with pytest.raises(StoreError, match="chunk_rows is 16 in the store and 8"):
        check_same(toolbox.layout(), toolbox.layout(chunk_rows=8))


def test_a_second_environment_is_kept_apart(full_run, toolbox):
    before = {key: full_run.files.read(key) for key in full_run.files.walk()}
    (full_run.files.root / "commits/c0000/000001.json").unlink()
    run = add_generation(full_run, Generation("f1", {"cpu": "other"}))
    cell = run.manifest.cells[0]
    marker = toolbox.write(run, cell, 1, generation=1)
    assert all(key.startswith("generation-1/") for key in (*marker.objects, marker.key))
    assert {block: m.generation for block, m in run.committed(cell).markers.items()} == {0: 0, 1: 1, 2: 0}
    assert verify(run).problems == []
    first = compact(run)
    assert first == "dataset-1.zarr"
    changed = {"run.json", "commits/c0000/000001.json"}
    assert all(run.files.read(key) == data for key, data in before.items() if key not in changed)


def test_a_store_in_memory_works_like_one_on_disk(full_run, toolbox, monkeypatch):
    monkeypatch.setattr("morsecensus.storage.lease.time.sleep", lambda _: None)
    run = toolbox.new_run("memory://bucket/run")
    with acquire(run.files), pytest.raises(StoreError, match="another driver"):
        acquire(run.files)
    for block in range(3):
        toolbox.write(run, run.manifest.cells[0], block)
    compact(run)
    compact(full_run)
    assert dataset_hash(run.url) == dataset_hash(full_run.url)
    assert open_run(run.url).manifest == full_run.manifest
    assert verify(run).problems == []
    run.files.remove("stream.zarr/c0000/energy/c.0.0")
    assert verify(run).bad_blocks == [("c0000", 0)]


def test_a_failed_write_leaves_no_partial_file(tmp_path, monkeypatch):
    files = LocalFiles(tmp_path)
    files.write({"a/b": b"old"})

    def no_space(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("morsecensus.storage.local_files.os.fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        files.write({"a/b": b"new"})
    monkeypatch.undo()
    assert files.read("a/b") == b"old"
    assert not [key for key in files.walk() if key.endswith(PARTIAL)]


def test_seals_hold():
    record = {"a": [1, 2.5, None], "b": {"c": "d"}}
    assert unseal(seal(record)) == record
    with pytest.raises(ValueError, match="digest"):
        unseal(seal(record).replace(b"2.5", b"2.6"))


def test_manifests_survive_json(full_run):
    assert Manifest.from_record(full_run.manifest.to_record()) == full_run.manifest


def test_a_listing_goes_on_past_what_has_just_gone(tmp_path):
    files = open_files(str(tmp_path))
    files.write({f"here/{name}": b"x" for name in "bcd"})
    (tmp_path / "here" / "a").symlink_to(tmp_path / "nothing")
    assert set(files.stamps("here")) == set("bcd")


def test_two_may_remove_the_same_folder(tmp_path):
    files = open_files(str(tmp_path))
    for _ in range(60):
        files.write({f"paths/{place}/{name}": b"x" for place in "ab" for name in "cd"})
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(files.remove, "paths") for _ in range(2)]:
                done.result()
        assert files.names("paths") == []
