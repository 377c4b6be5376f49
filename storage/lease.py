"""The lease: one driver per run, and one per part of a run.

``lease.json``, or that of a part, names its holder: host, pid, the start time of that process, and a
heartbeat. A holder is *dead* if

* it ran on this host (same boot, same process-id namespace) and that process is gone, or its pid now belongs
  to a process that started at another time; or
* it ran elsewhere and its record has not changed for ``STALE_SECONDS`` of the watcher's own monotonic clock.
  Clocks of two hosts are never compared.

A takeover first creates a claim on exactly the record that was watched, which one driver alone can do, and
then reads the record again. Creation is a hard link, or a conditional PUT on object stores. Where there are
file locks, they settle races within a host at once. A driver that finds that its lease was taken, or that
could not beat for ``STALE_SECONDS``, stops. Even then nothing is lost: two drivers write the same bytes.
"""

import contextlib
import fcntl
import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, TextIO

from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files
from morsecensus.storage.layout import LEASE
from morsecensus.storage.local_files import LocalFiles
from morsecensus.storage.processes import lives_here, myself
from morsecensus.storage.seals import read_record, seal, unseal

HEARTBEAT_SECONDS = 10.0
STALE_SECONDS = 120.0
LOOK_SECONDS = 0.25
SETTLE_SECONDS = 1.0
GUARD_SECONDS = 2.0
"""How long a takeover waits for a file lock, which nobody has for more than milliseconds unless stopped."""


class Held(StoreError):
    """A live driver has the lease."""


class Lease:
    """A held lease. It beats by itself until released."""

    def __init__(self, files: Files, holder: dict[str, Any], key: str = LEASE):
        self._files = files
        self._holder = holder
        self._key = key
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
        with _guard(self._files, self._key):
            if not self._held():
                self._taken.set()
                return False
            self._files.write({self._key: seal(self._holder | {"heartbeat": time.time()})})
        self._last = began
        return True

    @property
    def lost(self) -> bool:
        """Whether another driver took the lease, or may have: without a beat for so long (a process that was
        stopped, a store out of reach) this one counts as dead elsewhere."""
        return self._taken.is_set() or time.monotonic() - self._last > STALE_SECONDS

    def _held(self) -> bool:
        current = _read(self._files, self._key)
        return current is not None and current.get("token") == self._holder["token"]

    def release(self) -> None:
        """Stop the heartbeat and remove the lease, if it is still ours."""
        self._stop.set()
        self._thread.join()
        with contextlib.suppress(OSError), _guard(self._files, self._key):
            if self._held():
                self._files.remove(self._key)

    def __enter__(self) -> "Lease":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def acquire(
    files: Files,
    tell: Callable[[str], None] = lambda _: None,
    between: Callable[[], None] = lambda: None,
    key: str = LEASE,
    notes: Mapping[str, Any] | None = None,
) -> Lease:
    """Take a lease, watching a holder of another host for as long as it takes to know it dead.

    Args:
        tell: gets one line before that wait, which ends at the holder's next heartbeat, or after
            ``STALE_SECONDS``.
        between: is called several times a second meanwhile; what it raises ends the wait.
        notes: what else the record says of its holder.

    Raises Held, naming the holder, if a live driver has it; StoreError if another one took it just now.
    """
    holder = {**myself(), **(notes or {})}
    _watched(files, [Watch(files, holder, key)], tell, between)
    return Lease(files, holder, key)


def take_over(
    files: Files, keys: Iterable[str], tell: Callable[[str], None], between: Callable[[], None]
) -> None:
    """Remove leases whose holders are dead, watching them all at once; arguments and errors as `acquire`.

    Each is taken to be removed; if one is refused, those that were taken before it go too.
    """
    watches = [Watch(files, myself(), key) for key in keys]
    _watched(files, watches, tell, between)
    for watch in watches:
        watch.give_back()


def _watched(
    files: Files, watches: Iterable["Watch"], tell: Callable[[str], None], between: Callable[[], None]
) -> None:
    """Look until all of them have their lease; whatever ends that before, none is kept."""
    waiting, told = (watches := list(watches)), False
    try:
        while waiting := [watch for watch in waiting if not watch.look(time.monotonic())]:
            if not told:
                told = True
                tell(_waiting(files, waiting[0].who))
            between()
            time.sleep(LOOK_SECONDS)
    except BaseException:
        for watch in watches:
            with contextlib.suppress(OSError):
                watch.give_back()
        raise


def _waiting(files: Files, who: str) -> str:
    return (
        f"{files.url}: held by a driver elsewhere ({who}): waiting for its heartbeat, at most "
        f"{STALE_SECONDS:.0f} s"
    )


def await_dead(
    files: Files,
    keys: Iterable[str],
    harmless: Callable[[Mapping[str, Any]], bool],
    tell: Callable[[str], None],
    between: Callable[[], None],
) -> None:
    """Return when each of these leases is free, held by a dead driver, or by a harmless one; touch none.

    Raises Held, naming a holder that lives and isn't harmless.
    """
    found = {key: data for key in keys if (data := _bytes(files, key)) is not None}
    records = {key: _parsed(data) for key, data in found.items()}
    waiting = {key: one for key, one in records.items() if one is not None and not harmless(one)}
    since, told = time.monotonic(), False
    while waiting and time.monotonic() - since <= STALE_SECONDS:
        for key, record in list(waiting.items()):
            alive = lives_here(record)
            now = None if alive is False else _bytes(files, key)
            if now is None:
                del waiting[key]
            elif alive or now != found[key]:
                raise Held(_held_by(files, record))
        if not waiting:
            return
        if not told:
            told = True
            tell(_waiting(files, _who(next(iter(waiting.values())))))
        between()
        time.sleep(LOOK_SECONDS)


def _who(record: Mapping[str, Any]) -> str:
    return f"host {record.get('host')}, pid {record.get('pid')}"


def _held_by(files: Files, record: Mapping[str, Any]) -> str:
    part = f"part {record['part']} is " if "part" in record else ""
    return (
        f"{files.url}: {part}held by another driver ({_who(record)}): wait for it, or stop it; "
        f"a dead one is taken over, at the latest after {STALE_SECONDS:.0f} s"
    )


class Watch:
    """One driver's wait for a lease: ``look`` again and again, by a clock of one's own."""

    def __init__(self, files: Files, holder: dict[str, Any], key: str = LEASE):
        self._files, self._holder, self.key = files, holder, key
        self._seen: bytes | None = None
        self._claims = 0
        self._since = 0.0
        self.who = ""

    def look(self, now: float) -> bool:
        """Take the lease if it is free or its holder dead; False if that isn't known yet.

        Raises Held if the holder lives.
        """
        record = seal(self._holder | {"heartbeat": time.time()})
        with _guard(self._files, self.key):
            if self._files.create(self.key, record):
                return self._settled()
            found = _bytes(self._files, self.key)
            if found is None:
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
            self._files.write({self.key: record})
            self._unclaim(found)
            return self._settled()

    def give_back(self) -> None:
        """Remove the lease if it was taken, and is still this watch's own."""
        with _guard(self._files, self.key):
            if self._is_mine():
                self._files.remove(self.key)

    def _is_dead(self, found: bytes, current: dict[str, Any] | None, now: float) -> bool:
        if current is None:
            return True  # torn: nobody writes such a thing
        self.who = _who(current)
        alive = lives_here(current)
        if alive is False:
            return True
        if alive or self._seen not in (None, found):
            raise Held(_held_by(self._files, current))
        if self._seen is None:
            self._seen, self._since = found, now
        return now - self._since > STALE_SECONDS

    def _claim(self, found: bytes) -> bool:
        """Be the one who takes over from this very record."""
        if not self._files.create(_claim_key(self.key, found, self._claims), b""):
            return False
        if _bytes(self._files, self.key) == found:
            return True
        # somebody has taken it over, and has given up the claim, since it was read
        self._unclaim(found)
        return False

    def _unclaim(self, found: bytes) -> None:
        for number in range(self._claims + 1):
            self._files.remove(_claim_key(self.key, found, number))

    def _is_mine(self) -> bool:
        current = _read(self._files, self.key)
        return current is not None and current.get("token") == self._holder["token"]

    def _settled(self) -> bool:
        if isinstance(self._files, LocalFiles):
            return True
        settle(self._files)
        if not self._is_mine():
            raise StoreError(f"{self._files.url}: another driver took the lease at the same time")
        return True


def settle(files: Files) -> None:
    """Wait after a creation, to read it back: at servers that ignore conditions whoever wrote last has it."""
    if not isinstance(files, LocalFiles):
        time.sleep(SETTLE_SECONDS)


def _claim_key(key: str, found: bytes, number: int) -> str:
    return f"{key}.{hashlib.sha256(found).hexdigest()[:16]}.{number}"


def holder_of(files: Files, key: str = LEASE) -> dict[str, Any] | None:
    """Return who holds a lease, None if nobody does. A holder of another host may be dead: only its
    heartbeats could tell."""
    current = _read(files, key)
    return None if current is None or lives_here(current) is False else current


def _read(files: Files, key: str) -> dict[str, Any] | None:
    """Return the holder; None if there is no lease, or only a torn one."""
    try:
        return read_record(files, key)
    except (FileNotFoundError, StoreError):
        return None


def _bytes(files: Files, key: str) -> bytes | None:
    try:
        return files.read(key)
    except FileNotFoundError:
        return None


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        return unseal(data)
    except (ValueError, RecursionError):
        return None


@contextlib.contextmanager
def _guard(files: Files, key: str) -> Iterator[None]:
    """Hold the local file lock of a lease for the few milliseconds of a takeover. Without it the claim
    remains: some network file systems have no locks, and who was stopped in here keeps it."""
    if not isinstance(files, LocalFiles):
        yield
        return
    place = files.path(_guard_key(key))
    files.make(place.parent)
    with place.open("w") as lock:
        end = time.monotonic() + GUARD_SECONDS
        while not _locked(lock) and time.monotonic() < end:
            time.sleep(GUARD_SECONDS / 100)
        yield


def _locked(lock: TextIO) -> bool:
    """Take a lock if nobody has it; also True where there are none."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _guard_key(key: str) -> str:
    path = PurePosixPath(key)
    return str(path.with_name(f".{path.stem}.lock"))
