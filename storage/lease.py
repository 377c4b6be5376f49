"""The lease: one driver per run.

``lease.json`` names its holder: host, pid, the start time of that process, and a heartbeat. A holder is
*dead* if

* it ran on this host (same boot, same process-id namespace) and that process is gone, or its pid now belongs
  to a process that started at another time; or
* it ran elsewhere and its heartbeat is older than ``STALE_SECONDS``. Clocks must agree to well within that.

Taking over from a dead holder is done under a local file lock, so that two drivers cannot both do it. On
object stores creation is a conditional PUT, and a takeover is re-read after it was written. A driver that
finds that its lease was taken stops. Even then nothing is lost: two drivers write the same bytes.
"""

import contextlib
import fcntl
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from storage.errors import StoreError
from storage.files import Files, LocalFiles
from storage.layout import LEASE
from storage.seals import read_record, seal

HEARTBEAT_SECONDS = 10.0
STALE_SECONDS = 120.0
_GUARD = ".lease.lock"


class Lease:
    """A held lease. It beats by itself until released; ``lost`` is set if another driver took it."""

    def __init__(self, files: Files, holder: dict[str, Any]):
        self._files = files
        self._holder = holder
        self._stop = threading.Event()
        self.lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            # a full disk or a slow server must not kill the thread: the next beat may succeed
            with contextlib.suppress(OSError):
                if not self._held():
                    self.lost.set()
                    return
                self._files.write({LEASE: seal(self._holder | {"heartbeat": time.time()})})

    def _held(self) -> bool:
        current = _read(self._files)
        return current is not None and current.get("token") == self._holder["token"]

    def release(self) -> None:
        """Stop the heartbeat and remove the lease, if it is still ours."""
        self._stop.set()
        self._thread.join()
        with contextlib.suppress(OSError), _guard(self._files):
            if self._held():
                self._files.remove(LEASE)

    def __enter__(self) -> "Lease":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def acquire(files: Files) -> Lease:
    """Take the lease of a run; raises StoreError naming the holder if a live driver has it."""
    holder = _myself()
    record = seal(holder | {"heartbeat": time.time()})
    with _guard(files):
        if not files.create(LEASE, record):
            current = _read(files)
            # a client that missed the answer to its own PUT tries again, and finds its own lease
            ours = current is not None and current.get("token") == holder["token"]
            if current is not None and not ours and not is_dead(current):
                who = f"host {current.get('host')}, pid {current.get('pid')}"
                raise StoreError(
                    f"{files.url}: held by another driver ({who}): wait for it, or stop it; "
                    f"a dead one is taken over, at the latest after {STALE_SECONDS:.0f} s"
                )
            files.write({LEASE: record})
    if not isinstance(files, LocalFiles):
        time.sleep(1.0)  # no lock there: whoever wrote last within this second has it
        current = _read(files)
        if current is None or current.get("token") != holder["token"]:
            raise StoreError(f"{files.url}: another driver took the lease at the same time")
    return Lease(files, holder)


def holder_of(files: Files) -> dict[str, Any] | None:
    """Return who holds the lease now, None if nobody alive does."""
    current = _read(files)
    return None if current is None or is_dead(current) else current


def is_dead(holder: dict[str, Any]) -> bool:
    """Say whether a holder is dead, as defined above."""
    me = _myself()
    try:
        if all(holder[key] == me[key] for key in ("host", "boot", "namespace")):
            return _started(int(holder["pid"])) != holder["started"]
        return time.time() - float(holder["heartbeat"]) > STALE_SECONDS
    except (KeyError, TypeError, ValueError):
        return True


def _myself() -> dict[str, Any]:
    return {
        "host": socket.gethostname(),
        "boot": _text("/proc/sys/kernel/random/boot_id"),
        "namespace": _link("/proc/self/ns/pid"),
        "pid": os.getpid(),
        "started": _started(os.getpid()),
        "token": uuid.uuid4().hex,
    }


def _started(pid: int) -> str | None:
    """Return when a process of this host started, None if it is gone (a zombie counts as gone)."""
    stat = _text(f"/proc/{pid}/stat")
    if stat:
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    if Path("/proc/self/stat").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "unknown"


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""


def _read(files: Files) -> dict[str, Any] | None:
    """Return the holder; None if there is no lease, or only a torn one."""
    try:
        return read_record(files, LEASE)
    except (FileNotFoundError, StoreError):
        return None


@contextlib.contextmanager
def _guard(files: Files) -> Iterator[None]:
    """Hold the local file lock for the few milliseconds of a takeover."""
    if not isinstance(files, LocalFiles):
        yield
        return
    files.root.mkdir(parents=True, exist_ok=True)
    with files.path(_GUARD).open("w") as lock:
        with contextlib.suppress(OSError):  # some network file systems have no flock; the token check remains
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
