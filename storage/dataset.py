"""Opening and naming the compacted dataset of a run."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from storage.chunks import checksum
from storage.errors import StoreError
from storage.files import Files, open_files
from storage.layout import LATEST
from storage.seals import digest, read_record
from storage.store import Run

DATASET = re.compile(r"dataset-\d{1,18}\.zarr", re.ASCII)


@dataclass(frozen=True)
class Pointer:
    """What latest.json says: the current dataset, the digest of what went into it, its objects."""

    dataset: str
    content: str
    objects: Mapping[str, tuple[int, str]]


def read_pointer(files: Files) -> Pointer | None:
    """Return the pointer to the current dataset; None if nothing was compacted yet."""
    try:
        record = read_record(files, LATEST)
    except FileNotFoundError:
        return None
    try:
        pointer = Pointer(record["dataset"], record["content"], record["objects"])
        # joined with the root to what is opened and read
        if DATASET.fullmatch(pointer.dataset) and not any(".." in key.split("/") for key in pointer.objects):
            return pointer
    except (KeyError, TypeError, AttributeError):
        pass
    raise StoreError(f"{files.url}: {LATEST} does not point to a dataset of this store")


def dataset_path(store: str) -> str:
    """Return the path or URL of the current dataset of a run, to be opened with plain xarray.

    Raises StoreError if there is none yet.
    """
    files = open_files(store)
    pointer = read_pointer(files)
    if pointer is None:
        raise StoreError(f"{store}: no dataset yet: `morsecensus run` writes it when all blocks are done")
    return f"{files.url.rstrip('/')}/{pointer.dataset}"


def dataset_hash(store: str) -> str:
    """Return the SHA-256 over the relative paths and bytes of the current dataset: equal data, equal hash."""
    files = open_files(store)
    name = dataset_path(store).rpartition("/")[2]
    total = hashlib.sha256()
    for key, data in _objects(files, name):
        total.update(f"{key}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()


def object_table(files: Files, name: str) -> dict[str, tuple[int, str]]:
    """Return size and CRC of each object of a dataset, read back from the store."""
    return {key: (len(data), checksum(data)) for key, data in _objects(files, name)}


def _objects(files: Files, name: str) -> Iterator[tuple[str, bytes]]:
    for key in files.walk(name):
        yield key[len(name) + 1 :], files.read(key)


def content_digest(run: Run) -> str:
    """Return the digest of everything a dataset is made of: the cells, and each committed block's objects."""
    cells = []
    for cell in run.manifest.cells:
        known = sorted(run.summaries(cell).blocks.items())
        prints = [generation.fingerprint for generation in run.manifest.generations]
        blocks = [[block, prints[one.generation], one.content] for block, one in known]
        cells.append([cell.id, cell.hash, cell.blocks, blocks])
    return digest(cells)
