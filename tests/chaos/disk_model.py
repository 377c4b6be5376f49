"""A disk that forgets: what a file system may hold after the power went, given what a program did to it.

The model is POSIX read strictly. A file keeps what was in it when it was last fsynced; anything written since
may be there, in part, as zeros, or not at all. Entries of a directory (a creation, a rename, a removal) are
sure only once that directory was fsynced; until then any subset of them may have reached the disk, though
each one whole. Syncing a file says nothing about its name.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

DIRECTORY = -1
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Operation:
    """One thing done to a path: create, sync, mkdir, rename, link, remove, or a note of the program's own.

    ``data`` is the content of the file at that moment, where it matters.
    """

    kind: str
    path: str
    target: str = ""
    data: bytes = b""


@dataclass
class _File:
    now: bytes = b""
    durable: bytes = b""
    synced: bool = False


@dataclass
class Disk:
    """Replays operations. Paths are relative to a root that exists."""

    files: list[_File] = field(default_factory=list)
    now: dict[str, int] = field(default_factory=dict)
    durable: dict[str, int] = field(default_factory=dict)
    pending: dict[str, list[dict[str, int | None]]] = field(default_factory=dict)

    def apply(self, one: Operation) -> None:
        """Do one operation."""
        getattr(self, f"_{one.kind}", lambda one: None)(one)

    def _create(self, one: Operation) -> None:
        if one.path in self.now:
            self.files[self.now[one.path]].now = b""
            return
        self.files.append(_File())
        self._change({one.path: len(self.files) - 1})

    def _sync(self, one: Operation) -> None:
        if self.now.get(one.path) == DIRECTORY or one.path == ".":
            for change in self.pending.pop(one.path, []):
                _put(self.durable, change)
        elif one.path in self.now:
            file = self.files[self.now[one.path]]
            file.now, file.durable, file.synced = one.data, one.data, True

    def _mkdir(self, one: Operation) -> None:
        self._change({one.path: DIRECTORY})

    def _rename(self, one: Operation) -> None:
        number = self.now[one.path]
        self.files[number].now = one.data
        self._change({one.path: None, one.target: number})

    def _link(self, one: Operation) -> None:
        number = self.now[one.path]
        self.files[number].now = one.data
        self._change({one.target: number})

    def _remove(self, one: Operation) -> None:
        self._change({one.path: None})

    def _change(self, change: dict[str, int | None]) -> None:
        folders = {Path(path).parent.as_posix() for path in change}
        if len(folders) != 1:
            raise NotImplementedError(f"a rename between folders: {change}")
        _put(self.now, change)
        self.pending.setdefault(folders.pop(), []).append(change)

    def cut_power(self, random: np.random.Generator, root: Path) -> None:
        """Write what the disk may hold now below a root."""
        entries = dict(self.durable)
        share = random.choice([0.0, 0.5, 1.0, random.uniform()])
        for changes in self.pending.values():
            for change in changes:
                if random.uniform() < share:
                    _put(entries, change)
        root.mkdir(parents=True)
        for path, number in sorted(entries.items()):  # a folder comes before what is in it
            if not (root / path).parent.is_dir():
                continue  # its folder did not reach the disk
            if number == DIRECTORY:
                (root / path).mkdir()
            else:
                (root / path).write_bytes(_content(self.files[number], random))


def _put(entries: dict[str, int], change: dict[str, int | None]) -> None:
    for path, number in change.items():
        if number is None:
            entries.pop(path, None)
        else:
            entries[path] = number


def _content(file: _File, random: np.random.Generator) -> bytes:
    if file.synced and file.now == file.durable:
        return file.durable
    cut = file.now[: int(random.integers(0, len(file.now) + 1))]
    choices = [file.durable, cut, file.now, bytes(len(file.now))]
    return choices[int(random.integers(len(choices)))]


class _Recorder:
    """The one audit hook of this process; hooks can't be taken out, so it sleeps between recordings."""

    def __init__(self) -> None:
        self.root: str | None = None
        self.log: list[Operation] = []
        self._lock = threading.Lock()
        self._busy = threading.local()
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.root is None or getattr(self._busy, "on", False):
            return
        if event == "open":
            path, mode, flags = arguments
            writes = any(c in mode for c in "wxa+") if isinstance(mode, str) else bool(flags & _WRITES)
            if writes and not isinstance(path, int):
                self._note("create", path)
        elif event in ("os.rename", "os.link"):
            self._note(event[3:], arguments[0], arguments[1], content=True)
        elif event in ("os.remove", "os.rmdir"):
            self._note("remove", arguments[0])
        elif event == "os.mkdir":
            self._note("mkdir", arguments[0])

    def synced(self, descriptor: int) -> None:
        """Note an fsync that has returned."""
        if self.root is not None:
            self._note("sync", Path(f"/proc/self/fd/{descriptor}").readlink(), content=True)

    def _note(self, kind: str, path: Any, target: Any = "", *, content: bool = False) -> None:
        if (inside := self._inside(path)) is None:
            return
        self._busy.on = True  # reading a file below is no operation of the program
        try:
            # Before the operation that the hook announces: what exists already is not made again.
            if (inside == "." and kind != "sync") or (kind == "mkdir" and Path(path).is_dir()):
                return
            data = Path(path).read_bytes() if content and Path(path).is_file() else b""
        finally:
            self._busy.on = False
        with self._lock:
            self.log.append(Operation(kind, inside, self._inside(target) or "", data))

    def _inside(self, path: Any) -> str | None:
        if not path:
            return None
        relative = os.path.relpath(os.fspath(path), self.root)
        return None if relative.startswith("..") else relative

    def note(self, text: str) -> None:
        with self._lock:
            self.log.append(Operation("note", text))


_recorder: list[_Recorder] = []


@contextmanager
def recorded(root: Path) -> Iterator[tuple[list[Operation], Callable[[str], None]]]:
    """Record what this process does below a root; yields the log, and a function that puts a note into it."""
    if not _recorder:
        _recorder.append(_Recorder())
    recorder, fsync = _recorder[0], os.fsync

    def heard_fsync(descriptor: int) -> None:
        fsync(descriptor)
        recorder.synced(descriptor)

    recorder.log = []
    recorder.root = os.fspath(root)
    os.fsync = heard_fsync
    try:
        yield recorder.log, recorder.note
    finally:
        os.fsync = fsync
        recorder.root = None
