"""Columns that tables of found and known manifolds have in common."""

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.table import Column, Row

UNIT = "manifolds"


def caught(row: Row) -> str:
    """Landscapes that aren't entire, caught by their Morse sum."""
    return f"{row['partial_caught_by_morse_check']} of {row['landscapes'] - row['entire_landscapes']}"


COUNTED = (
    Column("landscapes", "landscapes with data", "landscapes", "landscapes", r.whole, at=1),
    Column("manifolds", "critical manifolds in closed form", UNIT, "manifolds", r.whole, at=1),
    Column("found", "those that were found", UNIT, "found", r.whole, at=1),
    Column(
        "entire_landscapes",
        "landscapes with all of theirs and nothing else",
        "landscapes",
        "entire",
        r.whole,
        at=1,
    ),
    Column("spurious", "points that are on no manifold, or again on one", "points", "none of them", at=1),
    Column("spurious_minima", "those of them of index 0", "points"),
)
"""What was found and missed."""
CALLED = (
    Column("called_complete", "landscapes whose status is complete", "landscapes", "called complete", at=1),
    Column("wrongly_called_complete", "those of them that aren't entire", "landscapes", "wrongly", at=1),
    Column(
        "partial_caught_by_morse_check",
        "landscapes that aren't entire, by their Morse sum",
        "landscapes",
        "rest caught by Morse check",
        shown=caught,
        at=1,
    ),
)
"""What the ledger says of it."""
