"""The loop of a run: submit blocks, take receipts, record failures, count."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from morsecensus.pipeline.backends.executor import POLL_SECONDS, Done, Executor
from morsecensus.pipeline.errors import RunError
from morsecensus.pipeline.run.faults import FATAL, TAKEN, advised, writing
from morsecensus.pipeline.run.metrics import MetricsFile
from morsecensus.pipeline.run.pace import CellPace, planned_seconds
from morsecensus.pipeline.run.progress import Counts, Progress
from morsecensus.pipeline.stopping import StopRequest
from morsecensus.pipeline.worker.bodies import looks_for_points, unit_of
from morsecensus.pipeline.worker.visibility import identity
from morsecensus.storage.files import Files
from morsecensus.storage.layout import CellLayout, failed_key
from morsecensus.storage.lease import Lease
from morsecensus.storage.parts import WHOLE, Part
from morsecensus.storage.rollup import FRESH, Summary, stamped, write_rollup
from morsecensus.storage.seals import seal
from morsecensus.storage.store import Run

ROLL_UP_EVERY = 10_000
"""Blocks of a cell, or a quarter of those it has: after a kill no more markers than that are read again."""


class Session:
    """The loop of one run, and what it counts."""

    def __init__(self, run: Run, generation: int, lease: Lease, stop: StopRequest, part: Part | None = None):
        self.run, self.generation, self.lease, self.stop, self.part = run, generation, lease, stop, part
        self.mine = (part or WHOLE).blocks(run.manifest.cells)
        self.known: dict[str, dict[int, Summary]] = {}
        self.unrolled: dict[str, int] = {}
        for cell in run.manifest.cells:
            found = run.summaries(cell)
            self.known[cell.id], self.unrolled[cell.id] = found.blocks, found.fresh
        self._roll_up()
        done = [one for cell in run.manifest.cells for one in self._done(cell)]
        before = sum(one.landscapes for one in done)
        paces = {cell.id: self._pace(cell) for cell in run.manifest.cells}
        self.counts = Counts(
            landscapes=sum(pace.landscapes for pace in paces.values()),
            done=before,
            resumed=before,
            points=sum(one.points for one in done),
            paces=paces,
            part="" if part is None else str(part),
            unit=unit_of(cell.body for cell in run.manifest.cells),
            seeks=any(looks_for_points(cell.body) for cell in run.manifest.cells),
            blocks=sum(map(len, self.mine.values())),
            blocks_done=len(done),
        )
        self.computed = 0
        self.warm: set[tuple[str, str, int]] = set()
        self.failed: dict[str, str] = {}

    def _done(self, cell: CellLayout) -> list[Summary]:
        """Of the blocks that are to be done here."""
        mine = self.mine[cell.id]
        return [one for block, one in self.known[cell.id].items() if block in mine]

    def _pace(self, cell: CellLayout) -> CellPace:
        done = self._done(cell)
        seconds = sum(one.seconds for one in done)
        landscapes = sum(map(cell.size_of, self.mine[cell.id]))
        before = sum(one.landscapes for one in done)
        return CellPace(landscapes, before, seconds, planned_seconds(cell), cell.block_size)

    def work(self, executor: Executor, progress: Progress, metrics: MetricsFile | None = None) -> None:
        """Keep the window full until every block is committed or failed."""

        def tell(*, running: bool = True) -> None:
            progress.update()
            if metrics is not None:
                metrics.update(self.counts, progress.left(), running=running)

        tell()
        try:
            self._work(executor, tell)
        finally:
            tell(running=False)
            self._roll_up()

    def _work(self, executor: Executor, tell: Callable[[], None]) -> None:
        jobs = self._jobs()
        running = 0
        while True:
            while running < executor.window() and not self.stop and (job := next(jobs, None)) is not None:
                executor.submit(job)
                running += 1
            self.stop.check(
                f"stopped: {self.counts.done} of {self.counts.landscapes} {self.counts.unit} are committed; "
                "the same command goes on from there"
            )
            if self.lease.lost:
                raise RunError(f"{self.run.url}: {TAKEN}")
            if not running:
                return
            for done in executor.completed(POLL_SECONDS):
                running -= 1
                self._take(done)
            self.counts.submitted = running
            self.counts.at_work = min(running, executor.places())
            tell()

    def _jobs(self) -> Iterator[dict[str, Any]]:
        generation = asdict(self.run.manifest.generations[self.generation])
        run = identity(self.run)
        for cell in self.run.manifest.cells:
            record = cell.to_record()
            for block in self.mine[cell.id]:
                if block not in self.known[cell.id]:
                    yield {
                        "job": "block",
                        "store": self.run.url,
                        "run": run,
                        "cell": record,
                        "block": block,
                        "number": self.generation,
                        "generation": generation,
                        "memory_bytes": cell.memory_bytes,
                    }

    def _take(self, done: Done) -> None:
        cell, block = CellLayout.from_record(done.job["cell"]), done.job["block"]
        error = done.receipt.get("error")
        self.counts.retries += done.receipt.get("attempt", 1) - 1
        if error is None:
            self.counts.workers.add((done.receipt["host"], done.receipt["pid"]))
            self.counts.open += done.receipt.get("open", 0)
            summary = Summary(**done.receipt["summary"])
            self._note_cold(cell, done.receipt, summary)
            self._commit(cell, block, summary)
            return
        if error["kind"] in FATAL:
            raise RunError(f"{cell.id} block {block}: {advised(error)}")
        self.counts.failed_blocks += 1
        self.failed[f"{cell.id} block {block}"] = error["message"]
        with writing(self.run.files):
            record_failure(self.run.files, cell, block, error)

    def _note_cold(self, cell: CellLayout, receipt: Mapping[str, Any], summary: Summary) -> None:
        """A worker compiles in its first block of a cell."""
        key = (cell.id, receipt["host"], receipt["pid"])
        if key not in self.warm:
            self.warm.add(key)
            pace = self.counts.paces[cell.id]
            pace.cold += summary.landscapes
            pace.cold_seconds += summary.seconds

    def _commit(self, cell: CellLayout, block: int, summary: Summary) -> None:
        self.computed += 1
        self.counts.cell, pace = cell.id, self.counts.paces[cell.id]
        self.counts.done += cell.size_of(block)
        self.counts.blocks_done += 1
        pace.done += cell.size_of(block)
        pace.seconds += summary.seconds
        self.counts.points += summary.points
        self.known[cell.id][block] = summary
        self.unrolled[cell.id] += 1
        # in step with what is there, so that it costs every block the same
        if self.part is None and self.unrolled[cell.id] >= max(ROLL_UP_EVERY, len(self.known[cell.id]) // 4):
            self._roll_up_cell(cell)

    def _roll_up(self) -> None:
        """Write the roll-ups that would save somebody time."""
        if self.part is not None:
            return  # parts would overwrite each other's: `refresh_rollups` at the end has all
        for cell in self.run.manifest.cells:
            if self.unrolled[cell.id] >= FRESH:
                self._roll_up_cell(cell)

    def _roll_up_cell(self, cell: CellLayout) -> None:
        with contextlib.suppress(OSError):  # a cache: a full disk must not end the run here
            self.known[cell.id] = stamped(self.run.files, cell, self.known[cell.id])
            write_rollup(self.run.files, cell, self.known[cell.id])
            self.unrolled[cell.id] = 0


def refresh_rollups(run: Run) -> None:
    """Roll up what parts committed, of cells where that would save somebody time."""
    for cell in run.manifest.cells:
        found = run.summaries(cell)
        if found.fresh >= FRESH:
            with contextlib.suppress(OSError):  # a cache
                write_rollup(run.files, cell, found.blocks)


def record_failure(files: Files, cell: CellLayout, block: int, error: Mapping[str, str]) -> None:
    """Write the record of a block that failed for good; the next run tries it again."""
    first = block * cell.block_size
    record = {
        "cell": cell.id,
        "cell_hash": cell.hash,
        "block": block,
        "landscapes": list(range(first, first + cell.size_of(block))),
        **error,
    }
    files.write({failed_key(cell.id, block): seal(record)})
