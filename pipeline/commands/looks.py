"""Times or steps to look at, as a command line gives them."""

import math

import numpy as np

from morsecensus.pipeline.errors import UsageError, shown

MOST_LOOKS = 1000
DEFAULT_LOOKS = 12


def parse_looks(
    until: float | None, text: str | None, whole: bool, option: str = "--looks"
) -> tuple[float, list[float]]:
    """The last time, and the times to look at, in order; of steps if `whole`. Raises UsageError, which calls
    what gave the text ``option``.
    """
    what = "steps, integers from 0," if whole else "times from 0"
    if until is not None and not (0 < until < math.inf and (not whole or until == int(until))):
        raise UsageError(f"--until: got {until:g}, allowed: {'a number of steps' if whole else 'a time'} > 0")
    if text is None:
        if until is None:
            raise UsageError("--until: missing, as is --looks; give one of them")
        return until, _spaced(until, whole)
    try:
        found = sorted({float(part) for part in text.split(",")})
    except ValueError:
        raise UsageError(f"{option}: got {shown(text)}, allowed: {what} such as 1,2,5") from None
    if not all(0 <= t < math.inf and (not whole or t == int(t)) for t in found) or len(found) > MOST_LOOKS:
        raise UsageError(f"{option}: got {shown(text)}, allowed: at most {MOST_LOOKS} {what} such as 1,2,5")
    last = until if until is not None else found[-1]
    if found[-1] > last:
        raise UsageError(f"{option}: got {found[-1]:g}, allowed: times up to --until = {last:g}")
    if last == 0:
        raise UsageError(f"{option}: got {shown(text)}, allowed: one later than 0, or --until")
    return last, found


def _spaced(until: float, whole: bool) -> list[float]:
    """Logarithmically, rounded to three digits; the last one is `until`."""
    spaced = np.geomspace(1 if whole else until / 100, until, DEFAULT_LOOKS)[:-1].tolist()
    rounded = {float(round(t)) if whole else float(f"{t:.3g}") for t in spaced}
    return sorted({t for t in rounded if t < until} | {float(until)})
