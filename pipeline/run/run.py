"""One run: plan against the store, submit blocks, record failures, compact. It may be killed any time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from morsecensus.pipeline.backends.executor import Executor, ask
from morsecensus.pipeline.backends.start import start_executor
from morsecensus.pipeline.errors import RunError, UsageError, shown
from morsecensus.pipeline.phases import note, phase
from morsecensus.pipeline.run.ending import Crew, crew_for, end_parts, write_dataset
from morsecensus.pipeline.run.faults import advised, writing
from morsecensus.pipeline.run.leases import take_lease, take_lease_of_part, wait_for_lease
from morsecensus.pipeline.run.metrics import MetricsFile
from morsecensus.pipeline.run.plan import (
    Plan,
    available_memory,
    extend_manifest,
    make_plan,
    new_manifest,
    rounded,
)
from morsecensus.pipeline.run.progress import Progress
from morsecensus.pipeline.run.provenance import attributes, software, today
from morsecensus.pipeline.run.session import Session
from morsecensus.pipeline.stopping import StopRequest, held
from morsecensus.pipeline.study.inputs import put_inputs
from morsecensus.pipeline.study.study import Study
from morsecensus.pipeline.worker.environment import differences, fingerprint
from morsecensus.storage.couplings import INPUTS
from morsecensus.storage.files import Files, open_files
from morsecensus.storage.layout import LEASE, Generation, Manifest
from morsecensus.storage.lease import Lease
from morsecensus.storage.local_files import PARTIAL
from morsecensus.storage.parts import MOST_PARTS, PARTS, Part
from morsecensus.storage.seals import digest
from morsecensus.storage.store import (
    Run,
    add_generation,
    create_manifest,
    exists,
    mend_stream,
    open_run,
    write_manifest,
)

_OURS = {"run.json", "lease.json", "latest.json", ".lease.lock"}
_OURS |= {"stream.zarr", "commits", "rollup", "failed", PARTS, INPUTS}
_FILES = tuple(name for name in _OURS if name.endswith(".json"))
STARTING = {"serial": "starting a worker", "ray": "starting Ray"}


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
    part: Part | None = None
    metrics: Path | None = None


@dataclass(frozen=True, repr=False)
class Outcome:
    """What a run did: which dataset of which store it wrote, what that holds, and how many blocks are new.

    Of a part of a run: what that part holds, and the dataset if no part has anything left to do, else None;
    with it ``failed_elsewhere``, blocks of other parts that the dataset has as failed.
    """

    store: str
    dataset: str | None
    landscapes: int
    points: int
    computed_blocks: int
    failed: Mapping[str, str]
    part: str | None = None
    failed_elsewhere: int = 0

    @property
    def failure(self) -> str | None:
        """What became of blocks that failed, as one line; None if none did, here or in the dataset."""
        others = f"{self.failed_elsewhere} blocks of other parts failed" if self.failed_elsewhere else ""
        if not self.failed:
            return f"{others}, see {self.store}/failed" if others else None
        name, message = next(iter(self.failed.items()))
        text = f"{len(self.failed)} blocks failed, see {self.store}/failed; the first: {name}: {message}"
        return f"{text}; {others}" if others else text

    @property
    def remedy(self) -> str:
        """What tries blocks that failed again."""
        own = "the same command tries them again"
        return "running their parts again tries them" if self.failed_elsewhere else own

    def record(self) -> dict[str, Any]:
        """Return it JSON-ready, as ``run --json`` prints it."""
        return {**asdict(self), "failed": dict(self.failed)}

    def __repr__(self) -> str:
        lines = (
            f"{f'part {self.part} of the' if self.part else ''} run in {self.store}".strip(),
            f"{self.landscapes} landscapes, {self.points} points",
            f"{self.computed_blocks} blocks computed now, {len(self.failed)} failed",
            f"dataset: {f'{self.store}/{self.dataset}' if self.dataset else 'when all parts are done'}",
        )
        return "\n".join(lines)


def part_of(text: str | None) -> Part | None:
    """Return the part that ``--part`` names; raises UsageError if it names none."""
    part = None if text is None else Part.parse(text)
    if text is not None and part is None:
        allowed = f"I/N with 1 <= I <= N <= {MOST_PARTS}, such as 2/4"
        raise UsageError(f"--part: got {shown(text)}, allowed: {allowed}")
    return part


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
    for line in rounded(plan):
        note(line)
    files = open_files(store)

    def prepare(environment: Generation, stop: StopRequest) -> Run:
        if settings.part is not None:
            return _prepare_together(files, plan, environment, console, stop)
        wanted = extend_manifest(open_run(store).manifest, plan, store) if exists(store) else None
        return write_manifest(files, _given(files, plan, wanted or _new(plan, environment)))

    _check_store(files, store, plan)
    return _drive(files, prepare, settings, console, digest([cell.layout.to_record() for cell in plan.cells]))


def _new(plan: Plan, environment: Generation) -> Manifest:
    return new_manifest(plan, environment, software(), today())


def _given(files: Files, plan: Plan, wanted: Manifest) -> Manifest:
    """Put into the store what cells were given, and return what run.json will say."""
    put_inputs(files, [cell.spec for cell in wanted.cells])
    return replace(wanted, attributes=attributes(plan, wanted.software, wanted.begun))


def _prepare_together(
    files: Files, plan: Plan, environment: Generation, console: Console, stop: StopRequest
) -> Run:
    """Create or extend a run while other parts of the same plan do so too: one after the other, for each may
    have an environment to add.
    """
    if not exists(files.url):
        create_manifest(files, _given(files, plan, _new(plan, environment)))
    run, wanted = _extended(files, plan)
    if wanted is None:
        mend_stream(run)
        return run
    with wait_for_lease(files, console, stop, "stopped before anything was computed"):
        run, wanted = _extended(files, plan)
        return run if wanted is None else write_manifest(files, wanted)


def _extended(files: Files, plan: Plan) -> tuple[Run, Manifest | None]:
    """A run as it is, and what its run.json must say for this plan where that is more."""
    run = open_run(files.url)
    wanted = _given(files, plan, extend_manifest(run.manifest, plan, files.url))
    same = digest(wanted.to_record()) == digest(run.manifest.to_record())
    return run, None if same else wanted


def continue_run(
    store: str,
    settings: Settings,
    console: Console,
    mend: Callable[[Run, StopRequest], None] | None = None,
) -> Outcome:
    """Go on with a run as its run.json says, without the study's file.

    Args:
        mend: is called under the lease, once it is known that blocks can be computed here.
    """
    files = open_files(store)

    def prepare(environment: Generation, stop: StopRequest) -> Run:
        run = open_run(store)
        if mend is not None:
            if not settings.allow_environment and _generation_of(run, environment) is None:
                raise _foreign(run, environment)
            mend(run, stop)
        return write_manifest(files, run.manifest)  # damaged metadata of the stream is written again

    return _drive(files, prepare, settings, console)


def _check_store(files: Files, store: str, plan: Plan) -> None:
    """Refuse a store that cannot take this study, before anything is written."""
    if exists(store):
        extend_manifest(open_run(store).manifest, plan, store)
        return
    try:
        foreign = [name for name in files.names("") if not _is_ours(name)]
    except OSError as error:
        raise UsageError(f"--store: cannot use {store}: {error.strerror or error}") from error
    if foreign:
        raise UsageError(f"--store: {store} is not empty and holds no run: choose another folder")


def _is_ours(name: str) -> bool:
    """Say whether a name at the root is a run's, perhaps of a file that a kill left half written."""
    return name in _OURS or name.startswith(LEASE) or (name.endswith(PARTIAL) and name.startswith(_FILES))


def _drive(
    files: Files,
    prepare: Callable[[Generation, StopRequest], Run],
    settings: Settings,
    console: Console,
    plan: str = "",
) -> Outcome:
    # from before the lease is taken until it is given back: an exception in between would leave it behind
    with (
        StopRequest() as stop,
        _lease(files, console, stop, settings.part, plan) as lease,
        held(lease.release),
    ):
        with started(settings, stop) as executor:
            here = worker_environment(executor, stop)
            with writing(files):
                run, number = _choose_generation(prepare(here, stop), here, settings, console, stop)
            session = Session(run, number, lease, stop, settings.part)
            with Progress(session.counts) as progress:
                session.work(executor, progress, _metrics(settings, run))

            def end(crew: Crew | None) -> tuple[str | None, int]:
                if settings.part is None:
                    dataset = write_dataset(run, lease, stop, crew and crew_for(run, crew))
                    return dataset, len(session.failed)
                lease.release()
                return end_parts(run.url, console, stop, crew)

            ended = end(Crew(executor, here)) if settings.backend == "ray" else None
        dataset, failed = end(None) if ended is None else ended
        return Outcome(
            store=run.url,
            dataset=dataset,
            landscapes=session.counts.done,
            points=session.counts.points,
            computed_blocks=session.computed,
            failed=session.failed,
            part=None if settings.part is None else str(settings.part),
            failed_elsewhere=max(failed - len(session.failed), 0),
        )


def _metrics(settings: Settings, run: Run) -> MetricsFile | None:
    labels = {"study": run.manifest.name, "store": run.url}
    part = {} if settings.part is None else {"part": str(settings.part)}
    return None if settings.metrics is None else MetricsFile(settings.metrics, labels | part)


@contextmanager
def started(settings: Settings, stop: StopRequest) -> Iterator[Executor]:
    """A backend, closed at the end."""
    phase(STARTING.get(settings.backend, "starting"))
    executor = start_executor(
        settings.backend, workers=settings.workers, address=settings.address, gpus=settings.gpus
    )
    try:
        stop.listen()  # again: Ray has installed a handler of its own
        stop.check("stopped before anything was computed")
        yield executor
    finally:
        phase("ending workers")
        executor.close()


def _lease(files: Files, console: Console, stop: StopRequest, part: Part | None, plan: str) -> Lease:
    if part is None:
        return take_lease(files, console, stop)
    return take_lease_of_part(files, console, stop, part, plan)


def worker_environment(executor: Executor, stop: StopRequest) -> Generation:
    """Ask a worker what it computes in."""
    receipt = ask(executor, {"job": "environment"}, stop, "stopped before anything was computed")
    if "error" in receipt:
        raise RunError(f"workers cannot start: {advised(receipt['error'])}")
    return Generation(fingerprint(receipt["environment"]), receipt["environment"])


def _choose_generation(
    run: Run, here: Generation, settings: Settings, console: Console, stop: StopRequest
) -> tuple[Run, int]:
    """Return the generation whose blocks this environment may write, adding one only if that was allowed."""
    number = _generation_of(run, here)
    if number is not None:
        return run, number
    if settings.allow_environment and settings.part is None:
        return _added(run, here)
    if settings.allow_environment:
        with wait_for_lease(run.files, console, stop, "stopped before anything was computed"):
            run = open_run(run.url)  # parts add one after the other
            number = _generation_of(run, here)
            return (run, number) if number is not None else _added(run, here)
    raise _foreign(run, here)


def _foreign(run: Run, here: Generation) -> RunError:
    differ = "; ".join(differences(run.manifest.generations[0].environment, here.environment)[:5])
    return RunError(
        f"{run.url}: was computed in another environment (there / here: {differ}): go on there, choose "
        "another --store, or allow it with --allow-environment; its blocks are then kept apart"
    )


def _generation_of(run: Run, here: Generation) -> int | None:
    prints = [generation.fingerprint for generation in run.manifest.generations]
    return prints.index(here.fingerprint) if here.fingerprint in prints else None


def _added(run: Run, here: Generation) -> tuple[Run, int]:
    return add_generation(run, here), len(run.manifest.generations)
