"""The processes of one trial: found by a mark in their environment and by descent, ended by pid alone."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

MARK = "MORSECENSUS_CHAOS_TRIAL"

Identity = tuple[int, str]
"""A pid and the start time of its process: a pid alone may be given to another process."""


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _text(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _alive() -> Iterator[tuple[int, int, str]]:
    """Yield pid, parent and start time of every living process."""
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if fields and fields[0] not in "ZX":
            yield int(folder.name), int(fields[1]), fields[19]


def of_trial(mark: str, root: int) -> set[Identity]:
    """Return the living processes that carry a mark or descend from one that does, or from ``root``.

    Ray's workers overwrite their environment with their title, hence the descent; those whose parents are
    gone too must have been seen before.
    """
    alive = list(_alive())
    found = {pid for pid, _, _ in alive if f"{MARK}={mark} " in _text(pid, "environ") + " "} | {root}
    while more := {pid for pid, parent, _ in alive if parent in found and pid not in found}:
        found |= more
    return {(pid, started) for pid, _, started in alive if pid in found}


def is_busy(who: Identity) -> bool:
    """Say whether a process is a worker that may be inside a block: Ray's say so in their title."""
    command = _text(who[0], "cmdline")
    ray = command.startswith("ray::") and not command.startswith("ray::IDLE")
    return "morsecensus.pipeline.worker.worker" in command or ray


def end(who: Identity, number: int = signal.SIGKILL) -> bool:
    """Send a signal to a process if it is still the one that was seen; say whether it was."""
    fields = _stat(who[0])
    if not fields or fields[0] in "ZX" or fields[19] != who[1]:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(who[0], number)
        return True
    return False
