"""Every table of the report as a page of documentation, from the declarations that also make the files.

Run as a program it writes the page: ``python -m morsecensus.analysis.topics.document docs/report.md``.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from morsecensus.analysis.page.table import Column, Table
from morsecensus.analysis.topics.base import Topic
from morsecensus.analysis.topics.registry import TOPICS
from morsecensus.analysis.topics.rows import STORED

_HEAD = """# The tables of a report

Written by `python -m morsecensus.analysis.topics.document docs/report.md` from what the report's topics
declare.

`morsecensus report` writes one CSV file for each table, in full precision; the page shows some of their
columns, rounded by their errors. An unknown number is an empty field. Errors are standard errors with
landscapes as the independent units. Energies are per spin, numbers of points are of both signs. A study gets
the tables that it has something for.

Most tables begin with the columns of a cell:
"""


def document(topics: Sequence[Topic[Any]] = TOPICS) -> str:
    """All tables with all columns, in the order of the page, as Markdown."""
    tables = [table for topic in topics for table in topic.declared]
    parts = ["\n".join(_table([_line(column) for column in STORED])), *map(_section, tables)]
    return _HEAD + "\n" + "\n\n".join(parts) + "\n"


def _section(table: Table) -> str:
    names = [column.name for column in table.stored]
    begins = names[: len(STORED)] == [column.name for column in STORED]
    own = table.stored[len(STORED) :] if begins else table.stored
    lines = [f"## {table.name}.csv", "", table.meaning, ""]
    first = ["| `cell` ... `n` | | the columns of a cell |"] if begins else []
    return "\n".join([*lines, *_table([*first, *map(_line, own)])])


def _table(lines: Sequence[str]) -> Iterator[str]:
    yield from ("| column | unit | meaning |", "|---|---|---|")
    yield from lines


def _line(column: Column) -> str:
    return f"| `{column.name}` | {column.unit} | {column.meaning.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document(), encoding="utf-8")
