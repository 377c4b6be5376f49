"""Following a run from beside it: how far it is, its rate and the time left, until it ends."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from morsecensus.pipeline.phases import time_text
from morsecensus.pipeline.run.check import status
from morsecensus.pipeline.run.pace import CellPace, planned_seconds, time_left
from morsecensus.storage.lease import STALE_SECONDS
from morsecensus.storage.store import open_run

LOOK_SECONDS = 2.0
WINDOW = 30
"""Looks over which a rate is taken: a minute, so that it follows what is computed now."""


def follow(
    store: str, wait: Callable[[float], Any] = time.sleep, clock: Callable[[], float] = time.monotonic
) -> Iterator[dict[str, Any]]:
    """Yield `check.status` again and again, with ``rate`` (landscapes a second) and ``left`` (seconds), None
    while unknown, until the run is finished or nobody computes it any more.

    Who holds a lease on another host counts as long as its heartbeat changes, by the clock here.
    """
    seen: list[tuple[float, list[CellPace]]] = []
    beats: dict[str, tuple[Any, float]] = {}
    planned: dict[str, float | None] = {}
    while True:
        found = status(store)
        paces = _paces(store, found, planned)
        now = clock()
        seen = [*seen[-WINDOW + 1 :], (now, paces)]
        yield found | _speed(seen)
        if found["finished"] or not _at_work(found, beats, now):
            return
        wait(LOOK_SECONDS)


def _at_work(found: dict[str, Any], beats: dict[str, tuple[Any, float]], now: float) -> bool:
    """Whether anybody's heart still beats; ``beats`` keeps which beat was first seen when."""
    holders = {one["part"]: one for one in found["parts"]} | {"": found["running"] or {}}
    for name, one in holders.items():
        beat = one.get("host"), one.get("pid"), one.get("heartbeat")
        if name not in beats or beats[name][0] != beat:
            beats[name] = beat, now
    return any(one and now - beats[name][1] <= STALE_SECONDS for name, one in holders.items())


def _paces(store: str, found: dict[str, Any], planned: dict[str, float | None]) -> list[CellPace]:
    """Of the cells that a status tells of; ``planned`` keeps what the plan says of them."""
    rows = {row["cell"]: row for row in found["cells"]}
    if planned.keys() != rows.keys():
        planned |= {cell.id: planned_seconds(cell) for cell in open_run(store).manifest.cells}
    return [_pace(row, planned.get(name)) for name, row in rows.items()]


def done_of(row: dict[str, Any]) -> int:
    """Landscapes of the committed blocks of a cell's row, which are all of one size."""
    return row["landscapes"] * row["committed"] // max(1, row["blocks"])


def _pace(row: dict[str, Any], planned: float | None) -> CellPace:
    return CellPace(row["landscapes"], done_of(row), row["seconds"], planned)


def _speed(seen: list[tuple[float, list[CellPace]]]) -> dict[str, float | None]:
    (first, before), (last, now) = seen[0], seen[-1]
    fresh = sum(one.done for one in now) - sum(one.done for one in before)
    elapsed = last - first
    return {
        "rate": fresh / elapsed if fresh and elapsed else None,
        "left": time_left(now, sum(one.seconds for one in before), elapsed),
    }


def line(found: dict[str, Any]) -> str:
    """How far a run is as one line."""
    done = sum(map(done_of, found["cells"]))
    parts = [f"{done}/{sum(row['landscapes'] for row in found['cells'])} {found['unit']}"]
    if found["rate"] is not None:
        parts.append(f"{found['rate']:.3g}/s")
    if found["left"] is not None and not found["complete"]:
        parts.append(f"{time_text(found['left'])} left")
    if failed := sum(row["failed"] for row in found["cells"]):
        parts.append(f"{failed} blocks failed")
    if found["parts"]:
        parts.append(f"{len(found['parts'])} parts at work")
    if found["complete"] and not found["finished"]:
        parts.append("the dataset is being written" if found["running"] else "the dataset is not written")
    return ", ".join(parts)
