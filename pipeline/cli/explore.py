"""The command that writes a page to look around in: explore."""

from pathlib import Path
from typing import Annotated, Any

import typer

from morsecensus.pipeline.cli.console import print_json, say, user_errors
from morsecensus.pipeline.cli.model_options import options_of
from morsecensus.pipeline.cli.options import Json, MaxPaths, Model, Number, Plugin, Seed
from morsecensus.tasks.landscapes.registry import MODELS

app = typer.Typer()
"""Becomes part of the command line in `pipeline.cli.app`."""


@app.command(epilog='Example: morsecensus explore --xi "q^3" --n 3 --seed 1 --out landscape.html')
@options_of(MODELS)
def explore(
    given: dict[str, Any],
    n: Annotated[int | None, typer.Option(help="Dimension; 3 is a globe.")] = None,
    seed: Seed = 1,
    model: Model = "pspin",
    landscape: Number = 0,
    max_paths: MaxPaths = 2**21,
    out: Annotated[Path | None, typer.Option(help="The page; explorer.html if not given.")] = None,
    as_json: Json = False,
    plugin: Plugin = None,
) -> None:
    """Write one self-contained HTML page to look around in a landscape: globe, merge tree, barcode, Betti
    numbers at a level to drag.
    """
    with user_errors():
        from morsecensus.pipeline.commands import explore as command
        from morsecensus.pipeline.errors import UsageError

        if n is None:
            raise UsageError("--n: got nothing, allowed: the dimension of a landscape")
        page = command.explore_landscape(
            model, given, n, seed, landscape, max_paths, out or Path(command.PAGE)
        )
        if as_json:
            print_json({"page": str(page), "bytes": page.stat().st_size})
        else:
            say(str(page))
