"""Ctrl-C at any moment: one line, exit code 130, no lease left, and the next run gives the same bytes."""

import os
import signal
import subprocess
import sys
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


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_within_an_exec_keeps_the_exit_code(tmp_path, times):
    """Such as the making of a dataclass; ``python -m`` notes a bare KeyboardInterrupt and dies of SIGINT."""
    (tmp_path / "stopped.py").write_text(
        "import os, signal, sys\n"
        "from morsecensus.pipeline.stopping import StopRequest, interruptible\n"
        "ask = 'os.kill(os.getpid(), signal.SIGINT)'\n"
        "try:\n"
        "    with interruptible():\n"
        f"        with {'StopRequest' if times == 2 else 'interruptible'}():\n"
        "            exec(ask)\n"
        f"            {'exec(ask)' if times == 2 else ''}\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(130)\n"
    )
    assert subprocess.run([sys.executable, "-m", "stopped"], cwd=tmp_path, check=False).returncode == 130
