import os
import signal
from pathlib import Path

import pytest

from storage.dataset import dataset_hash
from storage.store import open_run
from storage.verify import verify

pytestmark = pytest.mark.ray
RAY = ("--backend", "ray", "--workers", "2")


def _children(pid):
    """Return the processes below one of ours, so that a test can wait for them."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found += [int(stat.parent.name), *_children(int(stat.parent.name))]
    return found


def test_ray_is_serial_byte_for_byte(tmp_path, toolbox, reference):
    store = tmp_path / "run"
    code, out, err = toolbox.driver(toolbox.text(n="4:6", landscapes=32), store, *RAY).finish()
    assert code == 0, err
    assert out.strip() == f"{store}/dataset-1.zarr"
    assert dataset_hash(str(store)) == reference["large"]


def test_resumed_while_orphans_still_write(tmp_path, toolbox, reference):
    """Ray's workers outlive a killed driver for a while; the next run need not wait for them."""
    store = tmp_path / "run"
    driver = toolbox.driver(toolbox.text(), store, *RAY, script={"seconds": 0.3, "exit": ["4:1"]})
    driver.wait_for_markers(3, seconds=90)
    below = _children(driver.process.pid)
    os.kill(driver.process.pid, signal.SIGKILL)
    driver.finish()
    toolbox.run(toolbox.content(), store)
    for pid in below:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    assert dataset_hash(str(store)) == reference["small"]
    assert verify(open_run(str(store))).problems == []
