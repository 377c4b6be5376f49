"""Processes as /proc shows them."""

import time
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """Return the pids of all processes below one."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        fields = _fields(stat)
        if fields and int(fields[1]) == pid:
            found += [int(stat.parent.name), *descendants(int(stat.parent.name))]
    return found


def alive(pid: int) -> bool:
    """Say whether a process runs: one that nobody waited for does not."""
    fields = _fields(Path(f"/proc/{pid}/stat"))
    return bool(fields) and fields[0] not in "ZX"


def wait_until(condition, seconds: float = 120.0) -> None:
    """Wait for an event; the time limit is for a test that would never end."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s"
        time.sleep(0.02)


def _fields(stat: Path) -> list[str]:
    """State, parent and so on; empty if the process is gone."""
    try:
        return stat.read_text().rpartition(")")[2].split()
    except OSError:
        return []
