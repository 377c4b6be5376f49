"""A census of factorised landscapes against the closed form, manifold by manifold."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.page.table import Row
from morsecensus.analysis.theory.models.factorised.manifolds import (
    Architecture,
    CriticalManifold,
    Floats,
    critical_manifolds,
    index_of,
)
from morsecensus.analysis.topics.manifolds.match import CheckedCell, check_cell, common_row

Checked = CheckedCell[Architecture, CriticalManifold]


def check(cell: Cell) -> Checked:
    """Hold the points of each landscape against its critical manifolds."""
    shape = shape_of(cell)
    return check_cell(cell, shape, "target_singular_values", partial(closed, shape))


def shape_of(cell: Cell) -> Architecture:
    """The architecture of a cell, from its parameters."""
    attrs: Mapping[str, object] = cell.stored.attrs
    width, layers, extra = (int(str(attrs[name])) for name in ("width", "layers", "extra"))
    return Architecture(cell.n, width, layers, extra)


def closed(shape: Architecture, singular_values: Floats) -> tuple[list[CriticalManifold], float]:
    """The manifolds of a landscape; the scale of H is |M|^2/2."""
    return critical_manifolds(shape, singular_values), float(singular_values @ singular_values) / 2


def cell_row(checked: Checked) -> Row:
    """One row for a cell: what was found, missed, wrong."""
    shape, found = checked.shape, checked.found
    index, nullity = checked.column("index"), checked.column("nullity")
    # The negative control: the index as it would be with another number of layers.
    other = Architecture(shape.rows, shape.width, 3 if shape.layers == 2 else 2, shape.extra)
    return common_row(checked) | {
        "columns": shape.rows + shape.extra,
        "width": shape.width,
        "layers": shape.layers,
        "nullity_wrong": sum(int(nullity[each.row]) != each.manifold.nullity for each in found),
        "index_wrong_with_other_depth": sum(
            int(index[each.row]) != index_of(other, each.manifold.chosen) for each in found
        ),
        "non_strict": sum(not each.manifold.strict for each in checked.every),
        "non_strict_found": sum(not each.manifold.strict for each in found),
    }


def manifold_rows(checked: Checked) -> list[Row]:
    """One row for each set of singular values of a cell: how often it was found, and what it is."""
    rows = []
    for chosen in checked.shape.subsets():
        mine = [each for each in checked.every if each.manifold.chosen == chosen]
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
