"""Writing the dataset of a run that has nothing left to do, by a command of its own."""

from rich.console import Console

from morsecensus.pipeline.backends.start import require_backend
from morsecensus.pipeline.errors import RunError
from morsecensus.pipeline.run.ending import Crew, Left, left_of, write_dataset
from morsecensus.pipeline.run.leases import take_lease
from morsecensus.pipeline.run.run import Settings, started, worker_environment
from morsecensus.pipeline.run.session import refresh_rollups
from morsecensus.pipeline.stopping import StopRequest, held
from morsecensus.storage.store import open_run


def compact_store(url: str, settings: Settings, console: Console) -> tuple[str, Left]:
    """Write the dataset of a run; return its name, and what is left of the run.

    Raises RunError if blocks are neither done nor failed, StoreError if a driver has the whole run.
    """
    require_backend(settings.backend, workers=settings.workers, address=settings.address, gpus=settings.gpus)
    files = open_run(url).files
    with StopRequest() as stop, take_lease(files, console, stop, beside=True) as lease, held(lease.release):
        run = open_run(url)
        left = left_of(run)
        if left.open:
            raise RunError(
                f"{url}: {left.open} of {left.blocks} blocks are neither done nor failed: run the parts that "
                "have them, or the whole study, first"
            )
        refresh_rollups(run)
        if settings.backend == "serial":
            return write_dataset(run, lease, stop), left
        with started(settings, stop) as executor:
            crew = Crew(executor, worker_environment(executor, stop))
            return write_dataset(run, lease, stop, crew), left
