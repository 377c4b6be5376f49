"""What columns there are, of a census or of a store, in words: for the command and for docs/dataset.md.

``python -m morsecensus.pipeline.commands.columns docs/dataset.md`` writes the tables of that page anew.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from morsecensus.tasks.measurables.base import Table
from morsecensus.tasks.measurables.census import CENSUS

Row = dict[str, Any]
GENERATED = re.compile(r"(<!-- columns of (\w+) -->\n).*?(?=<!-- end -->)", re.S)
"""A part of a page that is written from the declarations of a table."""


def census_columns() -> list[Row]:
    """Everything a census can write: ``table``, ``name``, ``dims``, ``type``, ``unit``, ``meaning`` and
    ``with``, the switch that turns a column on, None for those that every cell has."""
    return [
        {**row, "with": measurable.option or table.option}
        for table in CENSUS
        for measurable, row in zip(table.measurables, _rows(table.record()), strict=True)
    ]


def stored_columns(store: str) -> list[Row]:
    """What the cells of a store have, by its own record: as `census_columns`, with ``cells`` in front.

    Raises StoreError if there is no run.
    """
    from morsecensus.storage.store import open_run  # not needed for a census

    kinds: dict[str, tuple[list[str], list[Row]]] = {}
    for cell in open_run(store).manifest.cells:
        rows = [row for table in cell.tables for row in _rows(table.to_record())]
        kinds.setdefault(repr(rows), ([], rows))[0].append(cell.id)
    return [{"cells": cells, **row} for cells, rows in kinds.values() for row in rows]


def _rows(table: Mapping[str, Any]) -> Iterator[Row]:
    for column in table["columns"]:
        yield {
            "table": table["name"],
            "name": f"{table.get('prefix', '')}{column['name']}",
            "dims": [table["dimension"], *column.get("dims", ())],
            "type": column["dtype"],
            "unit": column.get("unit", "1"),
            "meaning": column["meaning"],
        }


def document(page: str) -> str:
    """Return a Markdown page with its tables of columns written anew."""
    tables = {table.name: table for table in CENSUS}
    return GENERATED.sub(lambda found: found[1] + _markdown(tables[found[2]]), page)


def _markdown(table: Table) -> str:
    rows = [row for row in census_columns() if row["table"] == table.name]
    lines = [f"| column ({table.dimension}, ...) | meaning | type | with |", "|---|---|---|---|"]
    for row in rows:
        dims = f"({', '.join(row['dims'][1:])})" if row["dims"][1:] else ""
        words = "" if row["with"] in (None, table.option) else f"`{row['with']}`"
        lines.append(f"| `{row['name']}{dims}` | {row['meaning']} | {row['type']} | {words} |")
    return "\n".join(lines) + "\n"


def main(pages: Sequence[str]) -> None:
    """Write the tables of these pages anew."""
    for page in map(Path, pages):
        page.write_text(document(page.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
