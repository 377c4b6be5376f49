"""Newton's step on a product of spheres, for groups of eight points.

The Riemannian Hessian stands as an ambient matrix, A - sum_p (n_p u_p^T + u_p n_p^T) with A = Hess H -
diag(D), n_p the unit normals, u_p = A n_p - sum_q C_pq n_q/2 and C_pq = n_p.A n_q + normal delta_pq: its
tangent spectrum, and ``normal`` on each normal, as `ProductOfSpheres.tangent_hessian` has it.

Vectors of eight lanes in flat arrays: of an array of shape (rows, lanes), group g of row i is vector
``i groups + g``.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from morsecensus.tasks.points.ldlt import factorise, place, solve
from morsecensus.tasks.runtime.machine_code import compiled, inlined
from morsecensus.tasks.runtime.simd import aligned, load, multiply_add, spread, store, subtract_product

FIRST = 0.25
"""Of the widest shift, the one that is tried first: small ones are enough mostly, and change the step least.
At N = 60 4% more starts from below end, in 9.4 steps, where bisection from half of the widest had 10.0."""


class Room(NamedTuple):
    """What the steps of one group after another are worked out in, in vectors."""

    factors: Float[np.ndarray, " doubles"]
    row: Float[np.ndarray, " doubles"]
    inverse: Float[np.ndarray, " doubles"]
    x: Float[np.ndarray, " doubles"]
    images: Float[np.ndarray, " doubles"]
    right: Float[np.ndarray, " doubles"]
    multipliers: Float[np.ndarray, " doubles"]
    saved: Float[np.ndarray, " doubles"]
    shifts: Float[np.ndarray, " doubles"]
    least: Float[np.ndarray, " doubles"]
    most: Float[np.ndarray, " doubles"]


class Shape(NamedTuple):
    """The manifold: the first coordinate of each sphere and their end, and the sphere of each coordinate."""

    bounds: Int[np.ndarray, " ends"]
    part: Int[np.ndarray, " ambient"]
    table: Int[np.ndarray, "ambient ambient"]


def shape_of(sizes: tuple[int, ...], table: Int[np.ndarray, "ambient ambient"]) -> Shape:
    """Of spheres of these sizes, none for R^n; ``table`` says where entries of the Hessian stand."""
    part = np.repeat(np.arange(len(sizes)), sizes) if sizes else np.zeros(len(table), dtype=np.int64)
    return Shape(np.cumsum([0, *sizes]), part, np.ascontiguousarray(table, dtype=np.int64))


def room_of(ambient: int, spheres: int) -> Room:
    """Room for points of this size."""
    m = -(-ambient // 4) * 4
    return Room(
        aligned(m * m),
        aligned(4 * m),
        aligned(m),
        aligned(ambient),
        aligned(max(spheres, 1) * ambient),
        aligned(m),
        aligned(spheres + 1),
        aligned(m * m),
        *(aligned(1) for _ in range(3)),
    )


@compiled
def _assemble(rows, table, groups, g, m, factors):
    """The lower triangle of Hess H; the identity where it is filled up to m rows."""
    n = len(table)
    for i in range(m):
        for j in range(i + 1):
            if i < n:
                store(factors, place(m, i, j), load(rows, table[i, j] * groups + g))
            else:
                store(factors, place(m, i, j), spread(1.0 if i == j else 0.0))


@compiled
def _multiply(factors, m, shape, x, images):
    """Hess H on the part of x in each sphere."""
    n = len(shape.part)
    for i in range((len(shape.bounds) - 1) * n):
        store(images, i, spread(0.0))
    for i in range(n):
        own, xi = shape.part[i] * n, load(x, i)
        for q in range(shape.part[i] + 1):
            total = spread(0.0)
            for j in range(shape.bounds[q], min(shape.bounds[q + 1], i)):
                a = load(factors, place(m, i, j))
                total = multiply_add(a, load(x, j), total)
                store(images, own + j, multiply_add(a, xi, load(images, own + j)))
            store(images, q * n + i, load(images, q * n + i) + total)
        a = load(factors, place(m, i, i))
        store(images, own + i, multiply_add(a, xi, load(images, own + i)))


@compiled
def _slope(shape, share, x, images, rest, groups, g, right, multipliers):
    """Minus the Riemannian gradient into ``right``, and the multipliers; its squared norm."""
    n, spheres = len(shape.part), len(shape.bounds) - 1
    for i in range(n):
        total = load(rest, i * groups + g)
        for p in range(spheres):
            total = multiply_add(spread(share), load(images, p * n + i), total)
        store(right, i, total)
    square = spread(0.0)
    for p in range(spheres):
        first, end = shape.bounds[p], shape.bounds[p + 1]
        radial = spread(0.0)
        for i in range(first, end):
            radial = multiply_add(load(x, i), load(right, i), radial)
        radial = radial / spread(1.0 * (end - first))
        store(multipliers, p, radial)
        for i in range(first, end):
            store(right, i, subtract_product(radial, load(x, i), load(right, i)))
    for i in range(n):
        slope = load(right, i)
        square = multiply_add(slope, slope, square)
        store(right, i, spread(0.0) - slope)
    return square


@compiled
def _normal_parts(shape, x, images, multipliers, normal):
    """Turn Hess H on parts of x into the u_p of the notes above."""
    n, spheres = len(shape.part), len(shape.bounds) - 1
    for p in range(spheres):
        first, end = shape.bounds[p], shape.bounds[p + 1]
        scale = spread(1.0 / np.sqrt(end - first))
        for i in range(first, end):
            own = load(images, p * n + i)
            store(images, p * n + i, subtract_product(load(multipliers, p), load(x, i), own))
        for i in range(n):
            store(images, p * n + i, load(images, p * n + i) * scale)
    for p in range(spheres):
        for q in range(spheres):
            first, end = shape.bounds[q], shape.bounds[q + 1]
            scale = 1.0 / np.sqrt(end - first)
            inner = spread(normal if p == q else 0.0)
            for i in range(first, end):
                inner = multiply_add(load(x, i) * spread(scale), load(images, p * n + i), inner)
            # Halved, and once more the length of the normal.
            inner = inner * spread(0.5 * scale)
            for i in range(first, end):
                store(images, p * n + i, subtract_product(inner, load(x, i), load(images, p * n + i)))


@compiled
def _to_tangent(factors, m, shape, x, images, multipliers):
    """Hess H as the Riemannian Hessian."""
    n = len(shape.part)
    for i in range(n):
        p = shape.part[i]
        own = load(x, i) * spread(1.0 / np.sqrt(shape.bounds[p + 1] - shape.bounds[p]))
        for q in range(p + 1):
            first, end = shape.bounds[q], shape.bounds[q + 1]
            u = load(images, q * n + i) * spread(1.0 / np.sqrt(end - first))
            for j in range(first, min(end, i + 1)):
                a = subtract_product(own, load(images, p * n + j), load(factors, place(m, i, j)))
                store(factors, place(m, i, j), subtract_product(u, load(x, j), a))
        at = place(m, i, i)
        store(factors, at, load(factors, at) - load(multipliers, p))


@compiled
def _project(shape, x, right):
    """The tangent part."""
    for p in range(len(shape.bounds) - 1):
        first, end = shape.bounds[p], shape.bounds[p + 1]
        inner = spread(0.0)
        for i in range(first, end):
            inner = multiply_add(load(x, i), load(right, i), inner)
        inner = inner / spread(1.0 * (end - first))
        for i in range(first, end):
            store(right, i, subtract_product(inner, load(x, i), load(right, i)))


@inlined
def _prepare(rows, shape, points, share, rest, normal, room, groups, g):
    """The Riemannian Hessian of a group and minus its gradient, in ``room``; the latter's squared norm."""
    n = len(shape.part)
    m = (n + 3) // 4 * 4
    for i in range(n):
        store(room.x, i, load(points, i * groups + g))
    _assemble(rows, shape.table, groups, g, m, room.factors)
    _multiply(room.factors, m, shape, room.x, room.images)
    square = _slope(shape, share, room.x, room.images, rest, groups, g, room.right, room.multipliers)
    if len(shape.bounds) > 1:
        _normal_parts(shape, room.x, room.images, room.multipliers, normal)
        _to_tangent(room.factors, m, shape, room.x, room.images, room.multipliers)
    for i in range(n, m):
        store(room.right, i, spread(0.0))
    return square


@compiled
def _copy(source, target, m):
    """The lower triangle, in whole tiles."""
    for first in range(0, m, 4):
        for i in range(first * m, first * m + 4 * (first + 4)):
            store(target, i, load(source, i))


@compiled
def _shift(factors, m, n, shifts):
    """Add a number to the diagonal."""
    for i in range(n):
        at = place(m, i, i)
        store(factors, at, load(factors, at) + load(shifts, 0))


@compiled
def _negative(inverse, n, lane):
    """How many pivots of a lane are negative."""
    count = 0
    for i in range(n):
        count += inverse[8 * i + lane] < 0
    return count


@compiled
def _next_shifts(inverse, n, aims, first, widest, shifts, least, most):
    """New shifts where the index isn't the one aimed at, twice the last one until what is sought lies between
    two, then half way; whether there are lanes left to be tried."""
    wrong = False
    for lane in range(8):
        aim = aims[first + lane]
        if aim < 0:
            continue
        index, shift = _negative(inverse, n, lane), shifts[lane]
        if index > aim:
            least[lane], other, sign = shift, most[lane], 1.0
        elif index < aim:
            most[lane], other, sign = shift, least[lane], -1.0
        else:
            continue
        if abs(other) <= widest:
            shifts[lane] = 0.5 * (shift + other)
        elif abs(shift) < widest:
            shifts[lane] = sign * min(max(FIRST * widest, 2 * abs(shift)), widest)
        else:
            continue
        wrong = True
    return wrong


@compiled
def newton_steps(rows, shape, points, share, rest, normal, room, aims, widest, trials, steps, squares, index):
    """Newton's step at each point, the squared norm of the Riemannian gradient and the index of the
    Riemannian Hessian there.

    Args:
        rows: entries of Hess H, shape (any, lanes), flat; ``shape.table`` says which row.
        points: shape (ambient, lanes), flat; ``steps`` likewise.
        share: the gradient is this share of Hess H on x, plus ``rest``.
        normal: what takes the place of the eigenvalue of each normal.
        aims: the index that each start is to end at, -1 if any will do. Where the Hessian has another, a
            multiple of the identity up to ``widest`` is added, found in so many ``trials`` at most.
    """
    n = len(shape.part)
    m = (n + 3) // 4 * 4
    groups = len(squares) // 8
    for g in range(groups):
        square = _prepare(rows, shape, points, share, rest, normal, room, groups, g)
        store(squares, g, square)
        aimed = False
        for lane in range(8):
            aimed = aimed or aims[8 * g + lane] >= 0
        if aimed:
            _copy(room.factors, room.saved, m)
        factorise(room.factors, m, room.row, room.inverse)
        for lane in range(8):
            index[8 * g + lane] = _negative(room.inverse, n, lane)
        if aimed:
            room.shifts[:] = 0.0
            room.least[:] = -2 * widest  # no bounds yet
            room.most[:] = 2 * widest
            for _ in range(trials):
                if not _next_shifts(room.inverse, n, aims, 8 * g, widest, room.shifts, room.least, room.most):
                    break
                _copy(room.saved, room.factors, m)
                _shift(room.factors, m, n, room.shifts)
                factorise(room.factors, m, room.row, room.inverse)
        solve(room.factors, m, room.inverse, room.right)
        _project(shape, room.x, room.right)
        for i in range(n):
            store(steps, i * groups + g, load(room.right, i))


@compiled
def softened(rows, shape, points, share, rest, normal, room, shifts, vectors):
    """Overwrite vectors v, of which only the tangent part counts, by (A + s)^{-1} v, A the Riemannian Hessian
    at each point and s a number of its own: what v has of eigenvectors with eigenvalues near -s stands out.

    Args:
        vectors: shape (ambient, lanes), flat, as ``points``; ``shifts`` has a number for each lane.
    """
    n = len(shape.part)
    m = (n + 3) // 4 * 4
    groups = len(shifts) // 8
    for g in range(groups):
        _prepare(rows, shape, points, share, rest, normal, room, groups, g)
        store(room.shifts, 0, load(shifts, g))
        _shift(room.factors, m, n, room.shifts)
        for i in range(n):
            store(room.right, i, load(vectors, i * groups + g))
        _project(shape, room.x, room.right)
        factorise(room.factors, m, room.row, room.inverse)
        solve(room.factors, m, room.inverse, room.right)
        _project(shape, room.x, room.right)
        for i in range(n):
            store(vectors, i * groups + g, load(room.right, i))
