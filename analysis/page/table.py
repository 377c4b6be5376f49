"""Tables, each declared once: its file, its look on the page and its documentation."""

import csv
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from morsecensus.analysis.page import rounding as r
from morsecensus.analysis.page.markup import HtmlTable, Part

Row = dict[str, Any]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a field begins that spreadsheets compute."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: of the value in a row, and of the column in the CSV file; empty for one that the page alone has.
        meaning: a phrase, for the documentation.
        unit: of the values; empty for names and pure numbers.
        title: over the column on the page; empty for one that the file alone has.
        form: makes the value a text.
        shown: makes the row a text, where it takes more than the value.
        left: aligned left on the page, as names are.
        at: on the page columns stand by this number, and those of one number as they are declared.
    """

    name: str
    meaning: str = ""
    unit: str = ""
    title: str = ""
    form: Callable[[Any], str] = str
    shown: Callable[[Row], str] | None = None
    left: bool = False
    at: int = 0

    def text(self, row: Row) -> str:
        """What the page shows of a row."""
        return self.form(row[self.name]) if self.shown is None else self.shown(row)


@dataclass(frozen=True, eq=False)
class Table:
    """A table: ``name``.csv in full, and on the page, rounded, the columns that have a title.

    Attributes:
        name: of the file.
        meaning: what a row is, for the documentation.
        columns: of the file, in this order, and of the page.
        caption: on the page.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    caption: str = ""

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns of the file."""
        return tuple(column for column in self.columns if column.name)

    def write(self, folder: Path, rows: Sequence[Row]) -> None:
        """Write the CSV file.

        Raises:
            KeyError: a row lacks a column.
        """
        names = [column.name for column in self.stored]
        write_csv(folder / f"{self.name}.csv", [{name: row[name] for name in names} for row in rows])

    def part(
        self,
        rows: Sequence[Row],
        caption: str | None = None,
        kinds: Sequence[str] = (),
        without: Collection[str] = (),
    ) -> Part:
        """The table on the page.

        Args:
            rows: those to show.
            caption: in place of the declared one.
            kinds: of the rows: "bad", "doubt" or "".
            without: titles of columns that say nothing of these rows.
        """
        titled = [column for column in self.columns if column.title and column.title not in without]
        columns = sorted(titled, key=lambda column: column.at)
        texts = [[column.text(row) for column in columns] for row in rows]
        left = [place for place, column in enumerate(columns) if column.left]
        titles = [column.title for column in columns]
        return HtmlTable(titles, texts, self.caption if caption is None else caption, left, kinds).part()


def measured(
    name: str, error: str, meaning: str, unit: str = "", title: str = "", at: int = 0
) -> tuple[Column, Column]:
    """A mean and its standard error: two columns of the file, one of the page."""
    value = Column(name, meaning, unit, title, shown=estimate(name, error), at=at)
    return value, Column(error, "its standard error", unit)


def estimate(value: str, error: str) -> Callable[[Row], str]:
    """Text of a measured value with its error, by the names of both."""
    return lambda row: r.DASH if row[value] is None else r.estimate(row[value], row[error])


def exact(value: str, error: str) -> Callable[[Row], str]:
    """Text of an exact value beside a measured one with this error."""
    return lambda row: r.against(row[value], row[error])


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write rows of one shape; unknown (None, nan, inf) is an empty field.

    Text that a spreadsheet would take for a formula gets an apostrophe before it: names may be anybody's.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if rows:
            writer.writerow(rows[0])
        writer.writerows([_plain(value) for value in row.values()] for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return ""
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def _is_formula(text: str) -> bool:
    if not text.startswith(FORMULA):
        return False
    try:
        float(text)
    except ValueError:
        return True
    return "\t" in text or "\r" in text
