"""What a command says and how it ends: mistakes as one line with an exit code, tables, JSON."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

_answer: IO[str] | None = None
"""Standard output, while a command keeps it from others."""
_options: dict[str, str] = {}
"""Of the command at work: names of parameters -> options."""


@contextmanager
def user_errors(*, quiet: bool = False) -> Iterator[None]:
    """Turn what a user can cause into one line on standard error and an exit code; show what is being done
    meanwhile, unless ``quiet``.
    """
    from morsecensus.pipeline.errors import Interrupted, RunError, UsageError
    from morsecensus.pipeline.phases import shown
    from morsecensus.pipeline.stopping import AT_ONCE, interruptible
    from morsecensus.storage.errors import RemoteError, StoreError

    try:
        with interruptible(), _own_stdout(), shown(quiet=quiet, anywhere=False):
            yield
    except (UsageError, RunError) as error:
        fail(str(error), error.exit_code)
    except Interrupted as error:
        _stopped(str(error), error.exit_code)
    except (StoreError, RemoteError) as error:
        fail(str(error), 1)
    except KeyboardInterrupt:
        _stopped(AT_ONCE, 130)
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(1) from None
    except OSError as error:  # of a file that nobody expected to fail
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}", 1)


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
    """Print a part of the answer: whatever was shown of the work is over."""
    from morsecensus.pipeline.phases import end

    end()
    typer.echo(text, file=_answer)


def fail(text: str, code: int) -> NoReturn:
    from morsecensus.pipeline.errors import plain

    typer.echo(f"morsecensus: {plain(_as_typed(' '.join(text.split())))}", err=True)
    raise typer.Exit(code)


def call_options(names: Mapping[str, str]) -> None:
    """From now on messages call these parameters what the user typed: ``max_paths`` is ``--max-paths``."""
    global _options
    _options = dict(names)


def _as_typed(text: str) -> str:
    """Names are replaced at the beginning, and where they can't be words: not in quotes, not as part of a
    longer name, and not as what ``--option`` sets."""
    field = re.match(r"\w+(?=: )", text)
    if field and field[0] in _options:
        text = _options[field[0]] + text[field.end() :]
    several = "|".join(sorted(re.escape(name) for name in _options if "_" in name))
    if not several:
        return text
    return re.sub(
        rf"(?<![\w.\"'-])(?<!--option )({several})(?![\w.\"'-])", lambda found: _options[found[0]], text
    )


def _stopped(text: str, code: int) -> NoReturn:
    from morsecensus.pipeline.stopping import may_tell

    if not may_tell():  # somebody lost patience and has said it
        raise typer.Exit(code)
    fail(text, code)


def new_console(*, err: bool = False, quiet: bool = False) -> "Console":
    from rich.console import Console

    console = Console(stderr=err, soft_wrap=True, file=None if err else _answer, quiet=quiet)
    if not console.is_terminal:
        console.width = PIPE  # a log or a pipe: do not squeeze tables into 80 columns
    return console


def print_json(value: Any) -> None:
    say(json.dumps(value, indent=1, allow_nan=False))


def print_table(rows: list[dict[str, Any]], title: str) -> None:
    """Print rows below a title, as wide as the terminal; see `tables.table_text`."""
    from morsecensus.pipeline.cli.tables import table_text
    from morsecensus.pipeline.errors import plain

    say(table_text(rows, plain(title), _width()))


PIPE, NOTEBOOK = 160, 80


def _width() -> int:
    """Columns of the terminal that the answer goes to; of a pipe COLUMNS, or what a notebook or a log has."""
    with suppress(OSError, ValueError, AttributeError):
        return os.get_terminal_size((_answer or sys.stdout).fileno()).columns
    if os.environ.get("COLUMNS", "").isdecimal():
        return max(20, int(os.environ["COLUMNS"]))
    return NOTEBOOK if "JPY_PARENT_PID" in os.environ else PIPE
