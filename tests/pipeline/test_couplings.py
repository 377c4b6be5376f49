"""Couplings as files: export, a study that reads them, the same critical points, and everything refused."""

import io
import json
import tomllib
import zipfile

import numpy as np
import pytest
import xarray as xr
import zarr
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.study.inputs import from_file, input_faults, put_inputs
from morsecensus.pipeline.study.study import parse_study, read_study
from morsecensus.pipeline.worker.bodies import DEFAULT_BODY
from morsecensus.pipeline.worker.given import find_in
from morsecensus.pipeline.worker.visibility import StoreUnseen
from morsecensus.storage import couplings
from morsecensus.storage.couplings import input_key, npz_bytes, parse_npz, read_arrays
from morsecensus.storage.dataset import dataset_hash, dataset_path
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.store import open_run
from morsecensus.storage.verify import verify
from morsecensus.tasks.block import run_block
from morsecensus.tasks.runtime import inputs
from morsecensus.tasks.systems.symmetric import packed_size
from support.workers import end_idle

OPTIONS = "options = { starts_per_round = 256, max_rounds = 8 }\npositions = true\n"
SOURCES = {
    "polynomial": '[[cells]]\nxi = "q^2+0.5*q^3"\nn = 3\nlandscapes = 4\nblock = 2\n' + OPTIONS,
    "form": '[[cells]]\nmodel = "partite"\nsizes = "1,2"\nn = 2\nlandscapes = 4\nblock = 2\n' + OPTIONS,
}
SOURCES["unequal"] = (
    '[[cells]]\nmodel = "partite"\nsizes = "2x3x2"\nn = 1\nlandscapes = 4\nblock = 2\n' + OPTIONS
)
HEAD = 'name = "s"\nseed = 4\n'


def given(file, n, **more):
    lines = {"landscapes": 4, "block": 2} | more
    text = "".join(f"{key} = {value}\n" for key, value in lines.items() if value is not None)
    return f'{HEAD}[[cells]]\nmodel = "given"\nfile = "{file}"\nn = {n}\n{text}{OPTIONS}'


def call(*arguments):
    return CliRunner().invoke(app, ["couplings", *map(str, arguments)])


def refused(text, folder):
    with pytest.raises(UsageError) as error:
        parse_study(tomllib.loads(text), "study", folder)
    assert "\n" not in str(error.value)
    return str(error.value)


def exported(folder, source, name, *more):
    (folder / "source.toml").write_text(HEAD + SOURCES[source])
    written = call(folder / "source.toml", "--landscape", "0:3", "--out", folder / name, *more)
    assert written.exit_code == 0, written.output
    return read_study(folder / "source.toml").cells[0].spec


def only_spec(text, folder):
    return parse_study(tomllib.loads(text), "s", folder).cells[0].spec


@pytest.mark.parametrize("source", SOURCES)
def test_exported_couplings_have_the_same_critical_points(source, tmp_path):
    first = exported(tmp_path, source, "c.npz")
    again = only_spec(given("c.npz", first["n"]), tmp_path)
    store = open_files(str(tmp_path / "store"))
    put_inputs(store, [again])
    find_in(store.url)
    inputs._kept.clear()  # what follows comes from the store
    one, other = run_block(dict(first), 1), run_block(dict(again), 1)
    # Starts are keyed by the landscape's number alone, so even the order of events is the same.
    for column in ("energy", "index", "position", "spectrum"):
        # Scales of steps differ in rounding: not the bits, but the points are the same.
        np.testing.assert_allclose(one["point"][column], other["point"][column], rtol=0, atol=1e-11)
    np.testing.assert_array_equal(one["landscape"]["n_points"], other["landscape"]["n_points"])


def test_all_forms_of_a_file_are_one_cell(tmp_path):
    exported(tmp_path, "polynomial", "c.npz")
    exported(tmp_path, "polynomial", "c.zarr")
    exported(tmp_path, "polynomial", "p.zarr", "--packed")
    (tmp_path / "there").mkdir()
    with np.load(tmp_path / "c.npz") as held:
        np.savez_compressed(tmp_path / "there" / "other.npz", **held)
    specs = [only_spec(given(file, 3), tmp_path) for file in ("c.npz", "c.zarr", "p.zarr", "there/other.npz")]
    assert all(spec == specs[0] for spec in specs)
    assert "file" not in specs[0]["parameters"]


def write(folder, name="c.npz", landscapes=4, n=3, seed=1, spoil=None):
    entries = np.random.default_rng(seed).standard_normal((landscapes, packed_size(n, 3)))
    if spoil is not None:
        entries[spoil] += 1e-9
    (folder / name).write_bytes(npz_bytes({"packed_3": entries}))


def test_a_changed_file_is_another_cell_and_a_store_refuses_it(tmp_path, toolbox):
    write(tmp_path)
    content = tomllib.loads(given(tmp_path / "c.npz", 3))
    toolbox.run(content, tmp_path / "store")
    sha256 = parse_study(content).cells[0].spec["parameters"]["sha256"]
    write(tmp_path, seed=2)
    with pytest.raises(UsageError, match=r"computes something else now: landscape 0 of its file has changed"):
        toolbox.run(content, tmp_path / "store")
    with pytest.raises(UsageError, match="has changed since"):
        from_file(sha256)
    (kept,) = (tmp_path / "store" / "inputs").iterdir()
    assert kept.name == f"{sha256}.npz"


def test_a_file_that_holds_more_extends_its_store(tmp_path, toolbox):
    def run(landscapes, store="store", **more):
        write(tmp_path, landscapes=landscapes, **more)
        content = tomllib.loads(given(tmp_path / "c.npz", 3, landscapes=landscapes))
        return toolbox.run(content, tmp_path / store, body=DEFAULT_BODY)

    first = run(4)
    for landscapes, blocks in ((8, 2), (10, 1), (10, 0)):
        again = run(landscapes)
        assert (again.landscapes, again.computed_blocks) == (landscapes, blocks)
    assert first.computed_blocks == 2
    at_once = run(10, "at-once")
    grown, whole = (
        xr.open_datatree(dataset_path(str(tmp_path / store)), engine="zarr", consolidated=False)["c0000"]
        for store in ("store", "at-once")
    )
    assert again.points == at_once.points
    for name in whole.data_vars:
        np.testing.assert_array_equal(grown[name].to_numpy(), whole[name].to_numpy())
    for spoil, message in ((2, "landscape 2 of its file has changed"), (9, "landscape 9 has changed since")):
        with pytest.raises(UsageError, match=message):
            run(12, spoil=spoil)
    with pytest.raises(UsageError, match="its file holds 3 landscapes, fewer than before"):
        toolbox.run(tomllib.loads(given_first_three(tmp_path)), tmp_path / "store", body=DEFAULT_BODY)
    # A part of what came is lost: workers say so, and the next run puts it back.
    (segment,) = (tmp_path / "store" / "inputs").glob("*/8-10-*.npz")
    segment.unlink()
    inputs._kept.clear()
    find_in(str(tmp_path / "store"))
    sha256 = segment.parent.name
    assert len(inputs.content(sha256)["packed_3"]) == 8
    run(10)
    assert len(inputs.content(sha256, 10)["packed_3"]) == 10


def given_first_three(folder):
    write(folder, landscapes=3)
    return given(folder / "c.npz", 3, landscapes=2)


def test_blocks_are_of_the_usual_size_whatever_is_held(tmp_path):
    write(tmp_path, landscapes=12)
    spec = only_spec(given("c.npz", 3, block=None, landscapes=7), tmp_path)
    assert spec["block_size"] == 50
    assert "landscapes: got 13, allowed: at most the 12 in the file" in refused(
        given("c.npz", 3, landscapes=13), tmp_path
    )
    assert only_spec(given("c.npz", 3, block=5, landscapes=12), tmp_path)["block_size"] == 5


def test_a_study_with_a_short_last_block_is_killed_resumed_and_extended(tmp_path, toolbox):
    write(tmp_path, landscapes=11)
    content = given(tmp_path / "c.npz", 3, block=4, landscapes=11).replace(OPTIONS, "")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert toolbox.run(tomllib.loads(content), whole).landscapes == 11
    less = content.replace("landscapes = 11", "landscapes = 8")
    assert toolbox.run(tomllib.loads(less), broken).landscapes == 8
    script = {"seconds": 0.3}
    driver = toolbox.driver(content, broken, script=script | {"exit": ["3:2"]})
    code, _, err = driver.finish()
    assert code == 1, err
    record = json.loads((broken / "failed/c0000/000002.json").read_text())
    assert record["landscapes"] == [8, 9, 10]
    (broken / "commits/c0000/000001.json").unlink()
    driver = toolbox.driver(content, broken, script=script)
    driver.wait_for_markers(2)
    driver.process.kill()
    driver.finish()
    toolbox.run(tomllib.loads(content), broken)
    assert dataset_hash(str(broken)) == dataset_hash(str(whole))
    assert verify(open_run(str(broken))).problems == []


def test_files_that_cannot_be_are_refused_in_one_line(tmp_path):
    write(tmp_path)
    assert "no such file, and no Zarr group" in refused(given("none.npz", 3), tmp_path)
    assert "got shape (4, 10), allowed at n = 4: (20,)" in refused(given("c.npz", 4), tmp_path)
    (tmp_path / "text.npz").write_text("not a zip")
    assert "not an npz file" in refused(given("text.npz", 3), tmp_path)
    assert "cells[0].file: got" in refused(given("c.npz", 3).replace('"c.npz"', "3"), tmp_path)


def archive(name, data):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as held:
        held.writestr(name, data)
    return stream.getvalue()


def npy(shape, descr, data=b""):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue() + data


HOSTILE = {
    "a pickle": (archive("a.npy", npy((1,), "|O", b"cos\nsystem\n")), "type object, allowed: real"),
    "a header of terabytes": (archive("a.npy", npy((10**12,), "<f8")), "0 bytes for an array of shape"),
    "a negative length": (archive("a.npy", npy((-1, -8), "<f8", bytes(64))), "it is damaged"),
    "no array": (archive("a.npy", b"\x93NUMPY\x09\x00"), "is no array of numbers"),
    "another file": (archive("../../etc/x", b"1"), "allowed: arrays"),
    "one array": (b"\x93NUMPY\x01\x00", "one array without a name, allowed: an npz file"),
    "text": (archive("a.npy", npy((2,), "<U1", bytes(8))), "allowed: real ones"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_are_refused(what):
    data, message = HOSTILE[what]
    with pytest.raises(StoreError, match=message):
        parse_npz(data, "c.npz")


def test_sizes_are_checked_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(couplings, "MOST_BYTES", 1000)
    packed = io.BytesIO()
    np.savez_compressed(packed, a=np.zeros(10**6))
    assert len(packed.getvalue()) > 1000
    monkeypatch.setattr(couplings, "MOST_BYTES", 100_000)
    with pytest.raises(StoreError, match="bytes of arrays, allowed"):
        parse_npz(packed.getvalue(), "bomb.npz")
    group = zarr.open_group(tmp_path / "big.zarr", mode="w", zarr_format=3)
    group.create_array("degree_3", shape=(10**6,), dtype="f8")
    with pytest.raises(StoreError, match="bytes of arrays, allowed"):
        read_arrays(str(tmp_path / "big.zarr"))
    zarr.open_group(tmp_path / "old.zarr", mode="w", zarr_format=2)
    with pytest.raises(StoreError, match="no Zarr group of format 3"):
        read_arrays(str(tmp_path / "old.zarr"))


def test_workers_check_what_the_store_holds(tmp_path):
    write(tmp_path)
    spec = only_spec(given("c.npz", 3), tmp_path)
    sha256 = spec["parameters"]["sha256"]
    store = open_files(str(tmp_path / "store"))
    find_in(store.url)
    inputs._kept.clear()
    with pytest.raises(StoreUnseen, match="are not visible: there is no inputs/"):
        inputs.content(sha256)
    store.write({input_key(sha256): npz_bytes({"packed_3": np.zeros((4, 10))})})
    with pytest.raises(StoreError, match="has other content than its name says"):
        inputs.content(sha256)
    with pytest.raises(StoreError, match="allowed: 64 hexadecimal digits"):
        inputs.content("../../outside")


@pytest.mark.parametrize("damage", [None, b"", b"half an npz", npz_bytes({"packed_3": np.zeros((4, 10))})])
def test_damaged_inputs_are_named_and_written_again(tmp_path, damage):
    write(tmp_path)
    spec = only_spec(given("c.npz", 3), tmp_path)
    store, key = open_files(str(tmp_path / "store")), input_key(spec["parameters"]["sha256"])
    put_inputs(store, [spec])
    assert input_faults(store, [spec, {"n": 3}]) == {}
    sound = store.read(key)
    if damage is None:
        store.remove(key)
    else:
        store.write({key: damage})
    said = "is missing" if damage is None else "has other content than its name says"
    assert input_faults(store, [spec]) == {key: said}
    put_inputs(store, [spec])
    assert store.read(key) == sound


@pytest.mark.slow
def test_verify_reads_inputs(tmp_path):
    write(tmp_path)
    study, store = tmp_path / "study.toml", tmp_path / "store"
    study.write_text(given("c.npz", 3, landscapes=2))
    assert CliRunner().invoke(app, ["run", str(study), "--store", str(store)]).exit_code == 0
    assert CliRunner().invoke(app, ["verify", str(store)]).exit_code == 0
    (path,) = (store / "inputs").iterdir()
    end_idle()  # it has what the file held
    path.write_bytes(path.read_bytes()[:-9])
    found = CliRunner().invoke(app, ["verify", str(store)])
    assert found.exit_code == 1
    assert f"inputs/{path.name} has other content than its name says: run the study" in found.stdout
    assert "run the study with its file again" in found.stderr
    assert "repair" not in found.stderr
    next((store / "stream.zarr/c0000/energy").glob("c.*")).unlink()
    repaired = CliRunner().invoke(app, ["repair", str(store)])
    assert (repaired.exit_code, repaired.stderr.count("\n")) == (1, 1)
    assert CliRunner().invoke(app, ["run", str(study), "--store", str(store)]).exit_code == 0
    assert CliRunner().invoke(app, ["repair", str(store)]).exit_code == 0
    assert CliRunner().invoke(app, ["verify", str(store)]).exit_code == 0


def test_what_cannot_be_exported_is_named(tmp_path):
    study = tmp_path / "source.toml"
    study.write_text(HEAD + SOURCES["polynomial"] + SOURCES["form"])
    wrong = {
        ("--out", tmp_path / "c.txt"): "allowed: a name that ends in .npz or .zarr",
        ("--out", tmp_path / "c.npz"): "--cell: got nothing, allowed: c0000, c0001",
        ("--out", tmp_path / "c.npz", "--cell", "c9"): "--cell: got 'c9', allowed: c0000, c0001",
        ("--out", tmp_path / "c.npz", "--cell", "c0000", "--landscape", "x"): "--landscape: got 'x'",
        ("--out", study.with_suffix(".npz").parent / "no" / "c.npz", "--cell", "c0000"): "cannot write",
    }
    for arguments, message in wrong.items():
        result = call(study, *arguments)
        assert result.exit_code == 2, result.output
        assert message in " ".join(result.output.split())
