"""Options and arguments that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from morsecensus.pipeline.cli.console import user_errors


def _read_plugins(paths: list[Path] | None) -> list[Path] | None:
    """Before the other options are read, for those may be of a plugin's model."""
    for path in paths or ():
        with user_errors():
            from morsecensus.pipeline.plugins import read_plugin

            read_plugin(path)
    return paths


StudyFile = Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study.")]
Store = Annotated[str, typer.Argument(metavar="STORE", help="The store of a run: a folder or an fsspec URL.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors, and --json if it is given.")]
Backend = Annotated[str, typer.Option(help="Where blocks run: serial or ray.")]
Address = Annotated[str | None, typer.Option(help="A running Ray cluster, such as auto or ray-head:6379.")]
Workers = Annotated[int | None, typer.Option(help="CPUs of a local Ray; all of them by default.")]
Gpus = Annotated[
    float, typer.Option(help="Share of a GPU for each Ray worker, such as 0.25 or 1; 0 computes on CPUs.")
]
Body = Annotated[str | None, typer.Option(hidden=True)]
Model = Annotated[str, typer.Option(help="A model whose critical points algebra counts.")]
Dimension = Annotated[int, typer.Option(help="Dimension.")]
Seed = Annotated[int, typer.Option(help="Seed of a study.")]
Number = Annotated[int, typer.Option(help="Number of the landscape in that study.")]
OutFolder = Annotated[
    Path | None, typer.Option(help="A folder for tables as CSV and figures; none are written if not given.")
]
Certify = Annotated[
    str,
    typer.Option(
        help="none; real: each point exists, is unique in a box, has its index; all: also none is missing."
    ),
]
Paths = Annotated[
    str | None,
    typer.Option("--store", help="Folder or URL to commit paths to as they are followed, and to go on from."),
]
MaxPaths = Annotated[int, typer.Option(help="Refuse landscapes with more paths.")]
Where = Annotated[str, typer.Option(help="Where paths are followed: serial (one process) or ray.")]
Threads = Annotated[int | None, typer.Option(help="Threads, or CPUs of a local Ray; all of them by default.")]
Plugin = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE.py",
        help="Models of your own: a file that defines MODELS. Runs it.",
        callback=_read_plugins,
        is_eager=True,
    ),
]
