"""A census held against a closed form, manifold by manifold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.batches import row_offsets
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page.table import Row
from morsecensus.tasks.measurables.words import CHECKS, STATUSES

RESOLUTION = 1e-9
"""Values of H closer than this share of the landscape's scale are one value. Found ones are off by 1e-15
(measured), and different ones by what random eigenvalues differ by."""
FAIL, COMPLETE = CHECKS.index("fail"), STATUSES.index("complete")


class Manifold(Protocol):
    """A critical manifold in closed form."""

    @property
    def chosen(self) -> tuple[int, ...]:
        """Which eigenvalues or singular values it keeps, the largest being number 0."""
        ...

    @property
    def loss(self) -> float:
        """H on it."""
        ...

    @property
    def index(self) -> int:
        """Negative eigenvalues of the Hessian."""
        ...

    @property
    def dimension(self) -> int:
        """Of the manifold."""
        ...

    @property
    def degenerate(self) -> bool:
        """Whether the Hessian is singular beyond the manifold's own directions."""
        ...


class Shape(Protocol):
    """What is known of a cell's landscapes before they are drawn."""

    @property
    def title(self) -> str:
        """In words."""
        ...

    @property
    def ambient(self) -> int:
        """Number of weights, by which H is divided for an energy."""
        ...


M = TypeVar("M", bound=Manifold)
S = TypeVar("S", bound=Shape)


@dataclass(frozen=True)
class Found(Generic[M]):
    """What the census has of one critical manifold of one landscape.

    Attributes:
        manifold: in closed form.
        row: of the cell's points; -1 if it was missed.
        off_by: found minus closed-form value of H, in units of the landscape's scale; nan if missed.
    """

    manifold: M
    row: int
    off_by: float


@dataclass(frozen=True, eq=False)
class Landscape(Generic[M]):
    """One landscape: its manifolds, found or not, and the points that are none of them (or one again)."""

    place: int
    found: tuple[Found[M], ...]
    spurious: tuple[int, ...]

    @property
    def entire(self) -> bool:
        """Whether every manifold was found once, and nothing else."""
        return not self.spurious and all(each.row >= 0 for each in self.found)


@dataclass(frozen=True, eq=False)
class CheckedCell(Generic[S, M]):
    """One cell with every landscape that has data."""

    cell: Cell
    shape: S
    landscapes: tuple[Landscape[M], ...]

    def column(self, name: str) -> np.ndarray:
        """A column of the cell's points or landscapes."""
        return self.cell.stored[name].values

    @property
    def every(self) -> list[Found[M]]:
        """All manifolds of all landscapes."""
        return [each for landscape in self.landscapes for each in landscape.found]

    @property
    def found(self) -> list[Found[M]]:
        """Those that the census has."""
        return [each for each in self.every if each.row >= 0]

    @property
    def spurious(self) -> list[int]:
        """Points that are none of them, or one again, by their row."""
        return [row for landscape in self.landscapes for row in landscape.spurious]


Closed = Callable[[Floats], tuple[Sequence[M], float]]
"""The manifolds of a landscape from its column, and the scale of H there."""


def check_cell(cell: Cell, shape: S, column: str, closed: Closed[M]) -> CheckedCell[S, M]:
    """Hold the points of each landscape against its critical manifolds.

    Args:
        column: that the closed form is of, shape (landscapes, values).
    """
    dataset = cell.stored
    offsets = row_offsets(dataset)
    sizes, ends = np.diff(offsets), offsets[1:]
    energy, targets = dataset["energy"].values, dataset[column].values
    dimension, nullity = dataset["set_dimension"].values, dataset["nullity"].values
    kinds = np.stack([dataset["index"].values, dimension, nullity != dimension], axis=1)
    landscapes = []
    for place, (end, size) in enumerate(zip(ends, sizes, strict=True)):
        if np.isfinite(targets[place]).all():  # a failed block has none
            rows = np.arange(end - size, end)
            known, scale = closed(targets[place])
            landscapes.append(match(place, known, scale, rows, shape.ambient * energy[rows], kinds[rows]))
    return CheckedCell(cell, shape, tuple(landscapes))


def match(
    place: int,
    manifolds: Sequence[M],
    scale: float,
    rows: np.ndarray,
    values: Floats,
    kinds: np.ndarray,
) -> Landscape[M]:
    """Assign found points to manifolds whose H is theirs within RESOLUTION, each once.

    Of manifolds with one value (given spectra have some, such as 5, 4, 3) a point takes one of its own kind
    if there is one left; what is wrong of it is told only where there is none.

    Args:
        place: of the landscape in its cell.
        scale: of H.
        rows: of the found points.
        values: H at them, same shape.
        kinds: index, dimension, whether degenerate, shape (points, 3).
    """
    known = np.array([manifold.loss for manifold in manifolds])
    own = np.array([(each.index, each.dimension, each.degenerate) for each in manifolds])
    taken = dict[int, int]()
    left = list(range(len(values)))
    for alike in (True, False):  # those that fit choose first, whatever their order
        for at in list(left):
            away = np.abs(known - values[at])
            away[list(taken)] = np.inf
            if alike:
                away[(own != kinds[at]).any(axis=1)] = np.inf
            nearest = int(np.argmin(away))
            if away[nearest] <= RESOLUTION * scale:
                taken[nearest] = at
                left.remove(at)
    spurious = [int(rows[at]) for at in left]
    found = tuple(
        Found(manifold, int(rows[taken[k]]), float(values[taken[k]] - manifold.loss) / scale)
        if k in taken
        else Found(manifold, -1, float("nan"))
        for k, manifold in enumerate(manifolds)
    )
    return Landscape(place, found, tuple(spurious))


def common_row(checked: CheckedCell[S, M]) -> Row:
    """What is counted alike for all models: what was found, missed, wrong, over the landscapes of a cell."""
    index, dimension = checked.column("index"), checked.column("set_dimension")
    status, morse = checked.column("status"), checked.column("morse_check")
    found, spurious = checked.found, checked.spurious
    partial = [landscape.place for landscape in checked.landscapes if not landscape.entire]
    return {
        "cell": checked.cell.name,
        "n": checked.cell.n,
        "landscapes": len(checked.landscapes),
        "manifolds": len(checked.every),
        "found": len(found),
        "entire_landscapes": len(checked.landscapes) - len(partial),
        "spurious": len(spurious),
        "spurious_minima": int((index[spurious] == 0).sum()) if spurious else 0,
        "largest_error": max((abs(each.off_by) for each in found), default=None),
        "index_wrong": sum(int(index[each.row]) != each.manifold.index for each in found),
        "dimension_wrong": sum(int(dimension[each.row]) != each.manifold.dimension for each in found),
        "called_complete": int((status[[x.place for x in checked.landscapes]] == COMPLETE).sum()),
        "wrongly_called_complete": int((status[partial] == COMPLETE).sum()) if partial else 0,
        "partial_caught_by_morse_check": int((morse[partial] == FAIL).sum()) if partial else 0,
    }


def is_right(row: Row) -> bool:
    """Whether nothing of a cell's row contradicts the closed form; what was missed doesn't."""
    wrong = ("spurious", "index_wrong", "nullity_wrong", "dimension_wrong", "wrongly_called_complete")
    return not any(row.get(name) for name in wrong)
