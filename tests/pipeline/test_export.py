"""What is exported stands for itself: numbers, paperwork and checksums, read by libraries of others alone."""

import hashlib
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import unquote

import h5netcdf
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import xarray as xr
import yaml
import zarr
from rich.console import Console
from rocrate.rocrate import ROCrate
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.export import write
from morsecensus.pipeline.export.write import export_store
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.study.study import parse_study
from morsecensus.storage.dataset import dataset_path
from morsecensus.storage.errors import RemoteError
from morsecensus.storage.seals import seal, unseal

BODIES, BODY = Path(__file__).parent / "bodies", "synthetic_body:run_block"
ABOUT = {
    "title": "Three spins: a small one",
    "creators": [
        {"name": "Josiah Carberry", "orcid": "0000-0002-1825-0097", "affiliation": "Brown University"},
        {"name": "Nobody"},
    ],
    "licence": "CC-BY-4.0",
    "funding": ["Agency, 1"],
}
PAPER = {"datasheet.md", "CITATION.cff", "ro-crate-metadata.json", "manifest-sha256.txt"}


FORMATS = {"zip": "small.zip", "parquet": "tables", "netcdf": "files"}


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store, and what each format makes of it."""
    folder = tmp_path_factory.mktemp("export")
    cell = {"xi": "q^3", "n": "4:5", "landscapes": 8, "block": 4}
    study = {"name": "demo", "seed": 1, "cells": [cell], "about": ABOUT}
    with pytest.MonkeyPatch.context() as context:
        context.syspath_prepend(str(BODIES))
        context.setenv("PYTHONPATH", str(BODIES))
        run_study(parse_study(study), str(folder / "run"), Settings(), Console(quiet=True), body=BODY)
    for kind, name in FORMATS.items():
        done = call("export", folder / "run", "--format", kind, "--out", folder / name)
        assert done.exit_code == 0, done.stderr
        assert done.stdout.startswith(str(folder / name))
    return folder


@pytest.fixture
def store(made):
    return str(made / "run")


@pytest.fixture
def exported(made):
    """Each format, by its name; not to be touched."""
    return {kind: made / name for kind, name in FORMATS.items()}


@pytest.fixture
def copies(made, tmp_path):
    """The same, to be damaged."""
    for name in ("tables", "files"):
        shutil.copytree(made / name, tmp_path / name)
    shutil.copy(made / "small.zip", tmp_path)
    return {kind: tmp_path / name for kind, name in FORMATS.items()}


def _cell(store, name):
    return xr.open_zarr(dataset_path(store), group=name).load()


def test_every_format_has_the_numbers(store, exported):
    packed = xr.open_datatree(zarr.storage.ZipStore(exported["zip"], mode="r"), engine="zarr")
    points = pd.read_parquet(exported["parquet"] / "points")
    landscapes = pd.read_parquet(exported["parquet"] / "landscapes")
    for name in ("c0000", "c0001"):
        plain = _cell(store, name)
        xr.testing.assert_identical(packed[name].to_dataset().load(), plain)
        mine = points[points["cell"] == name]
        for column in ("energy", "index", "hits"):
            np.testing.assert_array_equal(mine[column], plain[column])
        np.testing.assert_array_equal(mine["landscape"], plain["row_landscape"])
        np.testing.assert_array_equal(np.stack(mine["spectrum"]), plain["spectrum"])
        lines = landscapes[landscapes["cell"] == name]
        np.testing.assert_array_equal(np.stack(lines["points_by_index"]), plain["points_by_index"])
        words = np.array(plain["morse_check"].attrs["flag_meanings"].split())
        codes = plain["morse_check"].attrs["flag_values"]
        np.testing.assert_array_equal(
            lines["morse_check"], words[np.searchsorted(codes, plain["morse_check"])]
        )
        with xr.open_dataset(exported["netcdf"] / f"{name}.nc", engine="h5netcdf") as found:
            xr.testing.assert_equal(found.load(), plain)
            assert found["energy"].dtype == plain["energy"].dtype
    assert pd.read_parquet(exported["parquet"] / "cells.parquet")["group"].tolist() == ["c0000", "c0001"]


def test_parquet_says_what_its_columns_are(exported):
    schema = pq.read_schema(exported["parquet"] / "points/cell=c0000/part-0.parquet")
    assert schema.names[0] == "landscape"
    assert schema.field("energy").metadata[b"long_name"] == b"energy per spin"
    assert schema.field("energy").metadata[b"units"] == b"1"
    about = pq.read_schema(exported["parquet"] / "cells.parquet").metadata
    assert about[b"license"] == b"CC-BY-4.0"


def test_more_rows_than_a_row_group_has(store, tmp_path, exported, monkeypatch):
    from morsecensus.pipeline.export import arrays

    monkeypatch.setattr(arrays, "VALUES", 100)
    export_store(store, "parquet", tmp_path / "pieces")
    name = "points/cell=c0001/part-0.parquet"
    assert pq.ParquetFile(tmp_path / "pieces" / name).num_row_groups > 2
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "pieces" / name), pd.read_parquet(exported["parquet"] / name)
    )


def test_netcdf_is_cf(exported):
    """What the IOOS compliance checker had to say of a first version: flags of another type than their
    variable."""
    with h5netcdf.File(exported["netcdf"] / "c0000.nc", "r") as found:
        assert found.attrs["Conventions"] == "CF-1.11, ACDD-1.3"
        assert found.attrs["featureType"] == "profile"
        assert found.attrs["creator_name"] == "Josiah Carberry, Nobody"
        flags = {name: one for name, one in found.variables.items() if "flag_values" in one.attrs}
        assert len(flags) > 4
        for one in flags.values():
            assert one.attrs["flag_values"].dtype == one.dtype


def test_a_crate_that_its_library_reads(exported, tmp_path):
    for kind, place in exported.items():
        folder = place
        if kind == "zip":
            folder = tmp_path / "unpacked"
            shutil.unpack_archive(place, folder)
        crate = ROCrate(str(folder))
        assert crate.name == ABOUT["title"]
        assert crate.datePublished.date().isoformat() == "2026-01-01"
        assert crate.license.id == "https://spdx.org/licenses/CC-BY-4.0"
        people = crate.root_dataset["author"]
        assert [one["name"] for one in people] == ["Josiah Carberry", "Nobody"]
        assert people[0].id == "https://orcid.org/0000-0002-1825-0097"
        parts = {one.id for one in crate.root_dataset["hasPart"]}
        assert len(parts) == 2 + 3
        for name in parts:
            assert (folder / unquote(name)).exists(), (kind, name)


def test_a_citation_and_a_datasheet(exported):
    text = (exported["netcdf"] / "CITATION.cff").read_text()
    found = yaml.safe_load(text)
    assert found["cff-version"] == "1.2.0"
    assert found["type"] == "dataset"
    assert found["title"] == ABOUT["title"]
    assert found["license"] == "CC-BY-4.0"
    assert str(found["date-released"]) == "2026-01-01"
    orcid = "https://orcid.org/0000-0002-1825-0097"
    assert found["authors"] == [{"name": "Josiah Carberry", "orcid": orcid}, {"name": "Nobody"}]
    for kind, place in exported.items():
        if kind != "zip":
            sheet = (place / "datasheet.md").read_text()
            for word in ("What", "Why", "How", "Limits", "Use"):
                assert f"\n## {word}\n" in sheet
            assert "| c0001 | pspin, xi = q^3, field = 0.0 | 5 | multistart | 8 |" in sheet
            assert place.name in sheet


def test_a_study_that_names_nobody_is_exported_and_says_so(tmp_path, toolbox):
    toolbox.run(toolbox.content(n="4", landscapes=4), tmp_path / "bare")
    export_store(str(tmp_path / "bare"), "netcdf", tmp_path / "out")
    assert "Licence: not said" in (tmp_path / "out/datasheet.md").read_text()
    found = yaml.safe_load((tmp_path / "out/CITATION.cff").read_text())
    assert found["authors"] == [{"alias": "anonymous"}]
    assert "license" not in found


def test_the_same_store_gives_the_same_files(store, exported, tmp_path):
    for kind, place in exported.items():
        again = tmp_path / "again" / place.name
        export_store(store, kind, again)
        if kind == "zip":
            assert again.read_bytes() == place.read_bytes()
        else:
            assert (again / "manifest-sha256.txt").read_text() == (place / "manifest-sha256.txt").read_text()


def test_it_is_verified_alone_with_us_and_without(copies):
    for kind, place in copies.items():
        done = call("verify", place)
        assert (done.exit_code, done.stderr) == (0, ""), kind
        assert "0 damaged" in done.stdout
        if kind == "zip":
            with zipfile.ZipFile(place) as packed:
                *lines, last = packed.read("manifest-sha256.txt").decode().splitlines()
                assert last == f"# {len(lines)} files"
                assert {line[66:] for line in lines} | {"manifest-sha256.txt"} == set(packed.namelist())
                assert set(packed.namelist()) >= PAPER | {"zarr.json"}
                for line in lines:
                    assert hashlib.sha256(packed.read(line[66:])).hexdigest() == line[:64]
        else:
            files = {p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file()}
            assert files >= PAPER
            subprocess.run(["sha256sum", "--check", "--quiet", "manifest-sha256.txt"], cwd=place, check=True)
    assert "allowed: the store of a run" in call("verify", copies["zip"], "--deep").stderr


def _flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


def test_damage_is_named(copies, tmp_path):
    path = copies["parquet"] / "points/cell=c0000/part-0.parquet"
    _flip(path, 100)
    (copies["netcdf"] / "c0001.nc").unlink()
    with zipfile.ZipFile(copies["zip"]) as packed:
        info = packed.getinfo("c0000/energy/c/0")
    _flip(copies["zip"], info.header_offset + 30 + len(info.filename) + 5)
    for kind, name in (
        ("parquet", "points/cell=c0000/part-0.parquet has changed"),
        ("netcdf", "c0001.nc is missing"),
        ("zip", "c0000/energy/c/0 has changed"),
    ):
        done = call("verify", copies[kind])
        assert done.exit_code == 1
        assert done.stdout.count("\n") == 2
        assert name in done.stdout
        assert "copy it again" in done.stderr
    short = tmp_path / "short.zip"
    short.write_bytes(copies["zip"].read_bytes()[:-50])
    done = call("verify", short)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "no whole zip file" in done.stderr
    (copies["netcdf"] / "manifest-sha256.txt").write_text("nonsense\n")
    assert "manifest-sha256.txt is damaged" in call("verify", copies["netcdf"]).stderr
    (copies["parquet"] / "manifest-sha256.txt").write_text(f"{'0' * 64}  ../files/datasheet.md\n# 1 files\n")
    assert "leads out of the folder" in call("verify", copies["parquet"]).stderr


@pytest.mark.parametrize("lines", [0, 1, -2, -1])
def test_a_manifest_that_was_cut_or_emptied_is_damaged(copies, lines):
    for kind in ("parquet", "netcdf"):
        manifest = copies[kind] / "manifest-sha256.txt"
        manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:lines]))
        done = call("verify", copies[kind])
        assert (done.exit_code, "manifest-sha256.txt is damaged" in done.stderr) == (1, True)
    manifest.unlink()
    assert call("verify", copies["netcdf"]).exit_code == 1


def _refused(*arguments):
    done = call("export", *arguments)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    return done.exit_code, done.stderr


def _nobody_answers(*_):
    raise RemoteError("the bucket is silent")


def test_bad_input_is_one_line(store, tmp_path, toolbox, monkeypatch):
    out = tmp_path / "out.zip"
    assert _refused(store, "--format", "csv")[0] == 2
    assert "--format: got 'csv', allowed: zip, parquet, netcdf" in _refused(store, "--format", "csv")[1]
    out.write_text("mine")
    code, text = _refused(store, "--out", out)
    assert (code, out.read_text()) == (2, "mine")
    assert f"--out: {out} is there already: choose another name" in text
    (tmp_path / "file").write_text("")
    code, text = _refused(store, "--out", tmp_path / "file/below.zip")
    assert (code, "--out: cannot write" in text) == (2, True)
    code, text = _refused(tmp_path / "nothing", "--out", tmp_path / "x.zip")
    assert (code, "no run here" in text) == (1, True)
    toolbox.run(toolbox.content(n="4", landscapes=8), tmp_path / "half", script={"raise": ["4:1"]})
    code, text = _refused(tmp_path / "half", "--out", tmp_path / "x.zip")
    assert (code, "not finished, 1 of 2 blocks are done, allowed: a finished one" in text) == (2, True)
    monkeypatch.setattr(write.importlib.util, "find_spec", lambda name: None if name == "pyarrow" else name)
    code, text = _refused(store, "--format", "parquet", "--out", tmp_path / "x")
    assert (
        code,
        'parquet takes pyarrow, which is not installed: pip install "morsecensus[export]"' in text,
    ) == (
        2,
        True,
    )
    monkeypatch.undo()
    with monkeypatch.context() as away:
        away.setattr(write, "_write_zip", _nobody_answers)
        code, text = _refused(store, "--out", tmp_path / "x.zip")
    assert (code, "the bucket is silent" in text, "--out" in text) == (1, True, False)
    shutil.copytree(store, tmp_path / "damaged")
    _flip(Path(dataset_path(str(tmp_path / "damaged"))) / "c0000/energy/c/0", 3)
    code, text = _refused(tmp_path / "damaged", "--out", tmp_path / "x.zip")
    assert (code, "c0000/energy/c/0 has changed" in text) == (1, True)
    assert not list(tmp_path.glob(".*partial"))
    assert not (tmp_path / "x.zip").exists()


def test_a_stranger_s_record_is_one_line(store, tmp_path):
    """Of a store that came from elsewhere: whoever wrote run.json need not have been us."""
    shutil.copytree(store, tmp_path / "run")
    record = unseal((tmp_path / "run/run.json").read_bytes())
    record["study"]["about"] = {"creators": [{"name": "A\nlicense: MIT"}]}
    (tmp_path / "run/run.json").write_bytes(seal(record))
    code, text = _refused(tmp_path / "run", "--out", tmp_path / "x.zip")
    assert (code, "run.json: about.creators[0].name: got 'A\\nlicense: MIT', allowed: a line" in text) == (
        2,
        True,
    )


def test_json_says_what_was_written(store, tmp_path):
    done = call("export", store, "--out", tmp_path / "a.zip", "--json", "--quiet")
    found = json.loads(done.stdout)
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        manifest = packed.read("manifest-sha256.txt")
        assert found["files"] == len(packed.namelist())
    assert found["manifest"] == hashlib.sha256(manifest).hexdigest()
    assert (found["path"], found["format"]) == (str(tmp_path / "a.zip"), "zip")
