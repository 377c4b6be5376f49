"""What a cluster needs, part by part and without one."""

import pickle
import socket
import threading
from contextlib import contextmanager

import numpy as np
import pytest
from rich.console import Console

from morsecensus.pipeline.backends import start as executors
from morsecensus.pipeline.backends.address import check_address
from morsecensus.pipeline.backends.start import start_executor
from morsecensus.pipeline.errors import RunError, UsageError
from morsecensus.pipeline.run.faults import advised
from morsecensus.pipeline.run.plan import make_plan, new_manifest
from morsecensus.pipeline.run.run import Settings, run_study
from morsecensus.pipeline.run.session import Session
from morsecensus.pipeline.study.study import parse_study
from morsecensus.pipeline.worker import visibility
from morsecensus.pipeline.worker.environment import environment, fingerprint, worker_env
from morsecensus.pipeline.worker.program import program
from morsecensus.pipeline.worker.worker import run_job
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import Generation
from morsecensus.storage.store import open_run, write_manifest
from morsecensus.tasks.finders.homotopy.paths import TrackerSettings
from morsecensus.tasks.finders.homotopy.pieces import elsewhere
from morsecensus.tasks.systems.polynomial import start_weights


@contextmanager
def _server(answer):
    """Something on loopback that says ``answer`` to whoever connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    "address", ["head", "head:", ":6379", "head:0", "head:70000", "head:six", "local", ""]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(UsageError, match=r"--address: got .* allowed: auto .* or HOST:PORT"):
        check_address(address)


@pytest.mark.parametrize("address", ["", "ray://head:10001"])
def test_an_address_is_checked_before_ray_starts(address):
    with pytest.raises(UsageError, match="--address: got"):
        start_executor("ray", address=address)


def test_rays_client_is_refused():
    with pytest.raises(UsageError, match="from outside a cluster use `ray job submit`"):
        check_address("ray://head:10001")


def test_nobody_at_an_address_is_said_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(RunError, match=f"no Ray head answers at {address} .Connection refused."):
        check_address(address)


def test_a_web_server_is_no_head():
    with (
        _server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address,
        pytest.raises(RunError, match="is no Ray head: give the port of `ray start --port`"),
    ):
        check_address(address)


def test_a_server_of_http2_may_be_one():
    with _server(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])) as address:
        check_address(address)


@pytest.mark.parametrize("gpus", [-1.0, 0.001, 1.5, float("nan"), float("inf")])
def test_shares_of_gpus_that_cannot_be(gpus):
    with pytest.raises(UsageError, match=r"--gpus: got .*, allowed: 0, or a share of one GPU from 0.01 to 1"):
        start_executor("ray", gpus=gpus)


def test_gpus_are_for_ray():
    with pytest.raises(UsageError, match="--gpus: allowed only with --backend ray"):
        start_executor("serial", gpus=0.5)


def test_a_local_session_has_a_token_of_its_own_and_a_cluster_its_users(monkeypatch):
    for address, mode in ((None, "token"), ("auto", "disabled")):
        monkeypatch.setenv("RAY_AUTH_TOKEN", "")
        monkeypatch.setenv("RAY_AUTH_MODE", "")
        monkeypatch.delenv("RAY_AUTH_MODE")
        executors._authenticate(address)
        assert executors.os.environ["RAY_AUTH_MODE"] == mode
        assert (len(executors.os.environ["RAY_AUTH_TOKEN"]) == 64) == (address is None)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    executors._authenticate(None)
    assert executors.os.environ["RAY_AUTH_MODE"] == "disabled"


def test_gpus_are_another_environment_and_cpus_the_same_as_ever(monkeypatch):
    """Stores of CPUs must stay resumable: nothing of GPUs may be in what their fingerprint is made of."""
    try:
        for name, value in worker_env().items():
            monkeypatch.setenv(name, value)
        environment.cache_clear()
        before = environment()
        assert set(before) == {"python", "machine", "cpu", "packages", "blas", "threads"}
        assert set(before["threads"]) == {*worker_env(), "XLA_FLAGS"}
        for name, value in worker_env(0.5).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(
            "morsecensus.tasks.runtime.device.accelerator", lambda: {"platform": "gpu", "kind": "NVIDIA X"}
        )
        environment.cache_clear()
        after = environment()
        assert after["device"]["kind"] == "NVIDIA X"
        assert fingerprint(after) != fingerprint(before)
    finally:
        environment.cache_clear()


@pytest.fixture
def run(tmp_path, toolbox):
    plan = make_plan(parse_study(toolbox.content()), body=toolbox.body)
    here = Generation(fingerprint(environment()), environment())
    return write_manifest(open_files(str(tmp_path / "run")), new_manifest(plan, here, {}))


def _jobs(run):
    return list(Session(run, 0, None, None)._jobs())


@pytest.fixture
def _impatient(monkeypatch):
    monkeypatch.setattr(visibility, "PATIENCE_SECONDS", 0.0)
    visibility.check_visible.cache_clear()


@pytest.mark.usefixtures("_impatient")
def test_a_worker_without_the_store_writes_nothing(tmp_path, run):
    away = tmp_path / "away"
    error = run_job({**_jobs(run)[0], "store": str(away)})["error"]
    assert error["kind"] == "unseen"
    assert f"there is no run.json in {away}" in advised(error)
    assert "use a folder that every node shares, or a bucket" in advised(error)
    assert not away.exists()


@pytest.mark.usefixtures("_impatient")
def test_a_worker_that_sees_another_run_writes_nothing(tmp_path, toolbox, run):
    other = tmp_path / "other"
    run_study(
        parse_study(toolbox.content(seed=2)), str(other), Settings(), Console(quiet=True), body=toolbox.body
    )
    before = sorted(other.rglob("*"))
    error = run_job({**_jobs(run)[0], "store": str(other)})["error"]
    assert error["kind"] == "unseen"
    assert f"run.json in {other} is another one than the driver's" in error["message"]
    assert sorted(other.rglob("*")) == before


@pytest.mark.usefixtures("_impatient")
def test_a_worker_that_sees_the_store_computes(run):
    assert "error" not in run_job(_jobs(open_run(run.url))[0])


def test_a_worker_of_another_program_computes_nothing(run):
    job = {**_jobs(run)[0], "program": {**program(), "sources": "0" * 12}}
    error = run_job(job)["error"]
    assert error["kind"] == "program"
    assert "the driver morsecensus" in advised(error)
    assert "install the driver's version on every node" in advised(error)
    assert "error" not in run_job({**job, "program": program()})


def test_jobs_and_pieces_that_go_out_are_small(run):
    """Couplings come from the seed wherever they are needed: only the numbers of paths travel."""
    for job in _jobs(run):
        assert len(pickle.dumps({**job, "program": program(), "gpus": 0.0})) < 8192
    sent = []

    def scatter(name, arguments):
        sent.extend(arguments)
        raise InterruptedError

    spec = {"model": "pspin", "parameters": {"xi": "q^3", "field": 0.0}, "n": 15, "seed": 1}
    follow, paths = elsewhere(spec, 0, scatter), np.arange(2**15 - 1)
    with pytest.raises(InterruptedError):
        follow(start_weights(15, "book"), paths, TrackerSettings())
    assert sum(len(argument[2]) for argument in sent) == len(paths)
    for argument in sent:
        assert len(pickle.dumps(argument)) < argument[2].nbytes + 4096


@pytest.mark.parametrize("name", ["OutOfMemoryError", "NodeDiedError", "WorkerCrashedError"])
def test_a_block_that_ray_ends_is_a_crash(monkeypatch, name):
    import ray.exceptions

    from morsecensus.pipeline.backends import ray_executor

    kind = getattr(ray.exceptions, name)

    def refuse(reference):
        del reference
        raise kind() if name == "WorkerCrashedError" else kind("it was\nended")

    monkeypatch.setattr(ray, "get", refuse)
    error = ray_executor._receipt(None)["error"]
    assert error["kind"] == "crash"
    assert error["message"].startswith("the worker process died 4 times (")
    assert "\n" not in error["message"]
