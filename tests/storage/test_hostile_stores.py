"""Stores that mean harm: records resealed by hand, links out of the folder. Nothing outside is touched."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from morsecensus.storage.compact import compact
from morsecensus.storage.dataset import dataset_path, read_pointer
from morsecensus.storage.errors import StoreError
from morsecensus.storage.lease import acquire
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import open_run
from morsecensus.storage.verify import discard, verify
from support.fuzzing import examples

fuzzed = settings(max_examples=examples(200))


def reseal(path, change):
    """Edit a record as somebody would who knows the format."""
    record = unseal(path.read_bytes())
    change(record)
    path.write_bytes(seal(record))


@pytest.fixture
def victim(tmp_path):
    """A folder beside the store that must stay as it is."""
    folder = tmp_path / "victim"
    folder.mkdir()
    (folder / "000000.json").write_text("precious")
    (folder / "zarr.json").write_text("precious")
    yield folder
    assert sorted(path.name for path in folder.iterdir()) == ["000000.json", "zarr.json"]
    assert all(path.read_text() == "precious" for path in folder.iterdir())


NAMES = [
    "../../victim",
    "/etc",
    "..",
    ".",
    "",
    "c0000/../../../victim",
    "c0000\n",
    "c00",
    "c" + "0" * 99,
    "c٠٠٠٠",
    3,
]


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_called_as_we_call_them(full_run, victim, name):
    reseal(full_run.files.root / "run.json", lambda record: record["cells"][0].update(id=name))
    with pytest.raises(StoreError, match=r"run\.json"):
        open_run(full_run.url)


POINTERS = [
    {"dataset": "../victim"},
    {"dataset": "/etc"},
    {"dataset": "dataset-1.zarr/../../victim"},
    {"dataset": "dataset-1.zarr\n"},
    {"dataset": 3},
    {"objects": {"../../victim/zarr.json": [8, "0"]}},
    {"objects": [["a", 1]]},
    {"objects": None},
]


@pytest.mark.parametrize("change", POINTERS)
def test_the_pointer_points_into_the_store(full_run, victim, change):
    pointer = {"dataset": "dataset-1.zarr", "content": "", "objects": {}} | change
    (full_run.files.root / "latest.json").write_bytes(seal(pointer))
    with pytest.raises(StoreError, match=r"latest\.json does not point to a dataset of this store"):
        read_pointer(full_run.files)
    with pytest.raises(StoreError):
        dataset_path(full_run.url)
    report = verify(full_run)
    assert [problem.key for problem in report.problems] == ["latest.json"]
    discard(full_run, report)
    assert read_pointer(full_run.files) is None


def test_markers_name_nothing_but_their_block(full_run, victim):
    path = full_run.files.root / "commits/c0000/000000.json"
    reseal(path, lambda record: record["objects"].update({"../victim/000000.json": [8, "0"]}))
    report = verify(full_run)
    assert [(problem.kind, problem.block) for problem in report.problems] == [("marker", 0)]
    assert "foreign" in report.problems[0].text
    discard(full_run, report)


def test_a_marker_that_claims_a_trillion_rows_is_refused_at_once(full_run):
    def claim(record):
        record["rows"]["point"] = 10**15
        record["slots"]["point"] = [10**15, 0, 0, 0]

    reseal(full_run.files.root / "commits/c0000/000000.json", claim)
    assert [(problem.kind, problem.block) for problem in verify(full_run).problems] == [("marker", 0)]


def test_odd_names_in_the_folders_are_passed_over(full_run):
    for folder in ("commits/c0000", "failed/c0000"):
        (full_run.files.root / folder).mkdir(parents=True, exist_ok=True)
        (full_run.files.root / folder / "²²²²²².json").write_text("x")
    assert verify(full_run).problems == []


def test_links_lead_nowhere(full_run, victim, tmp_path):
    root = full_run.files.root
    (root / "commits/c0000/000000.json").unlink()
    (root / "commits/c0000/000000.json").symlink_to(victim / "000000.json")
    with pytest.raises(StoreError, match=r"commits/c0000/000000\.json leads out of the store"):
        full_run.files.read("commits/c0000/000000.json")
    assert list(full_run.committed(full_run.manifest.cells[0]).damaged) == [(0, 0)]


def test_a_linked_folder_is_neither_written_nor_emptied(full_run, victim):
    root = full_run.files.root
    (root / "failed").symlink_to(victim)
    (root / "dataset-7.zarr").symlink_to(victim)
    with pytest.raises(StoreError, match="leads out"):
        full_run.files.write({"failed/000000.json": b"x"})
    with pytest.raises(StoreError, match="leads out"):
        full_run.files.create("failed/new.json", b"x")
    with pytest.raises(StoreError, match="leads out"):
        full_run.files.remove("dataset-7.zarr")
    with pytest.raises(StoreError, match="leads out"):
        full_run.files.zarr("dataset-7.zarr")
    with pytest.raises(StoreError, match="leads out"):
        full_run.files.names("failed")


def test_the_lock_is_no_link(full_run, victim):
    (full_run.files.root / ".lease.lock").symlink_to(victim / "zarr.json")
    with pytest.raises(StoreError, match="leads out"):
        acquire(full_run.files)


def test_a_store_that_is_itself_a_link_works(full_run, tmp_path):
    (tmp_path / "link").symlink_to(full_run.files.root)
    run = open_run(str(tmp_path / "link"))
    assert verify(run).problems == []
    assert compact(run) == "dataset-1.zarr"


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def sealed(_full_run, tmp_path_factory):
    """A copy of the run whose records may be overwritten again and again."""
    import shutil

    root = tmp_path_factory.mktemp("sealed") / "run"
    shutil.copytree(_full_run, root)
    return open_run(str(root))


@fuzzed
@given(st.sampled_from(["format", "name", "study", "cells", "generations", "software"]), json_values)
@example("generations", [{"\x1e\n\u202e": None}])
def test_any_entry_of_run_json(sealed, key, value):
    path = sealed.files.root / "run.json"
    whole = path.read_bytes()
    reseal(path, lambda record: record.update({key: value}))
    message = ""
    try:
        open_run(sealed.url)
    except StoreError as error:
        message = str(error)
    finally:
        path.write_bytes(whole)
    assert message.isprintable()


@fuzzed
@given(st.sampled_from(["cell", "cell_hash", "generation", "block", "rows", "slots", "objects"]), json_values)
def test_any_entry_of_a_marker(sealed, key, value):
    path = sealed.files.root / "commits/c0000/000000.json"
    whole = path.read_bytes()
    same = unseal(whole)[key] == value
    reseal(path, lambda record: record.update({key: value}))
    found = sealed.committed(sealed.manifest.cells[0])
    path.write_bytes(whole)
    assert (0 in found.markers) == same


@fuzzed
@given(st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_for_a_record(sealed, data):
    path = sealed.files.root / "commits/c0000/000000.json"
    whole = path.read_bytes()
    path.write_bytes(data)
    found = sealed.committed(sealed.manifest.cells[0])
    path.write_bytes(whole)
    assert list(found.damaged) == [(0, 0)]
