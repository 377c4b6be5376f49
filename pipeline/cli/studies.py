"""Commands that compute a study and keep its store sound: run, compact, plan, verify, repair."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from morsecensus.pipeline.cli.console import fail, new_console, print_json, print_table, say, user_errors
from morsecensus.pipeline.cli.options import (
    Address,
    Backend,
    Body,
    Gpus,
    Json,
    Plugin,
    Quiet,
    Store,
    StudyFile,
    Workers,
)

if TYPE_CHECKING:
    from morsecensus.pipeline.run.check import DeepReport
    from morsecensus.pipeline.run.plan import Plan
    from morsecensus.storage.verify import Report

app = typer.Typer()
"""Becomes part of the command line in `pipeline.cli.app`."""
SHORT = 0.5
"""A budget below this share of what closing is likely to take, a rough number, is pointed out."""


@app.command(epilog="Example: morsecensus run study.toml --backend ray --workers 8")
def run(
    study: StudyFile,
    store: Annotated[str | None, typer.Option(help="Where to; by default runs/<name of the study>.")] = None,
    backend: Backend = "serial",
    address: Address = None,
    workers: Workers = None,
    gpus: Gpus = 0.0,
    allow_environment: Annotated[
        bool, typer.Option("--allow-environment", help="Go on in another environment, kept apart.")
    ] = False,
    part: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Part I of N of its blocks alone, in a store that all parts share."),
    ] = None,
    metrics: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep a file for Prometheus, such as run.prom: how far it is."),
    ] = None,
    body: Body = None,
    plugin: Plugin = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run a study; resume or extend it if the store exists. Ctrl-C stops cleanly (exit code 130)."""
    with user_errors(quiet=quiet):
        from morsecensus.pipeline.run.run import Settings, part_of, run_study
        from morsecensus.pipeline.study.study import read_study

        console = new_console(err=True, quiet=quiet)
        share = part_of(part)
        parsed = read_study(study)
        settings = Settings(backend, workers, address, allow_environment, gpus, share, metrics)
        outcome = run_study(parsed, store or f"runs/{parsed.name}", settings, console, body=body)
        if as_json:
            print_json(outcome.record())
        elif not quiet and outcome.dataset is None:
            say(f"{outcome.store}: part {outcome.part} is done; the last part to end writes the dataset")
        elif not quiet:
            say(f"{outcome.store}/{outcome.dataset}")
        if outcome.failure is not None:
            fail(f"{outcome.failure}; {outcome.remedy}", 1)


@app.command(epilog="Example: morsecensus compact runs/demo")
def compact(
    store: Store,
    backend: Backend = "serial",
    address: Address = None,
    workers: Workers = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write the dataset of a run whose blocks are all done, unless it is there already."""
    with user_errors(quiet=quiet):
        from morsecensus.pipeline.run.compaction import compact_store
        from morsecensus.pipeline.run.run import Settings

        settings = Settings(backend, workers, address)
        dataset, left = compact_store(store, settings, new_console(err=True, quiet=quiet))
        if as_json:
            print_json({"store": store, "dataset": dataset, "blocks": left.blocks, "failed": left.failed})
        elif not quiet:
            say(f"{store}/{dataset}")
        if left.failed:
            fail(f"{left.failed} blocks failed, see {store}/failed; running their parts again tries them", 1)


@app.command(epilog="Example: morsecensus train examples/networks.toml --store runs/networks")
def train(
    study: StudyFile,
    store: Annotated[str | None, typer.Option(help="Where to; by default runs/<name of the study>.")] = None,
    backend: Backend = "serial",
    address: Address = None,
    workers: Workers = None,
    plugin: Plugin = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run a study with [[networks]], and say what came of each network. Resumes and extends, as run does."""
    with user_errors(quiet=quiet):
        from morsecensus.pipeline.commands import train as command
        from morsecensus.pipeline.run.run import Settings, run_study
        from morsecensus.pipeline.study.study import read_study

        parsed = read_study(study)
        for warning in command.check_trains(parsed):
            typer.echo(f"morsecensus: {warning}", err=True)
        settings = Settings(backend, workers, address)
        place = store or f"runs/{parsed.name}"
        outcome = run_study(parsed, place, settings, new_console(err=True, quiet=quiet))
        rows = [] if outcome.failure else command.trained(place)
        if as_json:
            print_json(outcome.record() | {"networks": rows})
        elif not quiet:
            print_table(command.readable(rows), parsed.name)
            say(f"{outcome.store}/{outcome.dataset}")
        if outcome.failure is not None:
            fail(f"{outcome.failure}; the same command tries them again", 1)


@app.command(epilog="Example: morsecensus plan study.toml --json")
def plan(study: StudyFile, as_json: Json = False, body: Body = None, plugin: Plugin = None) -> None:
    """Say what a study will cost: blocks, expected counts, memory per task, disk, time on one worker."""
    with user_errors():
        from morsecensus.pipeline.run.plan import available_memory, make_plan
        from morsecensus.pipeline.study.study import read_study

        parsed = read_study(study)
        made = make_plan(parsed, body=body, memory=available_memory())
        if as_json:
            print_json(made.rows())
        else:
            _show_plan(made)


def _show_plan(made: "Plan") -> None:
    from morsecensus.pipeline.phases import time_text
    from morsecensus.pipeline.run.plan import rounded, size_text
    from morsecensus.tasks.finders.choose import FINDERS

    rows = made.rows()
    print_table([_plan_line(made, number, row) for number, row in enumerate(rows)], made.study.name)
    known = [row["seconds"] for row in rows]
    total = None if None in known else sum(known)
    disk = size_text(sum(row["disk_bytes"] for row in rows))
    say(f"{time_text(total)} on one worker (a rough guess, without 4 s a cell to compile), {disk} on disk")
    for row in rows:
        if row["finder_choice"] is not None:
            say(f"{row['cell']}: {row['finder']}: {row['finder_choice']}")
    short = [row for row in rows if row["budget"] is not None and row["budget"] < SHORT]
    bottom = [row for row in short if FINDERS[row["finder"]].bottom]
    _show_short([row for row in short if row not in bottom], "use finder low-index for the bottom alone")
    _show_short(bottom, "lower max_index")
    for line in rounded(made):
        say(line)


def _show_short(rows: list[dict[str, Any]], instead: str) -> None:
    """Point out cells whose landscapes will stay open, all in one line."""
    if rows:
        shares = sorted({f"{row['budget']:.1g}" for row in rows}, key=float)
        range_ = " to ".join(dict.fromkeys((shares[0], shares[-1])))
        say(
            f"{', '.join(row['cell'] for row in rows)}: most landscapes will stay open: the budget of "
            f"starts is about {range_} of what closing one takes; raise max_rounds, or {instead}"
        )


def _plan_line(made: "Plan", number: int, row: dict[str, Any]) -> dict[str, Any]:
    from morsecensus.pipeline.phases import time_text
    from morsecensus.pipeline.run.plan import size_text

    return {
        "cell": row["cell"],
        "model": row["model"],
        **made.cells[number].layout.spec["parameters"],
        "n": row["n"],
        "finder": row["finder"] or row["label"] or row["body"],
        "landscapes": row["landscapes"],
        "blocks": f"{row['blocks']} of {row['block']}",
        "points each": row["expected_points_per_landscape"],
        "memory": size_text(row["memory_bytes_per_task"]),
        "disk": size_text(row["disk_bytes"]),
        "time": time_text(row["seconds"]),
    }


@app.command(epilog="Example: morsecensus verify runs/demo --deep")
def verify(
    store: Store,
    deep: Annotated[bool, typer.Option("--deep", help="Also compute a sample of blocks again.")] = False,
    blocks: Annotated[
        int | None, typer.Option(min=1, help="Blocks per cell that --deep computes; 4 if not given.")
    ] = None,
    as_json: Json = False,
    body: Body = None,
    plugin: Plugin = None,
) -> None:
    """Re-read every object of a store against its markers. Exit code 1 if something is damaged."""
    with user_errors():
        from morsecensus.pipeline.errors import UsageError
        from morsecensus.pipeline.run import check

        if blocks is not None and not deep:
            raise UsageError(f"--blocks: got {blocks} without --deep, allowed: with it")
        report, again = check.verify_store(store, deep=deep, blocks=blocks or 4, body=body)
        if as_json:
            print_json(_verified(report, again if deep else None))
        else:
            _show_verified(report, again if deep else None)
        if report.problems:
            fail(f"{len(report.problems)} problems: {check.remedy(store, report)}", 1)


def _verified(report: "Report", again: "DeepReport | None") -> dict[str, Any]:
    return {
        "planned": report.planned,
        "done": report.done,
        "failed": report.failed,
        "objects": report.objects,
        "problems": [vars(problem) for problem in report.problems],
        "bad_blocks": [list(block) for block in report.bad_blocks],
        "leftovers": report.leftovers,
        "deep": None if again is None else vars(again),
    }


def _show_verified(report: "Report", again: "DeepReport | None") -> None:
    from morsecensus.pipeline.errors import plain

    for problem in report.problems:
        say(plain(problem.text))
    say(
        f"{report.done} of {report.planned} blocks done, {report.failed} failed, "
        f"{report.objects} objects read, {len(report.problems)} damaged, "
        f"{len(report.leftovers)} leftovers of a kill or former datasets"
    )
    if again is not None:
        say(f"{again.computed} blocks computed again, {again.bitwise} compared byte for byte")


@app.command(epilog="Example: morsecensus repair runs/demo")
def repair(
    store: Store,
    backend: Backend = "serial",
    address: Address = None,
    workers: Workers = None,
    gpus: Gpus = 0.0,
    body: Body = None,
    plugin: Plugin = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Delete what verify finds damaged and compute it again, under the lease."""
    with user_errors(quiet=quiet):
        from morsecensus.pipeline.run import check
        from morsecensus.pipeline.run.run import Settings

        settings = Settings(backend, workers, address, gpus=gpus)
        console = new_console(err=True, quiet=quiet)
        report, outcome = check.repair_store(store, settings, console, body=body)
        if as_json:
            damaged = {"damaged_blocks": [list(block) for block in report.bad_blocks]}
            print_json({**outcome.record(), **damaged, "leftovers": report.leftovers})
        elif not quiet:
            say(
                f"{len(report.bad_blocks)} damaged blocks and {len(report.leftovers)} leftovers removed, "
                f"{outcome.computed_blocks} blocks computed"
            )
        if outcome.failed:
            fail(f"{len(outcome.failed)} blocks failed, see {store}/failed", 1)
