"""One report, computed on threads, on a Dask cluster of processes and on Ray: the same files byte for byte.

In processes of their own: a cluster and Ray leave threads and signal handlers behind.
"""

import os
import re
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app

CLUSTER = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=int(sys.argv[1]),
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_port=0,
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


def report(store, out, where, **env):
    command = [
        sys.executable,
        "-m",
        "morsecensus",
        "report",
        str(store),
        "--out",
        str(out),
        "--dask",
        where,
        "--quiet",
    ]
    return subprocess.run(
        command, env=os.environ | env, capture_output=True, text=True, timeout=240, check=False
    )


@contextmanager
def cluster(folder, workers):
    """The address of worker processes, which end with it."""
    script = folder / "cluster.py"
    script.write_text(CLUSTER)
    env = os.environ | {"DASK_TEMPORARY_DIRECTORY": str(folder)}
    with (folder / "errors").open("w") as errors:
        server = subprocess.Popen(
            [sys.executable, str(script), str(workers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=env,
            text=True,
        )
    yield server.stdout.readline().strip()
    server.communicate()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A finished study with topology, spectra and an audit."""
    from rich.console import Console

    from morsecensus.pipeline.run.run import Settings, run_study
    from morsecensus.pipeline.study.study import parse_study

    cell = {"xi": "q^3", "n": 4, "landscapes": 24, "block": 8}
    study = {
        "name": "dask",
        "seed": 4,
        "cells": [
            cell | {"finder": "homotopy", "topology": True, "spectra": True},
            cell | {"options": {"starts_per_round": 64, "max_rounds": 1}},
        ],
    }
    path = str(tmp_path_factory.mktemp("dask") / "run")
    assert run_study(parse_study(study), path, Settings("serial"), Console(quiet=True)).failed == {}
    return path


@pytest.fixture(scope="module")
def expected(store, tmp_path_factory):
    out = tmp_path_factory.mktemp("threads") / "report"
    done = report(store, out, "threads")
    assert done.returncode == 0, done.stderr
    return contents(out)


def contents(folder):
    """All files; of the page all but by which command and when it was made."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    made = rb'<tr><th scope="row" class="text" data-name="what">this report: (command|date)</th>.*?</tr>'
    page, rows = re.subn(made, b"", files["report.html"])
    assert rows == 2
    return files | {"report.html": page}


@pytest.mark.soak
def test_a_dask_cluster_gives_the_same_report(store, expected, tmp_path):
    with cluster(tmp_path, workers=2) as address:
        done = report(store, tmp_path / "out", address)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == expected
    assert len([name for name in expected if name.endswith(".csv")]) > 20


@pytest.mark.soak
@pytest.mark.ray
def test_ray_gives_the_same_report(store, expected, tmp_path):
    done = report(store, tmp_path / "out", "ray", RAY_AUTH_MODE="disabled")
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == expected


@pytest.mark.slow
def test_batches_are_computed_by_the_workers(finished, tmp_path):
    """Not here, which would give the same report too."""
    code = f"""
import os, sys
from rich.console import Console
from morsecensus.analysis.dataset.cells import open_study
from morsecensus.analysis.dataset.batches import reduce_points
from morsecensus.pipeline.backends.dask_scheduler import scheduler

cell = open_study({str(finished)!r}).cells[0]
with scheduler(sys.argv[1], Console(quiet=True)):
    pids = set(reduce_points(cell.dataset, ["energy"], lambda batch: os.getpid(), batch_bytes=500))
assert pids and os.getpid() not in pids
print(len(pids))
"""
    with cluster(tmp_path, workers=1) as address:
        done = subprocess.run(
            [sys.executable, "-c", code, address], capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("thread", "--dask: got 'thread', allowed: threads, ray, ray:ADDRESS, or the address"),
        ("ray:", "--dask: got 'ray:', allowed"),
    ],
)
def test_what_is_no_place(tmp_path, where, text):
    """In this process: nothing is started."""
    done = CliRunner().invoke(app, ["report", str(tmp_path), "--out", str(tmp_path / "out"), "--dask", where])
    assert done.exit_code == 2
    assert text in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("where", "code", "text"),
    [
        ("http://127.0.0.1:1", 2, "unknown address scheme"),
        ("tcp://127.0.0.1:{port}", 1, "cannot use a Dask scheduler at tcp://127.0.0.1:"),
        ("ray:127.0.0.1:{port}", 1, "--dask ray: no Ray head answers at 127.0.0.1:"),
    ],
)
def test_where_there_is_nobody(tmp_path, where, code, text):
    done = report(tmp_path, tmp_path / "out", where.format(port=free_port()))
    assert done.returncode == code
    assert text in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_somebody_who_is_no_scheduler(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        done = report(tmp_path, tmp_path / "out", f"tcp://127.0.0.1:{silent.getsockname()[1]}")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [done.stderr.strip()]
    assert "no answer in 5 s" in done.stderr


def test_without_distributed_it_says_what_to_install(tmp_path):
    (tmp_path / "distributed.py").write_text("raise ImportError('not here')\n")
    done = report(tmp_path, tmp_path / "out", "tcp://127.0.0.1:1", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert 'pip install "morsecensus[distributed]"' in done.stderr
    assert "Traceback" not in done.stderr
