"""A run whose power is cut anywhere, on a disk that forgets what was not fsynced; and that such a disk would
show it if nothing were."""

import numpy as np
import pytest

from chaos.disk_model import Disk, Operation
from chaos.power_loss import cut, recording


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    return recording(tmp_path_factory.mktemp("power"))


@pytest.mark.parametrize("number", range(6))
def test_nothing_is_lost(recorded, tmp_path, number):
    log, expected = recorded
    random = np.random.default_rng([11, number])
    result = cut(log, expected, int(random.integers(len(log))), random, tmp_path / "store")
    assert result.held, result.outcome
    assert result.lost == 0


@pytest.mark.parametrize("forgotten", ["files", "folders"])
def test_without_fsync_it_would_be(recorded, tmp_path, forgotten):
    """The negative control: the same log without the syncs of files, or of folders."""
    log, expected = recorded
    folders = {one.path for one in log if one.kind == "mkdir"} | {"."}
    kept = [one for one in log if one.kind != "sync" or (one.path in folders) != (forgotten == "folders")]
    assert len(kept) < len(log)
    outcomes = []
    for number in range(6):
        random = np.random.default_rng([12, number])
        after = int(random.integers(len(kept) // 2, len(kept)))
        outcomes.append(cut(kept, expected, after, random, tmp_path / str(number)))
    assert sum(not one.held for one in outcomes) >= 3


def _after(operations):
    disk = Disk()
    for one in operations:
        disk.apply(one)
    return disk


def test_the_disk_keeps_what_was_synced_and_nothing_else_for_sure(tmp_path):
    written = [
        Operation("mkdir", "a"),
        Operation("create", "a/x.partial"),
        Operation("sync", "a/x.partial", data=b"content"),
        Operation("rename", "a/x.partial", "a/x", b"content"),
    ]
    seen = {"whole": 0, "named otherwise": 0, "gone": 0}
    for seed in range(60):
        root = tmp_path / str(seed)
        _after(written).cut_power(np.random.default_rng(seed), root)
        if (root / "a/x").exists():
            assert (root / "a/x").read_bytes() == b"content", "renamed after its content was synced"
            assert not (root / "a/x.partial").exists()
            seen["whole"] += 1
        else:
            seen["named otherwise" if (root / "a/x.partial").exists() else "gone"] += 1
    assert all(seen.values())
    synced = [*written, Operation("sync", "a"), Operation("sync", ".")]
    for seed in range(20):
        root = tmp_path / f"synced-{seed}"
        _after(synced).cut_power(np.random.default_rng(seed), root)
        assert [path.name for path in root.rglob("*") if path.is_file()] == ["x"]


def test_unsynced_content_may_be_cut_or_zeros(tmp_path):
    operations = [
        Operation("create", "x"),
        Operation("rename", "x", "y", b"12345678"),
        Operation("sync", "."),
    ]
    found = set()
    for seed in range(60):
        _after(operations).cut_power(np.random.default_rng(seed), tmp_path / str(seed))
        found.add((tmp_path / str(seed) / "y").read_bytes())
    assert {b"", b"12345678", bytes(8)} < found
    assert any(0 < len(data) < 8 for data in found)
