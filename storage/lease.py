"""The lease: one driver per run.

``lease.json`` names its holder: host, pid, the start time of that process, and a heartbeat. A holder is
*dead* if

* it ran on this host (same boot, same process-id namespace) and that process is gone, or its pid now belongs
  to a process that started at another time; or
* it ran elsewhere and its record has not changed for ``STALE_SECONDS`` of the watcher's own monotonic clock.
  Clocks of two hosts are never compared.

Taking over from a dead holder is done under a local file lock, and only if the record is still the one that
was watched, so that two drivers cannot both do it. On object stores creation is a conditional PUT, and a
takeover first creates a claim on exactly that record, which one driver alone can do. A driver that finds that
its lease was taken, or that could not beat for ``STALE_SECONDS``, stops. Even then nothing is lost: two
drivers write the same bytes.
"""

import contextlib
import fcntl
import hashlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files, LocalFiles
from morsecensus.storage.layout import LEASE
from morsecensus.storage.seals import read_record, seal, unseal

HEARTBEAT_SECONDS = 10.0
STALE_SECONDS = 120.0
LOOK_SECONDS = 0.25
SETTLE_SECONDS = 1.0
_GUARD = ".lease.lock"


class Lease:
    """A held lease. It beats by itself until released."""

    def __init__(self, files: Files, holder: dict[str, Any]):
        self._files = files
        self._holder = holder
        self._stop = threading.Event()
        self._taken = threading.Event()
        self._last = time.monotonic()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT_SECONDS):
            # a full disk, a slow server or a client's own error must not kill the thread: the next beat may
            # succeed, and if none does, others take this driver for dead, and so does `lost`
            with contextlib.suppress(Exception):
                if not self.beat():
                    return

    def beat(self) -> bool:
        """Show that this driver lives; False if another one has the lease."""
        began = time.monotonic()  # others may have seen it then, not later
        with _guard(self._files):
            if not self._held():
                self._taken.set()
                return False
            self._files.write({LEASE: seal(self._holder | {"heartbeat": time.time()})})
        self._last = began
        return True

    @property
    def lost(self) -> bool:
        """Whether another driver took the lease, or may have: without a beat for so long (a process that was
        stopped, a store out of reach) this one counts as dead elsewhere."""
        return self._taken.is_set() or time.monotonic() - self._last > STALE_SECONDS

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


def acquire(
    files: Files, tell: Callable[[str], None] = lambda _: None, between: Callable[[], None] = lambda: None
) -> Lease:
    """Take the lease of a run, watching a holder of another host for as long as it takes to know it dead.

    Args:
        tell: gets one line before that wait, which ends at the holder's next heartbeat, or after
            ``STALE_SECONDS``.
        between: is called several times a second meanwhile; what it raises ends the wait.

    Raises StoreError naming the holder if a live driver has it.
    """
    holder = _myself()
    watch = Watch(files, holder)
    while not watch.look(time.monotonic()):
        if not watch.told:
            watch.told = True
            tell(
                f"{files.url}: held by a driver elsewhere ({watch.who}): waiting for its heartbeat, at most "
                f"{STALE_SECONDS:.0f} s"
            )
        between()
        time.sleep(LOOK_SECONDS)
    return Lease(files, holder)


class Watch:
    """One driver's wait for a lease: ``look`` again and again, by a clock of one's own."""

    def __init__(self, files: Files, holder: dict[str, Any]):
        self._files, self._holder = files, holder
        self._seen: bytes | None = None
        self._claims = 0
        self._since = 0.0
        self.who = ""
        self.told = False

    def look(self, now: float) -> bool:
        """Take the lease if it is free or its holder dead; False if that isn't known yet.

        Raises StoreError if the holder lives.
        """
        record = seal(self._holder | {"heartbeat": time.time()})
        with _guard(self._files):
            if self._files.create(LEASE, record):
                return self._settled()
            try:
                found = self._files.read(LEASE)
            except FileNotFoundError:
                return False
            current = _parsed(found)
            if current is not None and current.get("token") == self._holder["token"]:
                # a client that missed the answer to its own PUT tries again, and finds its own lease
                return self._settled()
            if not self._is_dead(found, current, now):
                return False
            if not self._claim(found):
                # another one takes it over; if it dies on the way, the next claim is there to be had
                self._seen, self._claims = None, self._claims + 1
                return False
            self._files.write({LEASE: record})
            self._unclaim(found)
            return self._settled()

    def _is_dead(self, found: bytes, current: dict[str, Any] | None, now: float) -> bool:
        if current is None:
            return True  # torn: nobody writes such a thing
        self.who = f"host {current.get('host')}, pid {current.get('pid')}"
        alive = lives_here(current)
        if alive is False:
            return True
        if alive or self._seen not in (None, found):
            raise StoreError(
                f"{self._files.url}: held by another driver ({self.who}): wait for it, or stop it; "
                f"a dead one is taken over, at the latest after {STALE_SECONDS:.0f} s"
            )
        if self._seen is None:
            self._seen, self._since = found, now
        return now - self._since > STALE_SECONDS

    def _claim(self, found: bytes) -> bool:
        """Be the one who takes over from this very record."""
        if isinstance(self._files, LocalFiles):
            return True  # under the lock
        return self._files.create(_claim_key(found, self._claims), b"")

    def _unclaim(self, found: bytes) -> None:
        if not isinstance(self._files, LocalFiles):
            for number in range(self._claims + 1):
                self._files.remove(_claim_key(found, number))

    def _settled(self) -> bool:
        if isinstance(self._files, LocalFiles):
            return True
        time.sleep(SETTLE_SECONDS)  # servers that ignore conditions: whoever wrote last has it
        current = _read(self._files)
        if current is None or current.get("token") != self._holder["token"]:
            raise StoreError(f"{self._files.url}: another driver took the lease at the same time")
        return True


def _claim_key(found: bytes, number: int) -> str:
    return f"{LEASE}.{hashlib.sha256(found).hexdigest()[:16]}.{number}"


def holder_of(files: Files) -> dict[str, Any] | None:
    """Return who holds the lease, None if nobody does. A holder of another host may be dead: only its
    heartbeats could tell."""
    current = _read(files)
    return None if current is None or lives_here(current) is False else current


def lives_here(holder: dict[str, Any]) -> bool | None:
    """Say whether a holder is a living process of this host; None if it is of another one."""
    me = _myself()
    try:
        if all(holder[key] == me[key] for key in ("host", "boot", "namespace")):
            return _started(int(holder["pid"])) == holder["started"]
    except (KeyError, TypeError, ValueError):
        return False
    return None


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


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        return unseal(data)
    except (ValueError, RecursionError):
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
