"""What may go wrong when Ray starts: paths of sockets (103 bytes on macOS, 107 elsewhere, mostly of Ray's own
making), and errors of all kinds, as one line."""

import os
import tempfile
from pathlib import Path

from morsecensus.pipeline.errors import RunError

MOST_BYTES = 103
"""Of the path of a Unix socket, where it is shortest."""
SESSION_BYTES = len("/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store.1")
"""What Ray appends."""
SHORT = ("/tmp", "/var/tmp", "/dev/shm")


def short_folder() -> str | None:
    """Return a new temporary folder whose name is short, None if Ray's own choice will do.

    Raises RunError if there is no place for one.
    """
    usual = Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()) / "ray"
    if len(os.fsencode(usual)) + SESSION_BYTES <= MOST_BYTES:
        return None
    for place in SHORT:
        try:
            return tempfile.mkdtemp(prefix="census-", dir=place)
        except OSError:
            continue
    raise RunError(
        f"--backend ray: the temporary folder {usual} has {len(os.fsencode(usual))} bytes, allowed: at most "
        f"{MOST_BYTES - SESSION_BYTES} for Ray's sockets, and none of {', '.join(SHORT)} can be written: set "
        "TMPDIR to a short folder"
    )


def refused(where: str, error: Exception) -> str:
    """Return why Ray cannot be used, as one line."""
    text = " ".join(str(error).split())[:300]
    if text.startswith("Version mismatch"):
        return f"--backend ray: {where} runs other versions: {text}: use those of the cluster"
    return f"--backend ray: cannot use {where} (RAY_AUTH_MODE={os.environ.get('RAY_AUTH_MODE', '')}): {text}"
