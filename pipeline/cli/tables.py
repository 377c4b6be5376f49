"""Tables of text for a given width.

Numbers are never cut: columns that don't fit beside each other stand below each other, in two tables, or row
by row in blocks.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from morsecensus.pipeline.errors import plain

GAP = "  "
PROSE = 24
"""Cells longer than this that aren't numbers may be broken between words, into columns no narrower."""
MOST_BANDS = 2
_NUMBER = re.compile(r"[-+]?\.?\d")


@dataclass(frozen=True)
class _Column:
    name: str
    cells: tuple[str, ...]
    right: bool

    @property
    def widest(self) -> int:
        return max(map(len, (self.name, *self.cells)))

    @property
    def narrowest(self) -> int:
        """Without breaking a word of the header, a number, or a short text."""
        words = [len(word) for word in self.name.split()]
        return max([*words, *(len(cell) if _whole(cell) else _prose_width(cell) for cell in self.cells)])


def _whole(cell: str) -> bool:
    return len(cell) <= PROSE or _NUMBER.match(cell) is not None


def _prose_width(cell: str) -> int:
    return max(PROSE, *map(len, cell.split()))


def table_text(rows: Sequence[dict[str, Any]], title: str, width: int) -> str:
    """Return rows as a table below its title, no line wider than ``width`` unless a single word is.

    What is the same in all of several rows stands below the title once. Where the columns don't fit, they
    are parted into two tables that both begin with the first column; where that isn't enough, and for one
    row alone, each row is a block, named by its first cell. Without rows the title stands alone.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))  # models differ in their parameters
    shared = _shared(rows, names)
    head = [line for text in (title, ", ".join(shared.values())) for line in _wrapped(text, width)]
    if not rows:
        return "\n".join([*head, ""])
    columns = [_column(rows, name) for name in names if name not in shared]
    bands = _bands(columns, width)
    if len(bands) > (1 if len(rows) < 2 else MOST_BANDS) or any(
        _widths(band, width) is None for band in bands
    ):
        body = _blocks(columns, width)
    else:
        body = [line for band in bands for line in ["", *_lines(band, _widths(band, width) or [])]][1:]
    return "\n".join(line.rstrip() for line in [*head, "", *body, ""])


def _shared(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, str]:
    """Names whose values don't tell one of several rows from another -> what is to be said of them. The first
    column names the rows, and stays."""
    if len(rows) < 2:
        return {}
    texts = {name: [cell_text(row.get(name)) for row in rows] for name in names[1:]}
    return {
        name: f"{_spoken(name)} = {plain(cells[0])}"
        for name, cells in texts.items()
        if all(cell == cells[0] for cell in cells)
    }


def _column(rows: Sequence[dict[str, Any]], name: str) -> _Column:
    right = any(isinstance(row.get(name), int | float) for row in rows)
    cells = tuple(plain(cell_text(row.get(name))) for row in rows)
    return _Column(_spoken(name), cells, right)


def _spoken(name: str) -> str:
    return plain(name.replace("_", " "))


def _bands(columns: Sequence[_Column], width: int) -> list[list[_Column]]:
    """Columns in order, as many together as fit, each time with the first one."""
    first, bands = columns[0], [[columns[0]]]
    for column in columns[1:]:
        if _widths([*bands[-1], column], width) is None and len(bands[-1]) > 1:
            bands.append([first])
        bands[-1].append(column)
    return bands


def _widths(columns: Sequence[_Column], width: int) -> list[int] | None:
    """Widths of columns that fit together; None if there are none. Prose gives way first, then headers."""
    room = width - len(GAP) * len(columns)
    widths = [column.narrowest for column in columns]
    if sum(widths) > room:
        return None
    spare = room - sum(widths)
    # Headers in one line where there is room, then prose; the first columns first.
    for k in sorted(range(len(columns)), key=lambda k: columns[k].widest):
        more = min(spare, columns[k].widest - widths[k])
        widths[k] += more
        spare -= more
    return widths


def _lines(columns: Sequence[_Column], widths: Sequence[int]) -> list[str]:
    head = _row([(column.name, column.right) for column in columns], widths, bottom=True)
    rule = " " + "─" * (sum(widths) + len(GAP) * len(widths) - 1)
    rows = zip(*(column.cells for column in columns), strict=True)
    body = [
        line
        for row in rows
        for line in _row([(cell, c.right) for cell, c in zip(row, columns, strict=True)], widths)
    ]
    return [*head, rule, *body]


def _row(cells: Sequence[tuple[str, bool]], widths: Sequence[int], *, bottom: bool = False) -> list[str]:
    """Lines of one row; those of a header stand at its bottom."""
    pieces = [_wrapped(cell, width) or [""] for (cell, _), width in zip(cells, widths, strict=True)]
    height = max(map(len, pieces))
    if bottom:
        pieces = [[""] * (height - len(piece)) + piece for piece in pieces]
    return [
        "".join(
            GAP + (text.rjust(width) if right else text.ljust(width))
            for text, width, (_, right) in zip(line, widths, cells, strict=True)
        )
        for line in zip_longest(*pieces, fillvalue="")
    ]


def _blocks(columns: Sequence[_Column], width: int) -> list[str]:
    """Each row as lines of name and value, below the name and value of its first cell."""
    first, rest = columns[0], columns[1:]
    names = min(max((len(column.name) for column in rest), default=0), width // 2)
    lines = []
    for k, cell in enumerate(first.cells):
        lines += _wrapped(f"{first.name} = {cell}", width)
        for column in rest:
            value = _wrapped(column.cells[k], width - names - 2 * len(GAP)) or [""]
            named = zip_longest([column.name], value, fillvalue="")
            lines += [f"{GAP}{name:{names}}{GAP}{line}" for name, line in named]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    """Lines between words; a word alone may be longer, for what it stands for would be lost."""
    return textwrap.wrap(text, max(1, width), break_long_words=False, break_on_hyphens=False)


def cell_text(value: Any) -> str:
    """Return a value as a table shows it."""
    if value is None:
        return "-"
    if isinstance(value, list):
        return " ".join(cell_text(entry) for entry in value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
