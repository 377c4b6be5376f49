"""Refined triangulations of the unit sphere: an icosahedron's for S^2, the 600-cell's for S^3.

Edgewise subdivision (H. Edelsbrunner, D. R. Grayson, Discrete Comput. Geom. 24 (2000) 707) cuts a d-simplex
into k^d simplices of at most d!/2 shapes, and along a shared face both sides cut it alike if they order its
vertices alike. Then the vertices go to the sphere. The starting meshes are regular, so the shapes stay good.

Linear interpolation of a smooth function on a simplex of edges up to h is off by at most M h^2 d / (4 (d +
1)), M a bound on its second derivatives (S. Waldron, SIAM J. Numer. Anal. 35 (1998) 1191), and persistence
diagrams move no farther than the function (D. Cohen-Steiner et al., Discrete Comput. Geom. 37 (2007) 103):
the diagram of the mesh is as near to the landscape's.
"""

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangulated sphere.

    Attributes:
        points: unit vectors, shape (points, dimension + 1).
        simplices: rows of ``points``, shape (simplices, dimension + 1).
    """

    points: Float[np.ndarray, "points ambient"]
    simplices: Int[np.ndarray, "simplices vertices"]

    @property
    def width(self) -> float:
        """The longest edge."""
        corners = self.points[self.simplices]
        edges = corners[:, :, None, :] - corners[:, None, :, :]
        return float(np.sqrt(np.max(np.sum(edges**2, axis=-1))))


def sphere_mesh(dimension: int, parts: int) -> Mesh:
    """The unit sphere with each edge of the starting mesh cut into so many parts.

    Args:
        dimension: 2 (20 parts^2 triangles) or 3 (600 parts^3 tetrahedra).
        parts: 1 or more.

    Raises:
        ValueError: another dimension, or no part.
    """
    if dimension not in (2, 3) or parts < 1:
        raise ValueError(
            f"mesh: got dimension {dimension}, {parts} parts; allowed are dimensions 2 and 3, 1 or more parts"
        )
    corners = _icosahedron() if dimension == 2 else _cell_600()
    return _subdivide(Mesh(corners, _cliques(corners, dimension + 1)), parts)


def _even_permutations(size: int) -> list[tuple[int, ...]]:
    return [p for p in permutations(range(size)) if np.linalg.det(np.eye(size)[list(p)]) > 0]


def _signed(values: tuple[float, ...]) -> list[tuple[float, ...]]:
    """All signs of the entries that aren't zero."""
    return sorted(set(product(*[(v, -v) if v else (0.0,) for v in values])))


def _icosahedron() -> Float[np.ndarray, "twelve three"]:
    golden = (1 + 5**0.5) / 2
    rows = [np.roll(signs, turn) for signs in _signed((0.0, 1.0, golden)) for turn in range(3)]
    return np.array(rows) / (1 + golden**2) ** 0.5


def _cell_600() -> Float[np.ndarray, "vertices four"]:
    """The 120 icosians (H. S. M. Coxeter, Regular Polytopes, section 8.7)."""
    golden = (1 + 5**0.5) / 2
    rows = [np.roll(signs, turn) for signs in _signed((1.0, 0.0, 0.0, 0.0)) for turn in range(4)]
    rows += [np.array(signs) for signs in product((0.5, -0.5), repeat=4)]
    for signs in _signed((golden / 2, 0.5, 0.5 / golden, 0.0)):
        rows += [np.array(signs)[list(order)] for order in _even_permutations(4)]
    return np.array(rows)


def _cliques(corners: Float[np.ndarray, "points ambient"], size: int) -> Int[np.ndarray, "cliques size"]:
    """The sets of so many mutual nearest neighbours, ascending: cells of a regular simplicial polytope."""
    inner = corners @ corners.T
    np.fill_diagonal(inner, -1)
    near = inner > inner.max() - 1e-9
    found = [(i,) for i in range(len(corners))]
    for _ in range(size - 1):
        found = [(*c, int(j)) for c in found for j in np.flatnonzero(near[list(c)].all(axis=0)) if j > c[-1]]
    return np.array(found)


def _pattern(
    dimension: int, parts: int
) -> tuple[Int[np.ndarray, "nodes weights"], Int[np.ndarray, "cells vertices"]]:
    """Edgewise subdivision of one simplex: barycentric weights (they sum to ``parts``), and simplices.

    With x_i = the weights of vertices i and up, it is Kuhn's triangulation of the integer lattice on parts
    >= x_1 >= ... >= x_d >= 0.
    """
    lattice = np.array(list(product(range(parts + 1), repeat=dimension)))
    inside = lattice[(np.diff(lattice, axis=1) <= 0).all(axis=1)]
    number = {tuple(x): i for i, x in enumerate(inside.tolist())}
    unit = np.eye(dimension, dtype=np.int64)
    cells = []
    for order in permutations(range(dimension)):
        path = np.concatenate([np.zeros((1, dimension), np.int64), np.cumsum(unit[list(order)], axis=0)])
        for x in inside:
            corners = [tuple(c) for c in (x + path).tolist()]
            if all(c in number for c in corners):
                cells.append([number[c] for c in corners])
    ends = np.ones((len(inside), 1), np.int64)
    weights = -np.diff(np.concatenate([parts * ends, inside, 0 * ends], axis=1), axis=1)
    return weights, np.array(cells)


def _subdivide(mesh: Mesh, parts: int) -> Mesh:
    """Cut every simplex (vertices ascending: so neighbours agree) and push the new vertices to the sphere."""
    weights, cells = _pattern(mesh.simplices.shape[1] - 1, parts)
    # A node is known by its weights at the corners that carry it: exact, so shared nodes are found.
    carried = np.where(weights > 0, mesh.simplices[:, None, :] * (parts + 1) + weights, -1)
    keys = np.sort(carried.reshape(-1, weights.shape[1]), axis=1)
    _, first, node = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    points = (weights @ mesh.points[mesh.simplices]).reshape(len(keys), -1)[first]
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    node = node.reshape(len(mesh.simplices), len(weights))
    return Mesh(points, node[:, cells].reshape(-1, cells.shape[1]))
