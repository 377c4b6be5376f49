"""Checksums of a folder or a zip file, in the form that ``sha256sum -c`` reads: what was exported can be
verified with or without us. The last line says how many files there are, in a comment, which `sha256sum`
passes over: a manifest that was cut, or emptied, isn't taken for a shorter one.
"""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from morsecensus.storage.errors import StoreError

SUMS = "manifest-sha256.txt"
PIECE = 2**20
"""Bytes that are read at a time."""
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)", re.ASCII)
_LAST = re.compile(r"# (\d{1,18}) files", re.ASCII)


def sha256_of(stream: BinaryIO) -> str:
    """Return the SHA-256 of what is left to read."""
    found = hashlib.sha256()
    while piece := stream.read(PIECE):
        found.update(piece)
    return found.hexdigest()


def sums_text(sums: Mapping[str, str]) -> str:
    """Return the manifest of files, by their SHA-256."""
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    return "".join([*lines, f"# {len(sums)} files\n"])


def folder_sums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in a folder, but for the manifest itself."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != SUMS:
            with path.open("rb") as stream:
                found[name] = sha256_of(stream)
    return found


def export_faults(place: Path) -> tuple[int, list[tuple[str, str]]] | None:
    """Hold an exported folder or zip file against its own manifest.

    Returns:
        How many files there should be, and the name of each that is not as it was written, with what is
        wrong; None if there is no manifest. Files that it doesn't name are nobody's business.

    Raises StoreError if the manifest, or the zip file as a whole, can't be read.
    """
    try:
        if zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as packed:
                return _faults(_Packed(packed), place) if SUMS in packed.namelist() else None
        if place.suffix == ".zip" and place.is_file():
            raise StoreError(f"{place}: is no whole zip file: copy it again from where it is whole")
        return _faults(_Folder(place), place) if (place / SUMS).is_file() else None
    except (zipfile.BadZipFile, OSError) as error:
        raise StoreError(f"{place}: cannot read it: {error}") from error


def missing_names(place: Path) -> list[str]:
    """Say of each file that a manifest names and that isn't there that it is missing; nothing is read but the
    manifest. Empty without a manifest.

    Raises StoreError if that can't be read.
    """
    try:
        if zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as packed:
                there = set(packed.namelist())
                wanted = _parsed(packed.read(SUMS), place) if SUMS in there else {}
            return [f"{name} is missing" for name in wanted if name not in there]
        if not (place / SUMS).is_file():
            return []
        wanted = _parsed((place / SUMS).read_bytes(), place)
        return [f"{name} is missing" for name in wanted if not (place / name).is_file()]
    except (zipfile.BadZipFile, zlib.error, OSError) as error:
        raise StoreError(f"{place}: cannot read it: {error}") from error


class _Folder:
    def __init__(self, root: Path):
        self.root = root

    def open(self, name: str) -> BinaryIO:
        path = self.root / name
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise StoreError(f"{self.root}: {SUMS} names {name[:60]!r}, which leads out of the folder")
        return path.open("rb")


class _Packed:
    def __init__(self, packed: zipfile.ZipFile):
        self.packed = packed

    def open(self, name: str) -> BinaryIO:
        try:
            return self.packed.open(name)  # type: ignore[return-value]
        except KeyError:
            raise FileNotFoundError(name) from None


def _faults(files: _Folder | _Packed, place: Path) -> tuple[int, list[tuple[str, str]]]:
    with files.open(SUMS) as stream:
        wanted = _parsed(stream.read(), place)
    found = ((name, _fault(files, name, digest)) for name, digest in wanted.items())
    return len(wanted), [(name, what) for name, what in found if what]


def _parsed(text: bytes, place: Path) -> dict[str, str]:
    """The SHA-256 of each file; StoreError unless the manifest is whole."""
    *lines, last = text.decode(errors="replace").splitlines() or [""]
    found = [_LINE.fullmatch(line) for line in lines]
    sums = {one[2]: one[1] for one in found if one is not None}
    count = _LAST.fullmatch(last)
    if count is None or not len(sums) == len(lines) == int(count[1]):
        raise StoreError(f"{place}: {SUMS} is damaged: copy the export again from where it is whole")
    return sums


def _fault(files: _Folder | _Packed, name: str, digest: str) -> str:
    try:
        with files.open(name) as stream:
            return "" if sha256_of(stream) == digest else "has changed since it was written (SHA-256)"
    except FileNotFoundError:
        return "is missing"
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return "has changed since it was written (zip)"
