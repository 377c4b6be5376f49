"""The files of examples/cluster; the Slurm script for real, where a process may have a world of its own."""

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from morsecensus.storage.dataset import dataset_hash

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "cluster"
ADDRESS = "10.0.0.1"
ALONE = ("unshare", "--map-root-user", "--pid", "--fork", "--mount-proc", "--mount", "--net")
"""Processes, mounts and a network of one's own: `ray symmetric-run` ends every Ray that it sees."""


def _locked(package):
    text = (ROOT / "requirements.lock").read_text()
    return re.search(rf"^{package}==([\w.]+)", text, re.MULTILINE)[1]


def test_the_kubernetes_job_is_whole():
    job = yaml.safe_load((EXAMPLES / "kuberay.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert job["spec"]["entrypoint"].startswith("morsecensus run ")
    assert "--backend ray --address auto --store s3://" in job["spec"]["entrypoint"]
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["rayVersion"] == _locked("ray")
    pods = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    containers = [container for pod in pods for container in pod["template"]["spec"]["containers"]]
    assert len(containers) == 2
    assert len({container["image"] for container in containers}) == 1
    for container in containers:
        assert {"name": "RAY_AUTH_MODE", "value": "disabled"} in container["env"]
    assert f"rayproject/ray:{_locked('ray')}-py311" in (EXAMPLES / "kuberay.yaml").read_text()


def test_the_slurm_script_is_bash_and_names_the_mode():
    script = EXAMPLES / "slurm.sh"
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "export RAY_AUTH_MODE=token" in script.read_text()


def test_the_slurm_script_says_what_it_needs():
    done = subprocess.run(["bash", str(EXAMPLES / "slurm.sh")], capture_output=True, text=True)
    assert done.returncode != 0
    assert "usage: sbatch slurm.sh STUDY.toml STORE" in done.stderr


@pytest.mark.ray
@pytest.mark.slow
def test_the_slurm_script_runs_a_study(tmp_path, toolbox, reference):
    """On one node, with stand-ins for Slurm's three commands."""
    _need_a_world()
    bin = tmp_path / "bin"
    bin.mkdir()
    _command(bin / "srun", 'exec "$@"')
    _command(bin / "scontrol", "echo node1")
    _command(bin / "getent", f'echo "{ADDRESS} STREAM node1"')
    _command(
        bin / "morsecensus",
        f'exec {sys.executable} -m morsecensus "$@" --body {toolbox.body}',
    )
    study, store = tmp_path / "study.toml", tmp_path / "run"
    study.write_text(toolbox.text())
    path = f"{bin}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    slurm = {"SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "node1", "SLURM_JOB_NUM_NODES": "1"}
    env = {**os.environ, **slurm, "SLURM_CPUS_ON_NODE": "2", "PATH": path}
    done = _in_a_world(env, f"exec bash {EXAMPLES}/slurm.sh {study} {store}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert f"{store}/dataset-1.zarr" in done.stdout
    assert dataset_hash(str(store)) == reference["small"]


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("aiohttp_cors") is None, reason="needs the dashboard: pip install 'ray[default]'"
)
def test_a_job_runs_the_sources_that_it_takes_along(tmp_path, toolbox, reference):
    """`ray job submit --working-dir`: others than those that are installed, on the driver and its workers."""
    _need_a_world()
    folder, store = tmp_path / "sources", tmp_path / "run"
    package = folder / "morsecensus"
    shutil.copytree(ROOT / "morsecensus", package, ignore=shutil.ignore_patterns("__pycache__"))
    with (package / "tasks" / "newton.py").open("a") as stream:
        stream.write("# one line more\n")
    shutil.copy(Path(__file__).parent / "bodies" / "synthetic_body.py", folder)
    (folder / "study.toml").write_text(toolbox.text())
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env |= {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0", "PATH": path}
    start = f"ray start --head --node-ip-address={ADDRESS} --dashboard-host={ADDRESS} --num-cpus=2"
    run = f"python -m morsecensus run study.toml --backend ray --address auto --store {store}"
    submit = f"ray job submit --address=http://{ADDRESS}:8265 --working-dir={folder}"
    done = _in_a_world(env, f"{start} && {submit} -- {run} --body {toolbox.body}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert dataset_hash(str(store)) == reference["small"]


def _need_a_world():
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets nobody have processes of their own")


def _in_a_world(env, command):
    """Run a command among processes of its own, with one address, and nothing in Ray's folder."""
    network = f"ip link set lo up && ip address add {ADDRESS}/32 dev lo"
    world = f"{network} && mkdir -p /tmp/ray && mount -t tmpfs tmpfs /tmp/ray"
    return subprocess.run(
        [*ALONE, "sh", "-c", f"{world} && {command}"],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )


def _command(path, line):
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
