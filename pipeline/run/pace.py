"""Time left of a run: the work that is left, by what landscapes took, over the work done a second."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from morsecensus.pipeline.errors import UsageError
from morsecensus.pipeline.worker.bodies import PLACES, describe
from morsecensus.storage.layout import CellLayout

COMPILED = 60.0
"""Seconds of a block of which compilation is a small part."""


@dataclass
class CellPace:
    """How far a cell is.

    Attributes:
        seconds: of workers, for the landscapes that are done.
        planned: seconds a landscape by the plan, on one worker; None if nobody knows.
        block: landscapes of a block.
        cold, cold_seconds: of these, in blocks that were a worker's first of the cell: much of their time may
            be compilation.
    """

    landscapes: int
    done: int = 0
    seconds: float = 0.0
    planned: float | None = None
    block: int = 1
    cold: int = 0
    cold_seconds: float = 0.0

    @property
    def measured(self) -> float | None:
        """Seconds a landscape took, by blocks for which nothing was compiled, or which took far longer than
        that; None before the first of them."""
        warm, seconds = self.done - self.cold, self.seconds - self.cold_seconds
        if self.cold_seconds * self.block > COMPILED * self.cold:
            warm, seconds = self.done, self.seconds
        return seconds / warm if warm and seconds > 0 else None


def planned_seconds(cell: CellLayout) -> float | None:
    """Seconds a landscape by the plan of a body of ours; None of another, which no store may choose."""
    if cell.body not in PLACES:
        return None
    try:
        return describe(cell.body, cell.spec).seconds_per_landscape
    except UsageError:  # a plugin's model that isn't here
        return None


def work_left(cells: Iterable[CellPace]) -> float | None:
    """Seconds of one worker that are left; None while nothing says what they could be.

    A cell goes by what its landscapes took; one that has none yet by its plan, times what the others took
    over theirs; one without a plan by the mean of the others.
    """
    cells = list(cells)
    open_ones = [cell for cell in cells if cell.done < cell.landscapes]
    each = _seconds_each(cells)
    known = [(cell.landscapes - cell.done, each(cell)) for cell in open_ones]
    if any(seconds is None for _, seconds in known):
        return None
    return sum(many * (seconds or 0.0) for many, seconds in known)


def _seconds_each(cells: Sequence[CellPace]) -> Callable[[CellPace], float | None]:
    both = [cell for cell in cells if cell.measured and cell.planned]
    planned = sum((cell.planned or 0.0) * cell.done for cell in both)
    factor = sum((cell.measured or 0.0) * cell.done for cell in both) / planned if planned else 1.0
    done = sum(cell.done for cell in cells)
    mean = sum(cell.seconds for cell in cells) / done if done else None

    def each(cell: CellPace) -> float | None:
        if cell.measured is not None:
            return cell.measured
        return mean if cell.planned is None else cell.planned * factor

    return each


def time_left(cells: Sequence[CellPace], before: float, elapsed: float, at_work: int = 0) -> float | None:
    """Seconds until all is done: with the workers that are at work now or, where nobody knows how many, as
    in the last ``elapsed`` seconds.

    What went into blocks at work counts: else a run of long blocks would seem to stand still until the first
    of them is there. It is what workers had in all that is in no block, up to the whole of what each is at.

    Args:
        before: seconds of workers that all cells had when these began.
        at_work: blocks that are computed now: the first that are open.
    """
    left, fresh = work_left(cells), sum(cell.seconds for cell in cells) - before
    if left is None or elapsed <= 0:
        return None
    if at_work:
        begun = min(_whole(cells, at_work), max(0.0, at_work * elapsed - fresh))
        return max(0.0, left - begun) / at_work
    return left * elapsed / fresh if fresh > 0 else None


def _whole(cells: Sequence[CellPace], blocks: int) -> float:
    """Seconds of one worker that the first open blocks take; 0 where nobody knows."""
    each, found = _seconds_each(cells), 0.0
    for cell in cells:
        here = min(blocks, -(-(cell.landscapes - cell.done) // cell.block))
        found += here * cell.block * (each(cell) or 0.0)
        blocks -= here
    return found
