"""The command line, put together. Commands import what they need when they run, so that --help is quick."""

from typing import Annotated

import typer

from morsecensus.pipeline.cli import dynamics, explore, landscapes, stores, studies, writing
from morsecensus.pipeline.cli.console import say

app = typer.Typer(
    name="morsecensus",
    help="A census of the critical points of random landscapes, held against exact Kac-Rice theory.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (writing.app, studies.app, stores.app, landscapes.app, dynamics.app, explore.app):
    for command in group.registered_commands:
        # the list of commands wraps a sentence that it is given, and cuts one that it finds
        command.short_help = " ".join((command.callback.__doc__ or "").split()).partition(". ")[0].rstrip(".")
    app.add_typer(group)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        say(f"morsecensus {version('morsecensus')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """A census of the critical points of random landscapes, held against exact Kac-Rice theory."""
    del version


def main() -> None:
    """Entry point of the console script."""
    app()
