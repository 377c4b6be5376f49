"""Functions on studies and their stores: run, open, report."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from morsecensus.pipeline.commands.report import default_folder, models_of, write_report
from morsecensus.pipeline.errors import RunError, UsageError
from morsecensus.pipeline.phases import shown
from morsecensus.pipeline.plugins import register_installed
from morsecensus.pipeline.run.run import Outcome, Settings, part_of, run_study
from morsecensus.pipeline.study.study import Study, parse_study, read_study
from morsecensus.storage.store import exists, open_run

if TYPE_CHECKING:
    from morsecensus.pipeline.api.stored import StoredStudy


def run(
    study: str | Path | Mapping[str, Any],
    store: str | Path | None = None,
    *,
    backend: str = "serial",
    workers: int | None = None,
    address: str | None = None,
    gpus: float = 0.0,
    allow_environment: bool = False,
    part: str | None = None,
    quiet: bool = False,
) -> Outcome:
    """Run a study into a store; resume or extend it if the store exists.

    Args:
        study: the path of a TOML file, its text, or its content as a dictionary.
        store: a folder or an fsspec URL; by default runs/<name of the study>.
        backend: "serial" or "ray"; ``workers`` limits a local Ray, ``address`` joins a cluster, ``gpus`` is
            the share of a GPU for each worker.
        allow_environment: go on in another environment than the store's; its blocks are kept apart.
        part: such as "2/4": only those blocks, in a store that all parts share; the last one to end writes
            the dataset.
        quiet: no progress on standard error.

    Raises:
        UsageError: a study or a store that cannot be; nothing is touched then.
        RunError: the run cannot go on, or blocks failed. What was committed stays committed.
        Interrupted: after Ctrl-C; the same call goes on from there.
    """
    parsed = _study(study)
    place = f"runs/{parsed.name}" if store is None else str(store)
    settings = Settings(backend, workers, address, allow_environment, gpus, part_of(part))
    with shown(quiet=quiet):
        outcome = run_study(parsed, place, settings, Console(stderr=True, quiet=quiet, soft_wrap=True))
    if outcome.failure is not None:
        raise RunError(outcome.failure)
    return outcome


def _study(study: str | Path | Mapping[str, Any]) -> Study:
    if isinstance(study, Mapping):
        return parse_study(study)
    if isinstance(study, Path) or "\n" not in study:
        return read_study(Path(study))
    try:
        return parse_study(tomllib.loads(study))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"study: not TOML: {' '.join(str(error).split())[:200]}") from error


def open(store: str | Path, check: str = "sizes") -> "StoredStudy":
    """Open the current dataset of a run: its cells in order, each with tables of xarray, loaded when used:

        points = mc.open("runs/demo").cells[0].points.to_dataframe()

    What ``morsecensus export`` made of it, a zip file or a folder of netCDF, and a copy of the dataset alone
    open alike.

    Args:
        store: path or URL.
        check: "sizes" holds a listing of the dataset against the record; "crc" reads all of it as well.

    Raises StoreError: there is no run here, no dataset yet, an object of it is missing or damaged, or it is
    of a kind that others read, as tables of Parquet.
    """
    from morsecensus.analysis.dataset.cells import open_study
    from morsecensus.pipeline.api.exported import open_exported
    from morsecensus.pipeline.api.stored import StoredCell, StoredStudy

    if not exists(str(store)) and (alone := open_exported(str(store), check)) is not None:
        return alone
    run = open_run(str(store))
    register_installed(models_of(run))
    study = open_study(str(store), check)
    read = {cell.name: cell for cell in (*study.cells, *study.others)}
    cells = (
        StoredCell(layout.id, read[layout.id], layout) for layout in run.manifest.cells if layout.id in read
    )
    return StoredStudy(tuple(cells), study)


@dataclass(frozen=True, repr=False)
class Report:
    """Where the report of a run is.

    Attributes:
        store: of the run.
        page: one self-contained HTML file.
    """

    store: str
    page: Path

    @property
    def tables(self) -> list[Path]:
        """Its tables, as CSV."""
        return sorted((self.page.parent / "tables").glob("*.csv"))

    @property
    def figures(self) -> list[Path]:
        """Its figures, as SVG."""
        return sorted((self.page.parent / "figures").glob("*.svg"))

    def __fspath__(self) -> str:
        return str(self.page)

    def __repr__(self) -> str:
        folder = self.page.parent
        lines = (
            f"report of {self.store}",
            f"page: {self.page}",
            f"{len(self.tables)} tables: {folder / 'tables'}",
            f"{len(self.figures)} figures: {folder / 'figures'}",
        )
        return "\n".join(lines)


def report(
    store: str | Path, out: str | Path | None = None, check: str = "sizes", partial: bool = False
) -> Report:
    """Write one self-contained HTML page, figures and CSV tables of a run.

    Args:
        out: a folder; by default ``report`` in the store, and for a bucket ``<name>-report`` here.
        check: of the dataset first, as in `open`.
        partial: of what is committed so far, of a run that isn't finished.

    Raises StoreError as `open` does, UsageError if ``out`` cannot be written.
    """
    folder = default_folder(str(store)) if out is None else Path(out)
    return Report(str(store), write_report(str(store), folder, check, partial, "morsecensus.report"))
