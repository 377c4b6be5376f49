"""Lower-star persistence on refined spheres: against spectra, and against the flow's Morse complex."""

from functools import lru_cache
from itertools import combinations, pairwise

import gudhi
import jax
import numpy as np
import pytest

from morsecensus.tasks.finders.homotopy.census import enumerate_landscape
from morsecensus.tasks.finders.options import HomotopyOptions
from morsecensus.tasks.landscapes.base import build
from morsecensus.tasks.topology.build import morse_complex
from morsecensus.tasks.topology.complex import MorseComplex
from morsecensus.tasks.topology.persistence import betti, diagram, pairs
from oracles.triangulation import sphere_mesh

SEED = 5
PARTS = {3: (8, 12, 18, 27, 40), 4: (2, 3, 4, 6, 8)}
"""Wrong connections change a diagram by more than the finest mesh may: it must be this fine."""
COARSE = {3: (8, 12, 18, 27), 4: (2, 3, 4, 6)}
"""Enough for an order of convergence where the diagram is known."""
mesh_of = lru_cache(sphere_mesh)
bottleneck = gudhi.bottleneck_distance


@lru_cache
def _bare(mesh):
    """The mesh with all its faces, which enter before any vertex has a value."""
    tree = gudhi.SimplexTree()
    tree.insert_batch(np.ascontiguousarray(mesh.simplices.T), np.full(len(mesh.simplices), -np.inf))
    return tree


def lower_star_diagrams(mesh, values):
    """GUDHI's persistence over Z/2 of the function that is linear on each simplex, one diagram a degree.

    A simplex enters with its highest vertex. Classes of no lifetime are left out.
    """
    tree = gudhi.SimplexTree(_bare(mesh))
    for vertex, value in enumerate(values.tolist()):
        tree.assign_filtration([vertex], value)
    tree.make_filtration_non_decreasing()
    # GUDHI leaves out the top degree unless asked, and an essential class lives there.
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
    found = (tree.persistence_intervals_in_dimension(k) for k in range(mesh.simplices.shape[1]))
    return [np.asarray(part, dtype=np.float64).reshape(-1, 2) for part in found]


@pytest.mark.parametrize(("dimension", "parts"), [(2, 1), (2, 2), (2, 7), (3, 1), (3, 2), (3, 3)])
def test_a_mesh_is_a_sphere(dimension, parts):
    mesh = mesh_of(dimension, parts)
    assert len(mesh.simplices) == {2: 20, 3: 600}[dimension] * parts**dimension
    np.testing.assert_allclose(np.linalg.norm(mesh.points, axis=1), 1)
    faces = np.concatenate([np.delete(mesh.simplices, i, axis=1) for i in range(dimension + 1)])
    _, shared = np.unique(np.sort(faces, axis=1), axis=0, return_counts=True)
    assert np.all(shared == 2)
    tree = gudhi.SimplexTree()
    tree.insert_batch(np.ascontiguousarray(mesh.simplices.T), np.zeros(len(mesh.simplices)))
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
    assert tree.betti_numbers() == [1] + [0] * (dimension - 1) + [1]


@pytest.mark.parametrize(("dimension", "parts"), [(2, 24), (3, 6)])
def test_refined_simplices_keep_their_shape(dimension, parts):
    """Volume over (longest edge)^dimension: a regular simplex has sqrt(3)/2 and sqrt(1/2) (times d!)."""
    mesh, start = mesh_of(dimension, parts), mesh_of(dimension, 1)
    corners = mesh.points[mesh.simplices]
    edges = corners[:, 1:] - corners[:, :1]
    volume = np.sqrt(np.linalg.det(edges @ edges.transpose(0, 2, 1)))
    longest = np.linalg.norm(corners[:, :, None] - corners[:, None], axis=-1).max(axis=(1, 2))
    assert np.min(volume / longest**dimension) > {2: 0.68, 3: 0.24}[dimension]
    assert mesh.width < 1.6 * start.width / parts * (1 if dimension == 2 else 2**0.5)


def test_other_meshes_are_refused():
    with pytest.raises(ValueError, match="dimensions 2 and 3"):
        sphere_mesh(4, 1)


def test_a_linear_function_has_two_classes():
    mesh = mesh_of(2, 6)
    height = mesh.points @ np.array([0.3, -0.4, 0.866])
    found = lower_star_diagrams(mesh, height)
    assert [part.tolist() for part in found] == [[[height.min(), np.inf]], [], [[height.max(), np.inf]]]


class Fit:
    """The exponent of errors against mesh widths, pooled over cases that each have their own constant."""

    def __init__(self, widths, errors):
        x, y = np.log(widths) - np.log(widths).mean(), np.log(errors)
        y = y - y.mean(axis=1, keepdims=True)
        self.order = float((y * x).sum() / (len(y) * (x**2).sum()))
        free = y.size - len(y) - 1
        self.se = float(np.sqrt(((y - self.order * x) ** 2).sum() / free / (len(y) * (x**2).sum())))

    def is_second_order(self):
        """Two within four standard errors, and the errors small enough to tell it from one and from three."""
        return abs(self.order - 2) < 4 * self.se < 0.9


@pytest.mark.parametrize("n", [3, pytest.param(4, marks=pytest.mark.soak)])
def test_quadratic_forms_converge_to_their_spectra(n):
    """x.Jx has points +-v_k of index k at eigenvalue k: one of a pair kills a class, one makes the next."""
    meshes = [mesh_of(n - 1, k) for k in COARSE[n]]
    errors = []
    for trial in range({3: 10, 4: 5}[n]):
        rng = np.random.default_rng([n, trial])
        matrix = rng.standard_normal((n, n))
        matrix += matrix.T
        low = np.linalg.eigvalsh(matrix)
        wanted = [np.array([[a, b]]) for a, b in pairwise(low)] + [np.zeros((0, 2))]
        wanted[0] = np.array([[low[0], np.inf], [low[0], low[1]]])
        wanted[-1] = np.array([[low[-1], np.inf]])
        errors.append([])
        for mesh in meshes:
            values = np.einsum("pi,ij,pj->p", mesh.points, matrix, mesh.points)
            found = lower_star_diagrams(mesh, values)
            errors[-1].append(max(bottleneck(a, b) for a, b in zip(found, wanted, strict=True)))
    fit = Fit([mesh.width for mesh in meshes], np.array(errors))
    assert fit.is_second_order()


@lru_cache
def landscape(n, number):
    """An enumerated landscape: model, couplings, points."""
    model = build("pspin", {"xi": "q^3"}, n)
    couplings = model.sample(SEED, number)
    found = enumerate_landscape(model, couplings, SEED, number, HomotopyOptions())
    return model, couplings, found.census.points()[0]


@lru_cache
def flow_complex(n, number):
    """The whole complex, by gradient lines."""
    complex, report = morse_complex(*landscape(n, number))
    assert report.sound
    assert complex.whole
    return complex


@lru_cache
def meshed(n, number, parts):
    """Diagrams of a landscape on a mesh, and how far they may be off.

    The bound is that of `oracles.triangulation`, with the largest curvature at some 2,000 vertices.
    """
    model, couplings, _ = landscape(n, number)
    mesh = mesh_of(n - 1, parts)
    points = mesh.points * n**0.5
    values = np.asarray(jax.jit(jax.vmap(model.value, (None, 0)))(couplings, points)) / n

    def hessian(x):
        jet = model.jet(couplings, x)
        return model.manifold.tangent_hessian(x, jet.gradient, jet.hessian, 0.0)

    few = points[:: max(1, len(points) // 2000)]
    curvature = float(np.abs(np.linalg.eigvalsh(jax.jit(jax.vmap(hessian))(few))).max())
    bound = curvature * mesh.width**2 * (n - 1) / (4 * n)
    return lower_star_diagrams(mesh, values), bound


def distance(complex, diagrams, degrees):
    found = pairs(complex)
    return max(bottleneck(diagram(complex, found, k), diagrams[k]) for k in degrees)


CASES = [(3, 6), pytest.param(4, 5, marks=pytest.mark.soak)]


@pytest.mark.parametrize(("n", "landscapes"), CASES)
def test_births_and_deaths_are_critical_values_of_the_right_index(n, landscapes):
    """No flow: a class of degree k is born near an energy of index k and dies near one of index k + 1."""
    checked = 0
    for number in range(landscapes):
        points = landscape(n, number)[2]
        for parts in PARTS[n][-2:]:
            diagrams, bound = meshed(n, number, parts)
            for degree, bars in enumerate(diagrams):
                # Shorter classes may be the mesh's own.
                for birth, death in bars[bars[:, 1] - bars[:, 0] > 2 * bound]:
                    assert np.abs(points.energy[points.index == degree] - birth).min() <= bound
                    if np.isfinite(death):
                        assert np.abs(points.energy[points.index == degree + 1] - death).min() <= bound
                    checked += 1
    assert checked >= 10 * landscapes


@pytest.mark.parametrize(("n", "landscapes"), CASES)
def test_diagrams_of_the_flow_are_the_limit_of_meshes(n, landscapes):
    errors = []
    for number in range(landscapes):
        complex = flow_complex(n, number)
        assert betti(complex).tolist() == [1] + [0] * (n - 2) + [1]
        errors.append([])
        for parts in PARTS[n]:
            diagrams, bound = meshed(n, number, parts)
            errors[-1].append(distance(complex, diagrams, range(n)))
            assert errors[-1][-1] <= bound
    fit = Fit([mesh_of(n - 1, parts).width for parts in PARTS[n]], np.array(errors))
    assert fit.is_second_order()


def misled(complex):
    """Wrong in degree 0: one end of one saddle is led to another minimum below it, in all possible ways."""
    arcs = complex.boundary[1]
    minima = np.flatnonzero(complex.index == 0)
    for place, upper in enumerate(arcs[:, 0].tolist()):
        taken = set(arcs[arcs[:, 0] == upper, 1].tolist())
        for other in set(minima[minima < upper].tolist()) - taken:
            wrong = arcs.copy()
            wrong[place] = upper, other
            yield MorseComplex(complex.energy, complex.index, complex.dimension, {1: wrong})


def exchanged(complex):
    """Wrong in degree 1, but with d_1 d_2 = 0: two points of index 2 exchange their circles."""
    arcs = complex.boundary[2]
    for a, b in combinations(np.flatnonzero(complex.index == 2), 2):
        upper = np.select([arcs[:, 0] == a, arcs[:, 0] == b], [b, a], arcs[:, 0])
        if np.all(upper > arcs[:, 1]):
            wrong = {1: complex.boundary[1], 2: np.stack([upper, arcs[:, 1]], axis=1)}
            yield MorseComplex(complex.energy, complex.index, complex.dimension, wrong)


@pytest.mark.parametrize(("degree", "spoil"), [(0, misled), (1, exchanged)])
@pytest.mark.parametrize(("n", "landscapes"), CASES)
def test_a_wrong_connection_is_seen(n, landscapes, degree, spoil):
    """Negative control: whatever changes a diagram by more than the mesh may, fails."""
    errors, beneath = [], 0
    for number in range(landscapes):
        complex = flow_complex(n, number)
        right = diagram(complex, pairs(complex), degree)
        bound = meshed(n, number, PARTS[n][-1])[1]
        for wrong in spoil(complex):
            change = bottleneck(diagram(wrong, pairs(wrong), degree), right)
            if change <= 2 * bound:
                beneath += change > 1e-12
                continue
            errors.append([distance(wrong, meshed(n, number, parts)[0], (degree,)) for parts in PARTS[n]])
            assert errors[-1][-1] > bound
    # Of the changes, most are larger than what a mesh may hide.
    assert len(errors) >= max(3, beneath)
    fit = Fit([mesh_of(n - 1, parts).width for parts in PARTS[n]], np.array(errors))
    assert not fit.is_second_order()
    assert fit.order < 1
