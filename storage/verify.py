"""Integrity: every object against its marker, every marker against its block; and removal of what is bad."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from morsecensus.storage.ahead import in_order
from morsecensus.storage.chunks import checksum
from morsecensus.storage.compact import datasets
from morsecensus.storage.dataset import read_pointer
from morsecensus.storage.errors import RemoteError, StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.inventory import faults, read_inventory
from morsecensus.storage.layout import LATEST, CellLayout, marker_key, paths_key, rollup_key, stream_key
from morsecensus.storage.local_files import PARTIAL
from morsecensus.storage.object_table import Entry
from morsecensus.storage.rollup import read_rollup
from morsecensus.storage.seals import pieces
from morsecensus.storage.store import Run, stream_metadata


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. ``block`` is -1 for what belongs to no block."""

    cell: str
    block: int
    generation: int
    kind: str
    key: str
    text: str


@dataclass
class Report:
    """What verify found. Blocks that are not done, and leftovers of a kill, are no problems."""

    planned: int = 0
    done: int = 0
    failed: int = 0
    objects: int = 0
    problems: list[Problem] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)

    @property
    def bad_blocks(self) -> list[tuple[str, int]]:
        """The blocks to recompute, as (cell, block)."""
        return sorted({(p.cell, p.block) for p in self.problems if p.block >= 0})


def verify(run: Run, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Re-read every object that a marker, the metadata or the dataset pointer vouches for.

    Args:
        tell: hears what is read next, and how much was read.
    """
    report = Report()
    report.problems.extend(_metadata_problems(run))
    for cell in run.manifest.cells:
        tell(f"{report.objects} objects, cell {cell.id}")
        _verify_cell(run, cell, report)
    tell(f"{report.objects} objects, the dataset")
    report.problems.extend(_dataset_problems(run))
    report.leftovers.extend(leftovers(run))
    return report


def verify_dataset(url: str) -> Report | None:
    """Re-read every object of a dataset that lies without its run; None if it has no inventory."""
    files = open_files(url)
    objects = read_inventory(files)
    if objects is None:
        return None
    report = Report(objects=len(objects))
    for key, what in faults(files, "", objects, contents=True):
        report.problems.append(Problem("", -1, 0, "copy", key, f"{key} {what}"))
    return report


def _verify_cell(run: Run, cell: CellLayout, report: Report) -> None:
    found = run.committed(cell)
    report.planned += cell.blocks
    report.done += len(found.markers)
    report.failed += len(failed_blocks(run, cell, found.markers.keys()))
    for (generation, block), text in found.damaged.items():
        key = marker_key(cell.id, block, generation)
        report.problems.append(Problem(cell.id, block, generation, "marker", key, text))
    for block, one in read_rollup(run.files, cell).items():
        if block >= cell.blocks or one.landscapes != cell.size_of(block):
            continue  # of a short last block, before the cell grew: nobody believes it any more
        if block in found.markers and not one.agrees(found.markers[block]):
            key = rollup_key(cell.id)
            text = f"{key} says something else of block {block} than its marker"
            report.problems.append(Problem(cell.id, -1, one.generation, "rollup", key, text))
    _verify_paths(run, cell, found.markers.keys(), report)
    for block, marker in found.markers.items():
        for key, kind in _compared(run, marker.objects.items()):
            report.objects += 1
            if kind:
                text = f"{cell.id} block {block}: {key} is {kind}"
                report.problems.append(Problem(cell.id, block, marker.generation, kind, key, text))


def _verify_paths(run: Run, cell: CellLayout, done: Collection[int], report: Report) -> None:
    """What blocks keep of large landscapes: cut pieces of one at work are problems, those of one that is done
    leftovers."""
    for block in (int(name) for name in run.files.names(paths_key(cell.id)) if name.isdecimal()):
        key = paths_key(cell.id, block)
        if block in done or block >= cell.blocks:
            report.leftovers.append(key)
            continue
        for piece, whole in pieces(run.files, key):
            if not whole:
                text = f"{piece} is cut or changed: the next run follows its paths again"
                report.problems.append(Problem(cell.id, -1, 0, "paths", piece, text))


def _compared(run: Run, entries: Iterable[tuple[str, Entry]]) -> Iterator[tuple[str, str]]:
    """Yield the key of each object, and what is wrong with it."""
    return in_order(lambda one: (one[0], _compare(run, one[0], *one[1])), entries, run.files.readers)


def _compare(run: Run, key: str, size: int, crc: str) -> str:
    """Return what is wrong with an object, empty if nothing is."""
    try:
        data = run.files.read(key)
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except IsADirectoryError:
        return "changed"
    except RemoteError:
        raise  # says nothing about the object, which repair would delete
    except OSError as error:
        raise StoreError(
            f"{run.url}: cannot read {key}: {error.strerror or error}; that says nothing of what is in it: "
            "nothing was changed"
        ) from error
    if len(data) != size:
        return f"cut ({len(data)} of {size} bytes)" if len(data) < size else "too long"
    return "" if checksum(data) == crc else "changed"


def _metadata_problems(run: Run) -> Iterator[Problem]:
    for generation, _ in enumerate(run.manifest.generations):
        for name, data in stream_metadata(run.manifest).items():
            key = f"{stream_key(generation)}/{name}"
            kind = _compare(run, key, len(data), checksum(data))
            if kind and not (kind in ("changed", "too long") and _is_extended(run.files.read(key), data)):
                text = f"{key} is {kind}: `morsecensus repair`, or the next run, writes it again"
                yield Problem("", -1, generation, "metadata", key, text)


def _is_extended(found: bytes, wanted: bytes) -> bool:
    """Say whether an array's metadata differ only by a longer first axis: an extension of the run that was
    cut short before run.json, which leaves every block as it was.
    """
    try:
        there, here = json.loads(found), json.loads(wanted)
        longer = there["shape"][0] > here["shape"][0]
        there["shape"][0] = here["shape"][0]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return False
    return longer and there == here


def _dataset_problems(run: Run) -> Iterator[Problem]:
    try:
        pointer = read_pointer(run.files)
    except StoreError as error:
        yield Problem("", -1, 0, "dataset", LATEST, str(error))
        return
    if pointer is None:
        return
    entries = ((f"{pointer.dataset}/{name}", entry[:2]) for name, entry in pointer.objects.items())
    for key, kind in _compared(run, entries):
        if kind:
            yield Problem("", -1, 0, "dataset", key, f"{key} is {kind}: `morsecensus repair` compacts again")


def failed_blocks(run: Run, cell: CellLayout, done: Collection[int]) -> list[int]:
    """Return the blocks of a cell that have a failure record and no valid marker."""
    numbers = [int(name[:-5]) for name in run.files.names(f"failed/{cell.id}") if name[:-5].isdecimal()]
    return [n for n in numbers if n not in done and n < cell.blocks]


def leftovers(run: Run) -> Iterator[str]:
    """Yield what a kill left behind: partial files and datasets without a pointer (former ones count too;
    none while the pointer is damaged, for then nobody knows which one is current)."""
    yield from (key for key in run.files.walk() if key.endswith(PARTIAL))
    try:
        pointer = read_pointer(run.files)
    except StoreError:
        return
    current = pointer.dataset if pointer else None
    yield from (name for name in datasets(run) if name != current)


def discard(run: Run, report: Report) -> list[tuple[str, int]]:
    """Delete what a report calls bad, markers first, and sweep leftovers; return the blocks that must run
    again.

    Only under the lease, and only when no worker of a former driver is alive: deleting is the one operation
    that a late writer could undo.
    """
    for problem in report.problems:
        if problem.block >= 0:
            run.files.remove(marker_key(problem.cell, problem.block, problem.generation))
    for problem in report.problems:
        if problem.block >= 0 and problem.kind != "marker":
            run.files.remove(problem.key)
    for key in {problem.key for problem in report.problems if problem.kind in ("rollup", "paths")}:
        run.files.remove(key)
    if any(p.kind == "dataset" for p in report.problems):
        run.files.remove(LATEST)
    for key in report.leftovers:
        run.files.remove(key)
    return report.bad_blocks
