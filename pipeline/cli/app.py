"""The command line. Commands import what they need when they run, so that --help is quick."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from morsecensus.pipeline.cli.model_options import FLOWING, model_options, options_of
from morsecensus.pipeline.worker.bodies import DEFAULT_BODY

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="morsecensus",
    help="A census of the critical points of random landscapes, held against exact Kac-Rice theory.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study.")]
Store = Annotated[str, typer.Argument(metavar="STORE", help="The store of a run: a folder or an fsspec URL.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Backend = Annotated[str, typer.Option(help="Where blocks run: serial or ray.")]
Address = Annotated[str | None, typer.Option(help="A running Ray cluster, such as auto or ray-head:6379.")]
Workers = Annotated[int | None, typer.Option(help="CPUs of a local Ray; all of them by default.")]
Gpus = Annotated[
    float, typer.Option(help="Share of a GPU for each Ray worker, such as 0.25 or 1; 0 computes on CPUs.")
]
Body = Annotated[str, typer.Option(hidden=True)]
Xi = Annotated[str, typer.Option(help='Covariance polynomial, such as "q^3" or "0.5*q^2+0.5*q^3".')]
Dimension = Annotated[int, typer.Option(help="Dimension.")]
Seed = Annotated[int, typer.Option(help="Seed of a study.")]
FieldVariance = Annotated[float, typer.Option(help="Variance S2 of a random linear field.")]
Number = Annotated[int, typer.Option(help="Number of the landscape in that study.")]
Certify = Annotated[
    str,
    typer.Option(
        help="none; real: each point exists, is unique in a box, has its index; all: also none is missing."
    ),
]
MaxPaths = Annotated[int, typer.Option(help="Refuse landscapes with more paths.")]
Where = Annotated[str, typer.Option(help="Where paths are followed: serial (one process) or ray.")]
Threads = Annotated[int | None, typer.Option(help="Threads, or CPUs of a local Ray; all of them by default.")]
_answer: IO[str] | None = None
"""Standard output, while a command keeps it from others."""
POINT_COLUMNS = ("energy", "index", "radius")


@contextmanager
def _user_errors() -> Iterator[None]:
    """Turn what a user can cause into one line on standard error and an exit code."""
    from morsecensus.pipeline.errors import Interrupted, RunError, UsageError
    from morsecensus.pipeline.stopping import interruptible
    from morsecensus.storage.errors import RemoteError, StoreError

    try:
        with interruptible(), _own_stdout():
            yield
    except (UsageError, RunError, Interrupted) as error:
        _fail(str(error), error.exit_code)
    except (StoreError, RemoteError) as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail("stopped at once; what is committed is safe, the same command goes on from there", 130)
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(1) from None


@contextmanager
def _own_stdout() -> Iterator[None]:
    """Keep standard output for what a command says: what libraries and landscapes print meanwhile, from
    Python or from C, goes to standard error, or no program could read ``--json``.
    """
    global _answer
    try:
        ours = sys.stdout.fileno() == 1
    except (OSError, AttributeError, ValueError):
        ours = False
    if not ours:  # somebody else, such as a test, has standard output already
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(kept), "w", encoding=sys.stdout.encoding, errors="replace") as _answer:
            yield
    finally:
        _answer = None
        with suppress(OSError):
            sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _say(text: str) -> None:
    typer.echo(text, file=_answer)


def _fail(text: str, code: int) -> NoReturn:
    from morsecensus.pipeline.errors import plain

    typer.echo(f"morsecensus: {plain(' '.join(text.split()))}", err=True)
    raise typer.Exit(code)


def _console(*, err: bool = False) -> "Console":
    from rich.console import Console

    console = Console(stderr=err, soft_wrap=True, file=None if err else _answer)
    if not console.is_terminal:
        console.width = 160  # a log or a pipe: do not squeeze tables into 80 columns
    return console


def _print_json(value: Any) -> None:
    _say(json.dumps(value, indent=1, allow_nan=False))


def _print_table(rows: list[dict[str, Any]], title: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from morsecensus.pipeline.errors import plain

    # Text, for a string would be read as markup; plain, for names may come from a store.
    table = Table(title=Text(plain(title)), title_justify="left", box=SIMPLE_HEAD)
    names = list(dict.fromkeys(name for row in rows for name in row))  # models differ in their parameters
    for name in names:
        right = any(isinstance(row.get(name), int | float) for row in rows)
        table.add_column(Text(plain(name.replace("_", " "))), justify="right" if right else "left")
    for row in rows:
        table.add_row(*(Text(plain(_cell_text(row.get(name)))) for name in names))
    _console().print(table)


def _cell_text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " ".join(_cell_text(entry) for entry in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


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
    body: Body = DEFAULT_BODY,
) -> None:
    """Run a study; resume or extend it if the store exists. Ctrl-C stops cleanly (exit code 130)."""
    with _user_errors():
        from morsecensus.pipeline.run.run import Settings, run_study
        from morsecensus.pipeline.study.study import read_study

        console = _console(err=True)
        parsed = read_study(study)
        settings = Settings(backend, workers, address, allow_environment, gpus)
        outcome = run_study(parsed, store or f"runs/{parsed.name}", settings, console, body=body)
        _say(f"{outcome.store}/{outcome.dataset}")
        if outcome.failed:
            name, message = next(iter(outcome.failed.items()))
            _fail(
                f"{len(outcome.failed)} blocks failed, see {outcome.store}/failed; the first: {name}: "
                f"{message}; the same command tries them again",
                1,
            )


@app.command(epilog="Example: morsecensus plan study.toml --json")
def plan(study: StudyFile, as_json: Json = False, body: Body = DEFAULT_BODY) -> None:
    """Say what a study will cost: blocks, expected counts, memory per task, disk, time on one worker."""
    with _user_errors():
        from morsecensus.pipeline.run.plan import available_memory, make_plan, size_text, time_text
        from morsecensus.pipeline.study.study import read_study

        parsed = read_study(study)
        made = make_plan(parsed, body=body, memory=available_memory())
        rows = made.rows()
        if as_json:
            _print_json(rows)
            return
        shown = [
            {
                "cell": row["cell"],
                "model": row["model"],
                **made.cells[number].layout.spec["parameters"],
                "n": row["n"],
                "finder": row["finder"],
                "landscapes": row["landscapes"],
                "blocks": f"{row['blocks']} of {row['block']}",
                "points each": row["expected_points_per_landscape"],
                "memory": size_text(row["memory_bytes_per_task"]),
                "disk": size_text(row["disk_bytes"]),
                "time": time_text(row["seconds"]),
            }
            for number, row in enumerate(rows)
        ]
        _print_table(shown, parsed.name)
        known = [row["seconds"] for row in rows]
        total = None if None in known else sum(known)
        disk = size_text(sum(row["disk_bytes"] for row in rows))
        _say(
            f"{time_text(total)} on one worker (a rough guess, without 4 s a cell to compile), {disk} on disk"
        )
        for row in rows:
            if row["finder_choice"] is not None:
                _say(f"{row['cell']}: {row['finder']}: {row['finder_choice']}")
        for row in rows:
            if row["landscapes"] != row["landscapes_asked"]:
                _say(
                    f"{row['cell']}: {row['landscapes_asked']} landscapes asked, {row['landscapes']} "
                    f"computed: blocks of {row['block']} are always whole"
                )


@app.command(epilog="Example: morsecensus status runs/demo")
def status(store: Store, as_json: Json = False) -> None:
    """Say how far a run is: blocks planned, committed, failed."""
    with _user_errors():
        from morsecensus.pipeline.run import check

        found = check.status(store)
        if as_json:
            _print_json(found)
            return
        holder = found["running"]
        state = f"running (host {holder['host']}, pid {holder['pid']})" if holder else "not running"
        _print_table(found["cells"], f"{found['name']}: {state}")
        _say(f"dataset: {found['dataset'] or 'none yet'}")


@app.command(epilog="Example: morsecensus verify runs/demo --deep")
def verify(
    store: Store,
    deep: Annotated[bool, typer.Option("--deep", help="Also compute a sample of blocks again.")] = False,
    blocks: Annotated[int, typer.Option(min=1, help="Blocks per cell that --deep computes.")] = 4,
    as_json: Json = False,
    body: Body = DEFAULT_BODY,
) -> None:
    """Re-read every object of a store against its markers. Exit code 1 if something is damaged."""
    with _user_errors():
        from morsecensus.pipeline.errors import plain
        from morsecensus.pipeline.run import check

        report, again = check.verify_store(store, deep=deep, blocks=blocks, body=body)
        if as_json:
            _print_json(
                {
                    "planned": report.planned,
                    "done": report.done,
                    "failed": report.failed,
                    "objects": report.objects,
                    "problems": [vars(problem) for problem in report.problems],
                    "bad_blocks": [list(block) for block in report.bad_blocks],
                    "leftovers": report.leftovers,
                    "deep": vars(again) if deep else None,
                }
            )
        else:
            for problem in report.problems:
                _say(plain(problem.text))
            _say(
                f"{report.done} of {report.planned} blocks done, {report.failed} failed, "
                f"{report.objects} objects read, {len(report.problems)} damaged, "
                f"{len(report.leftovers)} leftovers of a kill or former datasets"
            )
            if deep:
                _say(f"{again.computed} blocks computed again, {again.bitwise} compared byte for byte")
        if report.problems:
            _fail(f"{len(report.problems)} problems: {check.remedy(store, report)}", 1)


@app.command(epilog="Example: morsecensus repair runs/demo")
def repair(
    store: Store,
    backend: Backend = "serial",
    address: Address = None,
    workers: Workers = None,
    gpus: Gpus = 0.0,
    body: Body = DEFAULT_BODY,
) -> None:
    """Delete what verify finds damaged and compute it again, under the lease."""
    with _user_errors():
        from morsecensus.pipeline.run import check
        from morsecensus.pipeline.run.run import Settings

        settings = Settings(backend, workers, address, gpus=gpus)
        report, outcome = check.repair_store(store, settings, _console(err=True), body=body)
        _say(
            f"{len(report.bad_blocks)} damaged blocks and {len(report.leftovers)} leftovers removed, "
            f"{outcome.computed_blocks} blocks computed"
        )
        if outcome.failed:
            _fail(f"{len(outcome.failed)} blocks failed, see {store}/failed", 1)


@app.command(epilog='Example: morsecensus predict --xi "q^3" --n 4:20 --energy=-1.7:-1.5:9')
@model_options
def predict(
    n: Annotated[str, typer.Option(help='Dimensions: "8", "4:20" (inclusive), "4,6,8".')],
    given: dict[str, Any],
    model: Annotated[str, typer.Option(help="A model with a theory, such as pspin or partite.")] = "pspin",
    energy: Annotated[
        str | None, typer.Option(help="Energies per spin: A:B:M, M points from A to B.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Expected counts at finite N by the Kac-Rice formula: totals, by index, by energy; and the limits."""
    with _user_errors():
        from morsecensus.pipeline.commands.predict import limits_line, predictions, readable

        rows = predictions(model, n, given, energy)
        if as_json:
            _print_json(rows)
        else:
            what = ", ".join(f"{name} = {value}" for name, value in given.items() if value is not None)
            title = f"mean numbers of critical points, {model}" + (f", {what}" if what else "")
            _print_table([readable(row) for row in rows], title)
            _say(limits_line(rows[0]["limits"]))
            _say("More indices, energies and errors: --json.")


@app.command(name="enumerate", epilog='Example: morsecensus enumerate --xi "q^3" --n 10 --seed 1')
@model_options
def enumerate_points(
    n: Dimension,
    seed: Seed,
    given: dict[str, Any],
    model: Annotated[str, typer.Option(help="pspin or partite.")] = "pspin",
    landscape: Number = 0,
    points: Annotated[bool, typer.Option("--points", help="List the points.")] = False,
    as_json: Json = False,
    certify: Certify = "all",
    max_paths: MaxPaths = 2**21,
    backend: Where = "serial",
    workers: Threads = None,
    address: Address = None,
) -> None:
    """Find every critical point of one landscape, counted against algebra; prove them, and that none is
    missing.

    The proof: as many complex solutions exist and differ as there can be, in arithmetic that bounds its own
    rounding. With --certify real that they differ rests on their endpoints in doubles.

    Counts are of points on the whole manifold, all signs. Paths per second are those from the first path's
    start to the last one's end, retries included; machine code is loaded before.
    """
    with _user_errors():
        from morsecensus.pipeline.commands.enumerate import cell_spec, on_worker, threads_of, verdict
        from morsecensus.pipeline.run.run import Settings

        settings = Settings(backend, workers, address)
        spec = cell_spec(model, given, n, seed, max_paths, threads_of(settings), certify)
        found = on_worker("enumerate", spec, landscape, settings, _console(err=True), points=points)
        if as_json:
            _print_json(found)
            return
        known = ", ".join(f"{name} = {_cell_text(value)}" for name, value in spec["parameters"].items())
        title = f"{known}, n = {n}, seed {seed}, landscape {landscape}"
        counts = [{"index": k, "points": count} for k, count in enumerate(found["by_index"])]
        _print_table([*counts, {"index": "all", "points": found["total"]}], title)
        if points:
            shown = [{name: point[name] for name in POINT_COLUMNS} for point in found["points"]]
            _print_table(shown, "points, lowest energy first; radius: of a box that holds no other")
        for line in verdict(found):
            _say(line)
        if points:
            _say("Positions: --json.")


@app.command(epilog='Example: morsecensus topology --xi "q^3" --n 4 --seed 1 --json')
def topology(
    xi: Xi,
    n: Dimension,
    seed: Seed,
    field: FieldVariance = 0.0,
    landscape: Number = 0,
    as_json: Json = False,
    max_paths: MaxPaths = 2**21,
    backend: Where = "serial",
    workers: Threads = None,
    address: Address = None,
) -> None:
    """Persistent homology of the sublevel sets of one landscape, from all its critical points and the
    gradient lines between them.
    """
    with _user_errors():
        from morsecensus.pipeline.commands.enumerate import (
            cell_spec,
            on_worker,
            persistence_rows,
            threads_of,
            topology_verdict,
        )
        from morsecensus.pipeline.run.run import Settings

        settings = Settings(backend, workers, address)
        given = {"xi": xi, "field": field}
        spec = cell_spec("pspin", given, n, seed, max_paths, threads_of(settings))
        found = on_worker("topology", spec, landscape, settings, _console(err=True))
        if as_json:
            _print_json(found)
            return
        title = f"xi = {found['xi']}, field {field:g}, n = {n}, seed {seed}, landscape {landscape}"
        _print_table(persistence_rows(found), title)
        for line in topology_verdict(found):
            _say(line)
        _say("All pairs: --json.")


@app.command(epilog="Example: morsecensus couplings study.toml --landscapes 0:4 --out couplings.npz")
def couplings(
    source: Annotated[str, typer.Argument(metavar="STUDY.toml|STORE", help="A study or the store of a run.")],
    out: Annotated[Path, typer.Option(help="A new file, .npz, or Zarr group, .zarr.")],
    landscapes: Annotated[str, typer.Option(help='Numbers of landscapes: "0", "0:4" (inclusive).')] = "0",
    cell: Annotated[str | None, typer.Option(help="A cell, such as c0000; the only one by default.")] = None,
    packed: Annotated[
        bool, typer.Option("--packed", help="Each entry of a symmetric tensor once, not the whole tensor.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the couplings of landscapes to a file that model = "given" reads."""
    with _user_errors():
        from morsecensus.pipeline.commands.couplings import export

        found = export(source, cell, landscapes, out, packed)
        if as_json:
            _print_json(found)
            return
        for name, shape in found["arrays"].items():
            _say(f"{name}: {' x '.join(map(str, shape))}")
        _say(found["out"])


@app.command(
    epilog="Example: morsecensus flow --model matrix-tensor --deltap 1 --sweep delta2=0.3,0.5,0.7 --n 50,100"
)
@options_of(FLOWING)
def flow(
    n: Annotated[str, typer.Option(help='Dimensions: "100", "50,100,200".')],
    given: dict[str, Any],
    model: Annotated[str, typer.Option(help="A model, such as pspin or matrix-tensor.")] = "pspin",
    sweep: Annotated[
        str | None,
        typer.Option(metavar="NAME=V1,V2,...", help="Several values of one parameter: recovery against it."),
    ] = None,
    landscapes: Annotated[int, typer.Option(help="Landscapes at each N and value.")] = 20,
    starts: Annotated[int, typer.Option(help="Starts on each landscape.")] = 32,
    overlap: Annotated[
        float | None, typer.Option(help="Overlap of the starts with the signal; uniform ones if not given.")
    ] = None,
    until: Annotated[
        float, typer.Option(help="Time of the flow; its end then descends to a minimum.")
    ] = 20.0,
    looks: Annotated[int, typer.Option(help="Times at which energy and overlap are noted.")] = 40,
    success: Annotated[float, typer.Option(help="Final overlap above which the signal is found.")] = 0.5,
    spikes: Annotated[
        str | None,
        typer.Option(
            help="Strengths theta, such as 0.5,1.5,2: outliers of Hessians where flows without signal get to."
        ),
    ] = None,
    seed: Seed = 1,
    out: Annotated[Path, typer.Option(help="Folder for tables and figures.")] = Path("flow"),
    backend: Backend = "serial",
    address: Address = None,
    workers: Workers = None,
    as_json: Json = False,
) -> None:
    """Gradient flow from random starts: energy and overlap with a signal against time and against N to
    infinity, and how many starts find the signal.
    """
    with _user_errors():
        from morsecensus.pipeline.commands.flow import (
            FlowPlan,
            flow_cells,
            parse_sizes,
            readable,
            run_flows,
            spike_strengths,
        )
        from morsecensus.pipeline.run.run import Settings

        plan = FlowPlan(
            model,
            flow_cells(model, given, sweep),
            parse_sizes(n),
            landscapes,
            starts,
            overlap,
            until,
            looks,
            success,
            seed,
            spike_strengths(spikes),
        )
        rows = run_flows(plan, Settings(backend, workers, address), out, _console(err=True))
        if as_json:
            _print_json(rows)
            return
        _print_table([readable(row) for row in rows], f"gradient flow, {model}")
        _say(f"Tables and figures: {out}")


@app.command(epilog="Example: morsecensus report runs/demo --out report --dask tcp://127.0.0.1:8786")
def report(
    store: Store,
    out: Annotated[Path, typer.Option(help="Folder for the page, the figures and the tables.")] = Path(
        "report"
    ),
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
) -> None:
    """Write one self-contained HTML page, figures and CSV tables; the same wherever it is computed."""
    with _user_errors():
        from morsecensus.pipeline.backends.dask_scheduler import scheduler
        from morsecensus.pipeline.commands.predict import write_report

        with scheduler(dask, _console(err=True)):
            page = write_report(store, out, check)
        _say(str(page))


def main() -> None:
    """Entry point of the console script."""
    app()
