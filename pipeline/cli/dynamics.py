"""Commands on dynamics: mean-field."""

from typing import Annotated, Any

import typer

from morsecensus.pipeline.cli.console import print_json, print_table, say, user_errors
from morsecensus.pipeline.cli.model_options import options_of
from morsecensus.pipeline.cli.options import Json, OutFolder

app = typer.Typer()
"""Becomes part of the command line in `pipeline.cli.app`."""

Until = Annotated[
    float | None,
    typer.Option(help="The last time; with --step the last step. The last look if not given."),
]
Looks = Annotated[
    str | None, typer.Option(help="Times to look at, or step numbers: 1,2,5. By default twelve, log-spaced.")
]
TwoTime = Annotated[
    str | None,
    typer.Option(
        metavar="TIMES",
        help="Also correlation and response between all pairs of these: 1,2,5.",
    ),
]
Temperature = Annotated[float, typer.Option(help="Of the bath: Langevin dynamics. 0 is gradient flow.")]
StartTemperature = Annotated[
    float | None, typer.Option(help="Start in equilibrium at this temperature; uniform if not given.")
]
Overlap = Annotated[float | None, typer.Option(help="Overlap of the start with the signal; 0 if not given.")]
Step = Annotated[
    float | None,
    typer.Option(help="Of gradient descent, Langevin-Euler or SGD; else time is continuous."),
]
Summands = Annotated[int | None, typer.Option(help="SGD: H is the sum of so many independent fields.")]
Sequence = Annotated[
    str | None,
    typer.Option(
        metavar="RULE|FILE",
        help='SGD: which summand at step t, such as "(t*t+3*t)%7", or a file of integers.',
    ),
]
Sampling = Annotated[
    str | None, typer.Option(help="SGD: replacement (if not given), shuffle (each epoch) or cyclic.")
]
SamplingSeed = Annotated[int | None, typer.Option(help="SGD: of the sampling; 1 if not given.")]
Model = Annotated[
    str | None,
    typer.Option(help="pspin, spiked or matrix-tensor; spiked if --signal is given, pspin otherwise."),
]


@app.command(name="mean-field", epilog='Example: morsecensus mean-field --xi "q^3" --looks 1,2,5,10')
@options_of(("pspin", "spiked", "matrix-tensor"))
def mean_field(
    given: dict[str, Any],
    model: Model = None,
    until: Until = None,
    looks: Looks = None,
    two_time: TwoTime = None,
    temperature: Temperature = 0.0,
    start_temperature: StartTemperature = None,
    overlap: Overlap = None,
    step: Step = None,
    summands: Summands = None,
    sequence: Sequence = None,
    sampling: Sampling = None,
    seed: SamplingSeed = None,
    out: OutFolder = None,
    as_json: Json = False,
) -> None:
    """Dynamics at N to infinity: gradient flow and Langevin; with --step gradient descent and SGD.

    Time is that of dx/dt = -grad H with E H H' = N xi; radial is the radial derivative per spin, correlation
    that with the start.
    """
    with user_errors():
        from morsecensus.pipeline.commands import mean_field as command
        from morsecensus.pipeline.commands.two_time import pair_rows

        found = command.mean_field(
            model,
            given,
            until=until,
            looks=looks,
            two_time=two_time,
            temperature=temperature,
            start_temperature=start_temperature,
            overlap=overlap,
            step=step,
            summands=summands,
            sequence=sequence,
            sampling=sampling,
            seed=seed,
        )
        written = [] if out is None else command.write_mean_field(found, out)
        if as_json:
            print_json(found.json())
        else:
            print_table([command.readable(row) for row in found.rows], found.title)
            if found.two_time is not None:
                print_table(list(pair_rows(found.two_time)), "pairs of times")
            say(f"{found.method}.")
            for path in written:
                say(str(path))
        for note in found.notes:
            typer.echo(f"morsecensus: {note}", err=True)
