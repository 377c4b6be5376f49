"""The command line, put together. Commands import what they need when they run, so that --help is quick."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from morsecensus.pipeline.cli import dynamics, explore, landscapes, stores, studies, writing
from morsecensus.pipeline.cli.console import call_options, fail, say
from morsecensus.pipeline.errors import shown

ALLOWED = {"int": "integers", "float": "numbers"}
"""By how the kinds of the parser's errors begin."""


class Commands(TyperGroup):
    """Commands whose mistakes are told in our words: one line, with the option's own name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            options = [one for one in command.params if one.opts[0].startswith("-")]
            call_options({one.name: max(one.opts, key=len) for one in options})
        return name, command, rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            for found in getattr(error.__cause__, "errors", list)():
                allowed = [word for kind, word in ALLOWED.items() if found["type"].startswith(kind)]
                if allowed and error.param is not None:
                    text = f"{error.param.name}: got {shown(found['input'])}, allowed: {allowed[0]}"
                    fail(text, error.exit_code)
            raise


app = typer.Typer(
    cls=Commands,
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
