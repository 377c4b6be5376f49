"""The disconnectivity graph of a merge tree (O. M. Becker, M. Karplus, J. Chem. Phys. 106 (1997) 1495).

A line goes up from each minimum and meets others at the level where their components join. The height is an
energy, the width only a layout: the minima of a component stand together, branches that join go to the side
of its lowest minimum where there are fewer, and a join stands over the mean of its minima.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from morsecensus.analysis.topics.topology.trees.merge_tree import ROOT, MergeTree

SLANT = 0.02
"""Part of the energy range over which a line leans towards its join. Arbitrary."""


@dataclass(frozen=True)
class Layout:
    """What to draw.

    Attributes:
        x: position of each node; minima take 0, 1, 2, ..., shape (nodes,).
        lines: from each node up to its join as (x, energy per spin): start, elbow, end; a root gets a stem.
            Shape (nodes, 3, 2).
    """

    x: Float[np.ndarray, " nodes"]
    lines: Float[np.ndarray, "nodes three two"]


def prune(tree: MergeTree, number: int) -> MergeTree:
    """The tree of the lowest minima only, for a picture of a landscape that has too many.

    Raises:
        ValueError: fewer than one minimum.
    """
    if number < 1:
        raise ValueError(f"minima: got {number}; allowed is 1 or more")
    number = min(number, tree.leaves)
    lowest = tree.lowest[tree.children]
    # `lowest` counts minima from the bottom: a branch shows if its lowest one does.
    kept = np.flatnonzero((lowest < number).all(axis=1))
    stand_in = np.arange(len(tree.row))
    name = np.full(len(tree.row), ROOT)
    name[:number] = np.arange(number)
    children = []
    for join, (elder, younger) in enumerate(tree.children.tolist(), start=tree.leaves):
        if lowest[join - tree.leaves].max() >= number:
            stand_in[join] = stand_in[elder]
            continue
        name[join] = number + len(children)
        children.append((name[stand_in[elder]], name[stand_in[younger]]))
    rows = np.concatenate([np.arange(number), tree.leaves + kept])
    table = np.array(children, dtype=np.int64).reshape(-1, 2)
    parent = np.full(len(rows), ROOT)
    parent[table] = number + np.arange(len(table))[:, None]
    return MergeTree(tree.row[rows], tree.level[rows], table, parent, tree.lowest[rows])


def lay_out(tree: MergeTree) -> Layout:
    """Place the nodes and draw the lines.

    Raises:
        ValueError: no minimum.
    """
    if not tree.leaves:
        raise ValueError("merge tree: got no minimum; nothing to draw")
    x = np.empty(len(tree.row))
    x[_leaf_order(tree)] = np.arange(tree.leaves)
    size = np.ones(len(tree.row))
    for join, pair in enumerate(tree.children, start=tree.leaves):
        size[join] = size[pair].sum()
        x[join] = (x[pair] * size[pair]).sum() / size[join]
    slant = SLANT * float(np.ptp(tree.level)) or SLANT
    top = tree.parent == ROOT
    end_level = np.where(top, tree.level + 2 * slant, tree.level[tree.parent])
    elbow = np.maximum(tree.level, end_level - slant)
    end_x = np.where(top, x, x[tree.parent])
    lines = np.stack(
        [np.stack([x, tree.level], 1), np.stack([x, elbow], 1), np.stack([end_x, end_level], 1)], axis=1
    )
    return Layout(x, lines)


def _leaf_order(tree: MergeTree) -> Int[np.ndarray, " minima"]:
    """Minima from left to right: a younger branch goes to the side where its elder has fewer minima."""
    rows: dict[int, tuple[list[int], int]] = {i: ([i], 0) for i in range(tree.leaves)}
    for join, (elder, younger) in enumerate(tree.children.tolist(), start=tree.leaves):
        (order, place), (others, _) = rows.pop(elder), rows.pop(younger)
        if place < len(order) - 1 - place:
            rows[join] = (others + order, place + len(others))
        else:
            rows[join] = (order + others, place)
    return np.array([leaf for order, _ in rows.values() for leaf in order])
