"""The merge tree against persistence, flooding of a graph, and paths found by brute force."""

import numpy as np
import pytest

from morsecensus.analysis.topics.topology.barcodes import betti_curve
from morsecensus.analysis.topics.topology.trees.disconnectivity import lay_out, prune
from morsecensus.analysis.topics.topology.trees.merge_tree import (
    ROOT,
    barrier_matrix,
    barriers_between,
    barriers_to_lowest,
    components,
    connected_from,
    escape_levels,
    first_passes,
    merge_tree,
    share_with_lowest,
    zeroth_pairs,
)
from morsecensus.tasks.topology.complex import MorseComplex
from morsecensus.tasks.topology.persistence import diagram, pairs


def random_graph(minima, saddles, seed, ties=False):
    """Minima joined by saddles that lie above both; connected if there are enough saddles; rows shuffled."""
    rng = np.random.default_rng(seed)
    low = rng.standard_normal(minima)
    if ties:
        low = np.round(low, 1)
    ends = rng.integers(0, minima, (saddles, 2))
    # The first saddles make a spanning tree.
    ends[: minima - 1] = np.stack([np.arange(1, minima), [rng.integers(0, i) for i in range(1, minima)]], 1)
    high = low[ends].max(axis=1) + rng.exponential(1.0, saddles)
    energy = np.concatenate([low, high])
    rows = np.argsort(rng.random(len(energy)))
    place = np.argsort(rows)
    loops = ends[:, 0] == ends[:, 1]
    arcs = np.stack([np.repeat(minima + np.arange(saddles), 2), ends.ravel()], axis=1)
    arcs = place[arcs[np.repeat(~loops, 2)]]
    index = np.repeat([0, 1], [minima, saddles])
    return MorseComplex(energy[rows], index[rows], 3, {1: arcs})


def flooded(complex, level):
    """Component of each minimum at or below a level, by spreading labels along arcs until nothing moves."""
    saddles = {}
    for upper, lower in complex.boundary[1].tolist():
        if complex.energy[upper] <= level:
            saddles.setdefault(upper, []).append(lower)
    label = {int(row): int(row) for row in np.flatnonzero((complex.index == 0) & (complex.energy <= level))}
    moved = True
    while moved:
        moved = False
        for a, b in saddles.values():
            low = min(label[a], label[b])
            moved |= label[a] != low or label[b] != low
            label[a] = label[b] = low
    return label


@pytest.fixture(scope="module", params=[(1, 3), (2, 1), (30, 29), (40, 150)])
def case(request):
    complex = random_graph(*request.param, seed=request.param[0])
    return complex, merge_tree(complex)


def test_elder_rule_is_the_reduction_of_d_1(case):
    complex, tree = case
    found, wanted = zeroth_pairs(tree), pairs(complex)
    for name in ("dim", "birth", "death"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


def test_tied_minima_are_ordered_by_the_row():
    complex = random_graph(60, 100, seed=3, ties=True)
    assert len(np.unique(complex.energy[complex.index == 0])) < 60
    found, wanted = zeroth_pairs(merge_tree(complex)), pairs(complex)
    np.testing.assert_array_equal(found.death, wanted.death)


def test_components_are_those_of_a_flood(case):
    complex, tree = case
    levels = np.quantile(complex.energy, np.linspace(0, 1, 12))
    labels = [flooded(complex, level) for level in levels]
    assert components(tree, levels).tolist() == [len(set(label.values())) for label in labels]
    bars = diagram(complex, zeroth_pairs(tree), 0)
    np.testing.assert_array_equal(components(tree, levels), betti_curve(bars, levels))
    lowest = int(tree.row[0])
    shares = [np.mean([v == label[lowest] for v in label.values()]) for label in labels if label]
    np.testing.assert_allclose(share_with_lowest(tree, levels)[-len(shares) :], shares)


def test_it_is_connected_from_the_last_join(case):
    _, tree = case
    level = connected_from(tree)
    assert tree.connected
    assert components(tree, np.array([level])) == 1
    if tree.leaves > 1:
        assert components(tree, np.array([level - 1e-9])) > 1


def test_barriers_are_minimax_paths(case):
    """Against the (min, max) closure of the graph, as Floyd and Warshall do it."""
    complex, tree = case
    minima = tree.row[: tree.leaves]
    place = {int(row): i for i, row in enumerate(minima)}
    direct = np.full((len(minima), len(minima)), np.inf)
    np.fill_diagonal(direct, complex.energy[minima])
    ends = {}
    for upper, lower in complex.boundary[1].tolist():
        ends.setdefault(upper, []).append(place[lower])
    for upper, (a, b) in ends.items():
        direct[a, b] = direct[b, a] = min(direct[a, b], complex.energy[upper])
    for k in range(len(minima)):
        direct = np.minimum(direct, np.maximum(direct[:, k : k + 1], direct[k : k + 1]))
    np.testing.assert_array_equal(barrier_matrix(tree), direct)
    a, b = np.indices(direct.shape).reshape(2, -1)
    np.testing.assert_array_equal(barriers_between(tree, a, b), direct.ravel())
    np.testing.assert_array_equal(barriers_to_lowest(tree), direct[0])

    # Minima are numbered upwards: what lies before one is lower.
    lower = [row[:i].min(initial=np.inf) for i, row in enumerate(direct)]
    np.testing.assert_array_equal(escape_levels(tree), lower)
    other = [np.delete(row, i).min(initial=np.inf) for i, row in enumerate(direct)]
    np.testing.assert_array_equal(first_passes(tree), other)


def test_a_forest_says_so():
    complex = random_graph(20, 19, seed=8)
    upper = complex.boundary[1][0, 0]
    arcs = complex.boundary[1][complex.boundary[1][:, 0] != upper]
    tree = merge_tree(MorseComplex(complex.energy, complex.index, 3, {1: arcs}))
    assert not tree.connected
    assert connected_from(tree) == np.inf
    assert (tree.parent == ROOT).sum() == 2
    assert np.isinf(barrier_matrix(tree)).any()
    first, second = np.triu_indices(20)
    np.testing.assert_array_equal(barriers_between(tree, first, second), barrier_matrix(tree)[first, second])
    np.testing.assert_array_equal(barriers_to_lowest(tree), barrier_matrix(tree)[0])
    assert len(lay_out(tree).lines) == len(tree.row)


@pytest.mark.parametrize(
    ("boundary", "message"), [({}, "no degree 1"), ({1: np.array([[1, 0]])}, "gradient line is missing")]
)
def test_a_tree_needs_both_ends(boundary, message):
    with pytest.raises(ValueError, match=message):
        merge_tree(MorseComplex(np.array([0.0, 1.0]), np.array([0, 1]), 2, boundary))


def test_pruning_keeps_the_barriers_of_the_lowest(case):
    _, tree = case
    small = prune(tree, 12)
    kept = min(12, tree.leaves)
    assert small.leaves == kept
    np.testing.assert_array_equal(small.row[:kept], tree.row[:kept])
    np.testing.assert_array_equal(barrier_matrix(small), barrier_matrix(tree)[:kept, :kept])
    with pytest.raises(ValueError, match="1 or more"):
        prune(tree, 0)


def test_layout_is_a_picture_of_the_tree(case):
    _, tree = case
    drawn = lay_out(tree)
    np.testing.assert_array_equal(np.sort(drawn.x[: tree.leaves]), np.arange(tree.leaves))
    np.testing.assert_array_equal(drawn.lines[:, 0, 1], tree.level)
    assert np.all(np.diff(drawn.lines[:, :, 1], axis=1) >= 0)
    inner = tree.parent != ROOT
    np.testing.assert_array_equal(drawn.lines[inner, 2, 0], drawn.x[tree.parent[inner]])
    np.testing.assert_array_equal(drawn.lines[inner, 2, 1], tree.level[tree.parent[inner]])
    # The minima below each join stand side by side.
    below = {i: [i] for i in range(tree.leaves)}
    for join, (a, b) in enumerate(tree.children.tolist(), start=tree.leaves):
        below[join] = below[a] + below[b]
        x = drawn.x[below[join]]
        assert np.ptp(x) == len(x) - 1
        assert drawn.x[join] == pytest.approx(x.mean())
