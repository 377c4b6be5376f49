"""The end of a run: its dataset, once every block is done or has failed for good."""

from dataclasses import dataclass

from rich.console import Console

from morsecensus.pipeline.backends.executor import Executor
from morsecensus.pipeline.errors import RunError
from morsecensus.pipeline.phases import phase
from morsecensus.pipeline.run.faults import TAKEN, writing
from morsecensus.pipeline.run.leases import wait_for_lease
from morsecensus.pipeline.run.session import refresh_rollups
from morsecensus.pipeline.run.writers import Workers
from morsecensus.pipeline.stopping import StopRequest, held
from morsecensus.storage.compact import compact
from morsecensus.storage.layout import Generation
from morsecensus.storage.lease import Lease
from morsecensus.storage.parts import held_parts
from morsecensus.storage.store import Run, open_run
from morsecensus.storage.verify import failed_blocks

MANY_POINTS = 1_000_000
"""Below, and that takes a second or two, a run's dataset is written by its driver alone."""
STOPPED = "stopped while the dataset was written: all blocks are done; the same command writes it again"


@dataclass(frozen=True)
class Left:
    """Blocks of a run without a valid marker: those that nobody has tried to the end, those that failed."""

    blocks: int
    open: int
    failed: int


def left_of(run: Run) -> Left:
    """Return what is left of a run, from its markers and its records of failures."""
    blocks = open_ones = failed = 0
    for cell in run.manifest.cells:
        known = run.summaries(cell).blocks
        bad = len(failed_blocks(run, cell, known.keys()))
        blocks += cell.blocks
        failed += bad
        open_ones += cell.blocks - len(known) - bad
    return Left(blocks, open_ones, failed)


@dataclass(frozen=True)
class Crew:
    """The workers of a backend, and the environment that all of them have."""

    executor: Executor
    here: Generation


def write_dataset(run: Run, lease: Lease, stop: StopRequest, crew: Crew | None = None) -> str:
    """Write the dataset of a run under its lease, by a crew or by this process, and return its name.

    Raises Interrupted or RunError.
    """
    phase("writing the dataset")

    def between() -> None:
        stop.check(STOPPED)
        if lease.lost:
            raise RunError(f"{run.url}: {TAKEN}")

    with writing(run.files):
        return compact(run, between, crew and Workers(crew.executor, run, crew.here, between))


def crew_for(run: Run, crew: Crew) -> Crew | None:
    """Return the crew if the dataset is large enough for many."""
    points = sum(one.points for cell in run.manifest.cells for one in run.summaries(cell).blocks.values())
    return crew if points >= MANY_POINTS else None


def end_parts(
    url: str, console: Console, stop: StopRequest, crew: Crew | None = None
) -> tuple[str | None, int]:
    """Write the dataset if no part has anything left to do; return its name and how many blocks it has as
    failed, whichever parts they are of; else None and 0.

    A part calls this without its lease: of two that end at once, at least one then sees that all is done.
    """
    phase("looking at the other parts")
    run = open_run(url)  # again: another part may have added an environment
    refresh_rollups(run)
    left = left_of(run)
    if left.open or (left.failed and held_parts(run.files)):
        return None, 0  # who has a lease may be about to try a failed block again
    with wait_for_lease(run.files, console, stop, STOPPED) as lease, held(lease.release):
        dataset = write_dataset(run, lease, stop, crew and crew_for(run, crew))
        return dataset, left_of(run).failed
