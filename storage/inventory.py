"""The inventory of a dataset: size and checksums of each of its objects, and the check of what is there
against it.

Zarr reads a missing object as fill values, so a folder that lost some in a copy says -1 points and no error.
The inventory travels inside the dataset, as the attributes of a scalar array that no consolidated metadata
name: plain Zarr readers take it for an array like any other or don't see it at all, where a file of another
kind would make them warn.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import zarr
from zarr.storage import MemoryStore

from morsecensus.storage.ahead import in_order
from morsecensus.storage.chunks import checksum
from morsecensus.storage.errors import RemoteError, StoreError
from morsecensus.storage.files import Files
from morsecensus.storage.seals import sealed, unsealed

INVENTORY = "inventory"
INVENTORY_KEY = f"{INVENTORY}/zarr.json"
ROOT = "zarr.json"
"""Holds the metadata of all arrays once more: what readers go by."""
CHECKS = ("sizes", "crc")
"""How to check: a listing against sizes, or all contents against checksums as well."""
_CRC = re.compile(r"[0-9a-f]{8}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Entry(NamedTuple):
    """What is recorded of an object: size in bytes, CRC-32 and, but for older datasets, SHA-256, both in
    hexadecimal digits.
    """

    size: int
    crc: str
    sha256: str | None = None

    @staticmethod
    def of(data: bytes) -> "Entry":
        """What is to be recorded of an object."""
        return Entry(len(data), checksum(data), hashlib.sha256(data).hexdigest())

    def fault(self, data: bytes) -> str | None:
        """What is wrong with an object of the right size."""
        if checksum(data) != self.crc:
            return "has changed since it was written (CRC)"
        if self.sha256 is not None and hashlib.sha256(data).hexdigest() != self.sha256:
            return "has changed since it was written (SHA-256)"
        return None


Inventory = Mapping[str, Entry]
"""Objects by their key within the dataset."""


def inventory_bytes(objects: Inventory) -> bytes:
    """Return the inventory as the metadata of a Zarr array."""
    memory: dict[str, Any] = {}
    attributes = {
        "long_name": "size in bytes, CRC-32 and SHA-256 of each other object of this dataset, as written",
        "units": "1",
        **sealed({"objects": {key: list(entry) for key, entry in sorted(objects.items())}}),
    }
    group = zarr.open_group(MemoryStore(memory), mode="w", zarr_format=3)
    group.create_array(INVENTORY, shape=(), dtype="i1", fill_value=0, attributes=attributes)
    return memory[INVENTORY_KEY].to_bytes()


def read_inventory(files: Files, folder: str = "") -> Inventory | None:
    """Return the inventory that lies in a dataset, None if there is none; raises StoreError if it is
    damaged.
    """
    key = _join(folder, INVENTORY_KEY)
    try:
        data = files.read(key)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        attributes = json.loads(data)["attributes"]
        record = unsealed({name: attributes[name] for name in ("objects", "seal")})
        return entries(record["objects"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise StoreError(
            f"{files.url}: {key} is damaged ({len(data)} bytes: {reason}): copy the dataset again from where "
            "it is whole, or `morsecensus repair` its run"
        ) from error


def entries(value: Any) -> dict[str, Entry]:
    """Return sizes and checksums as they came from JSON; raises ValueError if they are none."""
    if not isinstance(value, dict):
        raise ValueError("its objects are no table")
    found = {}
    for key, entry in value.items():
        try:
            found[key] = Entry(*entry)
        except TypeError:
            raise ValueError(f"{key[:200]!r} has no size and CRC") from None
        if not _is_sound(found[key]):
            raise ValueError(f"{key[:200]!r} has no size and CRC")
    return found


def _is_sound(entry: Entry) -> bool:
    sums = ((entry.crc, _CRC), (entry.sha256, _SHA256))
    known = all(isinstance(text, str) and form.fullmatch(text) for text, form in sums if text is not None)
    return known and entry.crc is not None and type(entry.size) is int and entry.size >= 0


def check_objects(files: Files, folder: str, objects: Inventory, how: str, remedy: str) -> None:
    """Hold what lies in a dataset against its inventory.

    Args:
        files: of the run, or of the dataset itself.
        folder: where the dataset lies in it; empty for itself.
        how: one of CHECKS. Sizes take a listing and no request an object. The root's metadata are read either
            way: everything else is read by them.
        remedy: for the message.

    Objects that the inventory doesn't name are nobody's business: readers go by the metadata, and these name
    no such object. Raises StoreError, naming the first object that is missing or of another size or content;
    ValueError for another check.
    """
    if how not in CHECKS:
        raise ValueError(f"check: got {how!r}, allowed: {' or '.join(CHECKS)}")
    found = list(faults(files, folder, objects, contents=how == "crc"))
    if found:
        key, what = found[0]
        rest = f", and {len(found) - 1} more are not as recorded" if len(found) > 1 else ""
        raise StoreError(f"{files.url}: {key} {what}{rest}: {remedy}")


def faults(files: Files, folder: str, objects: Inventory, contents: bool) -> Iterator[tuple[str, str]]:
    """Yield the key of each object that is not as recorded, and what is wrong with it."""
    try:
        sizes = files.sizes(folder)
    except RemoteError:
        raise
    except OSError as error:
        raise StoreError(f"{files.url}: cannot list {folder or 'it'}: {error.strerror or error}") from error
    whole: list[tuple[str, Entry]] = []
    for name, entry in sorted(objects.items()):
        key = _join(folder, name)
        if key not in sizes:
            yield key, "is missing"
        elif sizes[key] != entry.size:
            yield key, f"has {sizes[key]} bytes, written were {entry.size}"
        elif contents or name == ROOT:
            whole.append((key, entry))

    def fault(one: tuple[str, Entry]) -> str | None:
        return one[1].fault(files.read(one[0]))

    for (key, _), found in zip(whole, in_order(fault, whole, files.readers), strict=True):
        if found is not None:
            yield key, found


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
