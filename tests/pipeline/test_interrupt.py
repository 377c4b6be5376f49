"""Ctrl-C at any moment: one line, exit code 130, no lease left, and the next run gives the same bytes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from morsecensus.storage.dataset import dataset_hash

MOMENTS = Path(__file__).parent / "moments"


@pytest.mark.parametrize("moment", [" typer", " numpy", " zarr", "/lease.json"])
def test_ctrl_c_at_any_moment(tmp_path, toolbox, reference, monkeypatch, moment):
    """While the command line, and then what `run` needs, is imported; and when the lease is written."""
    monkeypatch.setenv("MORSECENSUS_MOMENT", moment)
    monkeypatch.setenv("PYTHONPATH", str(MOMENTS), prepend=os.pathsep)
    driver = toolbox.driver(toolbox.text(), tmp_path / "run")
    _ends_at_once_and_goes_on(driver, toolbox, reference)


@pytest.mark.parametrize(("markers", "held"), [(1, "4:1"), (5, "5:0")])
def test_ctrl_c_in_a_block(tmp_path, toolbox, reference, markers, held):
    driver = toolbox.driver(toolbox.text(), tmp_path / "run", script={"hold": [held]})
    driver.wait_for_markers(markers)
    os.kill(driver.process.pid, signal.SIGINT)
    _ends_at_once_and_goes_on(driver, toolbox, reference)


def _ends_at_once_and_goes_on(driver, toolbox, reference):
    code, _, err = driver.finish()
    assert code == 130, err
    said = [line for line in err.splitlines() if line.startswith("morsecensus: stopped")]
    assert len(said) == 1, err
    assert "Traceback" not in err
    assert not (driver.store / "lease.json").exists()
    toolbox.run(toolbox.content(), driver.store)
    assert dataset_hash(str(driver.store)) == reference["small"]


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
