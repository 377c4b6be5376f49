"""What is said of found and known manifolds, for every such model alike."""

from collections.abc import Sequence
from typing import Any

from morsecensus.analysis.agreement.verdicts import CellTest, check
from morsecensus.analysis.page.markup import Part, note
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.topics.manifolds.match import CheckedCell, is_right


def verdict(rows: Sequence[Row]) -> Part:
    """How many manifolds were found, and whether anything contradicts the closed form."""
    manifolds, found = (sum(row[name] for row in rows) for name in ("manifolds", "found"))
    spurious, minima = (sum(row[name] for row in rows) for name in ("spurious", "spurious_minima"))
    text = (
        f"{found:,} of {manifolds:,} critical manifolds found, {spurious:,} points that are none of them "
        f"({minima:,} of these minima)."
    )
    contradicted = sum(not is_right(row) for row in rows)
    if contradicted:
        return note(f"{text} Contradicted in {contradicted} of {len(rows)} cells.", "bad")
    return note(text, "good" if found == manifolds else "")


def tests_of(found: Sequence[CheckedCell[Any, Any]], rows: Sequence[Row], anchor: str) -> list[CellTest]:
    """Nothing that was found may contradict the closed form."""
    return [
        check([one.cell], "closed form", int(not is_right(row)), 0, 1, anchor)
        for one, row in zip(found, rows, strict=True)
    ]


def caught(row: Row) -> str:
    """Landscapes that aren't entire, caught by their Morse sum."""
    return f"{row['partial_caught_by_morse_check']} of {row['landscapes'] - row['entire_landscapes']}"
