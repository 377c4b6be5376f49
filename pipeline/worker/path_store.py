"""Where the paths of one landscape are committed, and a note of how far its enumeration is.

A folder or bucket with a sealed header, ``paths.json``, that says of which landscape, and ``pieces/``: what
each piece of paths yielded, and its digest. A piece is named by all that decides its content, so it is found
again whatever was killed when (`survey.piece_name`). One that is damaged or cut is followed again. Blocks of
a study keep those of their large landscapes beside their stream, without a header, until they are committed.
"""

import contextlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files, open_files
from morsecensus.storage.layout import paths_key
from morsecensus.storage.local_files import PARTIAL
from morsecensus.storage.seals import content, is_whole, pieces, read_record, seal, with_digest

HEADER, PIECES = "paths.json", "pieces"
FORMAT = 1
"""Of the pieces: another one's are refused."""
TELL_SECONDS = 0.5
"""Least time between two notes of how far it is."""
INDIFFERENT = {"finder_options", "block_size", "positions", "spectra", "topology"}
"""Of a cell's spec, what doesn't decide which paths there are: pieces' names hold what of it matters."""


def landscape_record(spec: Mapping[str, Any], landscape: int) -> dict[str, Any]:
    """What the header of a landscape's paths says."""
    return {
        "format": FORMAT,
        "landscape": landscape,
        **{name: value for name, value in spec.items() if name not in INDIFFERENT},
    }


def claim(files: Files, spec: Mapping[str, Any], landscape: int) -> None:
    """Make a folder that of this landscape's paths, if it isn't yet.

    Raises UsageError if it holds something else, StoreError if its header is damaged.
    """
    record = json.loads(json.dumps(landscape_record(spec, landscape)))
    try:
        held = read_record(files, HEADER)
    except FileNotFoundError:
        if others := [name for name in files.names("") if name != PIECES and not _half_written(name)]:
            raise UsageError(
                f"--store: {files.url} holds {shown(others[0])}, allowed: a new folder, or one of paths"
            ) from None
        if files.create(HEADER, seal(record)):
            return
        held = read_record(files, HEADER)
    for name in sorted(held.keys() | record.keys()):
        if held.get(name) != record.get(name):
            there, here = shown(held.get(name)), shown(record.get(name))
            raise UsageError(
                f"--store: {files.url} holds paths of another landscape ({name}: {there} there, {here} here),"
                " allowed: a new folder, or the landscape it holds"
            )


def _half_written(name: str) -> bool:
    """Whether this is a header that a kill left behind, or that another process writes now."""
    return name.startswith(HEADER) and name.endswith(PARTIAL)


class PathStore:
    """A `survey.PieceStore`: in files, if there are any; and a note in a local file, if one is wanted."""

    def __init__(self, files: Files | None, note: str | None):
        self.keeps = files is not None
        self.damaged = 0
        self._files = files
        self._note = None if note is None else Path(note)
        self._told = -TELL_SECONDS

    def read(self, name: str) -> bytes | None:
        """Return a piece, None if there is none that is whole."""
        if self._files is None:
            return None
        try:
            data = self._files.read(f"{PIECES}/{name}")
        except FileNotFoundError:
            return None
        if not is_whole(data):
            self.damaged += 1
            return None
        return content(data)

    def write(self, name: str, data: bytes) -> None:
        """Commit a piece."""
        if self._files is not None:
            self._files.write({f"{PIECES}/{name}": with_digest(data)})

    def tell(self, what: str, done: int, of: int) -> None:
        """Note how far it is, for `how_far`; lost if nobody can read it."""
        if self._note is None or (time.monotonic() < self._told + TELL_SECONDS and 0 < done < of):
            return
        self._told = time.monotonic()
        partial = self._note.with_suffix(".partial")
        with contextlib.suppress(OSError):
            partial.write_text(json.dumps([what, done, of]))
            partial.replace(self._note)


class KeptPaths:
    """What a block keeps of its large landscapes until it is committed, beside its stream in the store."""

    def __init__(self, files: Files, job: Mapping[str, Any]) -> None:
        self._files, self._cell = files, job["cell"]["id"]
        self._block, self._generation = int(job["block"]), int(job["number"])
        self._used = False

    def __call__(self, landscape: int) -> PathStore:
        self._used = True
        key = paths_key(self._cell, self._block, self._generation, landscape)
        return PathStore(open_files(f"{self._files.url}/{key}"), None)

    def discard(self) -> None:
        if self._used:
            self._files.remove(paths_key(self._cell, self._block))


def how_far(note: Path) -> tuple[str, int, int] | None:
    """Return what was noted last, None if nothing was."""
    try:
        what, done, of = json.loads(note.read_text())
    except (OSError, ValueError):
        return None
    return what, done, of


def damaged_pieces(files: Files) -> tuple[int, list[str]]:
    """Return how many pieces there are, and the keys of those that are cut or altered.

    Raises StoreError if the header is.
    """
    read_record(files, HEADER)
    found = list(pieces(files, PIECES))
    return len(found), [key for key, whole in found if not whole]


def holds_paths(files: Files) -> bool:
    """Say whether a folder is one of paths."""
    try:
        read_record(files, HEADER)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except StoreError:
        return True
    return True
