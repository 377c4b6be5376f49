"""The command line, put together. Commands import what they need when they run, so that --help is quick."""

import typer

from morsecensus.pipeline.cli import dynamics, landscapes, studies

app = typer.Typer(
    name="morsecensus",
    help="A census of the critical points of random landscapes, held against exact Kac-Rice theory.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (studies.app, landscapes.app, dynamics.app):
    app.add_typer(group)


def main() -> None:
    """Entry point of the console script."""
    app()
