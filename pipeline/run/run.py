"""One run: plan against the store, submit blocks, record failures, compact. It may be killed any time."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from rich.console import Console

from morsecensus.pipeline.backends.executor import POLL_SECONDS, Done, Executor, ask
from morsecensus.pipeline.backends.start import start_executor
from morsecensus.pipeline.errors import Interrupted, RunError, UsageError
from morsecensus.pipeline.phases import is_shown, note, phase
from morsecensus.pipeline.run.pace import CellPace, planned_seconds
from morsecensus.pipeline.run.plan import Plan, available_memory, extend_manifest, make_plan, new_manifest
from morsecensus.pipeline.run.progress import Counts, Progress
from morsecensus.pipeline.run.provenance import attributes, software, today
from morsecensus.pipeline.stopping import StopRequest
from morsecensus.pipeline.study.inputs import put_inputs
from morsecensus.pipeline.study.study import Study
from morsecensus.pipeline.worker.environment import differences, fingerprint
from morsecensus.pipeline.worker.visibility import identity
from morsecensus.pipeline.worker.worker import DISK_FULL
from morsecensus.storage.compact import compact
from morsecensus.storage.couplings import INPUTS
from morsecensus.storage.errors import RemoteError
from morsecensus.storage.files import Files, open_files
from morsecensus.storage.layout import LEASE, CellLayout, Generation, failed_key
from morsecensus.storage.lease import Lease, acquire
from morsecensus.storage.rollup import FRESH, Summary, stamped, write_rollup
from morsecensus.storage.seals import seal
from morsecensus.storage.store import Run, add_generation, exists, open_run, write_manifest

_OURS = {"run.json", "lease.json", "latest.json", ".lease.lock"}
_OURS |= {"stream.zarr", "commits", "rollup", "failed", INPUTS}
STARTING = {"serial": "starting a worker", "ray": "starting Ray"}
ROLL_UP_EVERY = 10_000
"""Blocks of a cell, or a quarter of those it has: after a kill no more markers than that are read again."""
TAKEN = "another driver took over this run, or may have; this one stops"
FATAL = {
    "full": "the disk is full: free space, then run again; what is committed is safe",
    "write": "cannot write the store: mend that, then run again; what is committed is safe",
    "environment": "use workers of one kind, or another --store",
    "plugin": "give its file with --plugin, or install its package on every node; then run again",
    "program": "install the driver's version on every node, then run again; what is committed is safe",
    "unseen": "use a folder that every node shares, or a bucket; then run again",
}


@dataclass(frozen=True)
class Settings:
    """How a study is run; none of it changes a byte of the result, but for ``gpus``, which makes it another
    environment.
    """

    backend: str = "serial"
    workers: int | None = None
    address: str | None = None
    allow_environment: bool = False
    gpus: float = 0.0


@dataclass(frozen=True, repr=False)
class Outcome:
    """What a run did: which dataset of which store it wrote, what that holds, and how many blocks are new."""

    store: str
    dataset: str
    landscapes: int
    points: int
    computed_blocks: int
    failed: Mapping[str, str]

    @property
    def failure(self) -> str | None:
        """What became of blocks that failed, as one line; None if none did."""
        if not self.failed:
            return None
        name, message = next(iter(self.failed.items()))
        return f"{len(self.failed)} blocks failed, see {self.store}/failed; the first: {name}: {message}"

    def record(self) -> dict[str, Any]:
        """Return it JSON-ready, as ``run --json`` prints it."""
        return {**asdict(self), "failed": dict(self.failed)}

    def __repr__(self) -> str:
        lines = (
            f"run in {self.store}",
            f"{self.landscapes} landscapes, {self.points} points",
            f"{self.computed_blocks} blocks computed now, {len(self.failed)} failed",
            f"dataset: {self.store}/{self.dataset}",
        )
        return "\n".join(lines)


def run_study(
    study: Study, store: str, settings: Settings, console: Console, *, body: str | None = None
) -> Outcome:
    """Run a study into a store: create it, or resume or extend what is there.

    Args:
        body: computes all cells in the place of those that the study names.

    Raises UsageError for a study or a store that cannot be (nothing is touched then), RunError if the run
    cannot go on, Interrupted after a signal. What was committed stays committed in every case.
    """
    phase("planning")
    memory = None if settings.address else available_memory()
    plan = make_plan(study, body=body, memory=memory)
    files = open_files(store)

    def prepare(environment: Generation) -> Run:
        if exists(store):
            wanted = extend_manifest(open_run(store).manifest, plan, store)
        else:
            wanted = new_manifest(plan, environment, software(), today())
        wanted = replace(wanted, attributes=attributes(plan, wanted.software, wanted.begun))
        put_inputs(files, [cell.spec for cell in wanted.cells])
        return write_manifest(files, wanted)

    _check_store(files, store, plan)
    return _drive(files, prepare, settings, console)


def continue_run(store: str, settings: Settings, console: Console) -> Outcome:
    """Go on with a run as its run.json says, without the study's file."""
    files = open_files(store)
    # metadata of the stream that is damaged is written again
    return _drive(files, lambda _: write_manifest(files, open_run(store).manifest), settings, console)


def _check_store(files: Files, store: str, plan: Plan) -> None:
    """Refuse a store that cannot take this study, before anything is written."""
    if exists(store):
        extend_manifest(open_run(store).manifest, plan, store)
        return
    try:
        foreign = [name for name in files.names("") if name not in _OURS and not name.startswith(LEASE)]
    except OSError as error:
        raise UsageError(f"--store: cannot use {store}: {error.strerror or error}") from error
    if foreign:
        raise UsageError(f"--store: {store} is not empty and holds no run: choose another folder")


def take_lease(files: Files, console: Console, stop: StopRequest) -> Lease:
    """Take the lease of a store; raises UsageError if nothing can be written there."""
    try:
        return acquire(
            files,
            lambda text: _tell(console, text),
            lambda: stop.check("stopped while waiting for another driver: nothing was touched"),
        )
    except RemoteError:
        raise
    except OSError as error:
        if error.errno in DISK_FULL:
            raise RunError(f"{files.url}: {FATAL['full']}") from error
        raise UsageError(f"--store: cannot write {files.url}: {error.strerror or error}") from error


def _tell(console: Console, text: str) -> None:
    """Say why nothing happens: where phases are shown, or by the console."""
    if is_shown():
        note(text)
    else:
        console.print(text, highlight=False, markup=False)


@contextmanager
def _writing(files: Files) -> Iterator[None]:
    """Turn what the driver's own writes may meet, metadata and the dataset among them, into a RunError."""
    try:
        yield
    except RemoteError:
        raise
    except OSError as error:
        kind = "full" if error.errno in DISK_FULL else "write"
        raise RunError(f"{files.url}: {error.strerror or error}; {FATAL[kind]}") from error


def _drive(
    files: Files, prepare: Callable[[Generation], Run], settings: Settings, console: Console
) -> Outcome:
    # from before the lease is taken until it is given back: an exception in between would leave it behind
    with StopRequest() as stop, take_lease(files, console, stop) as lease:
        phase(STARTING.get(settings.backend, "starting"))
        executor = start_executor(
            settings.backend, workers=settings.workers, address=settings.address, gpus=settings.gpus
        )
        try:
            stop.listen()  # again: Ray has installed a handler of its own
            stop.check("stopped before anything was computed")
            here = worker_environment(executor, stop)
            with _writing(files):
                run, number = _choose_generation(prepare(here), here, settings)
            session = _Session(run, number, lease, stop)
            with Progress(session.counts) as progress:
                session.work(executor, progress)
        finally:
            phase("ending workers")
            executor.close()
        phase("writing the dataset")
        said = "stopped while the dataset was written: all blocks are done; the same command writes it again"

        def between() -> None:
            stop.check(said)
            if lease.lost:
                raise RunError(f"{run.url}: {TAKEN}")

        with _writing(files):
            dataset = compact(run, between)
        return Outcome(
            store=run.url,
            dataset=dataset,
            landscapes=session.counts.done,
            points=session.counts.points,
            computed_blocks=session.computed,
            failed=session.failed,
        )


def worker_environment(executor: Executor, stop: StopRequest) -> Generation:
    """Ask a worker what it computes in."""
    receipt = ask(executor, {"job": "environment"}, stop, "stopped before anything was computed")
    if "error" in receipt:
        raise RunError(f"workers cannot start: {advised(receipt['error'])}")
    return Generation(fingerprint(receipt["environment"]), receipt["environment"])


def advised(error: Mapping[str, str]) -> str:
    """Return a worker's error with what to do about it, where that is known."""
    return "; ".join([error["message"], *([FATAL[error["kind"]]] if error["kind"] in FATAL else [])])


def _choose_generation(run: Run, here: Generation, settings: Settings) -> tuple[Run, int]:
    """Return the generation whose blocks this environment may write, adding one only if that was allowed."""
    known = run.manifest.generations
    for number, generation in enumerate(known):
        if generation.fingerprint == here.fingerprint:
            return run, number
    if settings.allow_environment:
        return add_generation(run, here), len(known)
    differ = "; ".join(differences(known[0].environment, here.environment)[:5])
    raise RunError(
        f"{run.url}: was computed in another environment (there / here: {differ}): go on there, choose "
        "another --store, or allow it with --allow-environment; its blocks are then kept apart"
    )


class _Session:
    """The loop of one run, and what it counts."""

    def __init__(self, run: Run, generation: int, lease: Lease, stop: StopRequest):
        self.run, self.generation, self.lease, self.stop = run, generation, lease, stop
        self.known: dict[str, dict[int, Summary]] = {}
        self.unrolled: dict[str, int] = {}
        for cell in run.manifest.cells:
            found = run.summaries(cell)
            self.known[cell.id], self.unrolled[cell.id] = found.blocks, found.fresh
        self._roll_up()
        before = sum(cell.size_of(block) for cell in run.manifest.cells for block in self.known[cell.id])
        self.counts = Counts(
            landscapes=sum(cell.padded for cell in run.manifest.cells),
            done=before,
            resumed=before,
            points=sum(one.points for blocks in self.known.values() for one in blocks.values()),
            paces={cell.id: self._pace(cell) for cell in run.manifest.cells},
        )
        self.computed = 0
        self.failed: dict[str, str] = {}

    def _pace(self, cell: CellLayout) -> CellPace:
        known = self.known[cell.id]
        seconds = sum(one.seconds for one in known.values())
        return CellPace(cell.padded, sum(map(cell.size_of, known)), seconds, planned_seconds(cell))

    def work(self, executor: Executor, progress: Progress) -> None:
        """Keep the window full until every block is committed or failed."""
        try:
            self._work(executor, progress)
        finally:
            self._roll_up()

    def _work(self, executor: Executor, progress: Progress) -> None:
        jobs = self._jobs()
        running = 0
        while True:
            while running < executor.window() and not self.stop and (job := next(jobs, None)) is not None:
                executor.submit(job)
                running += 1
            if self.stop:
                raise Interrupted(
                    f"stopped: {self.counts.done} of {self.counts.landscapes} landscapes are committed; "
                    "the same command goes on from there",
                    self.stop.exit_code,
                )
            if self.lease.lost:
                raise RunError(f"{self.run.url}: {TAKEN}")
            if not running:
                return
            for done in executor.completed(POLL_SECONDS):
                running -= 1
                self._take(done)
            self.counts.at_work = running
            progress.update()

    def _jobs(self) -> Iterator[dict[str, Any]]:
        generation = asdict(self.run.manifest.generations[self.generation])
        run = identity(self.run)
        for cell in self.run.manifest.cells:
            record = cell.to_record()
            for block in range(cell.blocks):
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
        if error is None:
            self._commit(cell, block, Summary(**done.receipt["summary"]))
            return
        if error["kind"] in FATAL:
            raise RunError(f"{cell.id} block {block}: {advised(error)}")
        self.counts.failed_blocks += 1
        self.failed[f"{cell.id} block {block}"] = error["message"]
        with _writing(self.run.files):
            record_failure(self.run.files, cell, block, error)

    def _commit(self, cell: CellLayout, block: int, summary: Summary) -> None:
        self.computed += 1
        self.counts.cell, pace = cell.id, self.counts.paces[cell.id]
        self.counts.done += cell.size_of(block)
        pace.done += cell.size_of(block)
        pace.seconds += summary.seconds
        self.counts.points += summary.points
        self.known[cell.id][block] = summary
        self.unrolled[cell.id] += 1
        # in step with what is there, so that it costs every block the same
        if self.unrolled[cell.id] >= max(ROLL_UP_EVERY, len(self.known[cell.id]) // 4):
            self._roll_up_cell(cell)

    def _roll_up(self) -> None:
        """Write the roll-ups that would save somebody time."""
        for cell in self.run.manifest.cells:
            if self.unrolled[cell.id] >= FRESH:
                self._roll_up_cell(cell)

    def _roll_up_cell(self, cell: CellLayout) -> None:
        with contextlib.suppress(OSError):  # a cache: a full disk must not end the run here
            self.known[cell.id] = stamped(self.run.files, cell, self.known[cell.id])
            write_rollup(self.run.files, cell, self.known[cell.id])
            self.unrolled[cell.id] = 0


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
