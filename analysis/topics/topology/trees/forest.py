"""The merge trees of a cell as flat arrays, and what is known of the landscapes that have none.

A tree is known where degree 0 is: every branch of every index-1 saddle was followed to its minimum. Of the
other landscapes, those whose points are complete still bound everything: {H/N <= u} with m minima and s
index-1 saddles has at least m - s components (and one), at most m, and just one from the highest such saddle
on, where a sphere has no more joins to come. Of the rest (points incomplete, or not computed) nothing is
known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from morsecensus.analysis.dataset.batches import Floats
from morsecensus.analysis.dataset.cells import Cell
from morsecensus.analysis.dataset.complexes import CERTIFIED, Landscape, landscapes
from morsecensus.analysis.estimates.counts import COMPLETE
from morsecensus.analysis.topics.topology.trees.merge_tree import (
    MergeTree,
    barriers_to_lowest,
    connected_from,
    escape_levels,
    merge_tree,
)


@dataclass(frozen=True, eq=False)
class Unresolved:
    """A landscape whose points are complete and whose tree isn't known: ascending energies per spin."""

    minima: Floats
    saddles: Floats

    @property
    def joined(self) -> tuple[float, float]:
        """Between which levels {H/N <= u} becomes one component for good."""
        if len(self.minima) < 2:
            return float(self.minima[-1]), float(self.minima[-1])
        joins = len(self.minima) - 1
        last = self.saddles[joins - 1] if len(self.saddles) >= joins else self.minima[-1]
        return float(max(self.minima[-1], last)), float(self.saddles[-1])

    @property
    def most_height(self) -> float:
        """Bound on the sum of the barriers of all minima but the global one."""
        return float((self.saddles[-1] - self.minima[1:]).sum()) if len(self.minima) > 1 else 0.0

    def most_lifetimes(self, times: Floats) -> NDArray[np.int64]:
        """At most how many finite classes of H_0 live longer than each time, shape (times,)."""
        longest = self.saddles[-1] - self.minima[1:] if len(self.minima) > 1 else np.zeros(0)
        return (longest[:, None] > times).sum(axis=0)

    def components(self, levels: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Fewest and most components of {H/N <= u}, shape (levels,) each."""
        there = np.searchsorted(self.minima, levels, side="right")
        passes = np.searchsorted(self.saddles, levels, side="right")
        least = np.maximum(there - passes, np.minimum(there, 1))
        return least, np.where(levels >= self.joined[1], np.minimum(there, 1), there)


@dataclass(frozen=True, eq=False)
class Forest:
    """The merge trees of a cell, energies per spin.

    Attributes:
        cell: they are of.
        place: in the cell, of each landscape that has a tree, shape (trees,).
        certified: whether all of its topology is, shape (trees,).
        ground: energy of the global minimum, shape (trees,).
        joined: level from which {H/N <= u} is one component for good, shape (trees,).
        joined_up_to_sign: the same for {H/N <= u} with x and -x made one; ``joined`` where
            sign changes don't make pairs of minima.
        twins_meet: minimax barrier of the two lowest minima, which for even H are x and -x; the ground state
            where there is one minimum, shape (trees,).
        owner: place of a minimum's tree in ``place``, shape (minima,).
        energy: of each minimum, shape (minima,).
        escape: level at which it meets a lower one, inf for the global one, shape (minima,).
        barrier: level at which it meets the global one (whose own energy stands there), shape (minima,).
        unresolved: landscapes with complete points and no tree.
        blank: planned landscapes of which nothing is known.
    """

    cell: Cell
    place: NDArray[np.int64]
    certified: NDArray[np.bool_]
    ground: Floats
    joined: Floats
    joined_up_to_sign: Floats
    twins_meet: Floats
    owner: NDArray[np.int64]
    energy: Floats
    escape: Floats
    barrier: Floats
    unresolved: tuple[Unresolved, ...]
    blank: int

    @property
    def n(self) -> int:
        """The study's n: number of spins, or of one sphere's."""
        return self.cell.n

    @property
    def trees(self) -> int:
        """How many are known."""
        return len(self.place)

    @property
    def planned(self) -> int:
        """Landscapes that means should run over."""
        return self.trees + len(self.unresolved) + self.blank

    @property
    def images(self) -> int:
        """How many minima of one energy sign changes make of each, itself among them."""
        return images_of(self.cell)

    @property
    def even(self) -> bool:
        """Whether that is two: H(-x) = H(x), or signs of spheres of a product of which two leave H as it
        is."""
        return self.images == 2

    @property
    def finite(self) -> NDArray[np.bool_]:
        """Minima that are not the global one of their landscape, shape (minima,)."""
        return np.isfinite(self.escape)

    def counts_below(self, values: Floats, levels: Floats) -> NDArray[np.int64]:
        """How many of the values, one per minimum, lie at or below each level, shape (trees, levels)."""
        width = len(levels) + 1
        slot = np.searchsorted(levels, values, side="left")
        counts = np.bincount(self.owner * width + slot, minlength=self.trees * width)
        return np.cumsum(counts.reshape(self.trees, width), axis=1)[:, :-1]


def images_of(cell: Cell) -> int:
    """Order of the group of sign changes that leave H as it is: where some turn it into -H, half of all."""
    orbit, odd = cell.symmetry
    return orbit // 2 if odd else orbit


def tree_of(landscape: Landscape) -> MergeTree | None:
    """The merge tree of a landscape; None where degree 0 isn't known or its saddles don't join all minima."""
    if not landscape.exact[0]:
        return None
    tree = merge_tree(landscape.complex)
    return tree if tree.connected else None


def collect(cell: Cell) -> Forest:
    """Read the trees of all landscapes of a cell with topology."""
    status, outcome = cell.stored["status"].values, cell.stored["topology"].values
    even = images_of(cell) == 2
    places: list[int] = []
    heads: list[tuple[float, ...]] = []
    leaves: list[Floats] = []
    unresolved: list[Unresolved] = []
    for landscape in landscapes(cell):
        tree = tree_of(landscape)
        if tree is not None:
            places.append(landscape.place)
            heads.append(_levels(tree, even))
            leaves.append(
                np.stack([tree.level[: tree.leaves], escape_levels(tree), barriers_to_lowest(tree)])
            )
        elif status[landscape.place] == COMPLETE:
            unresolved += _unresolved(landscape)
    ground, joined, up_to_sign, twins = np.array(heads, np.float64).reshape(-1, 4).T
    energy, escape, barrier = np.concatenate([np.zeros((3, 0)), *leaves], axis=1)
    return Forest(
        cell,
        np.array(places, dtype=np.int64),
        outcome[places] == CERTIFIED,
        ground,
        joined,
        up_to_sign,
        twins,
        np.repeat(np.arange(len(leaves)), [part.shape[1] for part in leaves]),
        energy,
        escape,
        barrier,
        tuple(unresolved),
        max(cell.planned, cell.held) - len(places) - len(unresolved),
    )


def _unresolved(landscape: Landscape) -> Sequence[Unresolved]:
    energy, index = landscape.complex.energy, landscape.complex.index
    minima, saddles = np.sort(energy[index == 0]), np.sort(energy[index == 1])
    # A smooth function on a sphere has a minimum, and saddles where it has two: else the points aren't all.
    sound = len(minima) == 1 or (len(minima) > 1 and len(saddles) >= len(minima) - 1)
    return [Unresolved(minima, saddles)] if sound else []


def _levels(tree: MergeTree, even: bool) -> tuple[float, float, float, float]:
    joined = connected_from(tree)
    up_to_sign = joined
    # Minimum 1 is the twin of minimum 0. If it is the last to be joined, x and -x were one before.
    if even and tree.leaves > 1 and tree.lowest[tree.children[-1, 1]] == 1:
        up_to_sign = float(tree.level[-2]) if len(tree.children) > 1 else float(tree.level[0])
    twins = float(barriers_to_lowest(tree)[1]) if tree.leaves > 1 else float(tree.level[0])
    return float(tree.level[0]), joined, up_to_sign, twins
