"""Which process this is, and whether another one still lives: what a lease says of its holder."""

import os
import socket
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HIDDEN = "unknown"
"""In place of the start of a process that lives and doesn't say when it began."""


def lives_here(holder: Mapping[str, Any]) -> bool | None:
    """Say whether a holder is a living process of this host; None if it is of another one, or if the process
    of that number can't be looked at: only heartbeats can tell then."""
    me = myself()
    try:
        if all(holder[key] == me[key] for key in ("host", "boot", "namespace")):
            started = _started(int(holder["pid"]))
            return None if started == HIDDEN and holder["started"] != HIDDEN else started == holder["started"]
    except (KeyError, TypeError, ValueError):
        return False
    return None


def myself() -> dict[str, Any]:
    """Return host, boot, namespace of process ids, pid and start of this process, and a token of its own."""
    return {
        "host": socket.gethostname(),
        "boot": _text("/proc/sys/kernel/random/boot_id"),
        "namespace": _link("/proc/self/ns/pid"),
        "pid": os.getpid(),
        "started": _started(os.getpid()),
        "token": uuid.uuid4().hex,
    }


def _started(pid: int) -> str | None:
    """Return when a process of this host started, None if it is gone (a zombie counts as gone); HIDDEN if it
    lives but doesn't say: systems without /proc, or one that hides the processes of others."""
    stat = _text(f"/proc/{pid}/stat")
    if stat:
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return None
    except PermissionError:
        pass
    return HIDDEN


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
