"""Commands on the store of a run: status, show, columns, report."""

import shlex
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from morsecensus.pipeline.cli.console import new_console, print_json, print_table, say, user_errors
from morsecensus.pipeline.cli.options import Json, Plugin, Quiet, Store
from morsecensus.pipeline.errors import plain

app = typer.Typer()
"""Becomes part of the command line in `pipeline.cli.app`."""

UNFINISHED = 3
"""Exit code of ``status`` where something is left to compute; 1 and 2 are errors."""


@app.command(epilog="Example: morsecensus status runs/demo --follow")
def status(
    store: Store,
    follow: Annotated[
        bool, typer.Option("--follow", help="Look again until it ends: rate and time left.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say how far a run is: blocks planned, committed, failed; who is at work. Exit code 0 if it is finished,
    all blocks and the dataset of them, and 3 if it is not; with --follow when nobody computes it any more.
    """
    with user_errors(quiet=follow):  # which has a line of its own
        from morsecensus.pipeline.run import check

        found = _followed(store, as_json) if follow else check.status(store)
        if as_json:
            print_json(found)
        else:
            _show_status(found)
    if not found["finished"]:
        raise typer.Exit(UNFINISHED)


def _show_status(found: dict[str, Any]) -> None:
    holder = found["running"]
    state = f"running (host {holder['host']}, pid {holder['pid']})" if holder else "not running"
    parts = found["parts"]
    if parts and not holder:
        state = f"{len(parts)} parts at work"
    print_table(found["cells"], f"{found['name']}: {state}")
    if parts:
        names = ("part", "blocks", "committed", "host", "pid")
        print_table([{name: one[name] for name in names} for one in parts], "parts")
    say(f"dataset: {found['dataset'] or 'none yet'}")
    if not found["finished"]:
        again = "`morsecensus compact`" if found["complete"] else "the same `morsecensus run`"
        say("not finished" + ("" if holder or parts else f": {again} goes on from there"))


def _followed(store: str, quiet: bool) -> dict[str, Any]:
    """Show a line whenever it changes, and return the last status."""
    from morsecensus.pipeline.run.follow import follow, line

    found: dict[str, Any] = {}
    console = new_console(err=True, quiet=quiet)
    with console.status("") if console.is_terminal else nullcontext() as shown:
        before = ""
        for found in follow(store):
            if shown is not None:
                shown.update(line(found))
            elif (now := line(found)) != before:
                console.print(before := now, highlight=False)
    return found


@app.command(epilog="Example: morsecensus show runs/demo")
def show(store: Store, as_json: Json = False) -> None:
    """Say what a store holds: its study, cells, points, and where the dataset is."""
    with user_errors():
        from morsecensus.pipeline.commands import show as command

        found = command.contents(store)
        if as_json:
            print_json(found)
            return
        print_table(found["cells"], found["name"])
        for line in command.lines(found):
            say(plain(line))


@app.command(epilog="Example: morsecensus columns runs/demo")
def columns(
    store: Annotated[
        str | None, typer.Argument(metavar="[STORE]", help="The store of a run; all of a census if none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the columns of a store, or all that a census can write: name, dimensions, unit, meaning."""
    with user_errors():
        from morsecensus.pipeline.commands.columns import census_columns, stored_columns

        rows = census_columns() if store is None else stored_columns(store)
        if as_json:
            print_json(rows)
        else:
            print_table([{"name": row["name"], **row} for row in rows], store or "census")


@app.command(epilog="Example: morsecensus export runs/demo --format parquet")
def export(
    store: Store,
    kind: Annotated[
        str,
        typer.Option("--format", help="zip: the dataset as it is, parquet: tables, netcdf: a file a cell."),
    ] = "zip",
    out: Annotated[
        Path | None,
        typer.Option(help="A new file, or folder, by the format; named after the study, here, if not given."),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write the dataset of a finished run as one thing to publish: with a datasheet, citation, metadata and
    checksums, which `morsecensus verify` and `sha256sum -c` hold it against.
    """
    with user_errors(quiet=quiet):
        from morsecensus.pipeline.export.write import export_store

        made = export_store(store, kind, out)
        if as_json:
            print_json(made.record())
        elif not quiet:
            say(str(made.path))
            say(f"{made.files} files; SHA-256 of the manifest: {made.manifest}")


@app.command(epilog="Example: morsecensus report runs/demo --dask tcp://127.0.0.1:8786")
def report(
    store: Store,
    out: Annotated[
        Path | None,
        typer.Option(help="A folder for the page, figures and tables; STORE/report if not given."),
    ] = None,
    dask: Annotated[
        str,
        typer.Option(
            metavar="WHERE",
            help="Where points are read and reduced: threads, ray, ray:ADDRESS (a running Ray cluster, such "
            "as ray:auto), or the address of a Dask scheduler, such as tcp://host:8786.",
        ),
    ] = "threads",
    check: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="How the dataset is held against its record first: sizes (a listing), or crc (all contents "
            "are read and compared).",
        ),
    ] = "sizes",
    partial: Annotated[
        bool,
        typer.Option("--partial", help="Of what is committed so far, of a run that isn't finished."),
    ] = False,
    plugin: Plugin = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write one self-contained HTML page, figures and CSV tables; the same wherever it is computed."""
    with user_errors(quiet=quiet):
        from morsecensus.pipeline.backends.dask_scheduler import scheduler
        from morsecensus.pipeline.commands.report import default_folder, listed, write_report

        with scheduler(dask, new_console(err=True, quiet=quiet)):
            command = shlex.join(["morsecensus", *sys.argv[1:]])
            page = write_report(store, out or default_folder(store), check, partial, command)
        if as_json:
            print_json(listed(store, page))
        elif not quiet:
            say(str(page))
