"""Ensemble statistics of the merge trees of one family of cells, and the landscapes to draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.complexes import has_topology, landscapes
from morsecensus.analysis.dataset.in_common import numbers_of
from morsecensus.analysis.topics.topology.trees.connectedness import (
    Connectedness,
    Onset,
    connectedness,
    onset,
    onset_of,
)
from morsecensus.analysis.topics.topology.trees.disconnectivity import Layout, lay_out, prune
from morsecensus.analysis.topics.topology.trees.forest import Forest, collect, tree_of
from morsecensus.analysis.topics.topology.trees.heights import (
    KINDS,
    Heights,
    Lifetimes,
    Scaling,
    mean_per_minimum,
    measure_heights,
    measure_lifetimes,
    scaling_of,
)
from morsecensus.analysis.topics.topology.trees.merge_tree import connected_from

LEVELS = 61
BINS = 12
MOST_LINES = 60
"""Minima in a drawn disconnectivity graph: more are a black wall at the width of a page."""


@dataclass(frozen=True, eq=False)
class Picture:
    """The disconnectivity graph of one landscape: its ``shown`` lowest minima of ``minima``."""

    n: int
    landscape: int
    certified: bool
    minima: int
    shown: int
    ground: float
    joined: float
    layout: Layout


@dataclass(frozen=True, eq=False)
class CellTrees:
    """Everything measured of one cell; nan where there is no known tree.

    ``heights`` by KINDS; ``minima_energy`` is the mean energy of all minima and its error.
    """

    forest: Forest
    heights: Mapping[str, Heights]
    lifetimes: Lifetimes
    connected: Connectedness
    joined: Onset
    joined_up_to_sign: Onset
    ground: Onset
    minima_energy: tuple[float, float]

    @property
    def n(self) -> int:
        """The study's n: number of spins, or of one sphere's."""
        return self.forest.n

    @property
    def spins(self) -> int:
        """Number of spins, over all spheres: energies per spin times it are energies."""
        return self.forest.cell.spins


@dataclass(frozen=True, eq=False)
class TreeResult:
    """The cells of one family that have topology, by N; ``edges`` of the energy bins. ``finder`` as that of
    `FamilyResult`."""

    cells: tuple[CellTrees, ...]
    edges: Floats
    scaling: tuple[Scaling, ...]
    pictures: tuple[Picture, ...]
    finder: str = ""

    @property
    def known(self) -> tuple[CellTrees, ...]:
        """Cells with a tree."""
        return tuple(cell for cell in self.cells if cell.forest.trees)

    @property
    def has_lifetimes(self) -> bool:
        """Whether any class dies: a study of tiny landscapes may have one minimum in each."""
        return any(cell.lifetimes.values.size for cell in self.known)


def measure_trees(cells: Sequence[Cell], finder: str = "") -> TreeResult | None:
    """Measure the cells of one family; None where no cell has topology."""
    forests = [collect(cell) for cell in cells if has_topology(cell)]
    if not forests:
        return None
    forests.sort(key=lambda forest: (forest.n, forest.cell.name))
    levels, edges = _levels(forests), _edges(forests)
    measured = tuple(_measure(forest, levels, edges) for forest in forests)
    sizes, spins = [cell.n for cell in measured], [cell.spins for cell in measured]
    fits = [scaling_of(kind, sizes, spins, [cell.heights[kind] for cell in measured]) for kind in KINDS]
    pictures = tuple(picture(forest) for forest in _to_draw(forests))
    return TreeResult(measured, edges, tuple(fit for fit in fits if fit is not None), pictures, finder)


def _levels(forests: Sequence[Forest]) -> Floats:
    ground, joined = (np.concatenate([getattr(f, name) for f in forests]) for name in ("ground", "joined"))
    if not len(ground):
        return np.linspace(-1.0, 1.0, LEVELS)
    margin = 0.02 * max(float(joined.max() - ground.min()), 1e-3)
    return np.linspace(ground.min() - margin, joined.max() + margin, LEVELS)


def _edges(forests: Sequence[Forest]) -> Floats:
    energy = np.concatenate([forest.energy[forest.finite] for forest in forests])
    low, high = (energy.min(), energy.max()) if len(energy) else (-1.0, 1.0)
    return np.linspace(low, max(high, low + 1e-6), BINS + 1)


def _measure(forest: Forest, levels: Floats, edges: Floats) -> CellTrees:
    one = np.ones(len(forest.energy))
    return CellTrees(
        forest,
        {kind: measure_heights(forest, kind, edges) for kind in KINDS},
        measure_lifetimes(forest),
        connectedness(forest, levels),
        onset(forest),
        onset_of(forest.joined_up_to_sign),
        onset_of(forest.ground),
        mean_per_minimum(forest.owner, forest.energy, one, forest.trees),
    )


def _to_draw(forests: Sequence[Forest]) -> list[Forest]:
    """The largest N, and beside it the smallest one whose landscapes typically have a join to show."""
    known = [forest for forest in forests if forest.trees]
    small = [forest for forest in known if np.median(_minima(forest)) >= 4]
    chosen = [*small[:1], *known[-1:]]
    return chosen if len({forest.n for forest in chosen}) == len(chosen) else chosen[-1:]


def _minima(forest: Forest) -> np.ndarray:
    return np.bincount(forest.owner, minlength=forest.trees)


def typical(forest: Forest) -> int:
    """Place of the tree whose number of minima is nearest to the median: among the certified ones if there
    are any, the first of equals."""
    minima = _minima(forest)
    far = np.abs(minima - np.median(minima))
    allowed = forest.certified if forest.certified.any() else np.ones(forest.trees, bool)
    return int(np.argmin(np.where(allowed, far, np.inf)))


def picture(forest: Forest) -> Picture:
    """Lay out the disconnectivity graph of a typical landscape.

    Raises:
        ValueError: the cell has no tree.
    """
    if not forest.trees:
        raise ValueError(f"{forest.cell.name}: got no landscape with a merge tree; nothing to draw")
    place = typical(forest)
    in_cell = int(forest.place[place])
    tree = tree_of(next(landscapes(forest.cell, [in_cell])))
    assert tree is not None
    shown = min(tree.leaves, MOST_LINES)
    return Picture(
        forest.n,
        int(numbers_of(forest.cell.stored)[in_cell]),
        bool(forest.certified[place]),
        tree.leaves,
        shown,
        float(tree.level[0]),
        connected_from(tree),
        lay_out(prune(tree, shown)),
    )
