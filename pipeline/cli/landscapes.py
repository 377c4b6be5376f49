"""Commands on a model or one landscape: predict, census, enumerate, topology, couplings, flow."""

from pathlib import Path
from typing import Annotated, Any

import typer

from morsecensus.pipeline.cli.console import new_console, print_json, print_table, say, user_errors
from morsecensus.pipeline.cli.model_options import model_options, options_of
from morsecensus.pipeline.cli.options import (
    Address,
    Backend,
    Certify,
    Dimension,
    Json,
    MaxPaths,
    Model,
    Number,
    OutFolder,
    Paths,
    Plugin,
    Seed,
    Threads,
    Where,
    Workers,
)
from morsecensus.pipeline.cli.tables import cell_text
from morsecensus.pipeline.study.parameters import flowing, trained
from morsecensus.tasks.landscapes.registry import MODELS

POINT_COLUMNS = ("energy", "index", "radius")

Sweep = Annotated[
    str | None,
    typer.Option(metavar="NAME=V1,V2,...", help="Several values of one parameter: recovery against it."),
]
StartOverlap = Annotated[
    float | None, typer.Option(help="Overlap of the starts with the signal; uniform ones if not given.")
]
Spikes = Annotated[
    str | None,
    typer.Option(
        help="Strengths theta, such as 0.5,1.5,2: outliers of Hessians where flows without signal get to."
    ),
]
KeptStore = Annotated[
    str | None, typer.Option(help="Keep the run here: it can be stopped, goes on, and can be extended.")
]

FinderOptions = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="An option of the finder: docs/finders.md."),
]

app = typer.Typer()
"""Becomes part of the command line in `pipeline.cli.app`."""


@app.command(epilog='Example: morsecensus predict --xi "q^3" --n 4:20 --energy=-1.7:-1.5:9')
@model_options
def predict(
    n: Annotated[str, typer.Option(help='Dimensions: "8", "4:20" (inclusive), "4,6,8".')],
    given: dict[str, Any],
    model: Annotated[str, typer.Option(help="A model with a theory, such as pspin or partite.")] = "pspin",
    energy: Annotated[
        str | None, typer.Option(help="Numbers by energy per spin, A:B:M: in M bins from A to B.")
    ] = None,
    max_index: Annotated[
        int | None, typer.Option(help="Only the points of index 0 to this: exact to n = 401 (pspin).")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="Also T_d, T_s, states and aging at this temperature (pspin).")
    ] = None,
    as_json: Json = False,
    plugin: Plugin = None,
) -> None:
    """Expected counts at finite N by the Kac-Rice formula: totals, by index, by energy; and the limits."""
    with user_errors():
        from morsecensus.pipeline.commands import predict as command
        from morsecensus.pipeline.commands.thermal import thermal_lines

        rows = command.predictions(model, n, given, energy, max_index, temperature)
        if as_json:
            print_json(rows)
        else:
            what = ", ".join(f"{name} = {value}" for name, value in given.items() if value is not None)
            title = f"mean numbers of critical points, {model}" + (f", {what}" if what else "")
            if max_index is None:
                print_table([command.readable(row) for row in rows], title)
            else:
                print_table([line for row in rows for line in command.readable_indices(row)], title)
                for row in rows:
                    say(command.lowest_line(row))
            for told in (command.equal_line, command.many_teachers_line):
                for line in filter(None, map(told, rows)):
                    say(line)
            for row in rows:
                if energy is not None:
                    print_table(command.readable_energies(row), f"mean numbers by energy, n = {row['n']}")
            say(command.route_line(rows))
            say(command.limits_line(rows[0]["limits"]))
            if temperature is not None:
                for line in thermal_lines(rows[0]["limits"]["thermal"]):
                    say(line)
            say("More indices and errors: --json.")


@app.command(epilog='Example: morsecensus census --xi "q^3" --n 30 --finder low-index')
@options_of(MODELS)
def census(
    n: Dimension,
    given: dict[str, Any],
    seed: Seed = 1,
    model: Annotated[str, typer.Option(help="A model.")] = "pspin",
    landscape: Number = 0,
    finder: Annotated[
        str, typer.Option(help="multistart, homotopy, sampled-homotopy, low-index; auto chooses by cost.")
    ] = "multistart",
    option: FinderOptions = None,
    max_index: Annotated[
        int | None, typer.Option(help="Of low-index: points of index 0 to this are sought.")
    ] = None,
    positions: Annotated[bool, typer.Option("--positions", help="Positions too, with --json.")] = False,
    as_json: Json = False,
    plugin: Plugin = None,
) -> None:
    """Find the critical points of one landscape by any finder: how many, at what energies, and whether these
    are all.

    The numbers are those that a study with this seed stores of this landscape. For a proof that no point is
    missing: enumerate.
    """
    with user_errors():
        from morsecensus.pipeline.commands import census as command

        if positions and not as_json:
            from morsecensus.pipeline.errors import UsageError

            raise UsageError("--positions: got without --json, allowed: with it")
        options = command.read_options(finder, option or [], max_index)
        spec = command.census_spec(model, given, n, seed, landscape, finder, options, positions=positions)
        found = command.take_census(spec, landscape)
        if as_json:
            print_json(found)
            return
        print_table(command.level_rows(found), f"{_title(spec, landscape)}, {found['finder']}")
        if found["finder"] == command.LOW_INDEX:
            print_table(
                command.search_rows(found),
                "hits from above and below, coverage from above, points by recapture",
            )
        for line in (*command.census_verdict(found), command.effort_line(found)):
            say(line)


@app.command(epilog="Example: morsecensus shares --model relu-units --k 9 --runs 1000")
@options_of(trained())
def shares(
    k: Annotated[int, typer.Option(help="Number of teachers, and dimension of the inputs.")],
    given: dict[str, Any],
    runs: Annotated[int, typer.Option(help="Descents, from weights N(0, 1/k).")] = 1000,
    seed: Seed = 1,
    model: Annotated[str, typer.Option(help="A model.")] = "relu-units",
    as_json: Json = False,
    plugin: Plugin = None,
) -> None:
    """Where descents of a network end: families of minima up to relabelling, and the share above loss 0.

    Nothing is called complete here: these are the minima that training finds.
    """
    with user_errors():
        from morsecensus.pipeline.commands import shares as command

        found = command.take_shares(command.shares_spec(model, given, k, runs, seed))
        if as_json:
            print_json(found)
            return
        print_table(command.family_rows(found), f"{found['model']}, k = {k}, seed {seed}")
        say(command.share_line(found))


@app.command(name="enumerate", epilog='Example: morsecensus enumerate --xi "q^3" --n 10 --seed 1')
@options_of(MODELS)
def enumerate_points(
    n: Dimension,
    seed: Seed,
    given: dict[str, Any],
    model: Model = "pspin",
    landscape: Number = 0,
    points: Annotated[bool, typer.Option("--points", help="List the points.")] = False,
    as_json: Json = False,
    certify: Certify = "all",
    max_paths: MaxPaths = 2**21,
    backend: Where = "serial",
    workers: Threads = None,
    address: Address = None,
    plugin: Plugin = None,
    store: Paths = None,
) -> None:
    """Find every critical point of one landscape, counted against algebra; prove them, and that none is
    missing.

    The proof: as many complex solutions exist and differ as there can be, in arithmetic that bounds its own
    rounding. With --certify real that they differ rests on their endpoints in doubles.

    Counts are of points on the whole manifold, all signs. Paths per second are those from the first path's
    start to the last one's end, retries included; machine code is loaded before.

    With --store paths are committed a few thousand at a time: after a kill the same command goes on with
    them, and ends with the same points.
    """
    with user_errors():
        from morsecensus.pipeline.commands.enumerate import cell_spec, enumerated, threads_of, verdict
        from morsecensus.pipeline.run.run import Settings

        settings = Settings(backend, workers, address)
        spec = cell_spec(model, given, n, seed, max_paths, threads_of(settings), certify)
        found = enumerated("enumerate", spec, landscape, settings, store, points=points)
        if as_json:
            print_json(found)
            return
        counts = [{"index": k, "points": count} for k, count in enumerate(found["by_index"])]
        print_table([*counts, {"index": "all", "points": found["total"]}], _title(spec, landscape))
        if points:
            shown = [{name: point[name] for name in POINT_COLUMNS} for point in found["points"]]
            print_table(shown, "points, lowest energy first; radius: of a box that holds no other")
        for line in verdict(found):
            say(line)
        if points:
            say("Positions: --json.")


def _title(spec: dict[str, Any], landscape: int) -> str:
    known = ", ".join(f"{name} = {cell_text(value)}" for name, value in spec["parameters"].items())
    return f"{known}, n = {spec['n']}, seed {spec['seed']}, landscape {landscape}"


@app.command(epilog='Example: morsecensus topology --xi "q^3" --n 4 --seed 1 --json')
@options_of(MODELS)
def topology(
    n: Dimension,
    seed: Seed,
    given: dict[str, Any],
    model: Model = "pspin",
    landscape: Number = 0,
    as_json: Json = False,
    max_paths: MaxPaths = 2**21,
    backend: Where = "serial",
    workers: Threads = None,
    address: Address = None,
    plugin: Plugin = None,
) -> None:
    """Persistent homology of the sublevel sets of one landscape, from all its critical points and the
    gradient lines between them.
    """
    with user_errors():
        from morsecensus.pipeline.commands.enumerate import (
            cell_spec,
            enumerated,
            persistence_rows,
            threads_of,
            topology_verdict,
        )
        from morsecensus.pipeline.run.run import Settings

        settings = Settings(backend, workers, address)
        spec = cell_spec(model, given, n, seed, max_paths, threads_of(settings))
        found = enumerated("topology", spec, landscape, settings)
        if as_json:
            print_json(found)
            return
        print_table(persistence_rows(found), _title(spec, landscape))
        for line in topology_verdict(found):
            say(line)
        say("All pairs: --json.")


@app.command(epilog="Example: morsecensus couplings study.toml --landscape 0:4 --out c.npz")
def couplings(
    source: Annotated[str, typer.Argument(metavar="STUDY.toml|STORE", help="A study or the store of a run.")],
    out: Annotated[Path, typer.Option(help="A new file, .npz, or Zarr group, .zarr.")],
    landscape: Annotated[
        str, typer.Option(help='Number of the landscape, or of several: "0", "0:4" (inclusive).')
    ] = "0",
    cell: Annotated[str | None, typer.Option(help="A cell, such as c0000; the only one by default.")] = None,
    packed: Annotated[
        bool, typer.Option("--packed", help="Each entry of a symmetric tensor once, not the whole tensor.")
    ] = False,
    as_json: Json = False,
    plugin: Plugin = None,
) -> None:
    """Write the couplings of landscapes to a file that model = "given" reads."""
    with user_errors():
        from morsecensus.pipeline.commands.couplings import export

        found = export(source, cell, landscape, out, packed)
        if as_json:
            print_json(found)
            return
        for name, shape in found["arrays"].items():
            say(f"{name}: {' x '.join(map(str, shape))}")
        say(found["out"])


@app.command(epilog='Example: morsecensus flow --xi "q^3" --n 50,100')
@options_of(flowing())
def flow(
    n: Annotated[str, typer.Option(help='Dimensions: "100", "50,100,200".')],
    given: dict[str, Any],
    model: Annotated[str, typer.Option(help="A model, such as pspin or matrix-tensor.")] = "pspin",
    sweep: Sweep = None,
    landscapes: Annotated[int, typer.Option(help="Landscapes at each N and value.")] = 20,
    starts: Annotated[int, typer.Option(help="Starts on each landscape.")] = 32,
    overlap: StartOverlap = None,
    until: Annotated[
        float, typer.Option(help="Time of the flow; its end then descends to a minimum.")
    ] = 20.0,
    looks: Annotated[int, typer.Option(help="Times at which energy and overlap are noted.")] = 40,
    success: Annotated[float, typer.Option(help="Final overlap above which the signal is found.")] = 0.5,
    spikes: Spikes = None,
    seed: Seed = 1,
    out: OutFolder = None,
    store: KeptStore = None,
    backend: Backend = "serial",
    address: Address = None,
    workers: Workers = None,
    as_json: Json = False,
    plugin: Plugin = None,
) -> None:
    """Gradient flow from random starts: energy and overlap with a signal against time and against N to
    infinity, and how many starts find the signal.
    """
    with user_errors():
        from morsecensus.pipeline.commands import flow as command
        from morsecensus.pipeline.run.run import Settings

        cells, strengths = command.flow_cells(model, given, sweep), command.spike_strengths(spikes)
        sizes = command.parse_sizes(n)
        plan = command.FlowPlan(
            model, cells, sizes, landscapes, starts, overlap, until, looks, success, seed, strengths
        )
        rows = command.run_flows(plan, Settings(backend, workers, address), out, new_console(err=True), store)
        if as_json:
            print_json(rows)
            return
        print_table([command.readable(row) for row in rows], f"gradient flow, {model}")
        if out is not None:
            say(f"Tables and figures: {out}")
