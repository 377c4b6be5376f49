"""What landscapes were given, found in a store by its digest: a worker needs the store alone."""

import re
from collections.abc import Mapping
from functools import partial

import numpy as np

from morsecensus.pipeline.errors import shown
from morsecensus.pipeline.worker.visibility import StoreUnseen
from morsecensus.storage.couplings import growth_key, input_key, parse_npz
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files, open_files
from morsecensus.storage.mapped import examples_key, read_mapped
from morsecensus.tasks.landscapes.tensors import digest
from morsecensus.tasks.networks import examples
from morsecensus.tasks.runtime import inputs

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_GROWTH = re.compile(r"(\d{1,12})-(\d{1,12})-([0-9a-f]{64})\.npz", re.ASCII)


def find_in(store: str) -> None:
    """Let landscapes of this process find what they were given in a store."""
    inputs.find_with(partial(find, store))


def find(store: str, sha256: str) -> Mapping[str, np.ndarray]:
    """Return content that a store keeps, with what it has grown by.

    Raises StoreUnseen where an object isn't visible, StoreError where its content isn't what its name says.
    """
    if not _DIGEST.fullmatch(sha256):
        raise StoreError(f"{store}: sha256: got {shown(sha256)}, allowed: 64 hexadecimal digits")
    files = open_files(store)
    if files.size(examples_key(sha256)) is not None:
        return _examples(files, sha256)
    parts = [_part(files, input_key(sha256), sha256)]
    held = len(next(iter(parts[0].values())))
    for first, end, its_digest, key in growth(files, sha256):
        if first != held:
            raise StoreUnseen(f"couplings {sha256[:12]}...: landscapes {held} to {first - 1} are not visible")
        parts.append(_part(files, key, its_digest))
        held = end
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _examples(files: Files, sha256: str) -> Mapping[str, np.ndarray]:
    found = read_mapped(files, examples_key(sha256))
    if set(found) != set(examples.PARTS) or examples.digest(found) != sha256:
        raise StoreError(
            f"{files.url}: {examples_key(sha256)} has other content than its name says: remove it and run "
            "again"
        )
    return found


def _part(files: Files, key: str, sha256: str) -> Mapping[str, np.ndarray]:
    try:
        found = parse_npz(files.read(key), f"{files.url}: {key}")
    except FileNotFoundError as error:
        raise StoreUnseen(
            f"couplings {sha256[:12]}... are not visible: there is no {key} in {files.url}"
        ) from error
    if digest(found) != sha256:
        raise StoreError(f"{files.url}: {key} has other content than its name says: remove it and run again")
    return found


def growth(files: Files, sha256: str) -> list[tuple[int, int, str, str]]:
    """Objects that content has grown by, in order: first landscape, end, digest, key."""
    found = [(name, _GROWTH.fullmatch(name)) for name in files.names(growth_key(sha256))]
    return sorted(
        (int(match[1]), int(match[2]), match[3], growth_key(sha256, name)) for name, match in found if match
    )
