"""What is committed of a run, finished or not."""

from dataclasses import replace
from pathlib import Path

from morsecensus.analysis.dataset.cells import Study, study_of
from morsecensus.storage.compact import write_committed
from morsecensus.storage.errors import StoreError
from morsecensus.storage.store import open_run


def open_committed(store: str, folder: Path) -> Study:
    """Open what is committed of a run, finished or not: a dataset of it is written into a folder of ours.

    Its cells hold the landscapes of committed blocks alone.

    Raises:
        StoreError: there is no run, nothing is committed yet, or a committed block is damaged.
    """
    run = open_run(store)
    study = study_of(run, write_committed(run, folder))
    sizes = {cell.name: cell.held for cell in study.cells}
    sizes |= {cell.name: cell.held for cell in study.others}
    if not sizes:
        raise StoreError(f"{store}: nothing is committed yet: `morsecensus status` says how far it is")
    progress = {cell.id: (sizes.get(cell.id, 0), cell.padded) for cell in run.manifest.cells}
    done = all(held == planned for held, planned in progress.values())
    return replace(study, unfinished={} if done else progress)
