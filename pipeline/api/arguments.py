"""Arguments of the functions of `morsecensus`, which take NumPy's numbers where they take Python's."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from morsecensus.pipeline.errors import UsageError, shown
from morsecensus.tasks.runtime.keys import integer

MOST = 2**63 - 1


def whole(name: str, value: Any, allowed: str = "an integer") -> int:
    """Return an integer of any kind as Python's; raises UsageError for what isn't one, True and 1.0 among it.

    Random numbers are keyed by integers: what was nearly one would give another landscape than is said.
    """
    try:
        return integer(value)
    except TypeError:
        raise UsageError(f"{name}: got {shown(value)}, allowed: {allowed}") from None


def one_dimension(n: Any) -> int:
    """Return n; raises UsageError unless it is one integer."""
    return whole("n", n, "one dimension")


def one_landscape(seed: Any, landscape: Any) -> tuple[int, int]:
    """Return the seed and the number of a landscape; raises UsageError unless they are integers from 0."""
    numbers = whole("seed", seed), whole("landscape", landscape)
    for name, number in zip(("seed", "landscape"), numbers, strict=True):
        if not 0 <= number <= MOST:
            raise UsageError(f"{name}: got {number}, allowed: integers from 0 to {MOST}")
    return numbers


def integers_text(name: str, values: Any) -> str:
    """Return integers as the command line has them, such as "4,6"; text as it is."""
    if isinstance(values, str):
        return values
    several = values if isinstance(values, Iterable) else [values]
    return ",".join(str(whole(name, value)) for value in several)


def numbers_text(name: str, values: Any, joint: str = ",") -> str | None:
    """Return numbers as the command line has them; text and None as they are. Raises UsageError."""
    if values is None or isinstance(values, str):
        return values
    several = values if isinstance(values, Iterable) else [values]
    try:
        return joint.join(str(value) if isinstance(value, int) else repr(float(value)) for value in several)
    except (TypeError, ValueError):
        raise UsageError(f"{name}: got {shown(values)}, allowed: numbers") from None


def plain_number(value: Any) -> Any:
    """Return a number of NumPy as Python's, and anything else as it is."""
    return value.item() if isinstance(value, np.number) else value
