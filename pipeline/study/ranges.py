"""Lists of integers as people write them: ``12``, ``"4:10"`` (inclusive), ``"4,6,8"``, ``"4:8,12"``."""

import re
from collections.abc import Iterable

from morsecensus.pipeline.errors import shown

MAX_VALUES = 1000
MAX_VALUE = 10_000
_PART = re.compile(r"(\d{1,6})(?::(\d{1,6}))?", re.ASCII)


def parse_integers(value: object, *, minimum: int = 2, maximum: int = MAX_VALUE) -> tuple[int, ...]:
    """Return the integers that a value stands for, each once, in the order written.

    Raises ValueError with what was got and what is allowed.
    """
    allowed = f'integers from {minimum} to {maximum}, such as 8, [4, 6], "4:10" or "4,6,8"'
    numbers: list[int] = []
    for part in _parts(value):
        first, last = _bounds(part, allowed)
        if not minimum <= first <= last <= maximum:
            raise ValueError(f"got {shown(part)}, allowed: {allowed}")
        numbers.extend(range(first, min(last, first + MAX_VALUES) + 1))
        if len(numbers) > MAX_VALUES:
            raise ValueError(f"got more than {MAX_VALUES} values, allowed: at most {MAX_VALUES} {allowed}")
    if not numbers:
        raise ValueError(f"got {shown(value)}, allowed: {allowed}")
    return tuple(dict.fromkeys(numbers))


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, str):
        return [part.strip() for part in value[: 20 * MAX_VALUES].split(",")]
    if isinstance(value, list | tuple):
        return (part for entry in value for part in (_parts(entry) if isinstance(entry, str) else [entry]))
    return [value]


def _bounds(part: object, allowed: str) -> tuple[int, int]:
    if isinstance(part, int) and not isinstance(part, bool):
        return part, part
    match = _PART.fullmatch(part) if isinstance(part, str) else None
    if match is None:
        raise ValueError(f"got {shown(part)}, allowed: {allowed}")
    return int(match[1]), int(match[2] or match[1])
