"""The most memory that this process has held."""

import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """Resident bytes at their highest so far.

    Linux's ``VmHWM``, which begins with the program: ``ru_maxrss`` begins with the memory of the process that
    started it, so that a small worker of a notebook of 5 GB would be said to have held 5 GB.
    """
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most  # macOS counts in bytes
