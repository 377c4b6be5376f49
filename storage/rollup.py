"""The roll-up of a cell's markers: what drivers and ``status`` want to know of a hundred thousand blocks,
without reading a hundred thousand markers.

It is a cache. A block counts only if its marker is listed, and is believed unread only if the marker's stamp
(size and modification time, or the ETag) is the one in the roll-up. Only the driver writes it, under the
lease. ``verify`` and compaction read the markers themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from morsecensus.storage.errors import StoreError
from morsecensus.storage.files import Files
from morsecensus.storage.layout import CellLayout, Generation, commits_key, rollup_key
from morsecensus.storage.markers import Marker, marked, read_markers
from morsecensus.storage.seals import read_record, seal

FRESH = 1000
"""Markers to be read before a roll-up pays: reading them takes about 0.3 s."""
_COLUMNS = ("block", "generation", "landscapes", "points", "seconds", "content", "stamp")


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of a committed block. ``content`` is the digest of its object table, ``stamp`` that of
    its marker when it was last listed (empty: unknown).
    """

    generation: int
    landscapes: int
    points: int
    seconds: float
    content: str
    stamp: str = ""

    @staticmethod
    def of(marker: Marker, stamp: str = "") -> "Summary":
        """The summary of a marker."""
        seconds = marker.provenance.get("seconds", 0.0)
        points = marker.totals.get("n_points", 0)
        return Summary(marker.generation, _landscapes(marker), points, float(seconds), marker.content, stamp)

    def agrees(self, marker: Marker) -> bool:
        """Say whether it is of this marker; its stamp and times may differ."""
        mine = (self.generation, self.points, self.content)
        return mine == (marker.generation, marker.totals.get("n_points", 0), marker.content)


@dataclass(frozen=True)
class Summaries:
    """The committed blocks of a cell; what is wrong with other markers, by (generation, block); how many had
    to be read.
    """

    blocks: dict[int, Summary]
    damaged: Mapping[tuple[int, int], str]
    fresh: int


def summarise(files: Files, cell: CellLayout, generations: Sequence[Generation]) -> Summaries:
    """Return the committed blocks of a cell; where generations overlap, the oldest one counts."""
    known = {block: one for block, one in read_rollup(files, cell).items() if block < cell.blocks}
    found: dict[int, Summary] = {}
    damaged: dict[tuple[int, int], str] = {}
    fresh = 0
    for number, generation in enumerate(generations):
        listed = _listed(files, cell, number)
        unread: list[int] = []
        for block in sorted(listed.keys() - found.keys()):
            old = known.get(block)
            if old is not None and listed[block] and _is_of(old, number, listed[block], cell.size_of(block)):
                found[block] = old
            elif block < cell.blocks:
                unread.append(block)
        fresh += len(unread)
        for block, marker in read_markers(files, cell, unread, number, generation):
            if isinstance(marker, Marker):
                found[block] = Summary.of(marker, listed[block])
            else:
                damaged[number, block] = str(marker)
    return Summaries(found, damaged, fresh)


def read_rollup(files: Files, cell: CellLayout) -> dict[int, Summary]:
    """Return what the roll-up of a cell says; nothing if there is none, or if it is damaged or foreign."""
    try:
        record = read_record(files, rollup_key(cell.id))
        if record["cell_hash"] != cell.hash:
            return {}
        columns = [record[name] for name in _COLUMNS]
        return {int(block): _summary(*values) for block, *values in zip(*columns, strict=True)}
    except (FileNotFoundError, StoreError, KeyError, TypeError, ValueError, OverflowError):
        return {}


def _is_of(one: Summary, generation: int, stamp: str, landscapes: int) -> bool:
    # a short last block of a cell that has grown since is not done
    return (one.generation, one.stamp, one.landscapes) == (generation, stamp, landscapes)


def _landscapes(marker: Marker) -> int:
    return len(next(iter(marker.slots.values()), ()))


def _summary(
    generation: Any, landscapes: Any, points: Any, seconds: Any, content: Any, stamp: Any
) -> Summary:
    return Summary(int(generation), int(landscapes), int(points), float(seconds), str(content), str(stamp))


def write_rollup(files: Files, cell: CellLayout, blocks: Mapping[int, Summary]) -> None:
    """Write the roll-up of a cell. Only under the lease."""
    rows = [
        (block, one.generation, one.landscapes, one.points, one.seconds, one.content, one.stamp)
        for block, one in sorted(blocks.items())
    ]
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(_COLUMNS)
    record = {"cell_hash": cell.hash, **dict(zip(_COLUMNS, map(list, columns), strict=True))}
    files.write({rollup_key(cell.id): seal(record)})


def stamped(files: Files, cell: CellLayout, blocks: Mapping[int, Summary]) -> dict[int, Summary]:
    """Return summaries with those stamps filled in that were unknown: of blocks committed since."""
    unknown = {one.generation for one in blocks.values() if not one.stamp}
    stamps = {number: _listed(files, cell, number) for number in unknown}
    return {
        block: one if one.stamp else replace(one, stamp=stamps[one.generation].get(block, ""))
        for block, one in blocks.items()
    }


def _listed(files: Files, cell: CellLayout, generation: int) -> dict[int, str]:
    """The stamp of every marker of a cell, by block."""
    stamps = files.stamps(commits_key(cell.id, generation))
    return {block: stamp for name, stamp in stamps.items() for block in marked([name])}
