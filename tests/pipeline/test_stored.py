"""What `morsecensus.open` gives: tables of one cell that become data frames, words for codes."""

import shutil

import h5netcdf
import numpy as np
import pytest
import xarray as xr

import morsecensus as mc
from morsecensus.storage.dataset import dataset_path
from morsecensus.storage.errors import StoreError
from morsecensus.tasks.measurables.words import STATUSES


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A census of 3-spins, one of an audit by sampled paths, and gradient flow."""
    folder = tmp_path_factory.mktemp("stored") / "run"
    cell = {"xi": "q^3", "n": 4, "landscapes": 4, "block": 2}
    cells = [
        cell | {"topology": True},
        {"body": "flow", "xi": "q^3", "n": 8, "landscapes": 2, "until": 1.0},
        cell | {"finder": "sampled-homotopy"},
    ]
    mc.run({"name": "small", "seed": 1, "cells": cells}, folder, quiet=True)
    return str(folder)


@pytest.fixture(scope="module")
def study(store):
    return mc.open(store)


def test_points_are_a_line_each_and_know_their_landscape(store, study):
    cell = study.cells[0]
    plain = xr.open_zarr(dataset_path(store), group="c0000").load()
    points = cell.points.to_dataframe()
    assert len(points) == plain.sizes["row"] == plain["n_points"].sum()
    np.testing.assert_array_equal(points["energy"], plain["energy"])
    np.testing.assert_array_equal(
        points.groupby("landscape").size().reindex(range(4), fill_value=0), plain["n_points"]
    )
    assert set(points["degenerate"]) <= {"no", "yes"}
    assert cell.points["energy"].attrs["long_name"] == "energy per spin"


def test_landscapes_have_words_for_codes(store, study):
    plain = xr.open_zarr(dataset_path(store), group="c0000").load()
    landscapes = study["c0000"].landscapes.to_dataframe()
    assert landscapes.index.tolist() == [0, 1, 2, 3]
    assert landscapes["status"].tolist() == [STATUSES[code] for code in plain["status"].values]
    words = plain["reason"].attrs["flag_meanings"].split()
    assert set(landscapes["reason"]) <= set(words)
    assert not landscapes.select_dtypes("number").isna().all().any()


def test_the_recipe_without_us_gives_the_same_numbers(store, study):
    """Of docs/dataset.md, word for word."""
    cell = xr.open_zarr(dataset_path(store), group="c0000")
    points = cell.drop_dims(set(cell.dims) - {"row"}).to_dataframe()
    landscapes = cell.drop_dims(set(cell.dims) - {"landscape"}).to_dataframe()
    table = points.join(landscapes, on="row_landscape")
    assert len(table) == cell.sizes["row"]
    ours = study.cells[0].points.to_dataframe()
    np.testing.assert_array_equal(table["index"], ours["index"])
    np.testing.assert_array_equal(
        table["n_points"], study.cells[0].landscapes["n_points"].values[ours["landscape"]]
    )


def test_more_dimensions_are_tables_of_their_own(study):
    cell = study.cells[0]
    by_index = cell.by_index.to_dataframe().reset_index()
    assert len(by_index) == 4 * 4
    total = by_index.groupby("landscape")["points_by_index"].sum()
    np.testing.assert_array_equal(total, cell.landscapes["n_points"])
    spectra = cell.table("row", "eigenvalue").to_dataframe()
    assert len(spectra) == 3 * cell.points.sizes["row"]
    pairs = cell.table("pair").to_dataframe()
    assert pairs["pair_birth"].notna().all()
    assert pairs["pair_death_row"].isna().sum() == pairs["pair_death"].isna().sum() == 2 * 4
    assert len(pairs) == pairs.groupby("landscape").size().sum()


def test_unknown_counts_are_nan_and_known_ones_numbers(study):
    hits = study.cells[2].points["sample_hits"]
    assert hits.dtype == np.float64
    assert hits.notnull().any()
    assert "sample_hits" not in study.cells[0].points  # nothing is known of it
    assert "sample_hits" in study.cells[0].dataset  # where estimates look


def test_cells_of_all_bodies_are_in_order(study):
    assert [cell.name for cell in study.cells] == ["c0000", "c0001", "c0002"]
    assert [cell.body for cell in study.cells] == ["census", "flow", "census"]
    assert study.cells[1].landscapes.sizes["landscape"] == 2
    with pytest.raises(KeyError, match="c0001 has no dimension row, only "):
        _ = study.cells[1].points
    with pytest.raises(KeyError, match="c0009: no such cell, only c0000, c0001, c0002"):
        _ = study["c0009"]
    assert len(repr(study).splitlines()) == len(repr(study.cells[1]).splitlines()) == 4
    assert "12 landscapes" not in repr(study)
    assert repr(study).splitlines()[2].startswith("10 landscapes, ")


@pytest.fixture(scope="module")
def exported(store, tmp_path_factory):
    from morsecensus.pipeline.export.write import export_store

    folder = tmp_path_factory.mktemp("exported")
    made = {kind: export_store(store, kind, folder / name).path for kind, name in EXPORTS.items()}
    shutil.copytree(dataset_path(store), folder / "copied")
    return made | {"copy": folder / "copied"}


EXPORTS = {"zip": "small.zip", "netcdf": "files", "parquet": "tables"}


@pytest.mark.parametrize("check", ["sizes", "crc"])
@pytest.mark.parametrize("kind", ["copy", "zip", "netcdf"])
def test_what_was_exported_opens_as_the_store_does(study, exported, kind, check):
    found = mc.open(exported[kind], check)
    assert (found.name, [cell.name for cell in found.cells]) == ("small", ["c0000", "c0001", "c0002"])
    for mine, theirs in zip(study.cells, found.cells, strict=True):
        assert (mine.body, mine.model, mine.n) == (theirs.body, theirs.model, theirs.n)
        assert mine.parameters == theirs.parameters
        assert type(mine.theory) is type(theirs.theory)
        assert mine._dimensions() == theirs._dimensions()
        for dimensions in mine._dimensions():
            one, other = mine.table(*dimensions).load(), theirs.table(*dimensions).load()
            xr.testing.assert_equal(one, other)
            assert {name: c.dtype for name, c in one.items()} == {name: c.dtype for name, c in other.items()}
            assert one.to_dataframe().equals(other[list(one)].to_dataframe())
        xr.testing.assert_equal(mine.dataset.load(), theirs.dataset.load())


def test_what_others_open_says_so(exported, tmp_path):
    with pytest.raises(StoreError, match=r'pandas.read_parquet\(".*tables/points"\)'):
        mc.open(exported["parquet"])
    with pytest.raises(StoreError, match="a file of one cell, allowed: its folder"):
        mc.open(exported["netcdf"] / "c0000.nc")
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(StoreError, match="neither a zip file nor a folder"):
        mc.open(tmp_path / "x.txt")
    with pytest.raises(StoreError, match="no run here"):
        mc.open(tmp_path)


@pytest.mark.parametrize("evil", ["evil:run_block", "tasks.block:run_block", "os:system", "x\ny"])
def test_a_stranger_s_export_chooses_no_body(exported, tmp_path, monkeypatch, evil):
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'exploded')!r}, 'w')\ndescribe = dict\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    shutil.copytree(exported["netcdf"], tmp_path / "files")
    (tmp_path / "files/manifest-sha256.txt").unlink()
    with h5netcdf.File(tmp_path / "files/c0001.nc", "a") as cell:
        cell.attrs["body"] = evil
    with pytest.raises(StoreError, match=r"c0001: this version can't say .*allowed: census"):
        mc.open(tmp_path / "files")
    assert not (tmp_path / "exploded").exists()


def test_an_export_that_lost_or_changed_a_file_is_refused(exported, tmp_path):
    shutil.copytree(exported["netcdf"], tmp_path / "files")
    with (tmp_path / "files/datasheet.md").open("a") as sheet:
        sheet.write("!")
    assert mc.open(tmp_path / "files").name == "small"
    with pytest.raises(StoreError, match=r"datasheet.md has changed since it was written"):
        mc.open(tmp_path / "files", "crc")
    (tmp_path / "files/c0001.nc").unlink()
    with pytest.raises(StoreError, match=r"c0001.nc is missing: copy it again from where it is whole"):
        mc.open(tmp_path / "files")
    manifest = tmp_path / "files/manifest-sha256.txt"
    manifest.write_text("")
    with pytest.raises(StoreError, match=r"manifest-sha256.txt is damaged"):
        mc.open(tmp_path / "files")
    manifest.unlink()
    with pytest.raises(StoreError, match=r"c0001.nc is missing: copy it again from where it is whole"):
        mc.open(tmp_path / "files")
    whole = exported["zip"].read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="if it was one, copy it again"):
        mc.open(tmp_path / "cut.zip")
