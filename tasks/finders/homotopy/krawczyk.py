"""Proof, in ball arithmetic, that critical points exist, are unique in a box, and (real ones) their index.

With the couplings as exact doubles, a critical point on a product of spheres and its multipliers solve F(x,
mu) = (grad_i H(x) - mu_i x_i, (n_i - x_i.x_i)/2) = 0, i over the factors. For a box X around c and any matrix
Y, Krawczyk's operator

    K(X) = c - Y F(c) + (1 - Y F'(X)) (X - c)

maps into the interior of X only if X holds exactly one solution (Krawczyk, Computing 4 (1969) 187; quoted
from memory, and tested on forgeries). A real box proves a real point; complex boxes are rectangles, which are
as convex. F' is the Hessian bordered by the
normals: its inertia is that of the Riemannian Hessian plus one eigenvalue of each sign for each factor. A
congruence with approximate eigenvectors makes it nearly diagonal, and Gershgorin's discs then prove the
signs.
"""

from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
from jaxtyping import Float

from morsecensus.tasks.finders.homotopy.balls import Matrix, real_matrix
from morsecensus.tasks.finders.homotopy.kinds import balls
from morsecensus.tasks.systems.system import System

ROUNDING = 2.0**-52
"""Half-width, in units of sqrt(n), of a box around a rounded point that holds the point."""


class BorderedModel:
    """F and its Jacobian on balls; columns are (x, mu).

    Args:
        kind: ``flint.arb_mat`` for real balls, ``flint.acb_mat`` for rectangles.
    """

    def __init__(self, system: System, kind: Any = flint.arb_mat) -> None:
        self.kind, self.scalar = kind, flint.arb if kind is flint.arb_mat else flint.acb
        self.n, self.sizes = system.n, system.spheres
        ends = np.cumsum(self.sizes).tolist()
        self.parts = [range(end - size, end) for end, size in zip(ends, self.sizes, strict=True)]
        self.balls = balls(system, kind)

    @property
    def unknowns(self) -> int:
        return self.n + len(self.sizes)

    def ball(self, radius: float) -> Any:
        """Around zero."""
        real = flint.arb(0, radius)
        return real if self.scalar is flint.arb else flint.acb(real, real)

    def jacobian(self, column: Matrix) -> Matrix:
        return self.jet(column)[1]

    def jet(self, column: Matrix) -> tuple[Matrix, Matrix]:
        n, entries = self.n, column.entries()
        x, multipliers = entries[:n], entries[n:]
        gradient, rows = self.balls.jet(x)
        value: list[list[Any]] = []
        normals = [[self.scalar(0)] * self.unknowns for _ in self.sizes]
        for part, normal, mu in zip(self.parts, normals, multipliers, strict=True):
            for a in part:
                value.append([gradient[a] - mu * x[a]])
                rows[a][a] -= mu
                normal[a] = -x[a]
        for part, size in zip(self.parts, self.sizes, strict=True):
            value.append([(size - sum((x[a] * x[a] for a in part), self.scalar(0))) / 2])
        bordered = [[*row, *(normal[a] for normal in normals)] for a, row in enumerate(rows)]
        return self.kind(value), self.kind([*bordered, *normals])


def complex_model(system: System) -> BorderedModel:
    return BorderedModel(system, flint.acb_mat)


def _floats(matrix: Matrix) -> Float[np.ndarray, "rows columns"]:
    return np.array([[float(entry.mid()) for entry in row] for row in matrix.tolist()])


def _box(model: BorderedModel, center: Matrix, radius: float) -> Matrix:
    ball = model.ball(radius)
    return model.kind([[entry + ball for entry in row] for row in center.tolist()])


def midpoints(model: BorderedModel, matrix: Matrix) -> Matrix:
    return model.kind([[entry.mid() for entry in row] for row in matrix.tolist()])


def proven_image(
    model: BorderedModel, center: Matrix, moved: Matrix, inverse: Matrix, radius: float
) -> Matrix | None:
    """The image K(X) of the box with this half-width, if it lies in its interior.

    Args:
        moved: the centre after Newton's step.
    """
    size = model.unknowns
    box = _box(model, center, radius)
    slope = inverse * model.jacobian(box)
    identity = model.kind(size, size, [int(a == b) for a in range(size) for b in range(size)])
    shift = (identity - slope) * _box(model, model.kind(size, 1, [0] * size), radius)
    image = moved + shift
    inside = all(box[a, 0].contains_interior(image[a, 0]) for a in range(size))
    return image if inside else None


def _prove_index(model: BorderedModel, box: Matrix) -> int:
    """The number of negative eigenvalues of the Riemannian Hessian in all of the box, -1 if unproven."""
    jacobian = model.jacobian(box)
    vectors = real_matrix(np.linalg.eigh(_floats(jacobian))[1])
    nearly = (vectors.transpose() * jacobian * vectors).tolist()
    negative = 0
    for a, row in enumerate(nearly):
        disc = sum((abs(entry) for b, entry in enumerate(row) if b != a), flint.arb(0))
        if row[a] + disc < 0:
            negative += 1
        elif not row[a] - disc > 0:
            return -1
    return negative - len(model.sizes)


def center_of(model: BorderedModel, point: np.ndarray) -> Matrix:
    """The point with its multipliers ``x_i.grad_i H/n_i``."""
    x = [model.scalar(value) for value in point.tolist()]
    gradient, _ = model.balls.jet(x)
    multipliers = [
        sum((gradient[a] * x[a] for a in part), model.scalar(0)) / size
        for part, size in zip(model.parts, model.sizes, strict=True)
    ]
    return model.kind([[v] for v in [*x, *(mu.mid() for mu in multipliers)]])


def refined(model: BorderedModel, center: Matrix) -> Matrix:
    """Newton's method at the present precision, from a point with half the digits of a double or more."""
    for _ in range(6):
        value, jacobian = model.jet(center)
        center = midpoints(model, center - jacobian.solve(value))
    return center


@dataclass(frozen=True)
class Proof:
    """Of one point, in units of sqrt(n): see `certify.Certificates`; no index means no proof."""

    radius: float
    error: float
    index: int
    point: Float[np.ndarray, " n"]


def prove(
    model: BorderedModel, point: Float[np.ndarray, " n"], radii: tuple[float, ...], refine: bool
) -> Proof:
    """Prove a real critical point in boxes of real balls, half-widths in units of sqrt(n)."""
    unproven = Proof(0.0, 0.0, -1, point)
    scale = float(np.sqrt(model.n))
    center = center_of(model, point)
    try:
        center = refined(model, center) if refine else center
        value, jacobian = model.jet(center)
        inverse = midpoints(model, jacobian.inv())
    except ZeroDivisionError:  # flint's word for a matrix that it can't prove regular
        return unproven
    moved = center - inverse * value
    for radius in radii:
        image = proven_image(model, center, moved, inverse, radius * scale)
        # A point that is rounded to doubles can't be told from others in a smaller box.
        if image is not None and radius > ROUNDING:
            # From a small box the signs are sharpest, and neighbours are told apart by it.
            sharp = (
                image
                if radius == radii[-1]
                else proven_image(model, center, moved, inverse, radii[-1] * scale)
            )
            if sharp is None:
                return unproven
            index = _prove_index(model, sharp)
            return Proof(radius - ROUNDING, radii[-1] + ROUNDING, index, _floats(center)[: model.n, 0])
    return unproven
