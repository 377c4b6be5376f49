"""Progress of a run: what is counted, and how it is said while blocks are computed."""

import time
from dataclasses import dataclass, field

from morsecensus.pipeline import phases
from morsecensus.pipeline.phases import time_text
from morsecensus.pipeline.run.pace import CellPace, time_left


@dataclass
class Counts:
    """How far a run is. ``done`` includes what an earlier run committed, ``resumed`` is that part of it.

    Attributes:
        unit: what is counted: landscapes, training runs.
        seeks: whether critical points are looked for.
        paces: of each cell, for the time left.
        cell: of the block that was committed last.
        open: landscapes of which not all that was sought is there, of those that this run computed.
        at_work: blocks that workers compute now.
        submitted: these, and those that lie ready for them.
        part: which part of the run it is; empty if it is all of it.
        blocks, blocks_done: as `landscapes` and `done`.
        retries: blocks that were given to another worker after theirs had died.
        workers: host and process id of all that ended a block.
    """

    landscapes: int
    done: int = 0
    resumed: int = 0
    points: int = 0
    failed_blocks: int = 0
    unit: str = "landscapes"
    seeks: bool = True
    paces: dict[str, CellPace] = field(default_factory=dict)
    cell: str = ""
    open: int = 0
    at_work: int = 0
    submitted: int = 0
    part: str = ""
    blocks: int = 0
    blocks_done: int = 0
    retries: int = 0
    workers: set[tuple[str, int]] = field(default_factory=set)


class Progress:
    """Shows counts while a run goes on. Use as a context manager."""

    def __init__(self, counts: Counts):
        self.counts = counts
        self._started = time.monotonic()
        self._before = self._seconds()
        self._searching = False

    def __enter__(self) -> "Progress":
        if self.counts.done < self.counts.landscapes:
            phases.phase("compiling")
        self.update()
        return self

    def __exit__(self, *_: object) -> None:
        phases.note(self.text())

    def update(self) -> None:
        """Show the counts as they are now."""
        if not self._searching and self.counts.done > self.counts.resumed:
            self._searching = True
            phases.phase("searching")
        phases.detail(self.text())

    def rate(self) -> float | None:
        """Landscapes per second in this run, None before the first one."""
        fresh = self.counts.done - self.counts.resumed
        return fresh / (time.monotonic() - self._started) if fresh else None

    def left(self) -> float | None:
        """Seconds that are left, each cell by what its landscapes take or by its plan."""
        elapsed = time.monotonic() - self._started
        return time_left(list(self.counts.paces.values()), self._before, elapsed, self.counts.at_work)

    def text(self) -> str:
        """Return the counts as one line."""
        counts, rate, left = self.counts, self.rate(), self.left()
        part = f"part {counts.part}: " if counts.part else ""
        parts = [f"{part}{counts.done}/{counts.landscapes} {counts.unit}"]
        if counts.resumed:
            parts[0] += f" ({counts.resumed} from before)"
        if rate is not None:
            parts.append(f"{rate:.3g}/s")
        if left is not None and counts.done < counts.landscapes:
            parts.append(f"{time_text(left)} left")
        parts += [f"{counts.open} open"] if counts.open else []
        parts += [f"{counts.points} points"] if counts.seeks else []
        parts += [f"cell {counts.cell}"] if counts.cell else []
        parts += [f"{counts.at_work} block{'s' * (counts.at_work > 1)} at work"] if counts.at_work else []
        workers = len(counts.workers)
        parts += [f"{workers} worker{'s' * (workers > 1)}"] if workers else []
        return ", ".join([*parts, f"{counts.failed_blocks} failed"])

    def _seconds(self) -> float:
        return sum(pace.seconds for pace in self.counts.paces.values())
