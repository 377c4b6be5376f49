"""Mistakes and failures as the user sees them: one line each, and the exit code that goes with it."""

from pathlib import Path

from morsecensus.storage.errors import spelled_out

MAX_LINE = 2000


class UsageError(Exception):
    """Wrong input: the text names the field, what was got, what is allowed. Exit code 2."""

    exit_code = 2


class RunError(Exception):
    """A run that cannot go on, or a problem that was found. Exit code 1."""

    exit_code = 1


class Interrupted(Exception):
    """The user asked to stop; the store is whole and the next run goes on. Exit code 128 + signal."""

    def __init__(self, text: str, exit_code: int):
        super().__init__(text)
        self.exit_code = exit_code


def shown(value: object, limit: int = 60) -> str:
    """Return a value as it may stand in a one-line message: no control characters, not too long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of more than 4300 digits, tables in tables in tables
        return f"a {type(value).__name__} too long to be shown"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def require_new(out: Path) -> None:
    """Raise UsageError for an ``--out`` that would take the place of something."""
    if out.exists() or out.is_symlink():
        raise UsageError(f"--out: {out} is there already: choose another name")


def plain(text: str, limit: int = MAX_LINE) -> str:
    """Return text as it may reach a terminal: what isn't printable, such as escape sequences and marks that
    turn the direction of writing, is spelled out.
    """
    return spelled_out(text if len(text) <= limit else text[: limit - 3] + "...")
