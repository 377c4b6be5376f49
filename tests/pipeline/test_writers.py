"""A dataset written by the workers of a backend: in any order, the bytes of one writer."""

import json

import numpy as np
import pytest
from rich.console import Console

from chaos.power_loss import Here
from morsecensus.pipeline.backends.executor import Done, label
from morsecensus.pipeline.errors import RunError
from morsecensus.pipeline.run import run, writers
from morsecensus.pipeline.run.compaction import compact_store
from morsecensus.pipeline.run.run import Settings
from morsecensus.pipeline.run.writers import Workers
from morsecensus.storage import shards
from morsecensus.storage.compact import compact
from morsecensus.storage.dataset import checked_path, dataset_hash
from morsecensus.storage.store import open_run
from morsecensus.storage.verify import verify


class Shuffled(Here):
    """Six jobs at a time, through JSON as a worker gets them, whose receipts come in a random order."""

    def __init__(self, dies_after=None):
        super().__init__(lambda _: None)
        self.random, self.seen, self.left = np.random.default_rng(5), [], dies_after

    def window(self):
        return 6

    def completed(self, timeout):
        if self.left is not None and len(self.seen) >= self.left:
            raise KeyboardInterrupt
        place = int(self.random.integers(len(self._jobs)))
        job, self._jobs = self._jobs[place], self._jobs[:place] + self._jobs[place + 1 :]
        self.seen.append(job["job"])
        (done,) = Here.completed(_of(job), timeout)
        return [Done(job, json.loads(json.dumps(done.receipt)))]


def _of(job):
    one = Here(lambda _: None)
    one.submit(json.loads(json.dumps(job)))
    return one


@pytest.fixture
def store(tmp_path, toolbox, monkeypatch):
    """A run whose dataset has several shards in a column, and several chunks of a block in a shard."""
    monkeypatch.setattr(shards, "CHUNK_BYTES", 128)
    monkeypatch.setattr(shards, "CHUNKS_PER_SHARD", 2)
    monkeypatch.setattr(shards, "CHUNKS_OF_BLOCKS", 1)
    place = tmp_path / "run"
    toolbox.run(toolbox.content(spectra=True), place)
    return place


def _write(store, executor):
    opened = open_run(str(store))
    crew = Workers(executor, opened, opened.manifest.generations[0], lambda: None)
    return compact(opened, writers=crew)


@pytest.fixture(autouse=True)
def _any_environment(monkeypatch):
    """Pieces are written in this process, which isn't a worker's."""
    monkeypatch.setattr("morsecensus.pipeline.worker.worker._check_environment", lambda _: None)


def test_many_write_what_one_writes(store):
    alone = dataset_hash(str(store))
    (store / "latest.json").unlink()
    executor = Shuffled()
    assert _write(store, executor) == "dataset-2.zarr"
    assert dataset_hash(str(store)) == alone
    assert verify(open_run(str(store))).problems == []
    checked_path(str(store), "crc")
    assert executor.seen.count("shards") > 300
    assert not executor._jobs


def test_who_is_killed_while_many_write_begins_anew(store):
    alone = dataset_hash(str(store))
    (store / "latest.json").unlink()
    with pytest.raises(KeyboardInterrupt):
        _write(store, Shuffled(dies_after=100))
    assert not (store / "latest.json").exists()
    assert _write(store, Shuffled()) == "dataset-3.zarr"
    assert dataset_hash(str(store)) == alone


def test_damage_is_named_by_whoever_reads_it(store):
    (store / "latest.json").unlink()
    path = next((store / "stream.zarr/c0000/energy").glob("c.2.0"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RunError, match=r"c0000 block 2: stream.zarr/c0000/energy/c.2.0 has \d+ bytes"):
        _write(store, Shuffled())


def test_a_column_is_left_out_only_if_nobody_knows_anything(tmp_path, toolbox, monkeypatch):
    """Of `sample_hits` nothing is known; of the other optional columns something, in the last block."""
    import synthetic_body

    original = synthetic_body.run_block

    def forgetful(spec, block, scatter=None):
        found = original(spec, block, scatter)
        for table in synthetic_body._tables(spec):
            for one in (one for one in table.measurables if one.optional):
                if one.name == "sample_hits" or block < 4:
                    fill = np.nan if one.fill is None else one.fill
                    found[table.name][one.name] = np.full_like(found[table.name][one.name], fill)
        return found

    monkeypatch.setattr(synthetic_body, "run_block", forgetful)
    monkeypatch.setattr(writers, "LOOKED_INTO", 1)
    monkeypatch.setattr(run, "start_executor", lambda *_, **__: Here(lambda _: None))
    store = tmp_path / "run"
    assert toolbox.run(toolbox.content(n="4"), store).failed == {}
    alone = dataset_hash(str(store))
    (store / "latest.json").unlink()
    executor = Shuffled()
    _write(store, executor)
    assert dataset_hash(str(store)) == alone
    assert executor.seen.count("known") >= 2
    cell = open_run(str(store)).manifest.cells[0]
    optional = {column.name for table in cell.tables for column in table.columns if column.optional}
    kept = {name for name in optional if (store / "dataset-2.zarr/c0000" / name).exists()}
    assert optional - kept == {"sample_hits"}
    assert len(kept) >= 1


def test_names_of_jobs():
    cell = {"id": "c0003"}
    assert label({"job": "block", "cell": cell, "block": 12}) == "c0003:12"
    assert (
        label({"job": "shards", "piece": {"place": "dataset-1.zarr/c0003/energy", "first": 64}})
        == "c0003/energy:64"
    )
    assert label({"job": "environment"}) == "environment"


def test_compact_does_nothing_where_nothing_is_to_be_done(store):
    dataset, left = compact_store(str(store), Settings(), Console(quiet=True))
    assert (dataset, left.open, left.failed) == ("dataset-1.zarr", 0, 0)
