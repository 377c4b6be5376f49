"""Parts of a run: drivers that share one store, each with blocks of its own and a lease of its own.

Part i of n has the blocks whose place in the order of cells and blocks is i - 1 modulo n, so parts of one n
are disjoint and cover all. A driver of the whole run takes its own lease and then looks for parts; a part
takes its own and then looks for such a driver. Each shows itself before it looks: of two, one sees the other.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from morsecensus.storage.files import Files
from morsecensus.storage.layout import LEASE, CellLayout
from morsecensus.storage.lease import Lease, acquire, await_dead, holder_of, take_over

PARTS = "parts"
COMPACTION = "compaction"
"""What a holder of the whole run's lease says it does if parts need not mind."""
MOST_PARTS = 1_000_000
_PART = re.compile(r"([1-9]\d{0,6})/([1-9]\d{0,6})", re.ASCII)
_KEY = re.compile(r"(\d+)-of-(\d+)\.json", re.ASCII)


@dataclass(frozen=True, order=True)
class Part:
    """Part ``number`` of ``of``, counted from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def key(self) -> str:
        """Where its lease lies."""
        return f"{PARTS}/{self.number}-of-{self.of}.json"

    @staticmethod
    def parse(text: str) -> "Part | None":
        """Return the part of a text such as 2/4; None if it isn't one."""
        found = _PART.fullmatch(text)
        part = Part(int(found[1]), int(found[2])) if found else None
        return part if part is not None and part.number <= part.of <= MOST_PARTS else None

    def blocks(self, cells: Iterable[CellLayout]) -> dict[str, range]:
        """Return its blocks of each cell, by the cell's id."""
        found, before = {}, 0
        for cell in cells:
            found[cell.id] = range((self.number - 1 - before) % self.of, cell.blocks, self.of)
            before += cell.blocks
        return found


WHOLE = Part(1, 1)
"""All blocks."""


def held_parts(files: Files) -> dict[Part, Mapping[str, Any]]:
    """Return the parts that have a lease, with its holder, without those that are known to be dead."""
    holders = {part: holder_of(files, part.key) for part in _parts(files)}
    return {part: holder for part, holder in holders.items() if holder is not None}


def _parts(files: Files) -> list[Part]:
    found = (_KEY.fullmatch(name) for name in files.names(PARTS))
    return sorted(Part(int(one[1]), int(one[2])) for one in found if one)


def take_part(
    files: Files, part: Part, plan: str, tell: Callable[[str], None], between: Callable[[], None]
) -> Lease:
    """Take the lease of a part of a plan, given by its digest.

    Raises StoreError, naming the holder, if the part is held, if a driver has the whole run, or if a part of
    another plan is at work. ``tell`` and ``between`` as `lease.acquire`.
    """
    lease = acquire(files, tell, between, part.key, {"part": str(part), "plan": plan})

    def harmless(record: Mapping[str, Any]) -> bool:
        return record.get("work") == COMPACTION or record.get("plan") == plan

    try:
        others = [LEASE, *(other.key for other in _parts(files) if other != part)]
        await_dead(files, others, harmless, tell, between)
    except BaseException:
        lease.release()
        raise
    return lease


def take_whole(files: Files, tell: Callable[[str], None], between: Callable[[], None]) -> Lease:
    """Take the lease of the whole run; raises StoreError, naming the holder, if a driver or a part has it."""
    lease = acquire(files, tell, between)
    try:
        take_over(files, [part.key for part in _parts(files)], tell, between)
    except BaseException:
        lease.release()
        raise
    return lease


def take_compaction(files: Files, tell: Callable[[str], None], between: Callable[[], None]) -> Lease:
    """Take the lease of the whole run to write its dataset; parts may be at work."""
    return acquire(files, tell, between, notes={"work": COMPACTION})
