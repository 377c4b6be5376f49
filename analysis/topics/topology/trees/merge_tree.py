"""The merge tree of the sets {H <= u}: minima as leaves, and index-1 saddles where components join.

Saddles enter in the order of the filtration (energy, ties by row); one whose two minima lie in different
components joins them (Kruskal's minimum spanning tree, with union-find), any other one opens a loop. By the
elder rule the component with the higher lowest minimum dies there: that is the H_0 persistence.

Three barriers, energies per spin:
* minimax barrier of two minima: the lowest level at which one component holds both;
* first pass of a minimum: the lowest level at which its component holds any other minimum;
* escape level of a minimum: the lowest level at which its component holds a lower minimum. Until then it is
  the lowest of its component, so this is its H_0 death; the global minimum never escapes (inf).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.topology.complex import MorseComplex
from morsecensus.tasks.topology.persistence import ESSENTIAL, Pairs, filtration_rank

ROOT = -1


@dataclass(frozen=True)
class MergeTree:
    """Nodes: first the minima in the order of the filtration, then the joins in theirs.

    A forest where the saddles don't connect all minima: then some are missing.

    Attributes:
        row: of the minimum or the saddle in the complex, shape (nodes,).
        level: its energy per spin, shape (nodes,).
        children: nodes that join at each join, the elder (with the lowest minimum) first, shape (joins, 2).
        parent: the join above each node, -1 at a root, shape (nodes,).
        lowest: the lowest minimum below each node, as a node (a minimum's number), shape (nodes,).
    """

    row: Int[np.ndarray, " nodes"]
    level: Float[np.ndarray, " nodes"]
    children: Int[np.ndarray, "joins two"]
    parent: Int[np.ndarray, " nodes"]
    lowest: Int[np.ndarray, " nodes"]

    @property
    def leaves(self) -> int:
        """Number of minima."""
        return len(self.row) - len(self.children)

    @property
    def connected(self) -> bool:
        """Whether the saddles join all minima, as they must on a sphere."""
        return self.leaves > 0 and len(self.children) == self.leaves - 1


def merge_tree(complex: MorseComplex) -> MergeTree:
    """Build the tree from d_1.

    Raises:
        ValueError: d_1 isn't known, or a saddle has other than none or two minima.
    """
    if 1 not in complex.boundary:
        raise ValueError(
            "boundary: got no degree 1; a merge tree needs the two minima of each index-1 saddle"
        )
    rank = filtration_rank(complex)
    minima = np.flatnonzero(complex.index == 0)
    minima = minima[np.argsort(rank[minima])]
    saddles, ends = _saddle_ends(complex, minima, rank)
    above, lowest = list(range(len(minima))), list(range(len(minima)))
    root_of = list(range(len(minima)))
    joins: list[int] = []
    children: list[tuple[int, int]] = []
    for saddle, (first, second) in zip(saddles.tolist(), ends.tolist(), strict=True):
        a, b = _find(above, first), _find(above, second)
        if a == b:
            continue
        # `a` and `b` are minima that stand for their components; the lower number is the lower minimum.
        a, b = min(a, b), max(a, b)
        children.append((root_of[a], root_of[b]))
        above[b] = a
        root_of[a] = len(minima) + len(joins)
        lowest.append(a)
        joins.append(saddle)
    table = np.array(children, dtype=np.int64).reshape(-1, 2)
    row = np.concatenate([minima, np.array(joins, dtype=np.int64)])
    parent = np.full(len(row), ROOT)
    parent[table] = len(minima) + np.arange(len(joins))[:, None]
    return MergeTree(row, complex.energy[row], table, parent, np.array(lowest, dtype=np.int64))


def _find(above: list[int], node: int) -> int:
    """The lowest minimum of a component; halves the path on its way."""
    while above[node] != node:
        above[node] = above[above[node]]
        node = above[node]
    return node


def _saddle_ends(
    complex: MorseComplex, minima: Int[np.ndarray, " minima"], rank: Int[np.ndarray, " points"]
) -> tuple[Int[np.ndarray, " saddles"], Int[np.ndarray, "saddles two"]]:
    """Saddles that have two different minima, in the order of the filtration, and those as leaf numbers."""
    arcs = np.asarray(complex.boundary[1], dtype=np.int64).reshape(-1, 2)
    arcs = arcs[np.argsort(rank[arcs[:, 0]], kind="stable")]
    saddles, count = np.unique(rank[arcs[:, 0]], return_counts=True)
    if np.any(count != 2):
        raise ValueError(
            "boundary: a saddle of degree 1 has one end or more than two; a gradient line is missing"
        )
    leaf = np.empty(len(complex.energy), dtype=np.int64)
    leaf[minima] = np.arange(len(minima))
    assert len(saddles) * 2 == len(arcs)
    return arcs[::2, 0], leaf[arcs[:, 1]].reshape(-1, 2)


def zeroth_pairs(tree: MergeTree) -> Pairs:
    """H_0 persistence by the elder rule: each join kills the lowest minimum of its younger branch."""
    younger = tree.lowest[tree.children[:, 1]]
    death = np.full(tree.leaves, ESSENTIAL)
    death[younger] = tree.row[tree.leaves :]
    return Pairs(np.zeros(tree.leaves, dtype=np.int64), tree.row[: tree.leaves], death)


def escape_levels(tree: MergeTree) -> Float[np.ndarray, " minima"]:
    """Level at which each minimum's component first holds a lower one; inf where that never happens."""
    result = np.full(tree.leaves, np.inf)
    result[tree.lowest[tree.children[:, 1]]] = tree.level[tree.leaves :]
    return result


def first_passes(tree: MergeTree) -> Float[np.ndarray, " minima"]:
    """Level at which each minimum's component first holds another one; inf for a minimum alone."""
    parent = tree.parent[: tree.leaves]
    return np.where(parent == ROOT, np.inf, tree.level[parent])


def barriers_between(
    tree: MergeTree, first: Int[np.ndarray, " pairs"], second: Int[np.ndarray, " pairs"]
) -> Float[np.ndarray, " pairs"]:
    """Minimax barriers: the lowest level that joins two minima, given by their numbers (0 the lowest).

    A minimum with itself: its own energy. inf where no path is known.
    """
    low, high = np.array(first), np.array(second)
    open_ = low != high
    while open_.any():
        # Joins are numbered upwards: the lower number isn't above the other one.
        swap = open_ & (low > high)
        low[swap], high[swap] = high[swap], low[swap]
        up = tree.parent[low[open_]]
        # A root has nothing above it, and the other one isn't below it.
        up = np.where(up == ROOT, len(tree.row), up)
        low[open_] = up
        open_ &= (low != high) & (low < len(tree.row))
    return np.append(tree.level, np.inf)[np.where(low == high, low, len(tree.row))]


def barriers_to_lowest(tree: MergeTree) -> Float[np.ndarray, " minima"]:
    """Minimax barrier of each minimum and the global one, whose own energy comes first."""
    level = np.full(len(tree.row), np.inf)
    # From the top down: where a branch leaves the global minimum's, its minima all meet it.
    for join in range(len(tree.row) - 1, tree.leaves - 1, -1):
        with_lowest = tree.lowest[join] == 0
        level[tree.children[join - tree.leaves]] = tree.level[join] if with_lowest else level[join]
    level[0] = tree.level[0]
    return level[: tree.leaves]


def barrier_matrix(tree: MergeTree) -> Float[np.ndarray, "minima minima"]:
    """Minimax barriers of all pairs of minima: for thousands at most, 8 bytes a pair."""
    result = np.full((tree.leaves, tree.leaves), np.inf)
    np.fill_diagonal(result, tree.level[: tree.leaves])
    members: dict[int, np.ndarray] = {i: np.array([i]) for i in range(tree.leaves)}
    for join, (elder, younger) in enumerate(tree.children.tolist(), start=tree.leaves):
        a, b = members.pop(elder), members.pop(younger)
        result[np.ix_(a, b)] = tree.level[join]
        result[np.ix_(b, a)] = tree.level[join]
        members[join] = np.concatenate([a, b])
    return result


def components(tree: MergeTree, levels: Float[np.ndarray, " levels"]) -> Int[np.ndarray, " levels"]:
    """beta_0(u): components of {H/N <= u}."""
    minima = np.searchsorted(np.sort(tree.level[: tree.leaves]), levels, side="right")
    return minima - np.searchsorted(np.sort(tree.level[tree.leaves :]), levels, side="right")


def connected_from(tree: MergeTree) -> float:
    """Level from which {H/N <= u} is one component for good; inf where the tree isn't connected."""
    if not tree.connected:
        return float("inf")
    return float(tree.level[-1]) if len(tree.children) else float(tree.level[0])


def share_with_lowest(tree: MergeTree, levels: Float[np.ndarray, " levels"]) -> Float[np.ndarray, " levels"]:
    """Share of the minima at or below u that lie in the global minimum's component of {H/N <= u}.

    1 where the low-lying set is one piece, 1/number where each minimum is alone; nan below the lowest one.
    """
    meets = np.sort(barriers_to_lowest(tree))
    there = np.searchsorted(np.sort(tree.level[: tree.leaves]), levels, side="right")
    with_it = np.searchsorted(meets, levels, side="right")
    return np.divide(with_it, there, out=np.full(np.shape(levels), np.nan), where=there > 0)
