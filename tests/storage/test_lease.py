import fcntl
import os
import socket
import subprocess
import sys
import time
import uuid

import pytest

from morsecensus.storage import lease as module
from morsecensus.storage import local_files, processes
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import LEASE
from morsecensus.storage.lease import STALE_SECONDS, Watch, acquire, holder_of, take_over
from morsecensus.storage.parts import Part, held_parts, take_whole
from morsecensus.storage.processes import myself
from morsecensus.storage.seals import seal, unseal

GUARD = module._guard_key(LEASE)


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


def test_a_run_may_lie_in_folders_that_are_not_there_yet(tmp_path):
    with acquire(open_files(str(tmp_path / "some" / "more" / "run"))) as held:
        assert held.beat()


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


@pytest.fixture(params=["local", "remote"])
def anywhere(request, files, monkeypatch):
    """Files of a folder, and of an object store, where there is no lock."""
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0)
    return files if request.param == "local" else open_files(f"memory://{uuid.uuid4().hex}")


def _watch(files, name):
    return Watch(files, myself() | {"host": name})


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 3600.0])
@pytest.mark.parametrize("where", [{"host": "elsewhere"}, {"namespace": "pid:[1]"}, {"boot": "before"}])
def test_elsewhere_only_silence_by_ones_own_clock_is_death(anywhere, where, ahead):
    """Whatever the holder's clock says: it is never compared."""
    acquire(anywhere)._stop.set()
    _change(anywhere, **where, heartbeat=time.time() + ahead)
    watch = _watch(anywhere, "mine")
    for now in (5.0, 60.0, 5.0 + STALE_SECONDS):
        assert not watch.look(now)
    assert watch.look(6.0 + STALE_SECONDS)
    assert unseal(anywhere.read(LEASE))["host"] == "mine"
    assert list(anywhere.walk()) == [LEASE] or anywhere.names("") == [GUARD, LEASE]


@pytest.mark.parametrize("ahead", [-3600.0, 3600.0])
def test_one_heartbeat_is_life(anywhere, ahead):
    acquire(anywhere)._stop.set()
    _change(anywhere, host="elsewhere", heartbeat=time.time() + ahead)
    watch = _watch(anywhere, "mine")
    assert not watch.look(0.0)
    _change(anywhere, heartbeat=time.time() + ahead + 10)
    with pytest.raises(StoreError, match="host elsewhere"):
        watch.look(10.0 * STALE_SECONDS)


def test_of_two_that_watch_a_dead_one_one_takes_over(anywhere):
    acquire(anywhere)._stop.set()
    _change(anywhere, host="elsewhere")
    first, second = _watch(anywhere, "first"), _watch(anywhere, "second")
    assert not first.look(0.0)
    assert not second.look(0.0)
    assert first.look(STALE_SECONDS + 1)
    with pytest.raises(StoreError, match="host first"):
        second.look(STALE_SECONDS + 1)


def test_a_driver_that_dies_while_it_takes_over_blocks_nobody_for_ever(anywhere, monkeypatch):
    acquire(anywhere)._stop.set()
    _change(anywhere, host="elsewhere")
    first, second = _watch(anywhere, "first"), _watch(anywhere, "second")
    first.look(0.0)
    second.look(0.0)
    with monkeypatch.context() as dies:
        dies.setattr(anywhere, "write", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            first.look(STALE_SECONDS + 1)
    taken = [second.look(STALE_SECONDS * k + 2) for k in range(1, 5)]
    assert any(taken)
    assert unseal(anywhere.read(LEASE))["host"] == "second"
    # nor does it leave a claim behind
    assert list(anywhere.walk()) == [LEASE] or anywhere.names("") == [GUARD, LEASE]


def test_a_driver_that_could_not_beat_gives_up_before_others_take_over(files, monkeypatch):
    with acquire(files) as held:
        assert not held.lost
        held._last -= STALE_SECONDS + 1
        assert held.lost
        assert held.beat()
        assert not held.lost


def test_no_error_of_a_client_ends_the_heartbeat(files, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.01)
    with acquire(files) as held:
        monkeypatch.setattr(held._files, "read", lambda _: 1 / 0)
        time.sleep(0.2)
        assert held._thread.is_alive()
        monkeypatch.undo()


def test_the_wait_is_told_once_and_can_be_stopped(files):
    acquire(files)._stop.set()
    _change(files, host="elsewhere")
    told = []
    with pytest.raises(KeyboardInterrupt):
        acquire(files, told.append, lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    assert len(told) == 1
    assert f"at most {STALE_SECONDS:.0f} s" in told[0]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": 1}'])
def test_a_torn_lease_holds_nobody_out(files, content):
    files.write({LEASE: content})
    acquire(files).release()


def test_a_driver_notices_that_it_lost_its_lease(files, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.02)
    with acquire(files) as held:
        first = unseal(files.read(LEASE))["heartbeat"]
        deadline = time.time() + 60
        while unseal(files.read(LEASE))["heartbeat"] == first:
            assert time.time() < deadline
            time.sleep(0.01)
        assert not held.lost
        files.write({LEASE: seal({"token": "someone else"})})
        assert held._taken.wait(60)
        assert held.lost
    assert unseal(files.read(LEASE)) == {"token": "someone else"}, "only its own lease is removed"


RACER = """
import sys, time
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.lease import acquire
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


def test_a_process_that_can_not_be_looked_at_is_not_taken_for_dead(files, monkeypatch):
    """`/proc` may hide the processes of others, and a table of open files may be full: heartbeats tell."""
    held = acquire(files)
    text = processes._text
    monkeypatch.setattr(processes, "_text", lambda path: "" if path.endswith("/stat") else text(path))
    holder = unseal(files.read(LEASE))
    assert processes.lives_here(holder) is None
    assert processes.lives_here(holder | {"pid": 2**22 + 1}) is False
    assert holder_of(files)["pid"] == os.getpid()
    watch = Watch(files, myself())
    assert not watch.look(0.0)
    held.beat()
    with pytest.raises(StoreError, match="held by another driver"):
        watch.look(1.0)
    held.release()


def test_who_is_stopped_with_the_file_lock_stops_nobody(files, monkeypatch):
    monkeypatch.setattr(module, "GUARD_SECONDS", 0.2)
    acquire(files).release()
    with files.path(GUARD).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        began = time.monotonic()
        acquire(files).release()
    assert time.monotonic() - began < 5


def test_folders_above_a_new_store_are_synced(tmp_path, monkeypatch):
    synced = []
    sync = local_files._sync
    monkeypatch.setattr(local_files, "_sync", lambda path: (synced.append(path), sync(path)))
    acquire(open_files(str(tmp_path / "new" / "store"))).release()
    assert {tmp_path, tmp_path / "new"} <= set(synced)


def test_a_refused_takeover_keeps_none_of_the_leases(anywhere):
    """The first part is dead and taken over, the second alive: nobody has the first afterwards."""
    dead, alive = Part(1, 4), Part(2, 4)
    acquire(anywhere, key=dead.key)._stop.set()
    record = unseal(anywhere.read(dead.key)) | {"pid": os.getppid(), "started": "1"}
    anywhere.write({dead.key: seal(record)})
    with acquire(anywhere, key=alive.key):
        with pytest.raises(StoreError, match="held by another driver"):
            take_whole(anywhere, lambda _: None, lambda: None)
        assert list(held_parts(anywhere)) == [alive]
        assert anywhere.size(dead.key) is None
        assert anywhere.size(LEASE) is None
    take_whole(anywhere, lambda _: None, lambda: None).release()


def test_whoever_is_stopped_while_it_waits_keeps_no_lease(anywhere):
    acquire(anywhere, key=Part(2, 4).key)._stop.set()
    record = unseal(anywhere.read(Part(2, 4).key)) | {"host": "elsewhere"}
    anywhere.write({Part(2, 4).key: seal(record)})

    def stop():
        assert anywhere.size(Part(1, 4).key)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_over(anywhere, [Part(1, 4).key, Part(2, 4).key], lambda _: None, stop)
    assert anywhere.size(Part(1, 4).key) is None
    assert anywhere.read(Part(2, 4).key) == seal(record)
