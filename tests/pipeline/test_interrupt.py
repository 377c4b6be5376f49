"""Ctrl-C at any moment: one line, exit code 130, no lease left, and the next run gives the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from morsecensus.storage.dataset import dataset_hash

MOMENTS = Path(__file__).parent / "moments"
STEP, LAST = 0.2, 20.0
"""Seconds between two moments of the sweep, and the last one of a command that goes on for longer."""
MOST = 1.5
"""Seconds that an end may take: one on an idle machine."""


@pytest.mark.parametrize("moment", [" typer", " numpy", " zarr", "/lease.json"])
def test_ctrl_c_at_any_moment(tmp_path, toolbox, reference, monkeypatch, moment):
    """While the command line, and then what `run` needs, is imported; and when the lease is written."""
    monkeypatch.setenv("MORSECENSUS_MOMENT", moment)
    monkeypatch.setenv("PYTHONPATH", str(MOMENTS), prepend=os.pathsep)
    driver = toolbox.driver(toolbox.text(), tmp_path / "run")
    _ends_at_once_and_goes_on(driver, toolbox, reference)


def test_ctrl_c_where_no_handler_runs(tmp_path, toolbox, reference, monkeypatch):
    """After the lease was taken, in a call that lasts for ten minutes."""
    monkeypatch.setenv("MORSECENSUS_MOMENT", "/run.json")
    monkeypatch.setenv("MORSECENSUS_STUCK", "1")
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


def test_ctrl_c_in_python_s_own_end_changes_nothing(tmp_path):
    """While modules are taken down, where no handler is left to run."""
    (tmp_path / "late.py").write_text(
        "import os, signal, sys\n"
        "from morsecensus.pipeline.cli.start import main\n"
        "class Late:\n"
        "    def __del__(self, kill=os.kill, me=os.getpid(), number=signal.SIGINT):\n"
        "        kill(me, number)\n"
        "late = Late()\n"
        "sys.argv = ['morsecensus', 'models']\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "late.py"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "pspin" in done.stdout


SMALL = """
name = "small"
seed = 3
[[cells]]
xi = "q^3"
n = "4:6"
landscapes = 20
"""
SWEPT = {
    "serial": "run small.toml --store {new}/store",
    "ray": "run small.toml --store {new}/store --backend ray --workers 1",
    "report": "report whole --out {new}/report",
    "enumerate": "enumerate --xi q^3 --n 12 --seed 1",
    "explore": "explore --xi q^3 --n 3 --seed 1 --out {new}/page.html",
    "export": "export whole --out {new}/whole.zip",
    "verify": "verify whole",
    "predict": "predict --xi q^3 --n 4:40",
}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swept")
    (folder / "small.toml").write_text(SMALL)
    _command(folder, "run small.toml --store whole --quiet").wait()
    return folder


@pytest.mark.soak
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.ray if n == "ray" else ()) for n in SWEPT]
)
def test_ctrl_c_at_every_fifth_of_a_second(swept, name):
    """As a terminal sends it, to all processes of the command, from its first moment to its end."""
    late, moment = [], 0.0
    while (moment := moment + STEP) <= LAST:
        new = swept / f"{name}-{moment:.1f}"
        new.mkdir()
        process = _command(swept, SWEPT[name].format(new=new))
        try:
            code = process.wait(moment)
            assert code == 0, process.communicate()
            break
        except subprocess.TimeoutExpired:
            pass
        os.killpg(process.pid, signal.SIGINT)
        began = time.monotonic()
        _, err = process.communicate(timeout=60)
        late += [(round(moment, 1), round(time.monotonic() - began, 2))]
        if process.returncode == 0:
            break  # it had ended as the signal came
        assert process.returncode == 130, (moment, err)
        assert err.count("morsecensus: stopped") == 1, (moment, err)
        assert "Traceback" not in err, (moment, err)
        assert not list(new.rglob("lease.json")), moment
    assert not [one for one in late if one[1] > MOST]


def _command(folder, text):
    return subprocess.Popen(
        [sys.executable, "-m", "morsecensus", *text.split()],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
