"""Ten landscapes and no more, in blocks of four: the last block is short."""

from dataclasses import replace

import numpy as np
import xarray as xr

from morsecensus.storage.blocks import read_block
from morsecensus.storage.compact import compact
from morsecensus.storage.dataset import dataset_hash, dataset_path
from morsecensus.storage.rollup import write_rollup
from morsecensus.storage.store import open_run, write_manifest
from morsecensus.storage.verify import verify


def _made(toolbox, url, most=10, landscapes=10):
    run = toolbox.new_run(url, toolbox.layout(most=most, landscapes=landscapes))
    cell = run.manifest.cells[0]
    for block in range(cell.blocks):
        toolbox.write(run, cell, block)
    return run, cell


def test_it_is_written_read_and_compacted(tmp_path, toolbox):
    run, cell = _made(toolbox, tmp_path / "run")
    assert [cell.size_of(block) for block in range(cell.blocks)] == [4, 4, 2]
    assert cell.padded == 10
    wanted = toolbox.tables(cell, 2)
    found = read_block(run.files, cell, run.committed(cell).markers[2])
    np.testing.assert_array_equal(found["landscape"]["n_points"], wanted["landscape"]["n_points"])
    np.testing.assert_array_equal(found["point"]["energy"], wanted["point"]["energy"])
    assert verify(run).problems == []
    compact(run)
    with xr.open_dataset(dataset_path(run.url), engine="zarr", group="c0000") as dataset:
        assert dataset.sizes["landscape"] == 10
        assert dataset.attrs["landscapes_failed"] == 0
        np.testing.assert_array_equal(dataset["n_points"][8:], wanted["landscape"]["n_points"])


def test_the_landscapes_of_a_short_block_that_failed_are_counted(tmp_path, toolbox):
    run, _ = _made(toolbox, tmp_path / "run")
    run.files.remove("commits/c0000/000002.json")
    compact(run)
    with xr.open_dataset(dataset_path(run.url), engine="zarr", group="c0000") as dataset:
        assert dataset.sizes["landscape"] == 10
        assert dataset.attrs["landscapes_failed"] == 2


def test_more_landscapes_undo_the_short_block_alone(tmp_path, toolbox):
    run, cell = _made(toolbox, tmp_path / "run")
    # as if the last listing had seen it: a roll-up must not vouch for a block of another size
    write_rollup(run.files, cell, run.summaries(cell).blocks)
    grown = replace(cell, most=13, landscapes=13)
    run = write_manifest(run.files, replace(run.manifest, cells=(grown,)))
    assert [grown.size_of(block) for block in range(grown.blocks)] == [4, 4, 4, 1]
    assert sorted(run.summaries(grown).blocks) == sorted(run.committed(grown).markers) == [0, 1]
    for block in (2, 3):
        toolbox.write(run, grown, block)
    assert sorted(run.summaries(grown).blocks) == [0, 1, 2, 3]
    compact(run)
    again, _ = _made(toolbox, tmp_path / "again", 13, 13)
    compact(again)
    assert dataset_hash(run.url) == dataset_hash(again.url)
    assert verify(open_run(run.url)).problems == []
