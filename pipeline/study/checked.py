"""Tables of a study held against what they may have, and the first thing that is wrong as one line."""

import itertools
import re
from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from morsecensus.pipeline.errors import UsageError, shown

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_Kind = TypeVar("_Kind", bound=BaseModel)


class Checked(BaseModel):
    """A table that has known keys only, of the right types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def validated(kind: type[_Kind], content: Any, source: str, separator: str) -> _Kind:
    """Return a table, checked; raises UsageError: ``source``, ``separator`` and the key, what is wrong."""
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False)
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise UsageError(f"{source}{_line(found[0], kind, separator)}{more}") from None


def _line(error: ErrorDetails, kind: type[BaseModel], separator: str) -> str:
    """Return one pydantic error as ``.field: got ..., allowed: ...``."""
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{shown_key(p)}" for p in error["loc"]).lstrip(".")
    start = f"{separator}{path}" if separator else f": {path}"
    if error["type"] == "extra_forbidden":
        allowed = ", ".join(kind.model_fields)
        return f"{start}: unknown key, allowed: {allowed}"
    if error["type"] == "missing":
        return f"{start}: missing, it has no default"
    message = " ".join(str(error["msg"]).removeprefix("Value error, ").split())
    if error["type"] == "value_error":
        return f"{start}: {message}"
    message = message.removeprefix("Input should be ").removeprefix("a valid ")
    return f"{start}: got {shown(error['input'])}, allowed: {message}"


def listed(keys: Collection[str], most: int = 5) -> str:
    """Return some keys for a message."""
    more = ", ..." if len(keys) > most else ""
    return ", ".join(map(shown_key, itertools.islice(keys, most))) + more


def shown_key(key: str) -> str:
    """Return a key as it may stand in a message."""
    return key if NAME.fullmatch(key) else shown(key)
