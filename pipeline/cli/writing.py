"""Commands for who writes a study: init, check, schema, models, finders, examples."""

from pathlib import Path
from typing import Annotated

import typer

from morsecensus.pipeline.cli.console import fail, print_json, print_table, say, user_errors
from morsecensus.pipeline.cli.options import Json, Plugin, StudyFile

app = typer.Typer()
"""Becomes part of the command line in `pipeline.cli.app`."""

NewStudy = Annotated[Path, typer.Option(help="A new file; study.schema.json comes beside it, for editors.")]


@app.command(epilog="Example: morsecensus init --model spiked --out study.toml")
def init(
    out: NewStudy = Path("study.toml"),
    model: Annotated[str, typer.Option(help="What is drawn: `morsecensus models`.")] = "pspin",
    plugin: Plugin = None,
) -> None:
    """Write a study to begin with, with the keys of its cells in comments."""
    with user_errors():
        from morsecensus.pipeline.commands.init import write_study

        for path in write_study(out, model):
            say(str(path))


@app.command(epilog="Example: morsecensus check study.toml")
def check(study: StudyFile, as_json: Json = False, plugin: Plugin = None) -> None:
    """Say everything that is wrong with a study at once, unknown keys first. Exit code 2 if anything is."""
    with user_errors():
        from morsecensus.pipeline.commands.check import check_study

        lines, planned = check_study(study)
        if as_json:
            print_json({"study": str(study), "faults": lines, "cells": planned})
        elif not lines:
            say(f"{study}: {planned} cell{'s' * (planned != 1)}, nothing wrong")
        else:
            from morsecensus.pipeline.errors import plain

            for line in lines:
                typer.echo(plain(line), err=True)
        if lines:
            fail(f"{study}: {len(lines)} thing{'s' * (len(lines) > 1)} to mend", 2)


@app.command(epilog="Example: morsecensus schema > study.schema.json")
def schema(plugin: Plugin = None) -> None:
    """Print the JSON Schema of a study, for editors: a study that begins with the line
    "#:schema ./study.schema.json" is completed and checked while it is written.
    """
    with user_errors():
        from morsecensus.pipeline.commands.init import schema_text

        say(schema_text().rstrip())


@app.command(epilog="Example: morsecensus models")
def models(as_json: Json = False, plugin: Plugin = None) -> None:
    """List the models and their parameters."""
    with user_errors():
        from morsecensus.pipeline.commands import catalogue

        found = catalogue.models()
        if as_json:
            print_json(found)
            return
        print_table(catalogue.model_rows(found), "models, to be named in a study or by --model")
        for word in ("theory", "dynamics"):
            say(f"with {word}: {', '.join(one['model'] for one in found if one[word])}")


@app.command(epilog="Example: morsecensus finders")
def finders(as_json: Json = False) -> None:
    """List the finders and their options."""
    with user_errors():
        from morsecensus.pipeline.commands import catalogue

        found = catalogue.finders()
        if as_json:
            print_json(found)
            return
        for one in found:
            print_table(catalogue.option_rows(one), f"{one['finder']}: {one['about']}")
        say(catalogue.AUTO_LINE)


@app.command(epilog="Example: morsecensus examples demo --out study.toml")
def examples(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The one to copy.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="A new file; the example's own name, here, if not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the studies that come with the package, or copy one."""
    with user_errors():
        from morsecensus.pipeline.commands import examples as command

        if name is not None:
            written = [str(path) for path in command.copy(name, out)]
            if as_json:
                print_json({"written": written})
            else:
                for path in written:
                    say(path)
        elif as_json:
            print_json(command.rows())
        else:
            print_table(command.rows(), "examples: morsecensus examples NAME copies one")
