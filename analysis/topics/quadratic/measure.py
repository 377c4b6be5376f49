"""A census of networks with quadratic units against the closed form, manifold by manifold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.theory.models.quadratic.manifolds import (
    CriticalManifold,
    critical_manifolds,
    index_of,
    subsets,
)
from morsecensus.analysis.topics.manifolds.match import RESOLUTION, CheckedCell, check_cell, common_row


@dataclass(frozen=True)
class Network:
    """A network with quadratic units: inputs, units, and where the eigenvalues of its teacher are from."""

    n: int
    width: int
    teacher: str

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.width} units on {self.n} inputs, teacher {self.teacher}"

    @property
    def ambient(self) -> int:
        """Number of weights."""
        return self.width * self.n


Checked = CheckedCell[Network, CriticalManifold]


def check(cell: Cell) -> Checked:
    """Hold the points of each landscape against its critical manifolds."""
    shape = shape_of(cell)
    return check_cell(cell, shape, "target_eigenvalues", partial(closed, shape))


def shape_of(cell: Cell) -> Network:
    """The network of a cell, from its parameters."""
    parameters = cell.parameters
    return Network(cell.n, int(parameters["width"]), parameters["spectrum"] or parameters["teacher"])


def closed(shape: Network, eigenvalues: Floats) -> tuple[list[CriticalManifold], float]:
    """The manifolds of a landscape; the scale of f is its largest value on one."""
    known = critical_manifolds(eigenvalues, shape.width)
    return known, max(manifold.loss for manifold in known)


def cell_row(checked: Checked) -> Row:
    """One row for a cell: what was found, missed, wrong, and the two negative controls."""
    index, energy = checked.column("index"), checked.column("energy") * checked.shape.ambient
    targets, width = checked.column("target_eigenvalues"), checked.shape.width
    controls = {"value_wrong_without_trace": 0, "index_wrong_without_factor": 0}
    for landscape in checked.landscapes:
        eigenvalues = targets[landscape.place]
        scale = closed(checked.shape, eigenvalues)[1]
        for each in landscape.found:
            if each.row < 0:
                continue
            chosen = each.manifold.chosen
            off = abs(energy[each.row] - loss_without_trace(eigenvalues, chosen))
            controls["value_wrong_without_trace"] += int(off > RESOLUTION * scale)
            other = index_without_factor(eigenvalues, chosen, width)
            controls["index_wrong_without_factor"] += int(index[each.row] != other)
    return common_row(checked) | {"width": width, "teacher": checked.shape.teacher} | controls


def loss_without_trace(eigenvalues: Floats, chosen: Sequence[int]) -> float:
    """f where W^T W has the eigenvalues l_i themselves, as in plain matrix factorisation."""
    outside = np.delete(eigenvalues, list(chosen))
    return float((outside**2).sum() + outside.sum() ** 2 / 2)


def index_without_factor(eigenvalues: Floats, chosen: Sequence[int], width: int) -> int:
    """The index with one free unit where there are K - s, or none if there is none."""
    s = len(chosen)
    return int(index_of(eigenvalues, chosen, min(width, s + 1)))


def manifold_rows(checked: Checked) -> list[Row]:
    """One row for each set of eigenvalues of a cell: in how many landscapes it counts, and was found."""
    rows = []
    for chosen in subsets(checked.shape.n, checked.shape.width):
        mine = [each for each in checked.every if each.manifold.chosen == chosen]
        if mine:
            rows.append(
                {
                    "cell": checked.cell.name,
                    "chosen": " ".join(str(i + 1) for i in chosen),
                    "dimension": mine[0].manifold.dimension,
                    "mean_index": float(np.mean([each.manifold.index for each in mine])),
                    "mean_value": float(np.mean([each.manifold.loss for each in mine])),
                    "landscapes": len(mine),
                    "found": sum(each.row >= 0 for each in mine),
                }
            )
    return rows
