"""Pairs of a Morse complex against GUDHI's and LoPHAT's reductions, and what one wrong arc does."""

from itertools import combinations

import gudhi
import lophat
import numpy as np
import pytest

from morsecensus.analysis.topics.topology.barcodes import (
    betti_curve,
    count_ratio,
    lifetimes,
    persistent_betti,
)
from morsecensus.analysis.topics.topology.morse import (
    characteristic_above,
    characteristic_below,
    counts_below,
    inequalities,
    sphere_betti,
)
from morsecensus.tasks.finders.homotopy.census import enumerate_landscape
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.topology.census import topology_of
from morsecensus.tasks.topology.complex import MorseComplex
from morsecensus.tasks.topology.persistence import (
    ESSENTIAL,
    betti,
    diagram,
    exact_degrees,
    filtration_rank,
    pairs,
)


def simplicial(top_simplices, values, rng):
    """A Morse complex with one point for each simplex, rows shuffled, and the same filtration in GUDHI.

    A simplex enters with its highest vertex, so ties abound: rows break them, faces first.
    """
    top_simplices = np.sort(np.asarray(top_simplices), axis=1)
    dimension = top_simplices.shape[1] - 1
    faces = {
        tuple(face)
        for simplex in top_simplices.tolist()
        for size in range(1, dimension + 2)
        for face in combinations(simplex, size)
    }
    energy = {face: max(values[v] for v in face) for face in faces}
    tree = gudhi.SimplexTree()
    for face in sorted(faces, key=len):
        tree.insert(list(face), energy[face])
    order = sorted(faces, key=lambda face: (energy[face], len(face), rng.random()))
    # Rows may come in any order, but among ties the face must be the lower row.
    shuffled = rng.permutation(len(order))
    place = {}
    for face, row in zip(order, _ties_ascending([energy[f] for f in order], shuffled), strict=True):
        place[face] = row
    table = {row: face for face, row in place.items()}
    rows = [table[row] for row in range(len(table))]
    boundary = {
        size - 1: np.array(
            [
                (place[face], place[side])
                for face in faces
                if len(face) == size
                for side in combinations(face, size - 1)
            ]
        )
        for size in range(2, dimension + 2)
    }
    index = np.array([len(face) - 1 for face in rows])
    return MorseComplex(np.array([energy[face] for face in rows]), index, dimension, boundary), tree


def _ties_ascending(energies, rows):
    """The rows, put in ascending order within each run of equal energies."""
    rows = np.array(rows)
    for level in set(energies):
        where = np.flatnonzero(np.array(energies) == level)
        rows[where] = np.sort(rows[where])
    return rows.tolist()


def gudhi_diagrams(tree, dimension):
    tree.compute_persistence(homology_coeff_field=2, min_persistence=-1.0, persistence_dim_max=True)
    return [tree.persistence_intervals_in_dimension(k).reshape(-1, 2) for k in range(dimension + 1)]


def in_order(rows):
    return rows[np.lexsort((rows[:, 1], rows[:, 0]))]


def random_complex(dimension, vertices, number, rng):
    return np.array([rng.choice(vertices, dimension + 1, replace=False) for _ in range(number)])


def cross_polytope(dimension):
    """The boundary: a sphere of this dimension, 2 (dimension + 1) vertices."""
    signs = np.array(list(np.ndindex(*(2,) * (dimension + 1))))
    return 2 * np.arange(dimension + 1) + signs


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("trial", range(4))
def test_pairs_are_gudhis(dimension, trial):
    rng = np.random.default_rng([dimension, trial])
    simplices = random_complex(dimension, 9, 25, rng)
    complex, tree = simplicial(simplices, np.round(rng.standard_normal(9), 1), rng)
    assert complex.whole
    found = pairs(complex)
    wanted = gudhi_diagrams(tree, dimension)
    for degree in range(dimension + 1):
        np.testing.assert_array_equal(in_order(diagram(complex, found, degree)), in_order(wanted[degree]))
    essential = [int(np.isinf(part[:, 1]).sum()) for part in wanted]
    assert betti(complex).tolist() == essential


def lophat_pairs(complex):
    """Finite pairs as rows (birth, death). LoPHAT takes any filtered complex: it pairs points, not levels."""
    rank = filtration_rank(complex)
    order = np.argsort(rank)
    columns = [[] for _ in order]
    for arcs in complex.boundary.values():
        for upper, lower in arcs.tolist():
            columns[rank[upper]].append(int(rank[lower]))
    matrix = [(int(complex.index[row]), sorted(column)) for row, column in zip(order, columns, strict=True)]
    found = lophat.compute_pairings(matrix, True, lophat.LoPhatOptions(num_threads=1))
    # A dictionary from 0.14 on, for Python 3.12 and newer; a set of pairs before.
    paired = {p for p in found.items() if p[1] is not None} if isinstance(found, dict) else found.paired
    return {(int(order[birth]), int(order[death])) for birth, death in paired}


def finite_pairs(found):
    kept = found.death != ESSENTIAL
    return set(zip(found.birth[kept].tolist(), found.death[kept].tolist(), strict=True))


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("trial", range(3))
def test_points_are_paired_as_lophat_pairs_them(dimension, trial):
    """Rows, not energies: ties are broken as ours are."""
    rng = np.random.default_rng([dimension, trial, 7])
    simplices = random_complex(dimension, 9, 25, rng)
    complex, _ = simplicial(simplices, np.round(rng.standard_normal(9), 1), rng)
    ours = finite_pairs(pairs(complex))
    assert len(ours) > 20
    assert ours == lophat_pairs(complex)


@pytest.mark.parametrize("n", [3, 4])
def test_points_of_a_landscape_are_paired_as_lophat_pairs_them(instance_of, n):
    model, couplings, _ = instance_of(n)
    census = enumerate_landscape(model, couplings, 5, 0, HomotopyOptions()).census
    found = topology_of(census, couplings, 2).complex
    assert found.whole
    assert finite_pairs(pairs(found)) == lophat_pairs(found)
    # Negative control: without the lines of a saddle that joins two components.
    killer = min(death for _, death in finite_pairs(pairs(part_of(found, 1))))
    arcs = found.boundary[1]
    wrong = MorseComplex(found.energy, found.index, found.dimension, {1: arcs[arcs[:, 0] != killer]})
    assert lophat_pairs(part_of(found, 1)) == finite_pairs(pairs(part_of(found, 1))) != lophat_pairs(wrong)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_a_sphere_has_the_homology_of_a_sphere(dimension):
    rng = np.random.default_rng(dimension)
    complex, _ = simplicial(cross_polytope(dimension), rng.standard_normal(2 * dimension + 2), rng)
    assert betti(complex).tolist() == [1] + [0] * (dimension - 1) + [1]


@pytest.fixture(scope="module")
def sphere():
    """A 4-sphere with a random function: 728 points, all pairs of them."""
    rng = np.random.default_rng(4)
    complex, _ = simplicial(cross_polytope(4), rng.standard_normal(10), rng)
    return complex, pairs(complex)


def part_of(complex, *degrees):
    kept = {k: complex.boundary[k] for k in degrees}
    return MorseComplex(complex.energy, complex.index, complex.dimension, kept)


@pytest.mark.parametrize(
    ("known", "exact"),
    [
        ((), ()),
        ((1,), (0,)),
        ((1, 2), (0, 1)),
        ((4,), (3, 4)),
        ((3, 4), (2, 3, 4)),
        ((1, 4), (0, 3, 4)),
        ((1, 2, 3, 4), (0, 1, 2, 3, 4)),
    ],
)
def test_what_is_known_of_a_part_is_what_the_whole_says(sphere, known, exact):
    complex, whole = sphere
    part = part_of(complex, *known)
    assert exact_degrees(part) == exact
    found = pairs(part)
    kept = np.isin(whole.dim, exact)
    for name in ("dim", "birth", "death"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name)[kept])
    assert (betti(part) is None) == (len(known) < 4)


def test_duality(sphere):
    """Of -H: index k becomes top - k, boundaries are transposed, and a finite pair turns around."""
    complex, whole = sphere
    top = complex.dimension
    dual = {top + 1 - k: arcs[:, ::-1] for k, arcs in complex.boundary.items()}
    # Ties are broken by the row, so the rows turn around too.
    last = len(complex.energy) - 1
    turned = MorseComplex(
        -complex.energy[::-1], top - complex.index[::-1], top, {k: last - a for k, a in dual.items()}
    )
    found = pairs(turned)

    def finite(dim, birth, death):
        return {(int(d), int(b), int(e)) for d, b, e in zip(dim, birth, death, strict=True) if e != ESSENTIAL}

    back = finite(found.dim, found.birth, found.death)
    assert finite(whole.dim, whole.birth, whole.death) == {
        (top - 1 - d, last - e, last - b) for d, b, e in back
    }


def test_pairs_go_up_and_each_point_is_used_once(sphere):
    complex, found = sphere
    rank = filtration_rank(complex)
    finite = found.death != ESSENTIAL
    assert np.all(rank[found.death[finite]] > rank[found.birth[finite]])
    used = np.concatenate([found.birth, found.death[finite]])
    np.testing.assert_array_equal(np.sort(used), np.arange(len(complex.energy)))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda b: {2: b[2][1:]}, "isn't zero"),
        (lambda b: {2: np.concatenate([b[2], b[2][:1]])}, "twice"),
        (lambda b: {2: b[2][:, ::-1]}, "other indices"),
        (lambda b: {5: b[2]}, "allowed is 1..4"),
    ],
)
def test_a_wrong_boundary_is_refused(sphere, spoil, message):
    complex, _ = sphere
    boundary = dict(complex.boundary) | spoil(complex.boundary)
    with pytest.raises(ValueError, match=message):
        pairs(MorseComplex(complex.energy, complex.index, 4, boundary))


def test_an_arc_uphill_is_refused():
    complex = MorseComplex(np.array([0.0, 1.0, 0.5]), np.array([0, 0, 1]), 1, {1: np.array([[2, 0], [2, 1]])})
    with pytest.raises(ValueError, match="uphill"):
        pairs(complex)


def test_ties_are_broken_by_the_row():
    """Two minima of one energy: the lower row is the elder, and lives on."""
    arcs = np.array([[2, 0], [2, 1], [3, 0], [3, 1]])
    complex = MorseComplex(np.array([-1.0, -1.0, 1.0, 1.0]), np.array([0, 0, 1, 1]), 1, {1: arcs})
    found = pairs(complex)
    rows = list(zip(found.dim.tolist(), found.birth.tolist(), found.death.tolist(), strict=True))
    assert rows == [(0, 0, -1), (0, 1, 2), (1, 3, -1)]


def test_curves_of_a_diagram_by_hand():
    bars = np.array([[-2.0, np.inf], [-1.0, 1.0], [0.0, 0.5], [0.5, 2.0]])
    levels = np.array([-3.0, -2.0, -1.0, 0.0, 0.5, 1.0, 2.0])
    assert betti_curve(bars, levels).tolist() == [0, 1, 2, 3, 3, 2, 1]
    assert persistent_betti(bars, np.array(0.0), np.array(0.5)) == 2
    assert persistent_betti(bars, np.array([0.0, 0.5, -2.0]), np.array([0.0, 1.0, 9.0])).tolist() == [3, 2, 1]
    assert lifetimes(bars).tolist() == [2.0, 0.5, 1.5]
    np.testing.assert_array_equal(count_ratio(np.array([3, 4]), np.array([2, 0])), [1.5, np.nan])
    with pytest.raises(ValueError, match="a <= b"):
        persistent_betti(bars, np.array(1.0), np.array(0.0))


def test_betti_curves_are_those_of_the_sublevel_complex(sphere):
    """beta_k(u) against the homology of the points below u taken as a complex of their own."""
    complex, found = sphere
    levels = np.quantile(complex.energy, [0.1, 0.3, 0.5, 0.8, 1.0])
    curves = np.stack([betti_curve(diagram(complex, found, k), levels) for k in range(5)], axis=1)
    for level, wanted in zip(levels, curves, strict=True):
        below = np.flatnonzero(complex.energy <= level)
        name = np.full(len(complex.energy), -1)
        name[below] = np.arange(len(below))
        boundary = {k: name[a[np.isin(a[:, 0], below)]] for k, a in complex.boundary.items()}
        part = MorseComplex(complex.energy[below], complex.index[below], 4, boundary)
        assert betti(part).tolist() == wanted.tolist()


def test_persistent_betti_numbers_are_ranks(sphere):
    """b_k^{a,b} = dim Z_k(a) - dim (Z_k(a) meets B_k(b)), by ranks of matrices over Z/2."""
    complex, found = sphere
    rank = filtration_rank(complex)
    for degree, first, last in [(0, 0.2, 0.6), (1, 0.4, 0.7), (2, 0.5, 0.6), (3, 0.6, 0.9)]:
        a, b = np.quantile(complex.energy, [first, last])
        wanted = persistent_rank(complex, rank, degree, a, b)
        assert persistent_betti(diagram(complex, found, degree), a, b) == wanted


def matrix(complex, degree, upper, lower):
    table = np.zeros((len(lower), len(upper)), dtype=np.uint8)
    if degree in complex.boundary:
        place = np.full(len(complex.energy), -1)
        place[lower] = np.arange(len(lower))
        column = np.full(len(complex.energy), -1)
        column[upper] = np.arange(len(upper))
        for high, low in complex.boundary[degree]:
            if column[high] >= 0:
                table[place[low], column[high]] = 1
    return table


def rank_mod_2(table):
    rows, rank = table.copy(), 0
    for column in range(rows.shape[1]):
        pivots = np.flatnonzero(rows[rank:, column])
        if not len(pivots):
            continue
        rows[[rank, rank + pivots[0]]] = rows[[rank + pivots[0], rank]]
        others = np.flatnonzero(rows[:, column])
        rows[others[others != rank]] ^= rows[rank]
        rank += 1
        if rank == len(rows):
            break
    return rank


def persistent_rank(complex, rank, degree, a, b):
    def below(k, level):
        return np.flatnonzero((complex.index == k) & (complex.energy <= level))

    cycles = len(below(degree, a)) - rank_mod_2(
        matrix(complex, degree, below(degree, a), below(degree - 1, a))
    )
    inner, outer = below(degree, a), below(degree, b)
    boundaries = matrix(complex, degree + 1, below(degree + 1, b), outer)
    # Boundaries at b that live on the points below a: all, less the rank of what sticks out.
    outside = boundaries[~np.isin(outer, inner)]
    inside = rank_mod_2(boundaries) - rank_mod_2(outside)
    return cycles - inside


@pytest.mark.parametrize("n", [3, 4])
def test_an_enumerated_landscape(instance_of, n):
    """The whole sphere's inequalities, and what x -> -x says of sub- and superlevel sets for odd xi."""
    model, couplings, _ = instance_of(n)
    points = enumerate_landscape(model, couplings, 5, 0, HomotopyOptions()).census.points()[0]
    top = n - 1
    levels = np.linspace(-2, 2, 41)
    counts = counts_below(points.energy, points.index, top, levels)
    assert inequalities(counts[-1], sphere_betti(top)).hold
    below = characteristic_below(counts)
    above = characteristic_above(points.energy, points.index, top, levels)
    np.testing.assert_array_equal(above, below[::-1])
    # chi{H <= u} and chi{H >= u} add up to the sphere's for even dimension; for odd dimension they agree.
    np.testing.assert_array_equal(above, (2 - below) if top % 2 == 0 else below)
    assert len(np.unique(below)) > 2

    # Without one saddle (and its antipode) the strong inequality or the characteristic fails.
    saddle = np.flatnonzero(points.index == 1)[0]
    kept = np.arange(len(points.index)) != saddle
    spoiled = counts_below(points.energy[kept], points.index[kept], top, levels)
    assert not inequalities(spoiled[-1], sphere_betti(top)).hold
