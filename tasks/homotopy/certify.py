"""Proof, in ball arithmetic, that real critical points exist, are unique in a box, and have their index.

With the couplings as exact doubles, a critical point and its multiplier solve F(x, mu) = (grad H(x) - mu x,
(n - x.x)/2) = 0. For a box X around c and any matrix Y, Krawczyk's operator

    K(X) = c - Y F(c) + (1 - Y F'(X)) (X - c)

maps into the interior of X only if X holds exactly one solution (Krawczyk, Computing 4 (1969) 187; quoted
from memory, and tested on forgeries). A real box proves a real point. F' is the Hessian bordered by the
normal: its inertia is that of the Riemannian Hessian plus one eigenvalue of each sign. A congruence with
approximate eigenvectors makes it nearly diagonal, and Gershgorin's discs then prove the signs.

This is the only file that imports python-flint.
"""

from dataclasses import dataclass

import flint
import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import KDTree

from tasks.landscapes.base import Couplings
from tasks.landscapes.spin import MixedSpin

RADII = (1e-4, 1e-6, 1e-8, 1e-10)
"""Half-widths of boxes, in units of sqrt(n), tried from the largest: larger boxes separate more."""
BITS = 96


@dataclass(frozen=True)
class Certificates:
    """Per point: the half-width of a box around it that holds exactly one real critical point (0: not
    proven), and its proven index (-1: not proven)."""

    radius: Float[np.ndarray, " points"]
    index: Int[np.ndarray, " points"]

    @property
    def proven(self) -> Bool[np.ndarray, " points"]:
        return (self.radius > 0) & (self.index >= 0)


class _Model:
    """The exact system of one landscape."""

    def __init__(self, landscape: MixedSpin, couplings: Couplings) -> None:
        n = self.n = landscape.n
        cubic = np.asarray(couplings["degree_3"]).reshape(n, n, n)
        self.slices = [_matrix(cubic[:, :, k]) * 3 for k in range(n)]
        zeros = np.zeros((n, n))
        self.linear = _matrix(np.asarray(couplings.get("degree_2", zeros)).reshape(n, n)) * 2
        self.field = _matrix(np.asarray(couplings.get("degree_1", zeros[0])).reshape(n, 1))

    def contract(self, x: flint.arb_mat) -> flint.arb_mat:
        """``A[x]``."""
        total = self.slices[0] * x[0, 0]
        for k in range(1, self.n):
            total += self.slices[k] * x[k, 0]
        return total

    def value(self, x: flint.arb_mat, mu: flint.arb) -> flint.arb_mat:
        force = self.contract(x) * x + self.linear * x + self.field - x * mu
        norm = (x.transpose() * x)[0, 0]
        return flint.arb_mat([[force[a, 0]] for a in range(self.n)] + [[(self.n - norm) / 2]])

    def jacobian(self, x: flint.arb_mat, mu: flint.arb) -> flint.arb_mat:
        n = self.n
        hessian = self.contract(x) * 2 + self.linear
        rows = [
            [hessian[a, b] - mu if a == b else hessian[a, b] for b in range(n)] + [-x[a, 0]] for a in range(n)
        ]
        return flint.arb_mat([*rows, [-x[a, 0] for a in range(n)] + [flint.arb(0)]])


def _matrix(values: Float[np.ndarray, "rows columns"]) -> flint.arb_mat:
    return flint.arb_mat([[flint.arb(float(value)) for value in row] for row in values])


def _floats(matrix: flint.arb_mat) -> Float[np.ndarray, "rows columns"]:
    return np.array([[float(entry.mid()) for entry in row] for row in matrix.tolist()])


def _box(center: flint.arb_mat, radius: float) -> flint.arb_mat:
    ball = flint.arb(0, radius)
    return flint.arb_mat([[entry + ball for entry in row] for row in center.tolist()])


def _column(matrix: flint.arb_mat, n: int) -> tuple[flint.arb_mat, flint.arb]:
    return flint.arb_mat([[matrix[a, 0]] for a in range(n)]), matrix[n, 0]


def _prove_box(
    model: _Model, center: flint.arb_mat, inverse: flint.arb_mat, radius: float
) -> flint.arb_mat | None:
    """The image K(X) of the box with this half-width, if it lies in its interior."""
    n = model.n
    box = _box(center, radius)
    slope = inverse * model.jacobian(*_column(box, n))
    identity = flint.arb_mat(n + 1, n + 1, [int(a == b) for a in range(n + 1) for b in range(n + 1)])
    shift = (identity - slope) * _box(flint.arb_mat(n + 1, 1, [0] * (n + 1)), radius)
    image = center - inverse * model.value(*_column(center, n)) + shift
    inside = all(box[a, 0].contains_interior(image[a, 0]) for a in range(n + 1))
    return image if inside else None


def _prove_index(model: _Model, box: flint.arb_mat) -> int:
    """The number of negative eigenvalues of the Riemannian Hessian in all of the box, -1 if unproven."""
    jacobian = model.jacobian(*_column(box, model.n))
    vectors = _matrix(np.linalg.eigh(_floats(jacobian))[1])
    nearly = (vectors.transpose() * jacobian * vectors).tolist()
    negative = 0
    for a, row in enumerate(nearly):
        disc = sum((abs(entry) for b, entry in enumerate(row) if b != a), flint.arb(0))
        if row[a] + disc < 0:
            negative += 1
        elif not row[a] - disc > 0:
            return -1
    return negative - 1


def _certify_one(model: _Model, point: Float[np.ndarray, " n"]) -> tuple[float, int]:
    n, scale = model.n, float(np.sqrt(model.n))
    x = _matrix(point[:, None])
    mu = (x.transpose() * (model.contract(x) * x + model.linear * x + model.field))[0, 0] / n
    center = flint.arb_mat([*x.tolist(), [flint.arb(float(mu.mid()))]])
    jacobian = _floats(model.jacobian(*_column(center, n)))
    if not np.isfinite(jacobian).all() or np.linalg.cond(jacobian) > 1e14:
        return 0.0, -1
    inverse = _matrix(np.linalg.inv(jacobian))
    for radius in RADII:
        image = _prove_box(model, center, inverse, radius * scale)
        if image is not None:
            # From a small box the signs are sharpest, and neighbours are told apart by it.
            sharp = _prove_box(model, center, inverse, RADII[-1] * scale)
            return (0.0, -1) if sharp is None else (radius * scale, _prove_index(model, sharp))
    return 0.0, -1


def certify_points(
    landscape: MixedSpin, couplings: Couplings, points: Float[np.ndarray, "points n"]
) -> Certificates:
    """Certify real critical points of a landscape of degree 3, one by one.

    Args:
        points: on the sphere of radius sqrt(n), to about round-off.
    """
    before = flint.ctx.prec
    flint.ctx.prec = BITS
    try:
        model = _Model(landscape, couplings)
        rows = [_certify_one(model, point) for point in points]
    finally:
        flint.ctx.prec = before
    radius, index = zip(*rows, strict=True) if rows else ((), ())
    return Certificates(np.array(radius, dtype=float), np.array(index, dtype=np.int64))


def separated(
    points: Float[np.ndarray, "points n"], certificates: Certificates, parity: int
) -> Bool[np.ndarray, " points"]:
    """Which points are proven and proven to differ from all others (and from their antipodes, where parity
    relates them): every proven solution lies in a box of half-width `RADII[-1]`, and these are disjoint."""
    if len(points) < 2:
        return certificates.proven
    both = np.concatenate([points, -points]) if parity else points
    distance = KDTree(both).query(points, k=2, p=np.inf)[0][:, 1]
    return certificates.proven & (distance > 2.1 * RADII[-1] * np.sqrt(points.shape[1]))
