"""Cells of the body shares, read from a run: runs above loss 0, and the families that they ended in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.cells import Study
from morsecensus.tasks.proportions import interval

BODY, SETTLED = "shares", 0
"""The body, and the status of a run that settled."""
SAME_LOSS = 1e-9
"""How far losses of one family may be apart: those of a block are of one point, found to round-off."""


@dataclass(frozen=True)
class EndFamily:
    """Ends that are one up to relabelling.

    Attributes:
        loss: theirs.
        runs: how many.
        blocks: sizes of the groups of teachers that may be exchanged, such as "8+1".
        least_eigenvalue: of the Hessian.
        index: negative ones.
        nullity: zero ones.
        doubled: sorted pairs (index, nullity) that the point has after some student is doubled.
    """

    loss: float
    runs: int
    blocks: str
    least_eigenvalue: float
    index: int
    nullity: int
    doubled: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class SharesCell:
    """One cell.

    Attributes:
        cell: name of its group in the dataset.
        k: number of teachers.
        data: runs that have a result; dimension landscape.
    """

    cell: str
    k: int
    data: xr.Dataset

    @property
    def zero(self) -> float:
        """Losses up to this are 0."""
        return float(self.data.attrs["loss_zero"])

    @property
    def units(self) -> int:
        """m, the number of students."""
        return int(self.data.sizes["unit"])

    @property
    def runs(self) -> int:
        """All of them."""
        return int(self.data.sizes["landscape"])

    @property
    def settled(self) -> int:
        """Those that ended in a critical point, or at loss 0."""
        return int((self.data["status"].values == SETTLED).sum())

    @property
    def spurious(self) -> int:
        """Those of the settled ones that ended above loss 0."""
        return sum(family.runs for family in self.families if family.loss > self.zero)

    @property
    def share(self) -> tuple[float, float, float]:
        """Of these among settled ones, and its 95 % interval (Clopper, Pearson); nan if none settled."""
        return share_of(self.spurious, self.settled)

    @cached_property
    def families(self) -> tuple[EndFamily, ...]:
        """Lowest loss first."""
        ends = self.data.isel(landscape=np.flatnonzero(self.data["status"].values == SETTLED))
        columns = {name: column.values for name, column in ends.items() if name != "weights"}
        return tuple(_family(columns, rows) for rows in _groups(columns, self.zero))


def share_of(part: int, whole: int) -> tuple[float, float, float]:
    """A share and its 95 % interval; nan of nothing."""
    if not whole:
        return float("nan"), float("nan"), float("nan")
    low, high = interval(part, whole)
    return part / whole, float(low), float(high)


def _groups(columns: Mapping[Any, np.ndarray], zero: float) -> list[np.ndarray]:
    """Rows of each family: of one loss and the same blocks, or of loss 0 whatever their blocks."""
    loss: Floats = columns["loss"]
    order = np.argsort(loss, kind="stable")
    steps = np.diff(loss[order], prepend=-np.inf)
    close = np.cumsum((steps > SAME_LOSS) & (loss[order] > zero))
    found: dict[tuple[Any, ...], list[int]] = {}
    for row, level in zip(order, close, strict=True):
        blocks = () if loss[row] <= zero else tuple(columns["blocks"][row])
        found.setdefault((level, blocks), []).append(row)
    return [np.array(rows) for rows in found.values()]


def _family(columns: Mapping[Any, np.ndarray], rows: np.ndarray) -> EndFamily:
    first = {name: column[rows[0]] for name, column in columns.items()}
    twice = zip(first["doubled_index"].tolist(), first["doubled_nullity"].tolist(), strict=True)
    return EndFamily(
        loss=float(first["loss"]),
        runs=len(rows),
        blocks="+".join(str(size) for size in first["blocks"] if size > 0),
        least_eigenvalue=float(first["least_eigenvalue"]),
        index=int(first["index"]),
        nullity=int(first["nullity"]),
        doubled=tuple(sorted(set(twice))),
    )


def find_shares(study: Study) -> list[SharesCell]:
    """All cells with a result, by surplus of students and then k."""
    found = [
        SharesCell(cell.name, int(cell.spec["n"]), cell.computed)
        for cell in study.others
        if cell.body == BODY
    ]
    return sorted((one for one in found if one.runs), key=lambda one: (one.units - one.k, one.k))
