"""Persistent homology over the cells of one family: everything that figures and tables are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.complexes import (
    CERTIFIED,
    Landscape,
    exact_degrees,
    has_topology,
    landscapes,
    on_one_sphere,
)
from morsecensus.analysis.dataset.in_common import numbers_of
from morsecensus.analysis.topics.topology.homology.betti import estimate_betti
from morsecensus.analysis.topics.topology.homology.persistent import estimate_persistent
from morsecensus.analysis.topics.topology.homology.ratios import Rate, Ratio, fit_rates, measure_ratios
from morsecensus.analysis.topics.topology.homology.sublevels import energy_levels

COARSE = 2
"""Every so many levels make the grid of persistent Betti numbers."""
MOST_POOLED = 4000
"""Classes in a pooled diagram. Arbitrary: more run together."""
ENOUGH = 20
"""Landscapes that make a mean worth a picture, where some N has them. Arbitrary."""
MOST_BARS = 80
"""In a barcode that can be read. Arbitrary."""


@dataclass(frozen=True, eq=False)
class CellHomology:
    """One cell: ``betti`` of `estimate_betti`, ``persistent`` of `estimate_persistent` on a coarse grid."""

    cell: Cell
    betti: xr.Dataset
    persistent: xr.Dataset | None

    @property
    def n(self) -> int:
        """Number of spins N."""
        return self.cell.n

    @property
    def degrees(self) -> tuple[int, ...]:
        """Those that some landscape knows."""
        return tuple(int(name) for name in self.betti["group"].values if name.isdigit())


@dataclass(frozen=True, eq=False)
class Classes:
    """Persistence pairs of one landscape or of many.

    Attributes:
        n: number of spins N.
        cell: its name; landscapes: how many; number: of the landscape if it is one.
        birth, death: energies per spin, death inf for a class that never dies, shape (classes,).
        dim: degrees, shape (classes,).
    """

    n: int
    cell: str
    landscapes: int
    number: int | None
    birth: Floats
    death: Floats
    dim: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class HomologyResult:
    """The cells of a family by N.

    Attributes:
        cells: those that know some degree.
        unknown: names of cells with topology of which no landscape knows any degree.
        ratios: of points to classes; rates: exponentials fitted to them.
        typical: pairs of a typical landscape at the largest N; bars: of one whose barcode can be read.
        pooled: pairs of many landscapes at the largest N that is shown.
    """

    cells: tuple[CellHomology, ...]
    unknown: tuple[str, ...]
    ratios: tuple[Ratio, ...]
    rates: tuple[Rate, ...]
    typical: Classes | None
    bars: Classes | None
    pooled: Classes | None

    @property
    def shown(self) -> tuple[CellHomology, ...]:
        """Those whose means are drawn: a few landscapes of an expensive N make no ensemble."""
        return enough(self.cells)


def enough(cells: Sequence[CellHomology]) -> tuple[CellHomology, ...]:
    """The cells with enough landscapes, or all if none has."""
    return tuple(cell for cell in cells if cell.cell.landscapes >= ENOUGH) or tuple(cells)


def measure_homology(cells: Sequence[Cell]) -> HomologyResult | None:
    """Measure the cells of one family; None where none has topology that is known."""
    asked = [cell for cell in cells if has_topology(cell) and on_one_sphere(cell)]
    if not asked:
        return None
    levels = energy_levels(asked)
    found, unknown = [], []
    for cell in sorted(asked, key=lambda cell: cell.n):
        betti = estimate_betti(cell, levels)
        if betti is None:
            unknown.append(cell.name)
        else:
            found.append(CellHomology(cell, betti, estimate_persistent(cell, levels[::COARSE])))
    if not found:
        return None
    ratios = measure_ratios([cell.betti for cell in found])
    typical = [one for one in map(typical_classes, (c.cell for c in found)) if one is not None]
    readable = [one for one in typical if len(one.dim) <= MOST_BARS]
    return HomologyResult(
        tuple(found),
        tuple(unknown),
        ratios,
        fit_rates(ratios),
        typical[-1] if typical else None,
        readable[-1] if readable else None,
        pooled_classes(enough(found)[-1].cell),
    )


def typical_classes(cell: Cell) -> Classes | None:
    """Pairs of the certified landscape whose number of points is nearest to the cell's median; None without.

    Of equally near ones it is the first.
    """
    certified = np.flatnonzero(cell.stored["topology"].values == CERTIFIED)
    certified = certified[exact_degrees(cell)[certified].any(axis=1)]
    if not len(certified):
        return None
    points = cell.stored["n_points"].values
    place = int(certified[np.argmin(np.abs(points[certified] - np.median(points)))])
    (one,) = landscapes(cell, [place])
    number = int(numbers_of(cell.stored)[place])
    return Classes(cell.n, cell.name, 1, number, one.birth, one.death, one.dim)


def pooled_classes(cell: Cell, most: int = MOST_POOLED) -> Classes | None:
    """Pairs of the first landscapes that know a degree, up to so many classes; None if none knows one."""
    known = exact_degrees(cell)
    places = np.flatnonzero(known.any(axis=1))
    sizes = np.cumsum(cell.stored["pair_size"].values[places])
    places = places[: max(1, int(np.searchsorted(sizes, most, side="right")))]
    parts: list[tuple[Landscape, NDArray[np.bool_]]] = [
        (one, known[one.place][one.dim]) for one in landscapes(cell, places.tolist())
    ]
    if not parts:
        return None
    birth, death = (
        np.concatenate([getattr(one, name)[kept] for one, kept in parts]) for name in ("birth", "death")
    )
    dim = np.concatenate([one.dim[kept] for one, kept in parts])
    return Classes(cell.n, cell.name, len(parts), None, birth, death, dim)
