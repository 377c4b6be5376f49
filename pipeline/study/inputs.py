"""Files that a study names: read, replaced by their content's digest, kept in the store for every worker.

A cell holds the digest, so a changed file is another cell, and the same numbers in another file are the same
cell. The store holds the content, so workers need the store alone, and a run can be resumed, verified and
repaired without the file. A file that has come to hold more landscapes after the same ones is the same cell
in that store, which keeps the digest that it began with.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.study.example_files import example_faults, put_examples
from morsecensus.pipeline.worker.given import find, growth
from morsecensus.storage.couplings import growth_key, input_key, npz_bytes, parse_npz, read_arrays
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files
from morsecensus.tasks.landscapes.registry import MODELS
from morsecensus.tasks.landscapes.tensors import Packed, describe, digest, pack, rows

_sources: dict[str, tuple[str, int, int]] = {}
"""Where this process read content from: digest of the first so many landscapes -> URL, n, so many."""


def resolve(model: str, parameters: Mapping[str, Any], n: int, folder: Path) -> dict[str, Any]:
    """Replace a parameter that names a file by what its content is; other parameters stay.

    Args:
        folder: that of the study: relative paths begin there.

    Raises ValueError, naming the parameter, for a file that cannot be read or isn't of couplings at this n.
    """
    name = MODELS[model].content_of
    if name is None:
        return dict(parameters)
    rest = {key: value for key, value in parameters.items() if key != name}
    url = parameters[name]
    if "://" not in url:
        url = str(folder / Path(url).expanduser())
    try:
        known = describe(_read(url, n))
    except (StoreError, OSError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from error
    _sources[known["sha256"]] = url, n, known["held"]
    return rest | known


def _read(url: str, n: int) -> Packed:
    arrays = read_arrays(url)
    try:
        return pack(arrays, n)
    except ValueError as error:
        raise ValueError(f"{url}: {error}") from error


def from_file(sha256: str) -> Packed:
    """Read content again from the file that this process had it from, with what it has grown by.

    Raises UsageError if it no longer begins with the same.
    """
    url, n, held = _sources[sha256]
    try:
        packed = _read(url, n)
    except (StoreError, OSError, ValueError) as error:
        raise UsageError(f"file: {error}") from error
    if digest(rows(packed, 0, held)) != sha256:
        raise UsageError(f"file: {url} has changed since the study was read: run again")
    return packed


def has_grown(stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Say whether a study's cell is a store's cell whose file has come to hold more landscapes.

    Its first ones must be those of the store, number by number. Their content is known by the stored digest
    from here on.

    Args:
        stored, wanted: specs; that of the study was read in this process.
    """
    if MODELS.get(stored["model"]) is None or MODELS[stored["model"]].content_of is None:
        return False
    old, new = stored["parameters"], wanted["parameters"]
    if _but_content(stored) != _but_content(wanted) or new["held"] < old["held"]:
        return False
    if digest(rows(from_file(new["sha256"]), 0, old["held"])) != old["sha256"]:
        return False
    _sources[old["sha256"]] = (*_sources[new["sha256"]][:2], old["held"])
    return True


def _but_content(spec: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in spec["parameters"].items() if key not in ("sha256", "held")}
    return {**spec, "parameters": kept}


def first_change(store: str, stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> str | None:
    """Return which landscape of a study's file is another one in a store, for a message; None if it isn't
    the content that differs, or the store doesn't say."""
    if "sha256" not in stored["parameters"] or _but_content(stored) != _but_content(wanted):
        return None
    try:
        before, now = find(store, stored["parameters"]["sha256"]), from_file(wanted["parameters"]["sha256"])
    except (StoreError, OSError, UsageError):
        return None
    differ = _first_difference(before, now)
    held = len(next(iter(now.values())))
    if differ is None:
        return f"its file holds {held} landscapes, fewer than before"
    return f"landscape {differ} of its file has changed"


def _first_difference(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> int | None:
    """The first landscape that two contents have both and don't agree in."""
    least = min(len(array) for array in (*one.values(), *other.values()))
    same = np.ones(least, dtype=bool)
    for name, array in one.items():
        same &= (array[:least] == other[name][:least]).reshape(least, -1).all(axis=1)
    return None if same.all() else int(np.argmin(same))


def check_held(held: int, landscapes: int) -> None:
    """Raise ValueError if a study asks for more landscapes than its file holds."""
    if landscapes > held:
        raise ValueError(f"landscapes: got {landscapes}, allowed: at most the {held} in the file")


def put_inputs(files: Files, cells: Iterable[Mapping[str, Any]]) -> None:
    """Write the content that cells were given into the store, unless it is there and whole.

    Content that has grown is kept as it was, and what came in an object beside it: nothing that a block has
    read ever changes.

    Args:
        cells: their specs.

    Raises UsageError if the store has other landscapes.
    """
    cells = list(cells)
    put_examples(files, cells)
    for sha256, held in _given(cells):
        packed = from_file(sha256)
        if _fault(files, input_key(sha256), sha256):
            files.write({input_key(sha256): npz_bytes(rows(packed, 0, held))})
        end = held
        for first, end, came, key in growth(files, sha256):
            _putgrowth(files, sha256, key, came, rows(packed, first, end), first)
        whole = len(next(iter(packed.values())))
        if whole > end:
            came = rows(packed, end, whole)
            files.write({growth_key(sha256, f"{end}-{whole}-{digest(came)}.npz"): npz_bytes(came)})


def _putgrowth(files: Files, sha256: str, key: str, came: str, now: Packed, first: int) -> None:
    """Write what content has grown by again if it is damaged, and hold it against its file in any case."""
    fault = _fault(files, key, came)
    if digest(now) != came:
        differ = None if fault else _first_difference(parse_npz(files.read(key), key), now)
        raise UsageError(
            f"file: {_sources[sha256][0]}: landscape {first + (differ or 0)} has changed since it came into "
            f"{files.url}: a store only grows; choose another --store"
        )
    if fault:
        files.write({key: npz_bytes(now)})


def input_faults(files: Files, cells: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what is wrong with the content that a store keeps for its cells, by its key.

    Args:
        cells: their specs.
    """
    cells, kept = list(cells), {}
    for sha256, _ in _given(cells):
        kept[input_key(sha256)] = sha256
        kept |= {key: came for *_, came, key in growth(files, sha256)}
    found = {key: _fault(files, key, content) for key, content in kept.items()}
    return {key: what for key, what in found.items() if what} | example_faults(files, cells)


def _given(cells: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Digest and number of landscapes of each content."""
    models = ((spec, MODELS.get(str(spec.get("model")))) for spec in cells)
    given = (spec["parameters"] for spec, model in models if model and model.content_of is not None)
    return sorted({(known["sha256"], known["held"]) for known in given})


def _fault(files: Files, key: str, content: str) -> str:
    """Return what is wrong with an object that should hold this content, empty if nothing is."""
    try:
        data = files.read(key)
    except FileNotFoundError:
        return "is missing"
    try:
        whole = digest(parse_npz(data, key)) == content
    except (StoreError, ValueError, OSError):
        whole = False
    return "" if whole else "has other content than its name says"
