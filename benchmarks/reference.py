"""Checksums of the reference dataset for docs/reference-dataset.md: ``python -m benchmarks.reference STORE``.

Over numbers of critical points by index, which are whole numbers that a proof stands behind: every processor
gives the same. Energies differ in their last digits from one kind of processor to another.
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

import morsecensus as mc

PAGE = Path(__file__).parents[1] / "docs/reference-dataset.md"
TABLE = re.compile(r"(<!-- checksums -->\n).*?(?=<!-- end -->)", re.S)
FIRST = 50
"""Landscapes of a cell that a test computes again."""
COLUMNS = ("cell", "xi", "field", "N", "landscapes", "proven", "points", "first 50", "all", "lowest")
DIGITS = 16
"""Of SHA-256, in hexadecimal: enough to tell, short enough to read."""


def checksum(cell: xr.Dataset, landscapes: int | None = None) -> str:
    """Return the checksum of the numbers of points by index of the first landscapes, or of all."""
    counts = cell["points_by_index"].values[:landscapes]
    text = "".join(" ".join(map(str, line)) + "\n" for line in counts)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def mean_lowest(cell: xr.Dataset, landscapes: int = FIRST) -> float:
    """Return the mean energy of the lowest points of the first landscapes: rows are sorted by energy."""
    starts = np.concatenate([[0], np.cumsum(cell["row_size"].values)])[:landscapes]
    return float(cell["energy"].values[starts].mean())


def lines(store: str) -> Iterator[str]:
    """Yield the table, Markdown."""
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    for cell in mc.open(store).cells:
        data, said = cell.stored.load(), cell.parameters
        held, proven = data.sizes["landscape"], int((data["n_certified"] == data["n_points"]).sum())
        yield (
            f"| {cell.name} | {said['xi']} | {said['field']:g} | {cell.n} | {held} | {proven} "
            f"| {data.sizes['row']:,} | `{checksum(data, FIRST)}` | `{checksum(data)}` "
            f"| {mean_lowest(data):.10f} |"
        )


if __name__ == "__main__":
    page = PAGE.read_text()
    table = "\n".join(lines(sys.argv[1])) + "\n"
    PAGE.write_text(TABLE.sub(lambda found: found[1] + table, page))
