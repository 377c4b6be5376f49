"""A census of factorised landscapes against the closed form, manifold by manifold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.dataset.batches import row_offsets
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.results import FamilyResult
from morsecensus.analysis.theory.models.factorised.manifolds import (
    Architecture,
    CriticalManifold,
    Floats,
    critical_manifolds,
    index_of,
)
from morsecensus.storage.tables import CHECKS, STATUS

ANCHOR = "factorised"
RESOLUTION = 1e-9
"""Values of H closer than this share of |M|^2/2 are one value. Found ones are off by 1e-15 (measured), and
different ones by a difference of squares of singular values of a random matrix."""
FAIL, COMPLETE = CHECKS.index("fail"), STATUS.index("complete")


@dataclass(frozen=True)
class Found:
    """What the census has of one critical manifold of one landscape.

    Attributes:
        manifold: in closed form.
        row: of the cell's points; -1 if it was missed.
        off_by: found minus closed-form value of H, in units of |M|^2/2; nan if missed.
    """

    manifold: CriticalManifold
    row: int
    off_by: float


@dataclass(frozen=True, eq=False)
class Landscape:
    """One landscape: its manifolds, found or not, and the points that are none of them (or one again)."""

    number: int
    found: tuple[Found, ...]
    spurious: tuple[int, ...]

    @property
    def entire(self) -> bool:
        """Whether every manifold was found once, and nothing else."""
        return not self.spurious and all(each.row >= 0 for each in self.found)


@dataclass(frozen=True, eq=False)
class CheckedCell:
    """One cell with every landscape that has data."""

    cell: Cell
    shape: Architecture
    landscapes: tuple[Landscape, ...]

    def column(self, name: str) -> np.ndarray:
        """A column of the cell's points or landscapes."""
        return self.cell.stored[name].values


def find_checked(families: Sequence[FamilyResult]) -> list[CheckedCell]:
    """Hold every factorised cell of a study against the closed form; empty where there is none."""
    cells = [result.cell for family in families for result in family.cells]
    return [check_cell(cell) for cell in cells if ANCHOR in cell.topics]


def shape_of(cell: Cell) -> Architecture:
    """The architecture of a cell, from its parameters."""
    attrs: Mapping[str, object] = cell.stored.attrs
    width, layers, extra = (int(str(attrs[name])) for name in ("width", "layers", "extra"))
    return Architecture(cell.n, width, layers, extra)


def check_cell(cell: Cell) -> CheckedCell:
    """Hold the points of each landscape against its critical manifolds."""
    shape, dataset = shape_of(cell), cell.stored
    offsets = row_offsets(dataset)
    sizes, ends = np.diff(offsets), offsets[1:]
    energy, targets = dataset["energy"].values, dataset["target_singular_values"].values
    landscapes = []
    for number, (end, size) in enumerate(zip(ends, sizes, strict=True)):
        if np.isfinite(targets[number]).all():  # a failed block has none
            rows = np.arange(end - size, end)
            landscapes.append(match(number, shape, targets[number], rows, shape.ambient * energy[rows]))
    return CheckedCell(cell, shape, tuple(landscapes))


def match(number: int, shape: Architecture, targets: Floats, rows: np.ndarray, values: Floats) -> Landscape:
    """Assign found values of H to closed-form ones, each to the nearest within RESOLUTION, each once.

    Args:
        targets: singular values of M, descending.
        rows: of the found points.
        values: H at them, same shape.
    """
    manifolds = critical_manifolds(shape, targets)
    known = np.array([manifold.loss for manifold in manifolds])
    scale = float(targets @ targets) / 2
    taken, spurious = dict[int, int](), list[int]()
    for at, value in enumerate(values):
        nearest = int(np.argmin(np.abs(known - value)))
        if abs(known[nearest] - value) > RESOLUTION * scale or nearest in taken:
            spurious.append(int(rows[at]))
        else:
            taken[nearest] = at
    found = tuple(
        Found(manifold, int(rows[taken[k]]), float(values[taken[k]] - manifold.loss) / scale)
        if k in taken
        else Found(manifold, -1, float("nan"))
        for k, manifold in enumerate(manifolds)
    )
    return Landscape(number, found, tuple(spurious))


def cell_row(checked: CheckedCell) -> Row:
    """One row for a cell: what was found, missed, wrong."""
    cell, shape = checked.cell, checked.shape
    index, nullity, dimension = (checked.column(name) for name in ("index", "nullity", "set_dimension"))
    status, morse = checked.column("status"), checked.column("morse_check")
    every = [each for landscape in checked.landscapes for each in landscape.found]
    found = [each for each in every if each.row >= 0]
    spurious = [row for landscape in checked.landscapes for row in landscape.spurious]
    partial = [landscape.number for landscape in checked.landscapes if not landscape.entire]
    # The negative control: the index as it would be with another number of layers.
    other = Architecture(shape.rows, shape.width, 3 if shape.layers == 2 else 2, shape.extra)
    return {
        "cell": cell.name,
        "n": cell.n,
        "columns": shape.rows + shape.extra,
        "width": shape.width,
        "layers": shape.layers,
        "landscapes": len(checked.landscapes),
        "manifolds": len(every),
        "found": len(found),
        "entire_landscapes": len(checked.landscapes) - len(partial),
        "spurious": len(spurious),
        "spurious_minima": int((index[spurious] == 0).sum()) if spurious else 0,
        "largest_error": max((abs(each.off_by) for each in found), default=None),
        "index_wrong": sum(int(index[each.row]) != each.manifold.index for each in found),
        "nullity_wrong": sum(int(nullity[each.row]) != each.manifold.nullity for each in found),
        "dimension_wrong": sum(int(dimension[each.row]) != each.manifold.dimension for each in found),
        "index_wrong_with_other_depth": sum(
            int(index[each.row]) != index_of(other, each.manifold.chosen) for each in found
        ),
        "non_strict": sum(not each.manifold.strict for each in every),
        "non_strict_found": sum(not each.manifold.strict for each in found),
        "called_complete": int((status[[x.number for x in checked.landscapes]] == COMPLETE).sum()),
        "wrongly_called_complete": int((status[partial] == COMPLETE).sum()) if partial else 0,
        "partial_caught_by_morse_check": int((morse[partial] == FAIL).sum()) if partial else 0,
    }


def manifold_rows(checked: CheckedCell) -> list[Row]:
    """One row for each set of singular values of a cell: how often it was found, and what it is."""
    rows = []
    for chosen in checked.shape.subsets():
        mine = [x for landscape in checked.landscapes for x in landscape.found if x.manifold.chosen == chosen]
        if not mine:
            continue
        manifold = mine[0].manifold
        losses = np.array([each.manifold.loss for each in mine])
        rows.append(
            {
                "cell": checked.cell.name,
                "chosen": " ".join(str(i + 1) for i in chosen),
                "index": manifold.index,
                "nullity": manifold.nullity,
                "dimension": manifold.dimension,
                "degenerate": manifold.degenerate,
                "strict": manifold.strict,
                "mean_value": float(losses.mean()),
                "landscapes": len(mine),
                "found": sum(each.row >= 0 for each in mine),
            }
        )
    return rows


def is_right(row: Row) -> bool:
    """Whether nothing of a `cell_row` contradicts the closed form; what was missed doesn't."""
    wrong = ("spurious", "index_wrong", "nullity_wrong", "dimension_wrong", "wrongly_called_complete")
    return not any(row[name] for name in wrong)
