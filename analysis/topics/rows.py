"""What tables and figures of several topics share: how rows begin, which bins count."""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from morsecensus.analysis.dataset.cells import Cell, short_digests
from morsecensus.analysis.page.table import Column, Row
from morsecensus.analysis.results import CellResult

ENERGY = "energy per spin"
FEWEST_SCORES = 4
"""Of fewer z-scores nothing is said together. Arbitrary."""
ROUNDING = 1e-12
"""Standard errors below this, relative to what was averaged, are rounding and no errors."""
T = TypeVar("T")


def head(cell: Cell) -> Row:
    """What every row of a cell begins with."""
    parameters = dict(cell.family[1])
    others = ((k, v) for k, v in parameters.items() if v and k not in ("xi", "field"))
    return {
        "cell": cell.name,
        "model": cell.family[0],
        "xi": parameters.get("xi", ""),
        "field": parameters.get("field", ""),
        "parameters": ", ".join(f"{k} = {v}" for k, v in others),
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
FINDER = Column("finder", "finder, where the study has several at one N")
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


def score(value: float, error: float, exact: float | None, scale: float = 0.0) -> float | None:
    """(value - exact) / error; None where one of them is unknown, or the error is rounding.

    Args:
        scale: size of what was averaged, where its mean may be 0 by symmetry and both be rounding.
    """
    if exact is None or not isfinite(error):
        return None
    return (value - exact) / error if error > ROUNDING * max(abs(value), abs(exact), scale) else None


def well_filled(cell: CellResult) -> NDArray[np.bool_]:
    """Energy bins with ten points or more: fewer say little of a mean or a logarithm."""
    return cell.histogram["all"].values * cell.cell.landscapes >= 9.5


def not_drawn(cells: Sequence[CellResult], most: int) -> str:
    """What a caption says of cells that `some` leaves out; empty if none."""
    shown = {id(cell) for cell in some(cells, most)}
    left = [str(cell.n) for cell in cells if id(cell) not in shown]
    return f" Not drawn: N = {', '.join(left)}; their numbers are in the table." if left else ""


def in_words(rows: Sequence[Row], name: str = "z") -> str:
    """How many of some z-scores are large, and how many would be by chance: what a reader of a table asks.

    The expected number holds whatever their dependence. Empty below a handful of scores. Rows whose errors
    are from few landscapes say so by ``freedom``: their scores are Student's, without it normal.
    """
    known = [row for row in rows if row[name] is not None and isfinite(row[name])]
    if len(known) < FEWEST_SCORES:
        return ""
    scores = np.abs([row[name] for row in known])
    freedom = np.array([float(row.get("freedom", np.inf)) for row in known])
    large, largest = int(np.sum(scores >= 2)), float(scores.max())
    by_chance, beyond = (float(np.sum(2 * student.sf(size, freedom))) for size in (2.0, largest))
    return (
        f"Of {len(known)} z-scores {large} {'is' if large == 1 else 'are'} beyond 2, where chance alone "
        f"makes {by_chance:.1f}; the largest is {largest:.1f}, and {beyond:.2g} that "
        "large are expected. The joint tests decide, not single scores."
    )


def freedom(landscapes: int, own: float, theory: float | None = None) -> float:
    """Degrees of freedom of a score whose error is from so many landscapes, two or more.

    Args:
        own: the error from landscapes.
        theory: that of a sampled theory, of so many draws that it is known.
    """
    share = own**2 / (own**2 + theory**2) if theory else 1.0
    return max(landscapes - 1, 1) / share**2 if share > 0 else float("inf")


def some(items: Sequence[T], most: int) -> list[T]:
    """At most so many of the items, evenly spread, first and last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(place)] for place in np.linspace(0, len(items) - 1, most)]
