"""What the command line hands to ``analysis``: arguments checked on the way in, errors on the way out."""

import math
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError, shown
from pipeline.ranges import parse_integers

MAX_ENERGIES = 10_000


def predictions(xi: str, n: str, field: float, energy: str | None) -> list[dict[str, Any]]:
    """Return the rows of ``predict``; raises UsageError for arguments that cannot be."""
    from analysis.predict import predict

    try:
        dimensions = parse_integers(n)
    except ValueError as error:
        raise UsageError(f"--n: {error}") from error
    if not (math.isfinite(field) and field >= 0):
        raise UsageError(f"--field: got {field}, allowed: a variance >= 0")
    try:
        return predict(xi, dimensions, field=field, energy=parse_energies(energy))
    except ValueError as error:
        raise UsageError(str(error)) from error


def parse_energies(text: str | None) -> tuple[float, float, int] | None:
    """Return the first energy, the last one and how many of ``A:B:M``."""
    if text is None:
        return None
    allowed = f"A:B:M with A < B and M from 2 to {MAX_ENERGIES}, such as -1.7:-1.5:9"
    try:
        first, last, count = text.split(":")
        low, high, number = float(first), float(last), int(count)
    except ValueError as error:
        raise UsageError(f"--energy: got {shown(text)}, allowed: {allowed}") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high and 2 <= number <= MAX_ENERGIES):
        raise UsageError(f"--energy: got {shown(text)}, allowed: {allowed}")
    return low, high, number


def write_report(store: str, out: Path) -> Path:
    """Write the report of a store and return where its page is."""
    from analysis import report

    try:
        return Path(report.write_report(store, out) or out)
    except OSError as error:
        raise UsageError(f"--out: cannot write {out}: {error.strerror or error}") from error
