"""A dataset with holes is refused by everything that reads it: library, report, and the xarray engine."""

import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from rich.console import Console
from typer.testing import CliRunner

from morsecensus.analysis.dataset.backend import MorseCensusBackend
from morsecensus.analysis.dataset.batches import reduce_points, row_offsets
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.dataset.columns import COLUMNS, checked, improper
from morsecensus.analysis.dataset.groups import open_group
from morsecensus.analysis.dataset.unknown import with_unknown
from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.dataset import dataset_hash
from morsecensus.storage.errors import StoreError
from morsecensus.storage.store import open_run
from morsecensus.storage.verify import verify
from morsecensus.tasks.measurables.base import active
from morsecensus.tasks.measurables.census import CENSUS, LANDSCAPE

CELL = {"n": 3, "landscapes": 4, "block": 2, "options": {"starts_per_round": 256, "max_rounds": 2}}
STUDY = {
    "name": "holes",
    "seed": 4,
    "cells": [
        {"xi": "q^3", "n": 3, "landscapes": 4, "block": 2, "finder": "homotopy"}
        | {"topology": True, "spectra": True, "positions": True},
        CELL | {"xi": "q^2+q^3"},
    ],
}
DATASET = "dataset-1.zarr"
EVERY = 4
"""Of the objects of the dataset, one in so many is missed by the report too."""
FAULTS = {
    "deleted": lambda path: path.unlink(),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "emptied": lambda path: path.write_bytes(b""),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("holes") / "run"
    assert not run_study(parse_study(STUDY), str(path), Settings(), Console(quiet=True)).failed
    return path


@pytest.fixture
def store(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "run")


def objects_of(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def refusal(function):
    with pytest.raises(StoreError) as error:
        function()
    return str(error.value)


def report(store, *more):
    return CliRunner().invoke(app, ["report", str(store), "--out", str(store.parent / "report"), *more])


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    ["deleted", *(pytest.param(fault, marks=pytest.mark.soak) for fault in FAULTS if fault != "deleted")],
)
def test_every_object_is_missed_by_every_reader(store, tmp_path, fault):
    alone = shutil.copytree(store / DATASET, tmp_path / "alone.zarr")
    names = objects_of(alone)
    assert {f"c0000/{name}/c/0" for name in ("energy", "arc_upper", "pair_birth")} <= set(names)
    for number, name in enumerate(names):
        kept = (alone / name).read_bytes()
        for folder in (alone, store / DATASET):
            FAULTS[fault](folder / name)
        texts = [
            refusal(lambda: open_study(str(store))),
            refusal(lambda: xr.open_dataset(store / DATASET, engine="morsecensus", group="c0001")),
        ]
        if name != "inventory/zarr.json":  # without it nothing says what should be there
            texts.append(refusal(lambda: xr.open_datatree(alone, engine="morsecensus")))
        if number % EVERY == 0:  # it reads by what the library reads, and takes as long as all others
            found = report(store)
            assert (found.exit_code, found.stderr.count("\n")) == (1, 1)
            texts.append(found.stderr)
        for text in texts:
            assert name in text
            assert "repair" in text
        for folder in (alone, store / DATASET):
            (folder / name).write_bytes(kept)
    assert not (tmp_path / "report").exists()
    open_study(str(store), "crc")


def test_a_flipped_bit_is_found_by_crc(store, tmp_path):
    path = store / DATASET / "c0000/energy/c/0"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    open_study(str(store))
    assert "energy/c/0 has changed" in refusal(lambda: open_study(str(store), "crc"))
    assert "energy/c/0 has changed" in report(store, "--check", "crc").stderr
    both = (store / DATASET, store)
    for path in both:
        opened = xr.open_dataset(path, engine="morsecensus", group="c0000")
        assert opened.sizes["landscape"] == 4
        text = refusal(lambda path=path: xr.open_datatree(path, engine="morsecensus", check="crc"))
        assert "energy/c/0 has changed" in text
    assert report(store, "--check", "all").exit_code == 2


def test_verify_and_repair_mend_it(store, tmp_path):
    alone = shutil.copytree(store / DATASET, tmp_path / "alone.zarr")
    before = dataset_hash(str(store))
    (store / DATASET / "c0001/n_points/c/0").unlink()
    (alone / "c0001/n_points/c/0").unlink()
    for path, said in ((store, "repair"), (alone, "copy it again")):
        found = CliRunner().invoke(app, ["verify", str(path)])
        assert found.exit_code == 1
        assert "c0001/n_points/c/0 is missing" in found.stdout
        assert said in found.stderr
    assert CliRunner().invoke(app, ["repair", str(store)]).exit_code == 0
    assert open_study(str(store)).provenance["dataset"] == "dataset-2.zarr"
    assert dataset_hash(str(store)) == before
    report = verify(open_run(str(store)))
    assert (report.problems, report.done) == ([], report.planned)
    assert "allowed: the store of a run" in CliRunner().invoke(app, ["verify", str(alone), "--deep"]).stderr


def test_the_engine_gives_what_zarr_gives(whole):
    path = whole / DATASET
    tree = xr.open_datatree(path, engine="morsecensus")
    plain = xr.open_datatree(path, engine="zarr")
    xr.testing.assert_identical(tree.load(), plain.load())
    assert tree.attrs == plain.attrs
    cell = xr.open_dataset(path, engine="morsecensus", group="c0000", drop_variables="bound")
    assert "bound" not in cell
    assert cell["energy"].variable._in_memory is False
    energy = plain["c0000/energy"].values
    rows = [3, 1, 7]
    np.testing.assert_array_equal(cell["energy"].isel(row=rows), energy[rows])
    np.testing.assert_array_equal(cell["energy"].isel(row=slice(-2, None)), energy[-2:])
    assert cell["energy"].isel(row=2).item() == energy[2]
    position = plain["c0000/position"].values
    pairs = cell["position"].isel(
        row=xr.DataArray(rows, dims="pair"), component=xr.DataArray([0, 1, 2], dims="pair")
    )
    np.testing.assert_array_equal(pairs, position[rows, [0, 1, 2]])
    chunked = xr.open_dataset(path, engine="morsecensus", group="c0000", chunks={})
    assert chunked["energy"].chunks
    np.testing.assert_array_equal(chunked["energy"].compute(), energy)
    assert "there is no group 'c0009', allowed: c0000, c0001" in refusal(
        lambda: xr.open_dataset(path, engine="morsecensus", group="c0009")
    )


def test_the_engine_costs_xarray_nothing():
    (found,) = entry_points(group="xarray.backends", name="morsecensus")
    assert found.load() is MorseCensusBackend
    assert not MorseCensusBackend().guess_can_open("run/dataset-1.zarr")
    code = (
        "import sys, xarray; assert 'analysis' not in sys.modules; xarray.backends.list_engines(); "
        "assert 'morsecensus.analysis.dataset.backend' in sys.modules; "
        "assert not {'storage', 'tasks', 'jax', 'morsecensus.analysis.dataset.groups'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(sys.prefix))


def _strict():
    """Columns whose fill value can't stand on a computed row, by the name of their array; row counts, whose
    fill value is 0, have a check of their own."""
    found = []
    for name, column in COLUMNS.items():
        filled = np.full(1, column.fill, column.little_endian)
        if improper(column, filled).any() and not name.endswith("_size"):
            found.append(name)
    return found


def test_what_zarr_makes_up_is_refused_even_where_nobody_checked(store):
    """Past the listing: each chunk in turn is gone, and reading its column says so."""
    folder, refused = store / DATASET, set()
    for chunk in sorted((folder / "c0000").glob("*/c")):
        name = chunk.parent.name
        shutil.move(chunk, chunk.with_name("gone"))
        data = open_group(str(folder), "c0000") if name not in ("landscape", "morse_index") else None
        if data is not None and name in _strict() and data[name].size:
            text = refusal(lambda data=data, name=name: data[name].load())
            assert f"c0000/{name}" in text
            refused.add(name)
            # in part, too
            refusal(lambda data=data, name=name: data[name].isel({data[name].dims[0]: -1}).load())
        shutil.move(chunk.with_name("gone"), chunk)
    assert {"energy", "index", "points_by_index", "n_points", "status", "reason", "spectrum"} <= refused
    assert {"morse_check", "outcomes", "bound", "arc_lower", "pair_birth", "hits"} <= refused


def test_rows_that_do_not_add_up_are_refused(store):
    shutil.rmtree(store / DATASET / "c0000/row_size/c")
    data = open_group(str(store / DATASET), "c0000")
    assert "row_size adds up to 0 rows" in refusal(lambda: row_offsets(data))
    assert "row_size adds up to 0 rows" in refusal(lambda: list(reduce_points(data, ["energy"], len)))


def test_every_optional_column_is_so_for_a_reason():
    known = {column.name for table in CENSUS for column in table.measurables if column.optional}
    sampled = {name for name in known if name.startswith(("sampled_points", "recall", "recapture"))}
    assert known - sampled == {
        *("coverage", "coverage_by_index", "n_paths", "n_distinct", "n_retries", "n_jumps", "n_unresolved"),
        *("n_certified", "certified_radius", "sample_hits", "death", "death_row"),
        *("n_paths_singular", "n_paths_infinite", "n_certified_complex"),
        *("state_by_index", "graph_components"),  # indices that weren't sought
    }
    assert [c.name for table in CENSUS for c in table.measurables if c.signed] == ["morse_sum"]


def _with_all_columns(folder):
    """Also those of which nothing is known, and which are not in the dataset."""
    (cell,) = (cell for cell in open_run(str(folder.parent)).manifest.cells if cell.id == "c0001")
    return with_unknown(xr.open_zarr(folder, group="c0001"), cell.tables, cell.sizes)


def test_a_landscape_of_a_failed_block_may_be_unknown(store):
    """Its unknown numbers are read; the same values elsewhere are refused, naming the landscape."""
    folder = store / DATASET
    data = open_group(str(folder), "c0001").load()
    plain = _with_all_columns(folder).load()
    (landscape,) = active([LANDSCAPE], ())
    for column in landscape.measurables:
        values = np.array(plain[column.name].values)
        values[2:] = COLUMNS[column.name].absent
        plain[column.name] = plain[column.name].dims, values
    for column in landscape.measurables:
        np.testing.assert_array_equal(
            checked(plain, "here")[column.name].values, plain[column.name].values, column.name
        )
    plain["reason"] = data["reason"]
    for name in ("outcomes", "n_singletons", "morse_check", "bound"):
        assert f"here/{name}: " in refusal(lambda name=name: checked(plain, "here")[name].load())
        assert " at landscape 2," in refusal(lambda name=name: checked(plain, "here")[name].load())
        assert " at landscape 3," in refusal(lambda name=name: checked(plain, "here")[name][3].load())
    for name in ("morse_sum", "coverage", "n_paths", "n_points"):
        checked(plain, "here")[name].load()


@pytest.mark.parametrize(("name", "value"), [("points_by_index", -1), ("n_points", -4), ("n_paths", -2)])
def test_a_negative_count_is_refused_wherever_it_comes_from(store, name, value):
    plain = _with_all_columns(store / DATASET).load()
    values = np.array(plain[name].values)
    values[1] = value
    plain[name] = plain[name].dims, values
    assert f"here/{name}: {value} at landscape 1," in refusal(lambda: checked(plain, "here")[name].load())
