import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from morsecensus.pipeline.worker.bodies import DEFAULT_BODY
from morsecensus.storage.dataset import dataset_hash
from morsecensus.storage.store import open_run
from morsecensus.storage.verify import verify
from support.processes import descendants, wait_until

pytestmark = pytest.mark.ray
RAY = ("--backend", "ray", "--workers", "2")
PIECES = {"pieces": 9}


def test_ray_is_serial_byte_for_byte(tmp_path, toolbox, reference):
    """With pieces of blocks, of which more than there are CPUs wait for theirs at a time; test_cluster.py has
    the same study without."""
    store = tmp_path / "run"
    study = toolbox.text(n="4:6", landscapes=32)
    code, out, err = toolbox.driver(study, store, *RAY, script=PIECES).finish()
    assert code == 0, err
    assert out.strip() == f"{store}/dataset-1.zarr"
    assert dataset_hash(str(store)) == reference["large"]


def test_tasks_are_called_by_their_block(tmp_path, toolbox):
    """Ray shows the name of what a worker does, in its process's title too."""
    driver = toolbox.driver(toolbox.text(), tmp_path / "run", *RAY, script={"hold": ["4:3"]})
    wait_until(lambda: driver.process.poll() is not None or "ray::c0000:3" in _titles(driver.process.pid))
    assert driver.process.poll() is None, driver.finish()
    os.kill(driver.process.pid, signal.SIGINT)
    assert driver.finish()[0] == 130


def _titles(pid):
    found = set()
    for child in descendants(pid):
        with contextlib.suppress(OSError):
            found.add(Path(f"/proc/{child}/cmdline").read_bytes().rstrip(b"\0").decode(errors="replace"))
    return found


def test_a_dataset_written_by_two_workers_is_that_of_one(tmp_path, toolbox, reference):
    store = tmp_path / "run"
    toolbox.run(toolbox.content(), store)
    (store / "latest.json").unlink()
    command = [sys.executable, "-m", "morsecensus", "compact", str(store), *RAY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.stdout.strip() == f"{store}/dataset-2.zarr", done.stderr
    assert dataset_hash(str(store)) == reference["small"]
    assert verify(open_run(str(store))).problems == []


def test_resumed_while_orphans_still_write(tmp_path, toolbox, reference):
    """Ray's workers outlive a killed driver for a while; the next run need not wait for them."""
    store = tmp_path / "run"
    driver = toolbox.driver(toolbox.text(), store, *RAY, script={"seconds": 0.3, "exit": ["4:1"]})
    driver.wait_for_markers(3)
    below = descendants(driver.process.pid)
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


def test_pieces_run_while_their_block_holds_the_only_worker_and_all_memory(tmp_path, toolbox, monkeypatch):
    """A block that waits for its pieces lends them its CPU, and they ask for no memory. And a temporary
    folder whose name is too long for Ray's sockets isn't taken."""
    long = tmp_path / ("t" * 75)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    store, study = tmp_path / "run", toolbox.text(n="7", landscapes=12)
    code, _, err = toolbox.driver(study, store, "--backend", "ray", "--workers", "1", script=PIECES).finish()
    assert code == 0, err
    assert verify(open_run(str(store))).done == 3
    assert not (long / "ray").exists()


def test_a_failing_piece_fails_its_block(tmp_path, toolbox):
    store, script = tmp_path / "run", {**PIECES, "in piece": "raise"}
    code, _, err = toolbox.driver(toolbox.text(n="4", landscapes=4), store, *RAY, script=script).finish()
    assert code == 1
    assert "c0000 block 0: ArithmeticError: scripted failure of piece" in err
    assert "Traceback" not in err
    assert verify(open_run(str(store))).failed == 1


def test_a_piece_in_another_environment_stops_the_run(tmp_path, toolbox):
    store, script = tmp_path / "run", {**PIECES, "in piece": "poison"}
    code, _, err = toolbox.driver(toolbox.text(n="4", landscapes=4), store, *RAY, script=script).finish()
    assert code == 1
    assert "has another environment: threads.OMP_NUM_THREADS: 1 / 2; use workers of one kind" in err
    assert verify(open_run(str(store))).done == 0


PATHS = {"n": "15", "finder": "homotopy"}
# two rounds that are just worth sending away
ROUNDS = {"n": "17", "options.starts_per_round": 2**15, "options.max_rounds": 2}


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(PATHS, id="paths", marks=pytest.mark.soak),
        pytest.param(ROUNDS, id="rounds", marks=pytest.mark.soak),
    ],
)
def test_one_landscape_on_two_workers_is_the_same_byte_for_byte(tmp_path, toolbox, cell):
    study = toolbox.text(landscapes=1, block=1, positions=True, **cell)
    found = set()
    for number, where in enumerate(((), RAY)):
        store = tmp_path / str(number)
        code, _, err = toolbox.driver(study, store, *where, "--body", DEFAULT_BODY).finish(seconds=300)
        assert code == 0, err
        found.add(dataset_hash(str(store)))
    assert len(found) == 1


TIMES = ("seconds", "paths_per_second")


@pytest.mark.soak
def test_enumerate_finds_the_same_to_the_last_bit():
    """32767 paths: enough to be followed in pieces. In processes of their own: Ray forks, and JAX, which
    other tests may have loaded here, objects to that."""
    arguments = ("--xi", "q^3", "--n", "15", "--seed", "2", "--points", "--json", "--workers", "2")
    found = []
    for backend in ("serial", "ray"):
        command = [
            sys.executable,
            "-m",
            "morsecensus",
            "enumerate",
            *arguments,
            "--backend",
            backend,
        ]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(result.stdout))
    serial, ray = ({k: v for k, v in one.items() if k not in TIMES} for one in found)
    assert serial == ray
    assert serial["complete"]
