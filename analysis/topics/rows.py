"""What tables and figures of several topics share: how rows begin, which bins count."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.dataset.cells import Cell, short_digests
from morsecensus.analysis.page.table import Column, Row
from morsecensus.analysis.results import CellResult

ENERGY = "energy per spin"
T = TypeVar("T")


def head(cell: Cell) -> Row:
    """What every row of a cell begins with."""
    parameters = dict(cell.family[1])
    return {
        "cell": cell.name,
        "model": cell.family[0],
        "xi": parameters.get("xi", ""),
        "field": parameters.get("field", ""),
        "parameters": ", ".join(f"{k} = {v}" for k, v in parameters.items() if k not in ("xi", "field")),
        "n": cell.n,
    }


def label(row: Row) -> str:
    """What tells the model of a row from the others of a study: xi and field, or model and parameters."""
    field = float(row["field"] or 0)
    parts = [row["xi"]] if row["xi"] and not row["parameters"] else [row["model"], row["xi"]]
    parts += [f"field {field:g}" if field else "", short_digests(row["parameters"])]
    return ", ".join(part for part in parts if part)


CELL = Column("cell", "name of the cell, a group of the dataset", title="cell", left=True)
SIZE = Column("", title="N", shown=lambda row: str(row["n"]))
LABEL = Column("", title="model", shown=label, left=True)
MODEL = Column("model", "name of the model")
XI = Column("xi", "covariance polynomial; empty for models without one")
FIELD = Column("field", "variance of the random field; empty for models without one")
PARAMETERS = Column("parameters", "other parameters of the model")
N = Column("n", "number of spins N, or of one sphere's")
STORED = (replace(CELL, title=""), MODEL, XI, FIELD, PARAMETERS, N)
"""The columns of `head`, in the file alone."""
HEAD = (SIZE, CELL, *STORED[1:])
"""The same; the page shows N and the cell."""
LABELLED = (LABEL, CELL, SIZE, *STORED[1:])
"""The same; the page shows the model, the cell and N."""
LANDSCAPES = Column(
    "landscapes", "landscapes that the row is made of", title="landscapes", form="{:,}".format
)


def score(value: float, error: float, exact: float | None) -> float | None:
    """(value - exact) / error, None where one of them is unknown."""
    return (value - exact) / error if exact is not None and isfinite(error) and error > 0 else None


def well_filled(cell: CellResult) -> NDArray[np.bool_]:
    """Energy bins with ten points or more: fewer say little of a mean or a logarithm."""
    return cell.histogram["all"].values * cell.cell.landscapes >= 9.5


def some(items: Sequence[T], most: int) -> list[T]:
    """At most so many of the items, evenly spread, first and last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, most)]
