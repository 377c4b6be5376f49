"""What a run records once, and that a dataset says it whenever, wherever and however often it is written."""

import subprocess
from pathlib import Path

import pytest
import xarray as xr

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.run import provenance
from morsecensus.storage.dataset import dataset_hash, dataset_path
from morsecensus.storage.store import open_run

ROOT = Path(__file__).parents[2]
DAY, NEXT = "1790000000", "1790090000"  # 2026-09-21 and the day after


@pytest.fixture
def study(toolbox):
    return toolbox.content(n="4", landscapes=8)


def _attributes(store):
    return xr.open_zarr(dataset_path(str(store))).attrs


def test_the_root_is_described_in_words_of_acdd(tmp_path, toolbox, study, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)
    monkeypatch.setenv("MORSECENSUS_COMMIT", "0123abc")
    toolbox.run(study, tmp_path / "run")
    found = _attributes(tmp_path / "run")
    assert {"ACDD-1.3", "CF-1.11"} == set(found["Conventions"].split(", "))
    assert found["date_created"] == "2026-09-21"
    assert found["git_commit"] == "0123abc"
    assert "0123abc" in found["history"]
    assert found["history"].startswith("2026-09-21: ")
    assert "pspin" in found["keywords"].split(", ")
    assert "8 random landscapes" in found["summary"]
    assert found["references"]


def test_what_a_run_says_is_of_its_beginning(tmp_path, toolbox, monkeypatch):
    """Begun one day, extended another by another program: the bytes of a run that was there at once."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)
    monkeypatch.setenv("MORSECENSUS_COMMIT", "first")
    toolbox.run(toolbox.content(n="4", landscapes=16), tmp_path / "whole")
    toolbox.run(toolbox.content(n="4", landscapes=8), tmp_path / "grown")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NEXT)
    monkeypatch.setenv("MORSECENSUS_COMMIT", "second")
    toolbox.run(toolbox.content(n="4", landscapes=16), tmp_path / "grown")
    assert _attributes(tmp_path / "grown") == _attributes(tmp_path / "whole")
    assert dataset_hash(str(tmp_path / "grown")) == dataset_hash(str(tmp_path / "whole"))


def test_a_dataset_is_written_again_with_the_same_bytes_another_day(tmp_path, toolbox, study, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", DAY)
    toolbox.run(study, tmp_path / "run")
    before = dataset_hash(str(tmp_path / "run"))
    (tmp_path / "run/latest.json").unlink()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NEXT)
    toolbox.run(study, tmp_path / "run")
    assert dataset_path(str(tmp_path / "run")).endswith("dataset-2.zarr")
    assert dataset_hash(str(tmp_path / "run")) == before


def test_runs_of_two_days_differ_in_two_objects(tmp_path, toolbox, study, monkeypatch):
    objects = []
    for name, day in (("one", DAY), ("other", NEXT)):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", day)
        toolbox.run(study, tmp_path / name)
        folder = Path(dataset_path(str(tmp_path / name)))
        files = [path for path in folder.rglob("*") if path.is_file()]
        objects.append({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
    one, other = objects
    assert one.keys() == other.keys()
    assert {name for name in one if one[name] != other[name]} == {"zarr.json", "inventory/zarr.json"}


def test_the_day_is_the_clock_s_unless_it_is_said(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert len(provenance.today()) == len("2026-11-29")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH: got 'yesterday', allowed: whole seconds"):
        provenance.today()


def test_the_commit_is_the_checkout_s(monkeypatch):
    monkeypatch.delenv("MORSECENSUS_COMMIT")
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # as in a hook of another repository
    found = provenance.commit()
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout")
    monkeypatch.delenv("GIT_DIR")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.removesuffix(provenance.CHANGED) == head.stdout.strip()


def test_no_git_is_no_error(monkeypatch):
    monkeypatch.delenv("MORSECENSUS_COMMIT")
    monkeypatch.setenv("PATH", "/nowhere")
    assert provenance.commit() is None
    assert "commit" not in provenance.software()


def test_run_json_says_it(tmp_path, toolbox, study, monkeypatch):
    monkeypatch.setenv("MORSECENSUS_COMMIT", "0123abc")
    toolbox.run(study, tmp_path / "run")
    manifest = open_run(str(tmp_path / "run")).manifest
    assert manifest.software["commit"] == "0123abc"
    assert manifest.begun == "2026-01-01"
