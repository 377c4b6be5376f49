"""The IDX format: what is read, and what is refused with one line."""

import gzip

import numpy as np
import pytest

from morsecensus.storage.couplings import npz_bytes
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.idx import FILES, read_folder
from morsecensus.storage.mapped import read_mapped

SOURCE = np.random.default_rng(1)
ARRAYS = {
    "images": SOURCE.integers(0, 256, (7, 4, 3), dtype=np.uint8),
    "labels": np.array([0, 9, 3, 4, 4, 1, 2], np.uint8),
    "test_images": SOURCE.integers(0, 256, (2, 4, 3), dtype=np.uint8),
    "test_labels": np.array([5, 6], np.uint8),
}


def idx(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write(folder, packed=(), **changed):
    for name, array in (ARRAYS | changed).items():
        file, data = FILES[name][0], array if isinstance(array, bytes) else idx(array)
        path = folder / (f"{file}.gz" if name in packed else file)
        path.write_bytes(gzip.compress(data) if name in packed else data)
    return folder


@pytest.mark.parametrize("packed", [(), tuple(ARRAYS), ("images",)])
def test_what_was_written_is_read(tmp_path, packed):
    found = read_folder(write(tmp_path, packed))
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array.reshape(len(array), -1).squeeze())
        assert found[name].dtype == np.uint8


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"images": b""}, r"images-idx3-ubyte: got magic number 0x, allowed: 0x00000803"),
        ({"images": idx(ARRAYS["labels"])}, r"got magic number 0x00000801, allowed: 0x00000803"),
        ({"labels": b"\0\0\x0d\1" + bytes(8)}, r"labels-idx1-ubyte: got magic number 0x00000d01"),
        ({"images": idx(ARRAYS["images"])[:-1]}, r"got 83 bytes after its head, allowed: the 84"),
        ({"images": idx(ARRAYS["images"]) + b"\0"}, r"got 85 bytes after its head, allowed: the 84"),
        ({"images": idx(ARRAYS["images"])[:9]}, r"got 0 bytes after its head"),
        ({"labels": b"\0\0\x08\1\xff\xff\xff\xff" + bytes(7)}, r"got 7 bytes .*the 4294967295"),
        ({"labels": ARRAYS["labels"][:-1]}, r"train-labels.*got 6 labels for 7 images, allowed: as many"),
        ({"test_labels": np.array([5, 10], np.uint8)}, r"t10k-labels.*got label 10, allowed: 0 to 9"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, changed, message):
    for packed in ((), tuple(changed)):
        folder = tmp_path / f"packed{len(packed)}"
        folder.mkdir()
        write(folder, packed, **changed)
        with pytest.raises(StoreError, match=message.replace("ubyte", r"ubyte(\.gz)?")) as error:
            read_folder(folder)
        assert "\n" not in str(error.value)


def test_a_file_that_is_missing_or_there_twice_or_no_gzip(tmp_path):
    write(tmp_path)
    path = tmp_path / FILES["images"][0]
    data = path.read_bytes()
    (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(data))
    with pytest.raises(StoreError, match=r"got train-images-idx3-ubyte and .*\.gz, allowed: one of them"):
        read_folder(tmp_path)
    path.unlink()
    (tmp_path / f"{path.name}.gz").write_bytes(gzip.compress(data)[:-9])
    with pytest.raises(StoreError, match="not a whole gzip file"):
        read_folder(tmp_path)
    (tmp_path / f"{path.name}.gz").unlink()
    with pytest.raises(StoreError, match=r"there is no train-images-idx3-ubyte or .*\.gz"):
        read_folder(tmp_path)


def test_arrays_of_a_store_are_mapped(tmp_path):
    flat = {name: array.reshape(len(array), -1) for name, array in ARRAYS.items()}
    files = open_files(str(tmp_path))
    files.write({"inputs/a.npz": npz_bytes(flat)})
    found = read_mapped(files, "inputs/a.npz")
    for name, array in flat.items():
        assert isinstance(found[name], np.memmap)
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", npz_bytes({"images": np.ones(3)}), npz_bytes(dict(images=ARRAYS["images"]))[:200]],
    ids=["empty", "no zip", "doubles", "cut short"],
)
def test_other_objects_are_not(tmp_path, data):
    files = open_files(str(tmp_path))
    files.write({"a.npz": data})
    with pytest.raises(StoreError, match=r"a\.npz: not an npz file"):
        read_mapped(files, "a.npz")
    with pytest.raises(FileNotFoundError):
        read_mapped(files, "b.npz")
