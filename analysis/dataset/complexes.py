"""Morse complexes and persistence pairs of a cell, from its dataset."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Floats, row_offsets
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.tasks.measurables.census import POINT
from morsecensus.tasks.measurables.topology import ARC, PAIR
from morsecensus.tasks.measurables.words import CHECKS, TOPOLOGIES
from morsecensus.tasks.topology.complex import MorseComplex

CERTIFIED, CONTRADICTED, REFUSED = (
    TOPOLOGIES.index(name) for name in ("certified", "contradicted", "refused")
)
FAIL = CHECKS.index("fail")

BATCH_ROWS = 2**20
"""Points, arcs and pairs read at a time, in whole landscapes. Arbitrary: some tens of MB."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """The topology of one landscape.

    Attributes:
        place: in the cell.
        complex: critical points and the boundary matrices that are known.
        exact: for each degree, whether its pairs are known, shape (N,).
        dim: degree of each persistence pair, shape (pairs,).
        birth: energy per spin, shape (pairs,).
        death: inf for a class that never dies.
    """

    place: int
    complex: MorseComplex
    exact: NDArray[np.bool_]
    dim: NDArray[np.int64]
    birth: Floats
    death: Floats

    def diagram(self, degree: int) -> Floats:
        """Births and deaths of one degree, shape (classes, 2), as `topology.barcodes` takes them."""
        chosen = self.dim == degree
        return np.stack([self.birth[chosen], self.death[chosen]], axis=1)


def has_topology(cell: Cell) -> bool:
    """Whether the study asked for it."""
    return "topology" in cell.stored


def on_one_sphere(cell: Cell) -> bool:
    """Whether its landscapes are on one sphere: homology beyond degree 0, and Euler curves, are of these."""
    return cell.stored.sizes["morse_index"] == cell.n


def exact_degrees(cell: Cell) -> NDArray[np.bool_]:
    """For each landscape and degree, whether the pairs are known and no check speaks against them, shape
    (landscapes, N)."""
    data = cell.stored
    against = np.any(data["homology_check"].values == FAIL, axis=1)
    against |= (data["square_check"].values == FAIL) | (data["dual_check"].values == FAIL)
    against |= np.isin(data["topology"].values, (CONTRADICTED, REFUSED))
    return (data["exact_degree"].values > 0) & ~against[:, None]


def landscapes(cell: Cell, places: Sequence[int] | None = None) -> Iterator[Landscape]:
    """Yield the landscapes of a cell in order, all or those at these places; a few at a time in memory."""
    data = cell.stored
    offsets = {table.name: row_offsets(data, table) for table in (POINT, ARC, PAIR)}
    rows = np.sum([*offsets.values()], axis=0)
    wanted = np.arange(cell.held) if places is None else np.sort(np.asarray(places, dtype=np.int64))
    exact = exact_degrees(cell)
    first = 0
    while first < cell.held:
        last = int(np.searchsorted(rows, rows[first] + BATCH_ROWS, side="right")) - 1
        last = min(max(last, first + 1), cell.held)
        here = wanted[(wanted >= first) & (wanted < last)]
        if len(here):
            yield from _Batch(data, offsets, int(here[0]), int(here[-1]) + 1).landscapes(here, exact)
        first = last


_COLUMNS = (
    (POINT, ("energy", "index")),
    (ARC, ("arc_degree", "arc_upper", "arc_lower")),
    (PAIR, ("pair_dim", "pair_birth", "pair_death")),
)


class _Batch:
    """The rows of consecutive landscapes."""

    def __init__(self, data: xr.Dataset, offsets: dict[str, NDArray[np.int64]], first: int, last: int):
        self._bounds = {name: found[first : last + 1] - found[first] for name, found in offsets.items()}
        self._first = first
        self._columns = {
            (table.name, name): data[name]
            .isel({table.dimension: slice(int(offsets[table.name][first]), int(offsets[table.name][last]))})
            .values
            for table, names in _COLUMNS
            for name in names
        }

    def landscapes(self, places: NDArray[np.int64], exact: NDArray[np.bool_]) -> Iterator[Landscape]:
        for place in places.tolist():
            energy, index = self._of(place, "point", "energy"), self._of(place, "point", "index")
            degree = self._of(place, "arc", "arc_degree")
            arcs = np.stack(
                [self._of(place, "arc", "arc_upper"), self._of(place, "arc", "arc_lower")], axis=1
            )
            # A boundary may be known and have no arc: where all saddles are loops.
            top = exact.shape[1] - 1
            known = set(np.minimum(np.flatnonzero(exact[place]) + 1, top).tolist()) | set(degree.tolist())
            boundary = {k: arcs[degree == k] for k in sorted(known)}
            dim, birth = self._of(place, "pair", "pair_dim"), self._of(place, "pair", "pair_birth")
            death = self._of(place, "pair", "pair_death")
            yield Landscape(
                place,
                MorseComplex(energy, index.astype(np.int64), top, boundary),
                exact[place],
                dim.astype(np.int64),
                birth,
                np.where(np.isnan(death), np.inf, death),
            )

    def _of(self, place: int, table: str, column: str) -> np.ndarray:
        bounds, here = self._bounds[table], place - self._first
        return self._columns[table, column][bounds[here] : bounds[here + 1]]
