"""Ctrl-C at any moment: one line, exit code 130, no lease left, and the next run gives the same bytes."""

import os
import signal
import time

import pytest

from morsecensus.storage.dataset import dataset_hash

PYTHON_SECONDS = 0.3
"""Until then the interpreter itself starts, and what it makes of a signal is its own."""


@pytest.mark.parametrize("delay", [0.5, 0.9, 1.5, 2.5, 4.0])
def test_ctrl_c_at_any_moment(tmp_path, toolbox, reference, delay):
    store = tmp_path / "run"
    driver = toolbox.driver(toolbox.text(), store, script={"seconds": 0.5})
    time.sleep(PYTHON_SECONDS + delay)
    os.kill(driver.process.pid, signal.SIGINT)
    code, _, err = driver.finish()
    assert code == 130, err
    said = [line for line in err.splitlines() if line.startswith("morsecensus: stopped")]
    assert len(said) == 1, err
    assert "Traceback" not in err
    assert not (store / "lease.json").exists()
    toolbox.run(toolbox.content(), store)
    assert dataset_hash(str(store)) == reference["small"]
