"""The same promises on an S3 API: moto's server in a process of its own, on loopback, through s3fs."""

import gc
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
import s3fs
import xarray as xr
from rich.console import Console
from typer.testing import CliRunner

from morsecensus.pipeline.cli.app import app
from morsecensus.pipeline.run import check
from morsecensus.pipeline.run.run import Settings
from morsecensus.storage import lease as leases
from morsecensus.storage.dataset import checked_path, dataset_hash
from morsecensus.storage.errors import RemoteError, StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import LEASE
from morsecensus.storage.lease import acquire, holder_of
from morsecensus.storage.parts import Part
from morsecensus.storage.seals import seal, unseal
from morsecensus.storage.store import exists, open_run
from morsecensus.storage.verify import verify

SECRET = "a-secret-that-stands-nowhere"
BUCKET = "census"
SERVER = """
import os, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
os._exit(0)
"""
OPEN = """
import sys, xarray
for url in sys.argv[1:]:
    cell = xarray.open_datatree(url, engine="morsecensus", check="crc")["c0000"]
    assert int(cell["row_size"].sum()) == cell.sizes["row"] > 0
    print(url)
"""
SMALL = {"n": "4", "landscapes": 8}
"""Two blocks of about fifty objects each: the server takes some milliseconds for every request."""
REAL = """
name = "real"
seed = 1
[[cells]]
xi = "q^3"
n = 3
landscapes = 2
block = 2
"""


@pytest.fixture(scope="module")
def endpoint():
    """The address of a server that ends with this module, with a bucket."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", SERVER]
    server = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
    url = f"http://127.0.0.1:{int(server.stdout.readline())}"
    with urllib.request.urlopen(urllib.request.Request(f"{url}/{BUCKET}", method="PUT")) as answer:
        assert answer.status == 200
    yield url
    server.communicate()


def _forget_clients():
    s3fs.S3FileSystem.clear_instance_cache()
    gc.collect()


@pytest.fixture(autouse=True)
def _s3(endpoint, monkeypatch):
    """Point everything that is started here to the server, and at nothing else."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "FSSPEC_"))]:
        monkeypatch.delenv(name)
    values = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIDLOOPBACK",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(leases, "SETTLE_SECONDS", 0)  # no two drivers of this process race
    _forget_clients()
    yield
    _forget_clients()


@pytest.fixture
def store(request):
    return f"s3://{BUCKET}/{request.node.name}/run"


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """Where the small study is computed on disk, once."""
    return tmp_path_factory.mktemp("local") / "run"


@pytest.fixture
def expected(toolbox, local):
    """The hash of the small study computed on disk."""
    if not local.exists():
        toolbox.run(toolbox.content(**SMALL), local)
    return dataset_hash(str(local))


@pytest.fixture
def finished(toolbox):
    """The small study in the bucket, once: its first driver was killed, a second one finished it.

    Tests only read it.
    """
    store = f"s3://{BUCKET}/finished/run"
    if not exists(store):
        _kill_a_driver(toolbox, store)
        committed = len(open_files(store).names("commits/c0000"))
        outcome = toolbox.run(toolbox.content(**SMALL), store)
        assert outcome.computed_blocks == 2 - committed
    return store


def _kill_a_driver(toolbox, store):
    driver = toolbox.driver(toolbox.text(**SMALL), store, script={"seconds": 1.0})
    files, deadline = open_files(store), time.time() + 60
    while len(files.names("commits/c0000")) < 1:
        assert driver.process.poll() is None, driver.finish()
        assert time.time() < deadline
        time.sleep(0.05)
    os.kill(driver.process.pid, signal.SIGKILL)
    driver.finish()
    assert files.size(LEASE), "the dead driver's lease is still there"
    assert check.status(store)["running"] is None


@pytest.fixture
def call():
    """The command line in this process; no answer of it may hold the secret or a traceback."""

    def run(*arguments):
        found = CliRunner().invoke(app, [str(a) for a in arguments])
        assert SECRET not in found.output
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found

    return run


def _stored(store):
    files = open_files(store)
    return {key: files.read(key) for key in files.walk()}


def _copy(store, to):
    files, other = open_files(store), open_files(to)
    other.write({key: files.read(key) for key in files.walk()})


def test_resumed_after_kill_is_a_run_on_disk(toolbox, finished, expected):
    assert dataset_hash(finished) == expected
    report = verify(open_run(finished))
    assert (report.problems, report.leftovers, report.done) == ([], [], report.planned)
    before = list(open_files(finished).walk())
    assert LEASE not in before
    outcome = toolbox.run(toolbox.content(**SMALL), finished)
    assert (outcome.landscapes, outcome.dataset, outcome.computed_blocks) == (8, "dataset-1.zarr", 0)
    assert list(open_files(finished).walk()) == before


def test_parts_share_a_bucket(toolbox, store, expected):
    assert toolbox.run(toolbox.content(**SMALL), store, part=Part(1, 2)).dataset is None
    assert check.status(store)["parts"] == []
    assert toolbox.run(toolbox.content(**SMALL), store, part=Part(2, 2)).dataset == "dataset-1.zarr"
    assert dataset_hash(store) == expected
    assert open_files(store).names("parts") == []


def test_damage_is_found_and_repaired(toolbox, finished, store, expected, call):
    _copy(finished, store)
    files = open_files(store)
    missing, cut, changed = (
        f"stream.zarr/c0000/{name}.0" for name in ("energy/c.0", "energy/c.1", "hits/c.1")
    )
    assert missing in files.walk()  # whatever a client remembers, it has seen now
    other = s3fs.S3FileSystem(skip_instance_cache=True)
    root = store.removeprefix("s3://")
    other.rm_file(f"{root}/{missing}")
    other.pipe_file(f"{root}/{cut}", files.read(cut)[:-9])
    data = bytearray(files.read(changed))
    data[len(data) // 2] ^= 1
    other.pipe_file(f"{root}/{changed}", bytes(data))
    result = call("verify", store, "--json")
    assert result.exit_code == 1
    found = {(p["key"], p["kind"].split()[0]) for p in json.loads(result.stdout)["problems"]}
    assert found == {(missing, "missing"), (cut, "cut"), (changed, "changed")}
    repaired, outcome = check.repair_store(store, Settings(), Console(quiet=True), body=toolbox.body)
    assert repaired.bad_blocks == [("c0000", 0), ("c0000", 1)]
    assert outcome.computed_blocks == 2
    assert verify(open_run(store)).problems == []
    assert dataset_hash(store) == expected


@pytest.mark.soak
def test_a_real_study_to_its_report(store, call, tmp_path):
    study = tmp_path / "study.toml"
    study.write_text(REAL)
    assert call("run", study, "--store", tmp_path / "local").exit_code == 0
    run = call("run", study, "--store", store)
    assert run.exit_code == 0, run.output
    assert dataset_hash(store) == dataset_hash(str(tmp_path / "local"))
    state = json.loads(call("status", store, "--json").stdout)
    assert (state["complete"], state["running"]) == (True, None)
    command = [
        sys.executable,
        "-m",
        "morsecensus",
        "report",
        store,
        "--out",
        str(tmp_path / "report"),
        "--quiet",
    ]
    report = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (report.returncode, report.stderr) == (0, "")
    pages = {path: path.read_bytes() for path in (tmp_path / "report").rglob("*") if path.is_file()}
    assert any(path.name == "report.html" for path in pages)
    printed = "".join((run.output, report.stdout)).encode()
    everything = [*_stored(store).values(), *pages.values(), printed]
    assert not [data for data in everything if SECRET.encode() in data]


def test_one_driver_at_a_time(toolbox, store, monkeypatch):
    monkeypatch.setattr("morsecensus.storage.lease.time.sleep", lambda _: None)
    files = open_files(store)
    with acquire(files):
        assert holder_of(files)["pid"] == os.getpid()
        with pytest.raises(StoreError, match=f"held by another driver .*pid {os.getpid()}"):
            acquire(files)
        code, _, err = toolbox.driver(toolbox.text(**SMALL), store).finish()
        said = [line for line in err.splitlines() if line.startswith("morsecensus:")]
        assert (code, len(said)) == (1, 1)
        assert f"held by another driver (host {os.uname().nodename}, pid {os.getpid()})" in err
        assert "commits" not in files.names("")
    assert files.size(LEASE) is None
    acquire(files)._stop.set()
    files.write({LEASE: seal(unseal(files.read(LEASE)) | {"pid": 2**22, "started": "1"})})
    assert holder_of(files) is None
    acquire(files).release()
    assert files.size(LEASE) is None


def test_a_lease_that_the_client_wrote_twice_is_its_own(store, monkeypatch):
    monkeypatch.setattr("morsecensus.storage.lease.time.sleep", lambda _: None)
    files = open_files(store)
    create = type(files).create
    # the answer to the first PUT is lost; the client's second try finds that the object exists
    monkeypatch.setattr(type(files), "create", lambda *a: create(*a) and False)
    acquire(files).release()


def test_what_others_write_is_seen(store):
    files, other = open_files(store), s3fs.S3FileSystem(skip_instance_cache=True)
    root = store.removeprefix("s3://")
    files.write({"a/one": b"1"})
    assert (files.names("a"), list(files.walk()), files.size("a/two")) == (["one"], ["a/one"], None)
    other.pipe_file(f"{root}/a/two", b"22")
    assert (files.names("a"), list(files.walk()), files.size("a/two")) == (
        ["one", "two"],
        ["a/one", "a/two"],
        2,
    )
    assert files.read("a/two") == b"22"
    other.rm_file(f"{root}/a/one")
    assert files.size("a/one") is None
    with pytest.raises(FileNotFoundError):
        files.read("a/one")


def test_a_folder_made_in_a_console_is_empty(store):
    other = s3fs.S3FileSystem(skip_instance_cache=True)
    other.pipe_file(f"{store.removeprefix('s3://')}/", b"")
    files = open_files(store)
    assert files.names("") == list(files.walk()) == []
    files.write({"a/one": b"1"})
    assert (files.names(""), list(files.walk())) == (["a"], ["a/one"])


def test_a_refused_delete_is_no_success(store, monkeypatch):
    files = open_files(store)
    files.write({"a/one": b"1"})
    monkeypatch.setattr(files.fs, "rm", lambda *_, **__: [])
    with pytest.raises(RemoteError, match="still there"):
        files.remove("a/one")


def test_a_dataset_is_checked_by_a_listing_and_refused_with_a_hole(finished, store, monkeypatch):
    _copy(finished, store)
    asked = []
    call_s3 = s3fs.S3FileSystem._call_s3

    async def count(self, method, *arguments, **more):
        asked.append(method)
        return await call_s3(self, method, *arguments, **more)

    with monkeypatch.context() as counted:
        counted.setattr(s3fs.S3FileSystem, "_call_s3", count)
        path = checked_path(store)
    alone = f"s3://{BUCKET}/alone/copy.zarr"
    assert len(open_files(path).sizes()) > 60
    assert len(asked) < 12, asked  # the pointer, a listing, the root's metadata
    _copy(path, alone)
    # in a process of its own: zarr's client is never closed
    command = [sys.executable, "-c", OPEN, store, path, alone]
    opened = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    assert opened.stdout.split() == [store, path, alone]
    hole = "c0000/points_by_index/c/0/0"
    for root in (path, alone):
        s3fs.S3FileSystem(skip_instance_cache=True).rm_file(f"{root.removeprefix('s3://')}/{hole}")
    for url in (store, path, alone):
        with pytest.raises(StoreError, match=f"{hole} is missing: .*repair"):
            xr.open_dataset(url, engine="morsecensus", group="c0000")


def _refused(call, *arguments, code=1):
    result = call(*arguments)
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("morsecensus: ")
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def test_what_the_user_got_wrong_is_one_line(endpoint, finished, call, toolbox, tmp_path, monkeypatch):
    study = tmp_path / "study.toml"
    study.write_text(toolbox.text(**SMALL))
    run = ("run", study, "--body", toolbox.body, "--store")
    assert "no run here" in _refused(call, "status", "s3://no-such-bucket/run")
    assert "bucket does not exist" in _refused(call, *run, "s3://no-such-bucket/run", code=2)
    assert "password" in _refused(call, "status", f"s3://key:{SECRET}@{BUCKET}/run")
    commands = [("status", finished), ("verify", finished), ("repair", finished), (*run, finished)]
    commands.append(("report", finished, "--out", tmp_path / "report"))
    _authorise(endpoint, "0")
    try:
        for command in commands:
            assert "check the URL, the network, and the credentials" in _refused(call, *command)
    finally:
        _authorise(endpoint, "inf")
    _forget_clients()  # a client keeps the environment that it was made in
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert "Could not connect" in _refused(call, "status", finished)
    _forget_clients()
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "Unable to locate credentials" in _refused(call, "status", finished)
    _forget_clients()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDLOOPBACK")
    assert "credentials" in _refused(call, "status", finished)


def _authorise(endpoint, after):
    """From so many requests on, the server accepts known keys only: here there are none."""
    plain = {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", after.encode(), plain)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def test_a_store_out_of_reach_says_nothing_of_its_objects(finished, monkeypatch):
    run = open_run(finished)

    def slow_down(*_, **__):
        raise OSError("Please reduce your request rate")

    monkeypatch.setattr(run.files.fs, "cat_file", slow_down)
    with pytest.raises(RemoteError, match="reduce your request rate"):
        verify(run)
