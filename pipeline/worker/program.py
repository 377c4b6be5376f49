"""Which program computes: its version and a digest of its sources, so that the nodes of a cluster can be held
against the driver.

Neither is part of a store's fingerprint: an edit that changes no result leaves stores resumable.
"""

import functools
import hashlib
import importlib.util
import socket
from collections.abc import Mapping
from pathlib import Path

from morsecensus.pipeline.worker.environment import version_of

PACKAGES = ("analysis", "pipeline", "storage", "tasks")


class ProgramDiffers(Exception):
    """This worker runs another morsecensus than the driver."""


@functools.cache
def program() -> dict[str, str]:
    """Return the version of morsecensus in this process, and the digest of its four packages' sources."""
    return {"version": version_of("morsecensus"), "sources": _digest()}


def check_program(wanted: Mapping[str, str]) -> None:
    """Raise ProgramDiffers unless this process runs the driver's program."""
    mine = program()
    if mine != dict(wanted):
        raise ProgramDiffers(
            f"node {socket.gethostname()} runs {_named(mine)} from {_root()}, the driver {_named(wanted)}"
        )


def _named(of: Mapping[str, str]) -> str:
    return f"morsecensus {of['version']} (sources {of['sources']})"


def _root() -> Path:
    return Path(__file__).resolve().parents[2]


def _digest() -> str:
    found = hashlib.sha256()
    for package in PACKAGES:
        spec = importlib.util.find_spec(f"morsecensus.{package}")
        if spec is None or spec.origin is None:
            continue
        # the folders are reached by links in a checkout, and are copies in a wheel
        folder = Path(spec.origin).parent.resolve()
        for path in sorted(folder.rglob("*.py")):
            data = path.read_bytes()
            found.update(f"{package}/{path.relative_to(folder).as_posix()} {len(data)}\n".encode())
            found.update(data)
    return found.hexdigest()[:12]
