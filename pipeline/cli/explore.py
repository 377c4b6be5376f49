"""The command that writes a page to look around in: explore."""

from pathlib import Path
from typing import Annotated, Any

import typer

from morsecensus.pipeline.cli.console import print_json, say, user_errors
from morsecensus.pipeline.cli.model_options import options_of
from morsecensus.pipeline.cli.options import Json, Plugin
from morsecensus.tasks.landscapes.registry import MODELS

app = typer.Typer()
"""Becomes part of the command line in `pipeline.cli.app`."""


@app.command(epilog='Example: morsecensus explore --xi "q^3" --n 3 --seed 1 --out landscape.html')
@options_of(MODELS)
def explore(
    given: dict[str, Any],
    store: Annotated[str | None, typer.Argument(metavar="[STORE]", help="The store of a run.")] = None,
    n: Annotated[int | None, typer.Option(help="Dimension; 3 is a globe.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of a study; 1 if not given.")] = None,
    model: Annotated[str | None, typer.Option(help="The landscape's model; pspin if not given.")] = None,
    landscape: Annotated[
        int | None, typer.Option(help="Number of the landscape in that study; 0 if not given.")
    ] = None,
    landscapes: Annotated[
        int | None,
        typer.Option(help="Landscapes of each cell of STORE that are in its page; 3 if not given."),
    ] = None,
    max_paths: Annotated[
        int | None, typer.Option(help="Refuse landscapes with more paths; 2^21 if not given.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A new file for the page; STORE/explorer.html or explorer.html if not given."),
    ] = None,
    as_json: Json = False,
    plugin: Plugin = None,
) -> None:
    """Write one self-contained HTML page to look around in a landscape (globe, merge tree, barcode, Betti
    numbers at a level to drag) or in the study of STORE (histograms, counts, landscapes to open).
    """
    with user_errors():
        from morsecensus.pipeline.commands import explore as command
        from morsecensus.pipeline.errors import UsageError

        named = {"n": n, "seed": seed, "model": model, "landscape": landscape, "max_paths": max_paths}
        if store is None and n is None:
            raise UsageError("--n: got nothing and no STORE, allowed: one of them")
        page = command.explore(store, named, given, landscapes, out, "--")
        if as_json:
            print_json({"page": str(page), "bytes": page.stat().st_size})
        else:
            say(str(page))
