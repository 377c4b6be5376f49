"""What cells that are no census lack: landscapes, or training runs, that were not computed."""

from collections.abc import Iterable

from morsecensus.analysis.dataset.others import OtherCell
from morsecensus.analysis.page.markup import Part, note

TRAINING = ("networks", "shares")
"""Bodies whose results are training runs, each of which stands where others have a landscape."""


def unit_of(body: str) -> str:
    """What a body computes many of."""
    return "training runs" if body in TRAINING else "landscapes"


def absent_notes(cells: Iterable[OtherCell]) -> list[Part]:
    """One note for each cell that lacks any."""
    return [note(_text(cell), "bad") for cell in cells if cell.failed]


def _text(cell: OtherCell) -> str:
    what, unit = f"{cell.name} ({cell.body}):", unit_of(cell.body)
    why = "(their blocks failed or are missing)"
    if cell.empty:
        return f"{what} none of {cell.held:,} {unit} was computed {why}: it is in no figure and no table."
    return (
        f"{what} {cell.failed:,} of {cell.held:,} {unit} were not computed {why}. All numbers are of the "
        "others, until the study is run again."
    )
