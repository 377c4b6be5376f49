"""What the command line hands to `analysis.report`, and what came out, as a list."""

from pathlib import Path
from typing import Any

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.pipeline.phases import phase, step
from morsecensus.pipeline.plugins import register_installed
from morsecensus.pipeline.run.provenance import software, today
from morsecensus.storage.errors import RemoteError
from morsecensus.storage.inventory import CHECKS
from morsecensus.storage.store import Run, open_run


def models_of(run: Run) -> set[str]:
    """Return the names of the models of a store."""
    return {str(cell.spec.get("model")) for cell in run.manifest.cells}


def default_folder(store: str) -> Path:
    """Return where the report of a store goes if nobody says: into the store, or, of a bucket, beside what is
    here, under the store's name."""
    if "://" in store:
        return Path(f"{store.rstrip('/').rpartition('/')[2]}-report")
    return Path(store) / "report"


def write_report(
    store: str, out: Path, check: str = "sizes", partial: bool = False, command: str = ""
) -> Path:
    """Write the report of a store and return where its page is; ``partial``: of what is committed so far."""
    from morsecensus.analysis import report

    phase("reading the dataset")
    if check not in CHECKS:
        raise UsageError(f"--check: got {shown(check)}, allowed: {' or '.join(CHECKS)}")
    if out is not None and Path(out).exists() and not Path(out).is_dir():
        raise UsageError(f"--out: {out} is a file, allowed: a folder")
    register_installed(models_of(open_run(store)))
    try:
        return Path(report.write_report(store, out, check, partial, made_by(command), step) or out)
    except RemoteError:
        raise  # of the store, not of --out
    except OSError as error:
        raise UsageError(f"--out: cannot write {out}: {error.strerror or error}") from error


def made_by(command: str) -> dict[str, str]:
    """Return when and by what a report is made, for its provenance: day, command line, version and commit."""
    known = software()
    made = {"date": today(), "command": command, "morsecensus": known["morsecensus"]}
    made["git commit"] = known.get("commit", "")
    return {name: value for name, value in made.items() if value}


def listed(store: str, page: Path) -> dict[str, Any]:
    """Return what a report is made of, JSON-ready, as ``report --json`` prints it."""
    return {
        "store": store,
        "page": str(page),
        "figures": [str(path) for path in sorted((page.parent / "figures").glob("*.svg"))],
        "tables": [str(path) for path in sorted((page.parent / "tables").glob("*.csv"))],
    }
