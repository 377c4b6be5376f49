"""Opening and naming the compacted dataset of a run."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from morsecensus.storage.errors import RemoteError, StoreError
from morsecensus.storage.files import Files, open_files
from morsecensus.storage.inventory import Entry, Inventory, check_objects, entries, faults, read_inventory
from morsecensus.storage.layout import LATEST
from morsecensus.storage.seals import digest, read_record
from morsecensus.storage.store import Run

DATASET = re.compile(r"dataset-\d{1,18}\.zarr", re.ASCII)


@dataclass(frozen=True)
class Pointer:
    """What latest.json says: the current dataset, the digest of what went into it, its objects."""

    dataset: str
    content: str
    objects: Inventory


def read_pointer(files: Files) -> Pointer | None:
    """Return the pointer to the current dataset; None if nothing was compacted yet."""
    try:
        record = read_record(files, LATEST)
    except FileNotFoundError:
        return None
    try:
        pointer = Pointer(record["dataset"], record["content"], entries(record["objects"]))
        # joined with the root to what is opened and read
        if DATASET.fullmatch(pointer.dataset) and not any(".." in key.split("/") for key in pointer.objects):
            return pointer
    except (KeyError, TypeError, ValueError):
        pass
    raise StoreError(f"{files.url}: {LATEST} does not point to a dataset of this store")


def dataset_path(store: str) -> str:
    """Return the path or URL of the current dataset of a run, unchecked, to be opened with plain xarray.

    Raises StoreError if there is none yet.
    """
    files = open_files(store)
    return f"{files.url.rstrip('/')}/{_current(files).dataset}"


def checked_path(store: str, how: str = "sizes") -> str:
    """Return the path or URL of the current dataset of a run after holding its objects against the record.

    Args:
        how: "sizes" takes a listing; "crc" reads everything.

    Raises StoreError if there is none yet, or, naming the object, if one is missing or not as it was written.
    """
    files = open_files(store)
    pointer = _current(files)
    remedy = f"`morsecensus repair {store}` writes the dataset again"
    check_objects(files, pointer.dataset, pointer.objects, how, remedy)
    return f"{files.url.rstrip('/')}/{pointer.dataset}"


def check_dataset(path: str, how: str = "sizes") -> None:
    """Hold the objects of a dataset, which may be a copy without its run, against its inventory.

    A dataset without one, written before datasets had it, is held against what the run around it says.
    Raises StoreError as `checked_path`, and if nothing says what there should be.
    """
    files = open_files(path)
    objects = read_inventory(files)
    if objects is None:
        objects = _said_by_run(files.url)
    if objects is None:
        if not files.sizes():
            raise StoreError(
                f"{path}: nothing there: the dataset is not visible from this machine, or is gone"
            )
        raise StoreError(
            f"{path}: nothing says what should be in this dataset: its inventory is missing, or it is older "
            "than inventories: `morsecensus run` or `repair` on its run writes one that has it; unchecked, "
            'xarray opens it with engine="zarr"'
        )
    remedy = "copy the dataset again from where it is whole, or `morsecensus repair` its run"
    check_objects(files, "", objects, how, remedy)


def is_current(files: Files, pointer: Pointer, content: str) -> bool:
    """Whether a dataset is of this content and lies there with the sizes that were written."""
    if pointer.content != content:
        return False
    return next(faults(files, pointer.dataset, pointer.objects, contents=False), None) is None


def _said_by_run(url: str) -> Inventory | None:
    around, _, name = url.rstrip("/").rpartition("/")
    try:
        pointer = read_pointer(open_files(around)) if around else None
    except (StoreError, RemoteError):
        return None
    return pointer.objects if pointer is not None and pointer.dataset == name else None


def _current(files: Files) -> Pointer:
    pointer = read_pointer(files)
    if pointer is None:
        raise StoreError(
            f"{files.url}: no dataset yet: `morsecensus run` writes it when all blocks are done; "
            "`morsecensus report --partial` shows what is committed so far"
        )
    return pointer


def dataset_hash(store: str) -> str:
    """Return the SHA-256 over the relative paths and bytes of the current dataset: equal data, equal hash."""
    files = open_files(store)
    name = dataset_path(store).rpartition("/")[2]
    total = hashlib.sha256()
    for key, data in _objects(files, name):
        total.update(f"{key}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()


def object_table(files: Files, name: str) -> dict[str, Entry]:
    """Return what is to be recorded of each object of a dataset, read back from the store."""
    return {key: Entry.of(data) for key, data in _objects(files, name)}


def _objects(files: Files, name: str) -> Iterator[tuple[str, bytes]]:
    for key in files.walk(name):
        yield key[len(name) + 1 :], files.read(key)


def content_digest(run: Run) -> str:
    """Return the digest of all that a dataset is made of: the cells, each committed block's objects, what the
    root says.
    """
    cells = []
    for cell in run.manifest.cells:
        known = sorted(run.summaries(cell).blocks.items())
        prints = [generation.fingerprint for generation in run.manifest.generations]
        blocks = [[block, prints[one.generation], one.content] for block, one in known]
        cells.append([cell.id, cell.hash, cell.blocks, blocks])
    attributes = dict(run.manifest.attributes)
    return digest([cells, attributes] if attributes else cells)
