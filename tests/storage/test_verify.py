import json
import shutil
from dataclasses import replace

import pytest

from morsecensus.storage.compact import _markers, compact
from morsecensus.storage.errors import StoreError
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import Run, stream_metadata
from morsecensus.storage.verify import discard, verify

CHUNK = "stream.zarr/c0000/energy/c.{}.0"
MARKER = "commits/c0000/{:06d}.json"


def _path(run, key):
    return run.files.root / key


def _delete(path):
    path.unlink()


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-5])


def _empty(path):
    path.write_bytes(b"")


def _zero(path):
    path.write_bytes(bytes(path.stat().st_size))


def _flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def _longer(path):
    path.write_bytes(path.read_bytes() + b"x")


FAULTS = [_delete, _truncate, _empty, _zero, _flip, _longer]


def test_a_sound_run_has_no_problems(full_run):
    compact(full_run)
    report = verify(full_run)
    assert (report.planned, report.done, report.failed) == (3, 3, 0)
    assert report.problems == []
    assert report.leftovers == []
    assert report.objects == sum(
        len(m.objects) for m in full_run.committed(full_run.manifest.cells[0]).markers.values()
    )


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("block", [0, 2])
def test_a_damaged_chunk_is_named(full_run, fault, block):
    fault(_path(full_run, CHUNK.format(block)))
    report = verify(full_run)
    assert report.bad_blocks == [("c0000", block)]
    assert [p.key for p in report.problems] == [CHUNK.format(block)]


def test_exchanged_intact_chunks_are_noticed(full_run):
    one, other = (_path(full_run, CHUNK.format(block)) for block in (0, 2))
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    assert verify(full_run).bad_blocks == [("c0000", 0), ("c0000", 2)]


@pytest.mark.parametrize("fault", [_truncate, _empty, _zero, _flip])
def test_a_damaged_marker_is_named_and_its_block_is_not_done(full_run, fault):
    fault(_path(full_run, MARKER.format(1)))
    report = verify(full_run)
    assert report.bad_blocks == [("c0000", 1)]
    assert report.done == 2


def test_a_deleted_marker_is_a_block_not_done(full_run):
    _delete(_path(full_run, MARKER.format(1)))
    report = verify(full_run)
    assert (report.done, report.problems) == (2, [])


FORGERIES = {
    "rows": lambda r: r["rows"].update(point=1),
    "slots": lambda r: r["slots"].update(point=[1, 1, 1, 1]),
    "cell_hash": lambda r: r.update(cell_hash="other"),
    "fingerprint": lambda r: r.update(fingerprint="other"),
    "block": lambda r: r.update(block=1),
    "generation": lambda r: r.update(generation=1),
    "no objects": lambda r: r.update(objects={}),
    "one object less": lambda r: r["objects"].popitem(),
    "outside": lambda r: r["objects"].update({"../../etc/passwd": [1, "0"]}),
    "crc": lambda r: r["objects"].update({CHUNK.format(0): [1, "00000000"]}),
    "a list": lambda r: r.update(objects=[1]),
    "a new key": lambda r: r.update(extra=1),
    "a key less": lambda r: r.pop("rows"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_marker_with_a_good_seal_is_named(full_run, name):
    path = _path(full_run, MARKER.format(0))
    record = unseal(path.read_bytes())
    FORGERIES[name](record)
    path.write_bytes(seal(record))
    assert verify(full_run).bad_blocks == [("c0000", 0)]


def test_an_edited_marker_is_named(full_run):
    path = _path(full_run, MARKER.format(0))
    record = json.loads(path.read_bytes())
    record["provenance"]["host"] = "elsewhere"
    path.write_text(json.dumps(record))
    assert verify(full_run).bad_blocks == [("c0000", 0)]


@pytest.mark.parametrize("fault", FAULTS)
def test_damaged_metadata_and_datasets_are_named(full_run, fault):
    name = compact(full_run)
    fault(_path(full_run, "stream.zarr/c0000/energy/zarr.json"))
    fault(_path(full_run, f"{name}/c0000/energy/c/0"))
    kinds = [(p.kind, p.key) for p in verify(full_run).problems]
    assert kinds == [
        ("metadata", "stream.zarr/c0000/energy/zarr.json"),
        ("dataset", f"{name}/c0000/energy/c/0"),
    ]


def test_an_extension_that_was_cut_short_is_no_damage(full_run, toolbox):
    longer = toolbox.layout(landscapes=40)
    whole = replace(full_run.manifest, cells=(longer, toolbox.layout(1)))
    for name, data in stream_metadata(whole).items():
        full_run.files.write({f"stream.zarr/{name}": data})
    assert verify(full_run).problems == []
    shorter = replace(full_run.manifest, cells=(toolbox.layout(landscapes=4),))
    name = "c0000/energy/zarr.json"
    full_run.files.write({f"stream.zarr/{name}": stream_metadata(shorter)[name]})
    assert [(p.kind, p.key) for p in verify(full_run).problems] == [("metadata", f"stream.zarr/{name}")]
    changed = {**json.loads(stream_metadata(whole)[name]), "fill_value": 1.0}
    full_run.files.write({f"stream.zarr/{name}": json.dumps(changed).encode()})
    assert [p.key for p in verify(full_run).problems] == [f"stream.zarr/{name}"]


def test_leftovers_of_a_kill_are_reported_and_swept(full_run):
    compact(full_run)
    partial = _path(full_run, "stream.zarr/c0000/energy/c.0.0.abc.partial")
    partial.write_bytes(b"half")
    half = _path(full_run, "dataset-2.zarr/c0000/zarr.json")
    half.parent.mkdir(parents=True)
    half.write_bytes(b"{}")
    report = verify(full_run)
    assert report.problems == []
    assert report.leftovers == ["stream.zarr/c0000/energy/c.0.0.abc.partial", "dataset-2.zarr"]
    assert discard(full_run, report) == []
    assert verify(full_run).leftovers == []


def test_mended_is_as_before(full_run, toolbox):
    before = {key: full_run.files.read(key) for key in full_run.files.walk()}
    for block, fault in ((0, _truncate), (2, _delete)):
        fault(_path(full_run, CHUNK.format(block)))
    _flip(_path(full_run, MARKER.format(1)))
    again = discard(full_run, verify(full_run))
    assert again == [("c0000", 0), ("c0000", 1), ("c0000", 2)]
    for _, block in again:
        toolbox.write(full_run, full_run.manifest.cells[0], block)
    assert {key: full_run.files.read(key) for key in full_run.files.walk()} == before


def test_what_can_not_be_read_is_not_called_damaged(full_run, monkeypatch):
    """Rights, an exhausted table of files, a server that is away: repair would delete what is whole."""
    read, key = type(full_run.files).read, CHUNK.format(0)

    def refusing(self, name):
        if name.endswith(key):
            raise PermissionError(13, "Permission denied")
        return read(self, name)

    monkeypatch.setattr(type(full_run.files), "read", refusing)
    with pytest.raises(StoreError, match=r"cannot read .*energy.*Permission denied.*nothing was changed"):
        verify(full_run)


def test_no_dataset_goes_while_nobody_knows_which_one_is_current(full_run):
    name = compact(full_run)
    _truncate(_path(full_run, "latest.json"))
    report = verify(full_run)
    assert [problem.kind for problem in report.problems] == ["dataset"]
    assert report.leftovers == []
    discard(full_run, report)
    assert _path(full_run, name).is_dir()
    again = compact(full_run)
    assert again != name
    assert verify(full_run).leftovers == [name]


def test_a_dataset_that_is_gone_is_written_again(full_run):
    name = compact(full_run)
    assert compact(full_run) == name
    shutil.rmtree(_path(full_run, name))
    again = compact(full_run)
    assert _path(full_run, again).is_dir()
    assert verify(full_run).problems == []


def test_a_block_that_is_committed_while_markers_are_read_is_no_damage(full_run, monkeypatch):
    marker = _path(full_run, MARKER.format(1))
    hidden, looked = marker.with_suffix(".hidden"), []
    marker.rename(hidden)

    def between(name):
        look = getattr(Run, name)

        def looking(self, cell):
            found = look(self, cell)
            if not looked:
                hidden.rename(marker)
            looked.append(name)
            return found

        monkeypatch.setattr(Run, name, looking)

    between("committed")
    between("summaries")
    assert sorted(_markers(full_run, full_run.manifest.cells[0])) == [0, 1, 2]
    assert len(looked) == 2
