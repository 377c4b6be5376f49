"""A dataset against its inventory: in its run, and as a folder that was copied alone."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from morsecensus.storage.compact import compact
from morsecensus.storage.dataset import check_dataset, checked_path, read_pointer
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.inventory import (
    INVENTORY_KEY,
    Entry,
    entries,
    faults,
    inventory_bytes,
    read_inventory,
)
from morsecensus.storage.verify import verify, verify_dataset

OLD = Path(__file__).parent / "stores/format-1.zip"
FAULTS = {
    "deleted": (lambda path: path.unlink(), "is missing"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes, written were"),
    "emptied": (lambda path: path.write_bytes(b""), "has 0 bytes, written were"),
    "longer": (lambda path: path.write_bytes(path.read_bytes() + b"x"), "bytes, written were"),
}


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.fixture
def dataset(full_run):
    """The folder of the dataset in its run."""
    return full_run.files.root / compact(full_run)


def message(function, *arguments):
    with pytest.raises(StoreError) as error:
        function(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def objects_of(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_whole_is_whole_wherever_it_lies(full_run, dataset, tmp_path):
    copy = shutil.copytree(dataset, tmp_path / "renamed.zarr")
    for how in ("sizes", "crc"):
        assert checked_path(full_run.url, how) == str(dataset)
        check_dataset(str(dataset), how)
        check_dataset(str(copy), how)
    assert set(read_inventory(open_files(str(copy)))) == set(objects_of(copy)) - {INVENTORY_KEY}
    assert verify_dataset(str(copy)).problems == []


@pytest.mark.parametrize("fault", FAULTS)
def test_no_object_can_be_missing_or_cut(full_run, dataset, tmp_path, fault):
    copy = shutil.copytree(dataset, tmp_path / "copy.zarr")
    damage, said = FAULTS[fault]
    names = objects_of(dataset)
    assert len(names) > 150
    for name in names:
        for folder, check, where in (
            (dataset, lambda: checked_path(full_run.url), f"{dataset.name}/{name}"),
            (copy, lambda: check_dataset(str(copy)), name),
        ):
            kept = (folder / name).read_bytes()
            damage(folder / name)
            text = message(check)
            if folder == dataset or name != INVENTORY_KEY:
                assert f"{where} {said}" in text or f"{where} has {said}" in text or where in text
                assert said in text
            assert "repair" in text
            (folder / name).write_bytes(kept)
    check_dataset(str(copy), "crc")


def test_a_flipped_bit_takes_the_contents_to_be_seen(full_run, dataset):
    flip(dataset / "c0000/energy/c/0")
    checked_path(full_run.url)  # a listing can't know
    text = message(checked_path, full_run.url, "crc")
    assert "dataset-1.zarr/c0000/energy/c/0 has changed since it was written (CRC)" in text
    assert "crc" in message_of_value_error(full_run.url)


def message_of_value_error(url):
    with pytest.raises(ValueError, match="allowed: sizes or crc") as error:
        checked_path(url, "quick")
    return str(error.value)


def test_metadata_that_everything_is_read_by_are_always_read(full_run, dataset):
    text = (dataset / "zarr.json").read_text()
    assert '"model": "pspin"' in text
    (dataset / "zarr.json").write_text(text.replace('"model": "pspin"', '"model": "pspim"'))
    assert "zarr.json has changed" in message(checked_path, full_run.url)


def test_others_files_do_not_matter(full_run, dataset):
    (dataset / ".DS_Store").write_bytes(b"x")
    (dataset / "c0000/energy/c/1").write_bytes(b"x")
    checked_path(full_run.url, "crc")


def test_how_many_more_is_said(full_run, dataset):
    shutil.rmtree(dataset / "c0000/points_by_index/c")
    shutil.rmtree(dataset / "c0000/energy/c")
    text = message(checked_path, full_run.url)
    assert "c0000/energy/c/0 is missing, and 1 more are not as recorded" in text
    shutil.rmtree(dataset)
    assert "is missing" in message(checked_path, full_run.url)
    assert "nothing there" in message(check_dataset, str(dataset.with_name("other.zarr")))


def test_a_damaged_inventory_is_no_inventory(dataset, tmp_path):
    copy = shutil.copytree(dataset, tmp_path / "copy.zarr")
    path = copy / INVENTORY_KEY
    record = json.loads(path.read_text())
    del record["attributes"]["objects"]["c0000/energy/c/0"]
    path.write_text(json.dumps(record))
    assert "inventory/zarr.json is damaged" in message(check_dataset, str(copy))


@pytest.mark.parametrize(
    "objects", [[], {"a": 1}, {"a": [-1, "00000000"]}, {"a": [1, "0"]}, {"a": [True, "00000000"]}]
)
def test_what_is_no_size_and_crc_is_refused(objects):
    with pytest.raises(ValueError, match=r"objects|size and CRC"):
        entries(objects)


def test_a_dataset_without_inventory_is_held_against_its_run(tmp_path, full_run):
    with zipfile.ZipFile(OLD) as packed:
        packed.extractall(tmp_path / "old")
    folder = tmp_path / "old" / read_pointer(open_files(str(tmp_path / "old"))).dataset
    assert not (folder / INVENTORY_KEY).exists()
    checked_path(str(tmp_path / "old"), "crc")
    check_dataset(str(folder), "crc")
    alone = shutil.copytree(folder, tmp_path / "alone.zarr")
    assert "nothing says what should be in this dataset" in message(check_dataset, str(alone))
    (folder / "c0000/energy/c/0").unlink()
    assert "c0000/energy/c/0 is missing" in message(check_dataset, str(folder))
    assert "c0000/energy/c/0 is missing" in message(checked_path, str(tmp_path / "old"))


def test_compacting_gives_an_old_dataset_an_inventory(full_run, dataset):
    pointer = json.loads((full_run.files.root / "latest.json").read_text())
    del pointer["objects"][INVENTORY_KEY], pointer["seal"]
    from morsecensus.storage.seals import seal

    full_run.files.write({"latest.json": seal(pointer)})
    assert compact(full_run) == "dataset-2.zarr"
    assert compact(full_run) == "dataset-2.zarr"
    check_dataset(f"{full_run.url}/dataset-2.zarr", "crc")


def test_verify_reads_a_dataset_alone_and_the_inventory_in_a_run(full_run, dataset, tmp_path):
    copy = shutil.copytree(dataset, tmp_path / "copy.zarr")
    flip(copy / "c0000/energy/c/0")
    found = verify_dataset(str(copy))
    assert [(p.kind, p.key) for p in found.problems] == [("copy", "c0000/energy/c/0")]
    flip(dataset / INVENTORY_KEY)
    assert [(p.kind, p.key) for p in verify(full_run).problems] == [
        ("dataset", f"{dataset.name}/{INVENTORY_KEY}")
    ]


def test_sizes_of_a_listing_on_any_file_system(tmp_path):
    for url in (str(tmp_path / "x"), "memory://sizes/x"):
        files = open_files(url)
        assert files.sizes("a") == {}
        files.write({"a/one": b"1", "a/b/two": b"22", "c": b"333"})
        assert files.sizes("a") == {"a/one": 1, "a/b/two": 2}
        assert files.sizes() == {"a/one": 1, "a/b/two": 2, "c": 3}


def test_equal_objects_have_equal_inventories():
    one = {"b": (1, "00000001"), "a": (2, "00000002")}
    assert inventory_bytes(one) == inventory_bytes(dict(sorted(one.items())))


def test_entries_are_a_size_and_a_crc():
    assert entries({"a": [0, "00000000"], "b": [7, "00ab12ff"]}) == {
        "a": Entry(0, "00000000"),
        "b": Entry(7, "00ab12ff"),
    }
    digest = hashlib.sha256(b"").hexdigest()
    assert entries({"a": [0, "00000000", digest]}) == {"a": Entry(0, "00000000", digest)}
    wrong_digests = ([1, "00000000", digest[1:]], [1, "00000000", 7], [1, "00000000", digest, digest])
    for wrong in (
        *([-1, "00000000"], [1.0, "00000000"], [1], [1, "0000000"], [1, "0000000G"], [1, 7], None),
        *wrong_digests,
    ):
        with pytest.raises(ValueError, match="'b' has no size and CRC"):
            entries({"a": [0, "00000000"], "b": wrong})


def test_a_folder_that_can_not_be_listed_is_said(dataset, monkeypatch):
    files = open_files(str(dataset))

    def sizes(folder):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "sizes", sizes)
    assert "cannot list it: Permission denied" in message(lambda: list(faults(files, "", {}, False)))
    assert "cannot list some: Permission denied" in message(lambda: list(faults(files, "some", {}, False)))
