import os
from dataclasses import replace

import pytest

from morsecensus.storage import rollup as module
from morsecensus.storage.compact import compact
from morsecensus.storage.errors import StoreError
from morsecensus.storage.layout import rollup_key
from morsecensus.storage.rollup import Summary, read_rollup, stamped, summarise, write_rollup
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import open_run
from morsecensus.storage.verify import discard, verify

MARKER = "commits/c0000/{:06d}.json"


@pytest.fixture
def rolled(full_run):
    """The run with all three markers rolled up."""
    cell = full_run.manifest.cells[0]
    write_rollup(full_run.files, cell, full_run.summaries(cell).blocks)
    return full_run


@pytest.fixture
def reads(monkeypatch):
    """The blocks whose markers are read."""
    seen = []
    read = module.read_markers

    def counted(files, cell, blocks, number, generation):
        seen.extend(blocks)
        return read(files, cell, blocks, number, generation)

    monkeypatch.setattr(module, "read_markers", counted)
    return seen


def _path(run, block):
    return run.files.root / MARKER.format(block)


def _flip_quietly(path):
    """Change a byte and nothing that a listing shows."""
    known = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))


def _edit(run, change):
    path = run.files.root / rollup_key("c0000")
    record = unseal(path.read_bytes())
    change(record)
    path.write_bytes(seal(record))


def test_rolled_up_is_read_is_the_markers(rolled, reads):
    cell = rolled.manifest.cells[0]
    found = rolled.summaries(cell)
    assert reads == []
    assert (found.fresh, found.damaged) == (0, {})
    markers = rolled.committed(cell).markers
    unstamped = {block: replace(one, stamp="") for block, one in found.blocks.items()}
    assert unstamped == {block: Summary.of(marker) for block, marker in markers.items()}


def test_a_marker_that_is_gone_is_no_block_whatever_the_roll_up_says(rolled):
    _path(rolled, 1).unlink()
    assert sorted(rolled.summaries(rolled.manifest.cells[0]).blocks) == [0, 2]


def test_a_marker_that_was_written_again_is_read_again(rolled, toolbox, reads):
    cell = rolled.manifest.cells[0]
    toolbox.write(rolled, cell, 1)
    assert sorted(rolled.summaries(cell).blocks) == [0, 1, 2]
    assert reads == [1]


def test_a_marker_that_was_cut_is_noticed(rolled):
    path = _path(rolled, 2)
    path.write_bytes(path.read_bytes()[:-9])
    found = rolled.summaries(rolled.manifest.cells[0])
    assert (sorted(found.blocks), list(found.damaged)) == ([0, 1], [(0, 2)])


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.update(cell_hash="other"),
        lambda r: r.pop("stamp"),
        lambda r: r.update(block="text"),
        lambda r: r.update(points=[1]),
        lambda r: r.update(seconds=[[], [], []]),
        lambda r: r.update(generation=None),
    ],
)
def test_a_foreign_or_forged_roll_up_is_none(rolled, reads, change):
    _edit(rolled, change)
    cell = rolled.manifest.cells[0]
    assert read_rollup(rolled.files, cell) == {}
    assert sorted(rolled.summaries(cell).blocks) == reads == [0, 1, 2]


def test_a_torn_roll_up_is_none(rolled):
    path = rolled.files.root / rollup_key("c0000")
    path.write_bytes(path.read_bytes()[:-30])
    assert read_rollup(rolled.files, rolled.manifest.cells[0]) == {}


def test_a_roll_up_that_lies_is_found_and_removed(rolled):
    _edit(rolled, lambda record: record["points"].__setitem__(1, 10**6))
    report = verify(rolled)
    assert [(p.kind, p.block, p.key) for p in report.problems] == [("rollup", -1, rollup_key("c0000"))]
    assert discard(rolled, report) == []
    assert verify(rolled).problems == []
    assert rolled.files.size(rollup_key("c0000")) is None


def test_no_dataset_is_made_of_a_marker_that_changed_unnoticed(rolled):
    _flip_quietly(_path(rolled, 1))
    assert 1 in rolled.summaries(rolled.manifest.cells[0]).blocks, "a listing cannot tell"
    assert verify(rolled).bad_blocks == [("c0000", 1)]
    with pytest.raises(StoreError, match="c0000 block 1: its marker has changed"):
        compact(rolled)


def test_the_dataset_is_the_same_with_and_without(rolled, full_run):
    assert compact(rolled) == "dataset-1.zarr"
    rolled.files.remove(rollup_key("c0000"))
    assert compact(open_run(rolled.url)) == "dataset-1.zarr", "the same content"


def test_stamps_are_filled_in_for_blocks_that_were_committed_since(full_run, reads):
    cell, generations = full_run.manifest.cells[0], full_run.manifest.generations
    markers = full_run.committed(cell).markers
    fresh = {block: Summary.of(marker) for block, marker in markers.items()}
    write_rollup(full_run.files, cell, stamped(full_run.files, cell, fresh))
    assert summarise(full_run.files, cell, generations).fresh == 0
    assert reads == []


def test_the_oldest_generation_counts_with_roll_ups_too(rolled, toolbox):
    from morsecensus.storage.layout import Generation
    from morsecensus.storage.store import add_generation

    run = add_generation(rolled, Generation("f1", {"cpu": "other"}))
    cell = run.manifest.cells[0]
    toolbox.write(run, cell, 1, generation=1)
    assert run.summaries(cell).blocks[1].generation == 0
    _path(run, 1).unlink()
    assert run.summaries(cell).blocks[1].generation == 1
