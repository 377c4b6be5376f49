"""Tables of a study held against what they may have; what is wrong as lines, unknown keys first."""

import difflib
import itertools
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from morsecensus.pipeline.errors import UsageError, shown

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
NEARLY = 0.75
"""Likeness of two words, of 1, from which one may be meant by the other: max_depth is no max_index."""
_Kind = TypeVar("_Kind", bound=BaseModel)


class Checked(BaseModel):
    """A table that has known keys only, of the right types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Fault(NamedTuple):
    """One thing that is wrong with a study. ``unknown``: a key that nobody knows, which others may follow
    from."""

    text: str
    unknown: bool = False


class StudyError(UsageError):
    """All that is wrong with a table: as one line the first, and how many more there are."""

    def __init__(self, faults: Sequence[Fault]):
        self.faults = tuple(sorted(faults, key=lambda fault: not fault.unknown))
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{self.faults[0].text}{more}")


def faults_of(error: UsageError) -> tuple[Fault, ...]:
    """What an error says, one by one."""
    return error.faults if isinstance(error, StudyError) else (Fault(str(error)),)


def validated(kind: type[_Kind], content: Any, source: str, separator: str) -> _Kind:
    """Return a table, checked; raises StudyError: ``source``, ``separator`` and the key, what is wrong."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise StudyError(
            [
                Fault(f"{source}{_line(one, kind, separator)}", one["type"] == "extra_forbidden")
                for one in found
            ]
        ) from None


def meant(word: object, known: Iterable[str]) -> str:
    """ " (did you mean ...?)" where a word is nearly one of those that are known, else nothing."""
    close = difflib.get_close_matches(word[:100], known, 1, NEARLY) if isinstance(word, str) else []
    return f" (did you mean {close[0]}?)" if close else ""


def _line(error: ErrorDetails, kind: type[BaseModel], separator: str) -> str:
    """Return one pydantic error as ``.field: got ..., allowed: ...``."""
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{shown_key(p)}" for p in error["loc"]).lstrip(".")
    start = f"{separator}{path}" if separator else f": {path}"
    if error["type"] == "extra_forbidden":
        known = _owner(kind, error["loc"]).model_fields
        return f"{start}: unknown key{meant(error['loc'][-1], known)}, allowed: {', '.join(known)}"
    if error["type"] == "missing":
        return f"{start}: missing, it has no default"
    message = " ".join(str(error["msg"]).removeprefix("Value error, ").split())
    if error["type"] == "value_error":
        return f"{start}: {message}"
    message = message.removeprefix("Input should be ").removeprefix("a valid ")
    return f"{start}: got {shown(error['input'])}, allowed: {message}"


def _owner(kind: type[BaseModel], place: Sequence[int | str]) -> type[BaseModel]:
    """The table that a key stands in, which may be one within a table, or one of a list of them."""
    for part in place[:-1]:
        if isinstance(part, str) and part in kind.model_fields:
            inner: Any = kind.model_fields[part].annotation
            inner = next(iter(get_args(inner)), inner)
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                kind = inner
    return kind


def number(value: object) -> object:
    """A whole number as the float that it stands for; anything else is for the field to judge. ValueError for
    an integer that no float can stand for."""
    if type(value) is not int:
        return value
    try:
        return float(value)
    except OverflowError:
        bits = value.bit_length()
        raise ValueError(f"got an integer of {bits} bits, allowed: numbers below 1.8e308") from None


def listed(keys: Collection[str], most: int = 5) -> str:
    """Return some keys for a message."""
    more = ", ..." if len(keys) > most else ""
    return ", ".join(map(shown_key, itertools.islice(keys, most))) + more


def shown_key(key: str) -> str:
    """Return a key as it may stand in a message."""
    return key if NAME.fullmatch(key) else shown(key)
