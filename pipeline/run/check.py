"""Looking after a store: what is done, what is damaged, whether it can be computed again, and mending it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from morsecensus.pipeline.backends.executor import Executor, ask
from morsecensus.pipeline.backends.start import start_executor
from morsecensus.pipeline.errors import RunError, UsageError, shown
from morsecensus.pipeline.phases import detail, phase
from morsecensus.pipeline.run.run import Outcome, Settings, continue_run
from morsecensus.pipeline.stopping import StopRequest
from morsecensus.pipeline.study.inputs import input_faults
from morsecensus.pipeline.worker.bodies import PLACES, unit_of
from morsecensus.pipeline.worker.path_store import damaged_pieces, holds_paths
from morsecensus.storage.dataset import content_digest, is_current, read_pointer
from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import open_files
from morsecensus.storage.layout import CellLayout, marker_key
from morsecensus.storage.lease import holder_of
from morsecensus.storage.markers import Marker
from morsecensus.storage.parts import Part, held_parts
from morsecensus.storage.rollup import Summaries
from morsecensus.storage.store import Run, exists, open_run
from morsecensus.storage.sums import export_faults
from morsecensus.storage.verify import Problem, Report, discard, failed_blocks, verify, verify_dataset

DEEP_BLOCKS = 4
"""Blocks of each cell that a deep check computes again, unless told otherwise."""


def status(store: str) -> dict[str, Any]:
    """Return how far a run is, JSON-ready, from its markers alone.

    ``complete``: all blocks are committed; ``finished``: and the current dataset is made of them; ``unit``:
    what its blocks are of, such as landscapes; ``parts``: those that hold a lease. A holder on another host
    may be dead: only its heartbeats could tell.
    """
    run = open_run(store)
    holder, parts = holder_of(run.files), held_parts(run.files)
    known = {cell.id: run.summaries(cell) for cell in run.manifest.cells}
    try:
        pointer = read_pointer(run.files)
    except StoreError:
        pointer = None
    cells = [_cell_status(run, cell, known[cell.id]) for cell in run.manifest.cells]
    complete = all(cell["committed"] == cell["blocks"] for cell in cells)
    return {
        "store": store,
        "name": run.manifest.name,
        "running": None if holder is None else _holder(holder),
        "parts": [_part_status(run, part, held, known) for part, held in parts.items()],
        "dataset": None if pointer is None else pointer.dataset,
        "complete": complete,
        "unit": unit_of(cell.body for cell in run.manifest.cells),
        "finished": complete and pointer is not None and is_current(run.files, pointer, content_digest(run)),
        "cells": cells,
    }


def _holder(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record.get(name) for name in ("host", "pid", "heartbeat")}


def _part_status(
    run: Run, part: Part, holder: Mapping[str, Any], known: Mapping[str, Summaries]
) -> dict[str, Any]:
    mine = part.blocks(run.manifest.cells)
    done = sum(block in blocks for cell, blocks in mine.items() for block in known[cell].blocks)
    return {"part": str(part), "blocks": sum(map(len, mine.values())), "committed": done, **_holder(holder)}


def _cell_status(run: Run, cell: CellLayout, found: Summaries) -> dict[str, Any]:
    return {
        "cell": cell.id,
        "model": cell.spec["model"],
        **cell.spec["parameters"],
        "n": cell.spec["n"],
        "landscapes": cell.padded,
        "blocks": cell.blocks,
        "committed": len(found.blocks),
        "failed": len(failed_blocks(run, cell, found.blocks.keys())),
        "damaged": len(found.damaged),
        "points": sum(one.points for one in found.blocks.values()),
        "seconds": round(sum(one.seconds for one in found.blocks.values()), 1),
    }


@dataclass
class DeepReport:
    """What computing blocks again gave. ``bitwise`` is False where only tolerances could be compared."""

    computed: int = 0
    bitwise: int = 0


def verify_store(
    store: str, *, deep: bool, blocks: int = DEEP_BLOCKS, body: str | None = None
) -> tuple[Report, DeepReport]:
    """Check a store; with ``deep`` also compute a sample of its sound blocks again, with this body or ours.

    A dataset without its run is held against its inventory, what was exported against its manifest.
    """
    phase("reading every object")
    alone = None if exists(store) else _verify_export(store) or _verify_paths(store) or verify_dataset(store)
    if alone is not None:
        if deep:
            raise UsageError(f"--deep: {store} is a dataset, allowed: the store of a run")
        return alone, DeepReport()
    run = open_run(store)
    if deep:
        _refuse_other_bodies(run, body)
    report, again = verify(run, detail), DeepReport()
    report.problems.extend(_input_problems(run))
    if deep:
        phase("computing blocks again")
        executor = start_executor("serial")
        with StopRequest() as stop:
            try:
                for problem in _deep_problems(run, report, again, executor, stop, blocks):
                    report.problems.append(problem)
            finally:
                executor.close()
    return report, again


def _verify_export(place: str) -> Report | None:
    found = None if "://" in place else export_faults(Path(place))
    if found is None:
        return None
    count, faults = found
    problems = [Problem("", -1, 0, "copy", name, f"{name} {what}") for name, what in faults]
    return Report(objects=count, problems=problems)


def _verify_paths(place: str) -> Report | None:
    files = open_files(place)
    if not holds_paths(files):
        return None
    count, damaged = damaged_pieces(files)
    problems = [Problem("", -1, 0, "piece", key, f"{key} is damaged") for key in damaged]
    return Report(objects=count, problems=problems)


def _input_problems(run: Run) -> list[Problem]:
    """What is wrong with the content that cells were given; nothing but the study's file can mend it."""
    found = input_faults(run.files, [cell.spec for cell in run.manifest.cells])
    return [
        Problem("", -1, 0, "input", key, f"{key} {what}: run the study with its file again, which writes it")
        for key, what in found.items()
    ]


def remedy(store: str, report: Report) -> str:
    """Return what the user can do about the problems of a report."""
    kinds = {problem.kind for problem in report.problems}
    if "copy" in kinds:
        return "copy it again from where it is whole, or `morsecensus repair` its run"
    mend = f"`morsecensus repair {store}` mends them"
    if "computed" in kinds:
        # their checksums are right: only their markers' absence makes a run compute them again
        bad = [p for p in report.problems if p.kind == "computed"]
        markers = sorted({marker_key(p.cell, p.block, p.generation) for p in bad})
        mend = f"what is computed here differs: remove {', '.join(markers)}; then {mend}"
    if "input" not in kinds:
        return mend
    again = "run the study with its file again, which writes what is missing of inputs/"
    return again if kinds == {"input"} else f"{again}; then {mend}"


def _refuse_other_bodies(run: Run, body: str | None) -> None:
    """A body is any function of any module: which one is called is for the user to say, not for a store, but
    for those that are ours.
    """
    allowed = [*PLACES] if body is None else [body]
    for cell in run.manifest.cells:
        if cell.body not in allowed:
            raise UsageError(
                f"{run.url}: {cell.id}: its blocks are computed by {shown(cell.body)}, allowed: "
                f"{', '.join(allowed)}"
            )


def _deep_problems(
    run: Run, report: Report, again: DeepReport, executor: Executor, stop: StopRequest, blocks: int
) -> Iterator[Problem]:
    bad = set(report.bad_blocks)
    for cell in run.manifest.cells:
        markers = [m for m in run.committed(cell).markers.values() if (m.cell, m.block) not in bad]
        for marker in _spread(markers, blocks):
            detail(f"{again.computed} blocks, cell {cell.id}")
            job = _check_job(run, cell, marker)
            receipt = ask(executor, job, stop, "stopped; the store was only read")
            if "error" in receipt:
                raise RunError(f"{cell.id} block {marker.block}: {receipt['error']['message']}")
            again.computed += 1
            again.bitwise += receipt["bitwise"]
            for key in receipt["differ"]:
                text = f"{cell.id} block {marker.block}: {key} comes out differently when computed again"
                yield Problem(cell.id, marker.block, marker.generation, "computed", key, text)


def _spread(markers: list[Marker], count: int) -> list[Marker]:
    """Return so many markers, evenly spread, the first and the last among them."""
    if len(markers) <= count:
        return markers
    if count == 1:
        return markers[:1]
    return [markers[round(i * (len(markers) - 1) / (count - 1))] for i in range(count)]


def _check_job(run: Run, cell: CellLayout, marker: Marker) -> dict[str, Any]:
    return {
        "job": "check",
        "store": run.url,
        "cell": cell.to_record(),
        "block": marker.block,
        "number": marker.generation,
        "generation": asdict(run.manifest.generations[marker.generation]),
    }


def repair_store(
    store: str, settings: Settings, console: Console, *, body: str | None = None
) -> tuple[Report, Outcome]:
    """Delete what is damaged, under the lease, and compute it again with this body or ours. Returns what was
    found and what was done.
    """
    if not exists(store) and holds_paths(open_files(store)):
        raise UsageError(
            f"{store}: holds paths of one landscape, allowed: a run; enumerate with it as --store follows "
            "damaged pieces again"
        )
    _refuse_other_bodies(open_run(store), body)
    found: list[tuple[Report, list[Problem]]] = []

    def mend(run: Run, stop: StopRequest) -> None:
        phase("reading every object")
        report = verify(run, detail)
        lost = _input_problems(run)
        if lost and report.bad_blocks:
            raise RunError(f"{run.url}: {lost[0].text}; then repair")
        stop.check("stopped; the store was only read")
        discard(run, report)
        found.append((report, lost))

    # only once it is known that what is deleted can be computed again: workers are there, in an environment
    # of the run
    outcome = continue_run(store, settings, console, mend)
    report, lost = found[0]
    if lost:
        raise RunError(f"{store}: {lost[0].text}; all else is mended")
    return report, outcome
