"""A driver on clusters whose nodes are healthy, see another disk, run another program, or have no GPU.

Each node is a `ray start` of its own on loopback; not 127.0.0.1, for which Ray takes a network address.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from morsecensus.pipeline.worker.bodies import DEFAULT_BODY
from morsecensus.storage.dataset import dataset_hash
from support.processes import wait_until

pytestmark = [pytest.mark.ray, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
ADDRESS = "127.0.0.2"
HEAD = """
import json, sys
from ray.cluster_utils import Cluster
from ray._common.usage.usage_lib import get_cluster_metadata

cluster = Cluster(
    initialize_head=True,
    head_node_args={"num_cpus": 0, "include_dashboard": False, "node_ip_address": sys.argv[1]},
)
print(cluster.address, flush=True)
for line in sys.stdin:  # a version that Ray's own check on connecting shall see
    gcs = cluster.head_node.get_gcs_client()
    found = {**get_cluster_metadata(gcs), "ray_version": line.strip()}
    gcs.internal_kv_put(b"CLUSTER_METADATA", json.dumps(found).encode(), True, b"cluster")
    print("done", flush=True)
cluster.shutdown()
"""
BLIND = ("unshare", "--mount", "--map-root-user", "sh", "-c", 'mount -t tmpfs tmpfs "$0" && exec "$@"')


class Head:
    """A head without CPUs, and the nodes that join it for a while."""

    def __init__(self, folder):
        self._env = {**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
        with (folder / "head.txt").open("w") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-c", HEAD, ADDRESS],
                env=self._env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
                start_new_session=True,
            )
        self.address = self._process.stdout.readline().strip()
        assert self.address, (folder / "head.txt").read_text()

    def pretend(self, version):
        self._process.stdin.write(f"{version}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=240)
        self._process.stdout.close()

    @contextmanager
    def node(self, *, cpus=1, gpus=0, before=(), script=None, **env):
        """A node; ``script`` is for the bodies on it: no driver's environment reaches its workers."""
        ray = Path(sys.executable).with_name("ray")
        command = [*before, str(ray), "start", f"--address={self.address}", f"--node-ip-address={ADDRESS}"]
        command += [f"--num-cpus={cpus}", f"--num-gpus={gpus}", "--object-store-memory=80000000", "--block"]
        command += ["--min-worker-port=0", "--max-worker-port=0"]
        process = subprocess.Popen(
            command,
            env={**self._env, "MORSECENSUS_TEST": json.dumps(script or {}), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        said = []
        try:
            for line in process.stdout:
                said.append(line)
                if "Ray runtime started" in line:
                    break
            else:
                raise AssertionError("".join(said))
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=240)
            process.stdout.close()


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    found = Head(tmp_path_factory.mktemp("head"))
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _no_tokens(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")


def _on(address):
    return ("--backend", "ray", "--address", address)


def _from_elsewhere(monkeypatch, folder):
    """Ray's workers look in the driver's folder too: on one machine they would find its program there."""
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.chdir(folder)


def _line(err):
    """Return the one line that a user is told."""
    lines = [line for line in err.splitlines() if line.startswith("morsecensus: ")]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    return lines[0]


def test_two_nodes_are_serial_byte_for_byte(tmp_path, toolbox, reference, head):
    """The second one joins while the run goes on, and has blocks of it."""
    store, script = tmp_path / "run", tmp_path / "script.json"
    script.write_text('{"seconds": 1.0}')
    with head.node(MORSECENSUS_TEST=f"@{script}"):
        driver = toolbox.driver(toolbox.text(n="4:6", landscapes=32), store, *_on(head.address))
        driver.wait_for_markers(1)
        with head.node(MORSECENSUS_TEST=f"@{script}"):
            wait_until(lambda: _side_by_side(store) or driver.process.poll() is not None)
            script.with_name("next").write_text("{}")
            script.with_name("next").replace(script)  # at once: a block may be about to read it
            code, _, err = driver.finish()
    assert code == 0, err
    assert dataset_hash(str(store)) == reference["large"]
    assert _side_by_side(store)


def _side_by_side(store):
    """Whether two blocks were computed at a time, as no node of one CPU does."""
    markers = [json.loads(path.read_bytes()) for path in store.glob("commits/*/*.json")]
    began = ((marker["provenance"]["started"], marker["provenance"]["seconds"]) for marker in markers)
    return any(start + seconds > later for (start, seconds), (later, _) in pairwise(sorted(began)))


def test_ctrl_c_ends_the_running_blocks_of_a_cluster(tmp_path, toolbox, head):
    calls = tmp_path / "calls"
    calls.mkdir()
    script = {"calls": str(calls), "seconds": 600}
    with head.node(script=script) as node:
        driver = toolbox.driver(toolbox.text(), tmp_path / "run", *_on(head.address))
        wait_until(lambda: any(calls.iterdir()))
        assert _computing(node.pid)
        os.kill(driver.process.pid, signal.SIGINT)
        code, _, err = driver.finish()
        assert code == 130
        assert "the same command goes on from there" in _line(err)
        wait_until(lambda: not _computing(node.pid))


def test_a_node_that_does_not_see_the_store_writes_nothing(tmp_path, toolbox, head):
    shared = tmp_path / "shared"
    shared.mkdir()
    if subprocess.run([*BLIND, str(shared), "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody have mounts of their own")
    with head.node(before=(*BLIND, str(shared))) as node:
        code, _, err = toolbox.driver(toolbox.text(), shared / "run", *_on(head.address)).finish()
        there = list(Path(f"/proc/{node.pid}/root{shared}").iterdir())
    assert code == 1
    line = _line(err)
    assert f"the store is not visible from node {socket.gethostname()}" in line
    assert f"there is no run.json in {shared}/run" in line
    assert "use a folder that every node shares, or a bucket" in line
    assert there == []
    assert (shared / "run" / "run.json").exists()


def test_a_node_with_other_sources_is_refused(tmp_path, toolbox, head, monkeypatch):
    other = tmp_path / "other"
    package = other / "morsecensus"
    shutil.copytree(ROOT / "morsecensus", package, ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "tasks" / "newton.py").open("a") as stream:
        stream.write("# one line more\n")
    _from_elsewhere(monkeypatch, tmp_path)
    with head.node(PYTHONPATH=str(other)):
        study = toolbox.text(n="3", landscapes=4)
        driver = toolbox.driver(study, tmp_path / "run", *_on(head.address), "--body", DEFAULT_BODY)
        code, _, err = driver.finish()
    assert code == 1
    line = _line(err)
    assert f"node {socket.gethostname()} runs morsecensus" in line
    assert f"from {package}, the driver morsecensus" in line
    assert "install the driver's version on every node" in line


def test_a_node_without_the_program_is_refused(tmp_path, toolbox, head, monkeypatch):
    broken = tmp_path / "broken"
    (broken / "morsecensus").mkdir(parents=True)
    (broken / "morsecensus" / "__init__.py").write_text("raise ImportError('nothing here')\n")
    _from_elsewhere(monkeypatch, tmp_path)
    with head.node(PYTHONPATH=str(broken)):
        study = toolbox.text(n="3", landscapes=4)
        driver = toolbox.driver(study, tmp_path / "run", *_on(head.address), "--body", DEFAULT_BODY)
        code, _, err = driver.finish()
    assert code == 1
    assert "a node cannot run morsecensus" in _line(err)
    assert "install the driver's version on every node" in _line(err)


def test_another_ray_is_refused(tmp_path, toolbox, head):
    import importlib.metadata

    head.pretend("2.0.0")
    try:
        code, _, err = toolbox.driver(toolbox.text(), tmp_path / "run", *_on(head.address)).finish()
    finally:
        head.pretend(importlib.metadata.version("ray"))
    assert code == 1
    assert "runs other versions: Version mismatch: The cluster was started with: Ray: 2.0.0" in _line(err)
    assert "use those of the cluster" in _line(err)


def test_gpus_without_gpus_is_one_line(tmp_path, toolbox, head):
    """First where Ray knows of none, then where Ray believes in one that JAX can't find."""
    arguments = (*_on(head.address), "--gpus", "0.5")
    with head.node():
        code, _, err = toolbox.driver(toolbox.text(), tmp_path / "run", *arguments).finish()
        assert code == 1
        assert "--gpus 0.5: no node that is up offers Ray a GPU" in _line(err)
    with head.node(gpus=1):
        code, _, err = toolbox.driver(toolbox.text(), tmp_path / "run", *arguments).finish()
        assert code == 1
        assert f"a worker on {socket.gethostname()} has no GPU that JAX can use" in _line(err)


LOOK = """
import json, sys
from morsecensus.pipeline.backends.ray_executor import RayExecutor

executor = RayExecutor(address=sys.argv[1], gpus=float(sys.argv[2]))
job = {"job": "describe", "body": "looking_body:describe", "spec": {"seconds": 2.0}}
for _ in range(6):
    executor.submit(job)
found = []
while len(found) < 6:
    found += [done.receipt["description"]["sizes"] for done in executor.completed(1.0)]
print(json.dumps({"window": executor.window(), "found": found}))
executor.close()
"""


def test_a_share_of_a_gpu_limits_how_many_run(head):
    """Ray believes what a node says of its GPUs, so this needs none."""
    with head.node(cpus=4, gpus=1):
        done = subprocess.run(
            [sys.executable, "-c", LOOK, head.address, "0.5"], capture_output=True, text=True, timeout=240
        )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    seen = answer["found"]
    assert answer["window"] == 6  # two places of four CPUs, three jobs for each
    assert {worker["CUDA_VISIBLE_DEVICES"] for worker in seen} == {"0"}
    assert {worker["JAX_PLATFORMS"] for worker in seen} == {"cuda"}
    assert {worker["JAX_ENABLE_X64"] for worker in seen} == {"1"}
    assert {worker["XLA_PYTHON_CLIENT_PREALLOCATE"] for worker in seen} == {"false"}
    together = [sum(w["start"] <= worker["start"] < w["end"] for w in seen) for worker in seen]
    assert max(together) == 2


def _computing(session):
    """Return the workers of a node that have a block; Ray shows a task's name, cell and block."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            of = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
            name = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if of == session and re.match(rb"ray::c\d+:\d+", name):
            found.append(folder.name)
    return found
