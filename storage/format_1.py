"""The tables of stores whose run.json names none: those of the time when run.json began to name them, frozen
in ``format_1.json``. Each column, or table, with an ``option`` is in a cell that has it among its options.
"""

import json
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from morsecensus.storage.tables import Table, read_tables


def tables_of(options: Collection[str]) -> tuple[Table, ...]:
    """Return the tables of a cell with these options."""
    return read_tables(
        [
            {**_bare(table), "columns": [_bare(c) for c in table["columns"] if _is_on(c, options)]}
            for table in _frozen()
            if _is_on(table, options)
        ]
    )


@cache
def _frozen() -> list[dict[str, Any]]:
    return json.loads(Path(__file__).with_suffix(".json").read_text())


def _is_on(record: Mapping[str, Any], options: Collection[str]) -> bool:
    return "option" not in record or record["option"] in options


def _bare(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "option"}
