"""What a command says and how it ends: mistakes as one line with an exit code, tables, JSON."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

_answer: IO[str] | None = None
"""Standard output, while a command keeps it from others."""


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn what a user can cause into one line on standard error and an exit code."""
    from morsecensus.pipeline.errors import Interrupted, RunError, UsageError
    from morsecensus.pipeline.stopping import interruptible
    from morsecensus.storage.errors import RemoteError, StoreError

    try:
        with interruptible(), _own_stdout():
            yield
    except (UsageError, RunError, Interrupted) as error:
        fail(str(error), error.exit_code)
    except (StoreError, RemoteError) as error:
        fail(str(error), 1)
    except KeyboardInterrupt:
        fail("stopped at once; what is committed is safe, the same command goes on from there", 130)
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


def say(text: str) -> None:
    typer.echo(text, file=_answer)


def fail(text: str, code: int) -> NoReturn:
    from morsecensus.pipeline.errors import plain

    typer.echo(f"morsecensus: {plain(' '.join(text.split()))}", err=True)
    raise typer.Exit(code)


def new_console(*, err: bool = False, quiet: bool = False) -> "Console":
    from rich.console import Console

    console = Console(stderr=err, soft_wrap=True, file=None if err else _answer, quiet=quiet)
    if not console.is_terminal:
        console.width = 160  # a log or a pipe: do not squeeze tables into 80 columns
    return console


def print_json(value: Any) -> None:
    say(json.dumps(value, indent=1, allow_nan=False))


def print_table(rows: list[dict[str, Any]], title: str) -> None:
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
        table.add_row(*(Text(plain(cell_text(row.get(name)))) for name in names))
    new_console().print(table)


def cell_text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " ".join(cell_text(entry) for entry in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
