import numpy as np
import pytest
import xarray as xr

from morsecensus.storage import shards as module
from morsecensus.storage.compact import compact, datasets
from morsecensus.storage.dataset import dataset_hash, dataset_path, read_pointer
from morsecensus.storage.errors import StoreError
from morsecensus.storage.inventory import INVENTORY_KEY
from morsecensus.storage.tables import Column
from morsecensus.storage.verify import verify
from morsecensus.tasks.measurables.census import CENSUS
from morsecensus.tasks.measurables.words import ERROR, FAILED


def _open(run, group="c0000"):
    return xr.open_zarr(dataset_path(run.url), group=group)


def test_plain_xarray_opens_it(full_run, toolbox):
    assert compact(full_run) == "dataset-1.zarr"
    dataset = _open(full_run)
    cell = full_run.manifest.cells[0]
    expected = [toolbox.tables(cell, block) for block in range(3)]
    for name in ("energy", "index", "spectrum", "position", "hits"):
        np.testing.assert_array_equal(dataset[name], np.concatenate([t["point"][name] for t in expected]))
    for name in ("n_points", "points_by_index", "outcomes", "coverage"):
        np.testing.assert_array_equal(dataset[name], np.concatenate([t["landscape"][name] for t in expected]))
    assert dataset["points_by_index"].dims == ("landscape", "morse_index")
    assert list(dataset["landscape"].values) == list(range(12))
    assert {"landscape", "morse_index"} <= set(dataset.coords)
    assert list(dataset["morse_index"].values) == list(range(5))
    tree = xr.open_datatree(dataset_path(full_run.url), engine="zarr")
    assert list(tree.children) == ["c0000"]


def test_contiguous_and_indexed_ragged_forms_agree(full_run):
    compact(full_run)
    dataset = _open(full_run)
    assert dataset["row_size"].attrs["sample_dimension"] == "row"
    assert "instance_dimension" not in dataset["row_landscape"].attrs  # one representation of a feature
    np.testing.assert_array_equal(
        dataset["row_landscape"], np.repeat(dataset["landscape"].values, dataset["row_size"].values)
    )
    np.testing.assert_array_equal(dataset["row_size"], dataset["n_points"])
    assert "row_landscape" in dataset.coords


def test_every_variable_says_what_it_is(full_run):
    compact(full_run)
    dataset = _open(full_run)
    for name, variable in dataset.variables.items():
        assert variable.attrs["long_name"], name
        assert variable.attrs["units"], name
        values = variable.attrs.get("flag_values")
        if values is not None:
            assert len(values) == len(variable.attrs["flag_meanings"].split())
    assert dataset.attrs["model"] == "pspin"


def test_small_shards_give_the_same_values(full_run, monkeypatch):
    compact(full_run)
    whole = _open(full_run).load()
    monkeypatch.setattr(module, "CHUNK_BYTES", 64)
    monkeypatch.setattr(module, "CHUNKS_PER_SHARD", 2)
    full_run.files.remove("latest.json")
    assert compact(full_run) == "dataset-2.zarr"
    assert len(list(full_run.files.walk("dataset-2.zarr/c0000/energy"))) > 3
    xr.testing.assert_identical(_open(full_run).load(), whole)


@pytest.mark.parametrize("lengths", [[], [0, 0], [3], [4], [5], [1, 2, 3, 4, 5], [4, 4], [19], [0, 9, 0, 1]])
def test_no_more_than_a_shard_is_held_at_once(lengths):
    rows = sum(lengths)
    parts = np.split(np.arange(rows), np.cumsum(lengths)[:-1])
    found = list(module._regroup(iter(parts), 4))
    assert [row for part in found for row in part] == list(range(rows))
    assert [len(part) for part in found] == [4] * (rows // 4) + ([rows % 4] if rows % 4 else [])


@pytest.mark.parametrize(
    ("length", "trailing", "extents"),
    [
        (0, (), (1, 1)),
        (1, (), (1, 1)),
        (12, (), (16, 16)),
        (131_072, (), (131_072, 131_072)),
        (131_073, (), (131_072, 262_144)),
        (10**9, (), (131_072, 16 * 131_072)),
        (10**9, (5,), (16_384, 16 * 16_384)),
        (10, (2**20,), (1, 16)),
    ],
)
def test_chunks_are_a_mebibyte_and_shards_no_larger_than_needed(length, trailing, extents):
    """Of doubles; powers of two."""
    sizes = {f"axis{k}": size for k, size in enumerate(trailing)}
    column = Column("some", "f8", "some numbers", tuple(sizes))
    assert module.extents(column, trailing, length) == extents


def test_the_pointer_follows_all_it_names(full_run, monkeypatch):
    """What `write` wrote is on disk: the dataset, then its inventory, and only then the pointer."""
    events = []
    original = full_run.files.write

    def write(objects):
        events.extend(objects)
        original(objects)

    monkeypatch.setattr(full_run.files, "write", write)
    compact(full_run)
    assert events[-2:] == [f"dataset-1.zarr/{INVENTORY_KEY}", "latest.json"]
    assert set(events[:-2]) == {
        f"dataset-1.zarr/{key}" for key in read_pointer(full_run.files).objects if key != INVENTORY_KEY
    }


def test_what_is_raised_between_pieces_ends_the_writing(full_run):
    calls = []

    def between():
        calls.append(1)
        if len(calls) == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compact(full_run, between)
    assert len(calls) == 30
    assert read_pointer(full_run.files) is None
    assert compact(full_run, lambda: calls.append(1)) == "dataset-2.zarr"
    cell = full_run.manifest.cells[0]
    assert len(calls) >= 30 + sum(len(table.columns) for table in cell.tables), "one or more for a column"


def test_twice_is_once_and_equal_runs_have_equal_hashes(full_run, toolbox, tmp_path):
    compact(full_run)
    before = {key: full_run.files.read(key) for key in full_run.files.walk()}
    assert compact(full_run) == "dataset-1.zarr"
    assert {key: full_run.files.read(key) for key in full_run.files.walk()} == before
    other = toolbox.new_run(tmp_path / "other")
    for block in (2, 0, 1):
        toolbox.write(other, other.manifest.cells[0], block)
    compact(other)
    assert dataset_hash(other.url) == dataset_hash(full_run.url)


def test_a_dataset_that_was_cut_short_is_never_written_into(full_run):
    half = full_run.files.root / "dataset-1.zarr" / "c0000"
    half.mkdir(parents=True)
    assert compact(full_run) == "dataset-2.zarr"
    assert datasets(full_run) == ["dataset-1.zarr", "dataset-2.zarr"]
    assert read_pointer(full_run.files).dataset == "dataset-2.zarr"


def test_landscapes_of_failed_blocks_are_there_as_failed(tmp_path, toolbox):
    run = toolbox.new_run(tmp_path / "run")
    for block in (0, 2):
        toolbox.write(run, run.manifest.cells[0], block)
    compact(run)
    dataset = _open(run).load()
    lost = dataset.isel(landscape=slice(4, 8))
    assert (lost["status"] == FAILED).all()
    assert (lost["reason"] == ERROR).all()
    assert (lost["row_size"] == 0).all()
    assert (lost["n_points"] == 0).all()
    assert lost["coverage"].isnull().all()
    assert (lost["morse_sum"] == -1).all()
    assert dataset.attrs["landscapes_failed"] == 4
    assert not dataset["row_landscape"].isin([4, 5, 6, 7]).any()


def test_a_run_without_any_row_compacts(tmp_path, toolbox):
    run = toolbox.new_run(tmp_path / "run")
    compact(run)
    assert _open(run).sizes["row"] == 0


def test_a_damaged_block_is_named_and_the_old_dataset_stays(full_run):
    compact(full_run)
    path = full_run.files.root / "stream.zarr/c0000/energy/c.0.0"
    path.write_bytes(path.read_bytes()[:-1])
    full_run.files.remove("latest.json")
    with pytest.raises(StoreError, match=r"c0000 block 0: .*energy"):
        compact(full_run)
    assert read_pointer(full_run.files) is None


def test_no_dataset_yet_is_said(full_run):
    with pytest.raises(StoreError, match="no dataset yet"):
        dataset_path(full_run.url)


def test_the_pointer_vouches_for_every_object(full_run):
    compact(full_run)
    pointer = read_pointer(full_run.files)
    assert set(pointer.objects) == {
        key.removeprefix("dataset-1.zarr/") for key in full_run.files.walk("dataset-1.zarr")
    }
    assert verify(full_run).problems == []


def test_ragged_tables_have_distinct_names():
    ragged = [table for table in CENSUS if table.ragged]
    assert len({table.dimension for table in ragged}) == len(ragged)
    assert len({table.count for table in ragged}) == len(ragged)
