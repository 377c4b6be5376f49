"""Faults from within: an audit hook that ends a process, or refuses its writes, at a chosen moment.

What to do comes as JSON in MORSECENSUS_CHAOS, by role (``driver`` or ``worker``):

* ``store``: only operations below this folder count; ``within``: only from the first path on that holds this;
* ``log``: write a line for each operation, and nothing else;
* ``at``: count files opened for writing (``open``) or all operations on files (``operation``);
* ``number``: at which of them to act; ``bytes``: from then on, end the process when it writes this byte of a
  file; without it, end it right there; ``errno``: refuse it and all that follow, instead;
* ``tokens`` and ``times``: a folder where processes take turns: only so many of them are armed.

The kernel ends a process in the middle of a write where RLIMIT_FSIZE says, if SIGXFSZ has its default action
(Python ignores it). Where the limit falls the file is cut at exactly that byte.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import threading
from pathlib import Path
from typing import Any

ENV = "MORSECENSUS_CHAOS"
OPERATIONS = ("open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir")
FIRED = "fired"
_role = ""


def script(role: str) -> dict[str, Any]:
    """Return what a process of this role is told to do."""
    return json.loads(os.environ.get(ENV, "{}")).get(role, {})


def role() -> str:
    """Return the role of this process."""
    return _role


def install(role: str) -> None:
    """Arm this process, once. The driver imports the body too: the first role stays."""
    global _role
    if _role:
        return
    _role = role
    told = script(role)
    if "tokens" in told:
        (Path(told["tokens"]) / f"{role}-{os.getpid()}").touch()
    if "log" in told:
        sys.addaudithook(_Watch(told, _Logger(told["log"])))
    elif "number" in told and _armed(told):
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.addaudithook(_Watch(told, _Killer(told)))


def _armed(told: dict[str, Any]) -> bool:
    for turn in range(told.get("times", 1)):
        with contextlib.suppress(FileExistsError):
            os.close(os.open(Path(told["tokens"]) / str(turn), os.O_CREAT | os.O_EXCL))
            return True
    return False


class _Watch:
    """Passes on what happens below the store, from when it is told to look."""

    def __init__(self, told: dict[str, Any], act: Any):
        self.store, self.within, self.act = told["store"], told.get("within", ""), act
        self.seen = not self.within

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in OPERATIONS:
            return
        path = arguments[0]
        if not isinstance(path, str | os.PathLike) or not str(path).startswith(self.store):
            return
        self.seen = self.seen or self.within in str(path)
        if self.seen:
            writes = event == "open" and bool(int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR))
            self.act("write" if writes else event, str(path))


class _Logger:
    def __init__(self, path: str):
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, event: str, path: str) -> None:
        os.write(self.descriptor, f"{event}\t{path}\n".encode())


class _Killer:
    def __init__(self, told: dict[str, Any]):
        self.told, self.count = told, 0
        self.lock = threading.Lock()

    def __call__(self, event: str, path: str) -> None:
        if self.told["at"] == "open" and event != "write":
            return
        with self.lock:
            self.count += 1
            due = self.count - 1 - self.told["number"]
        if "errno" in self.told:
            if due >= 0:
                raise OSError(self.told["errno"], os.strerror(self.told["errno"]), path)
        elif due == 0:
            self._fire()

    def _fire(self) -> None:
        if "bytes" in self.told:
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.told["bytes"], resource.RLIM_INFINITY))
            return
        with contextlib.suppress(FileExistsError):
            name = f"{FIRED}-{os.getpid()}"
            os.close(os.open(Path(self.told["tokens"]) / name, os.O_CREAT | os.O_EXCL))
        os.kill(os.getpid(), signal.SIGKILL)
