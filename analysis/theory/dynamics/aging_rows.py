"""One row of the two-time equations on the grid of `pair_grid`: integrals, residuals, and their derivatives.

At the newest time t a row has C(t, t') and R(t, t') at the nodes x_k of t'. Every node k has an interval
[0, t'] and one [t', t]; quadrature nodes s in each are logarithmic from both of its ends. C(t, s) and R(t, s)
are interpolated on the row itself, C and R of (t', s) or (s, t') among all rows, the newest one included.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from morsecensus.analysis.theory.dynamics.kernels import Floats, Kernels
from morsecensus.analysis.theory.dynamics.pair_grid import lagrange, place, split

X_POINTS, U_POINTS = 8, 6
"""Nodes of an interpolation along a row, and among rows."""


@dataclass(frozen=True, eq=False)
class Interval:
    """The quadrature of one interval of all nodes, flat.

    Attributes:
        weights: of the integral over s, shape (nodes * quadrature,).
        on_row: the newest row at (t, s), a sparse matrix (nodes * quadrature, nodes).
        known: C and R of the other pair, what older rows have a part in: shape (2, nodes * quadrature).
        on_new: the newest row's part in it.
    """

    weights: Floats
    on_row: csr_array
    known: Floats
    on_new: csr_array


def interval(
    before: bool, time: float, x: Floats, rule: tuple[Floats, Floats], rows: Floats, spacing: float
) -> Interval:
    """[0, t'] if `before`, else [t', t].

    Args:
        time: t, in units of 1/r.
        rows: all rows before the newest, shape (rows, 2, nodes).
        spacing: of rows in u.
    """
    size, count = len(x), len(rows)
    lag, earlier, _ = split(x, time)
    left, right, slope = split(rule[0][None], (earlier if before else lag)[:, None])
    if before:
        to_row, pair = (lag[:, None] + right, left), (right, left)
    else:
        start = np.broadcast_to(earlier[:, None], left.shape)
        to_row, pair = (right, start + left), (left, start)
    _, x_row = place(*to_row)
    u_pair, x_pair = place(*pair)
    first, weights = lagrange((x_row.ravel() + 1) / 2 * (size - 1), size, X_POINTS)
    at, along = lagrange((x_pair.ravel() + 1) / 2 * (size - 1), size, X_POINTS)
    row, among = lagrange(u_pair.ravel() / spacing, count + 1, U_POINTS)
    newest = np.where(row + U_POINTS > count, among[:, -1], 0.0)
    return Interval(
        (rule[1] * slope).ravel(),
        _sparse(first, weights, size),
        _from_rows(rows, row, among, at, along),
        _sparse(at, newest[:, None] * along, size),
    )


def _sparse(first: np.ndarray, weights: Floats, size: int) -> csr_array:
    columns = (first[:, None] + np.arange(X_POINTS)).ravel()
    starts = np.arange(0, weights.size + 1, X_POINTS)
    return csr_array((weights.ravel(), columns, starts), shape=(len(first), size))


def _from_rows(rows: Floats, row: np.ndarray, among: Floats, at: np.ndarray, along: Floats) -> Floats:
    known = np.zeros((2, len(row)))
    for i in range(U_POINTS):
        old = row + i < len(rows)
        source = np.minimum(row + i, len(rows) - 1)
        for j in range(X_POINTS):
            known += rows[source, :, at + j].T * (np.where(old, among[:, i], 0.0) * along[:, j])
    return known


@dataclass(eq=False)
class Integrals:
    """The right-hand sides of the equations for C and R without mu, at all nodes.

    Attributes:
        values: shape (2, nodes).
        slopes: their derivatives by C and R of the newest row, shape (2, 2, nodes, nodes).
        pull: int xi'(C) R over the whole row, minus the energy of uniform starts.
    """

    values: Floats
    slopes: Floats
    pull: float


def integrals(kernels: Kernels, before: Interval, after: Interval, row: Floats) -> Integrals:
    """Of a row as it is now, shape (2, nodes)."""
    size = row.shape[1]
    found = Integrals(np.zeros((2, size)), np.zeros((2, 2, size, size)), 0.0)
    for part in (before, after):
        _add(found, kernels, part, row, past=part is before)
    return found


def _add(found: Integrals, kernels: Kernels, part: Interval, row: Floats, past: bool) -> None:
    size = row.shape[1]
    quadrature = len(part.weights) // size
    c, r = part.on_row @ row[0], part.on_row @ row[1]
    other_c, other_r = part.known[0] + part.on_new @ row[0], part.known[1] + part.on_new @ row[1]
    second = kernels.memory_sign * part.weights * kernels.noise_second(c)
    third = kernels.memory_sign * part.weights * kernels.noise_second.deriv()(c) * r

    def add(equation: int, variable: int, factor: Floats, matrix: csr_array) -> None:
        scaled = csr_array(
            (matrix.data * np.repeat(factor, X_POINTS), matrix.indices, matrix.indptr), shape=matrix.shape
        )
        product: Any = _summed(size, quadrature) @ scaled
        found.slopes[equation, variable] += product.toarray()

    def total(values: Floats) -> Floats:
        return values.reshape(size, quadrature).sum(axis=1)

    found.values[0] += total(second * r * other_c)
    by_c = third * other_c
    if past:
        drift = part.weights * kernels.noise_first(c)
        found.values[0] += total(drift * other_r)
        by_c = by_c + part.weights * kernels.noise_second(c) * other_r
        add(0, 1, drift, part.on_new)
        found.pull = float(np.sum((drift * r)[:quadrature]))
    else:
        found.values[1] += total(second * r * other_r)
        add(1, 0, third * other_r, part.on_row)
        add(1, 1, second * other_r, part.on_row)
        add(1, 1, second * r, part.on_new)
    add(0, 0, by_c, part.on_row)
    add(0, 1, second * other_c, part.on_row)
    add(0, 0, second * r, part.on_new)


def _summed(size: int, quadrature: int) -> csr_array:
    """Sums over the quadrature nodes of each node."""
    count = size * quadrature
    starts = np.arange(0, count + 1, quadrature)
    return csr_array((np.ones(count), np.arange(count), starts), shape=(size, count))
