import os
import socket
import subprocess
import sys
import time

import pytest

from storage import lease as module
from storage.errors import StoreError
from storage.files import open_files
from storage.layout import LEASE
from storage.lease import STALE_SECONDS, acquire, holder_of
from storage.seals import seal, unseal


@pytest.fixture
def files(tmp_path):
    return open_files(str(tmp_path / "run"))


def _change(files, **changes):
    files.write({LEASE: seal(unseal(files.read(LEASE)) | changes)})


def test_a_second_driver_is_kept_out(files):
    with acquire(files):
        with pytest.raises(StoreError, match=f"host {socket.gethostname()}, pid {os.getpid()}") as caught:
            acquire(files)
        assert "\n" not in str(caught.value)
        assert holder_of(files)["pid"] == os.getpid()
    assert files.size(LEASE) is None
    acquire(files).release()


def test_a_dead_process_of_this_host_is_taken_over(files):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    acquire(files)._stop.set()
    _change(files, pid=child.pid)
    assert holder_of(files) is None
    acquire(files).release()


def test_a_pid_that_belongs_to_another_process_now_is_dead(files):
    acquire(files)._stop.set()
    _change(files, pid=os.getppid(), started="1")
    acquire(files).release()


def test_a_living_process_is_not_dead_however_old_its_heartbeat(files):
    with acquire(files):
        _change(files, heartbeat=time.time() - 10 * STALE_SECONDS)
        with pytest.raises(StoreError, match="another driver"):
            acquire(files)


@pytest.mark.parametrize("where", [{"host": "elsewhere"}, {"namespace": "pid:[1]"}, {"boot": "before"}])
def test_elsewhere_the_heartbeat_decides(files, where):
    acquire(files)._stop.set()
    _change(files, **where, heartbeat=time.time() - STALE_SECONDS / 2)
    with pytest.raises(StoreError, match="another driver"):
        acquire(files)
    _change(files, heartbeat=time.time() - STALE_SECONDS - 1)
    acquire(files).release()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": 1}'])
def test_a_torn_lease_holds_nobody_out(files, content):
    files.write({LEASE: content})
    acquire(files).release()


def test_a_driver_notices_that_it_lost_its_lease(files, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.02)
    with acquire(files) as held:
        first = unseal(files.read(LEASE))["heartbeat"]
        deadline = time.time() + 5
        while unseal(files.read(LEASE))["heartbeat"] == first:
            assert time.time() < deadline
            time.sleep(0.01)
        assert not held.lost.is_set()
        files.write({LEASE: seal({"token": "someone else"})})
        assert held.lost.wait(5)
    assert unseal(files.read(LEASE)) == {"token": "someone else"}, "only its own lease is removed"


RACER = """
import sys, time
from storage.errors import StoreError
from storage.files import open_files
from storage.lease import acquire
files = open_files(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
try:
    acquire(files)
    print("have it", flush=True)
    sys.stdin.readline()
except StoreError:
    print("kept out", flush=True)
"""


def test_of_many_drivers_one_takes_over_a_dead_one(files):
    acquire(files)._stop.set()
    _change(files, pid=2**22, started="1")
    command = [sys.executable, "-c", RACER, files.url]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(4)]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    assert sorted(child.stdout.readline() for child in children) == ["have it\n"] + 3 * ["kept out\n"]
    for child in children:
        child.communicate("\n")
