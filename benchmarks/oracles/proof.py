"""Proof that complex roots exist and differ: with as many as Bezout allows, they are all there are.

Krawczyk's operator as in `tasks.finders.homotopy.certify`, on boxes in C^n: K(X) = c - Y F(c) + (1 - Y F'(X))
(X - c) in the interior of X proves exactly one root in X. The mean value of F' along a segment lies in F'(X)
since rectangles are convex, so the argument for real boxes holds as it stands.
"""

import flint
import numpy as np
from jaxtyping import Complex

from benchmarks.oracles.polynomials import Polynomial, Polynomials, derivative

HALF_WIDTH = 1e-10
"""Of the boxes, relative to the length of the root."""
BITS = 96


def proven_distinct(polynomials: Polynomials, points: Complex[np.ndarray, "found unknowns"]) -> int:
    """How many of these points are proven roots of the polynomials, as given in doubles, and proven to differ
    from all others."""
    before = flint.ctx.prec
    flint.ctx.prec = BITS
    try:
        slopes = [
            [derivative(equation, b) for b in range(polynomials.unknowns)]
            for equation in polynomials.equations
        ]
        proven = np.array([_has_one_root(polynomials, slopes, point) for point in points])
    finally:
        flint.ctx.prec = before
    widths = HALF_WIDTH * np.linalg.norm(points, axis=1)
    apart = np.abs(points[:, None] - points[None]).max(axis=2)
    # Boxes are rectangles: their corners are further out than their sides by sqrt(2).
    touching = apart <= 1.5 * (widths[:, None] + widths[None])
    return int((proven & (touching.sum(axis=1) == 1)).sum())


def _has_one_root(
    polynomials: Polynomials, slopes: list[list[Polynomial]], point: Complex[np.ndarray, " unknowns"]
) -> bool:
    center = [flint.acb(float(z.real), float(z.imag)) for z in point]
    width = HALF_WIDTH * float(np.linalg.norm(point))
    ball = flint.acb(flint.arb(0, width), flint.arb(0, width))
    box = [z + ball for z in center]
    n = len(center)
    middle = [[_value(slope, center) for slope in row] for row in slopes]
    floats = np.array([[complex(entry) for entry in row] for row in middle])
    inverse = _matrix(np.linalg.inv(floats))
    values = flint.acb_mat([[_value(equation, center)] for equation in polynomials.equations])
    slope = inverse * flint.acb_mat([[_value(entry, box) for entry in row] for row in slopes])
    identity = flint.acb_mat([[flint.acb(int(a == b)) for b in range(n)] for a in range(n)])
    shift = (identity - slope) * flint.acb_mat([[ball]] * n) - inverse * values
    return all(
        ball.real.contains_interior(shift[a, 0].real) and ball.imag.contains_interior(shift[a, 0].imag)
        for a in range(n)
    )


def _matrix(values: Complex[np.ndarray, "rows columns"]) -> flint.acb_mat:
    return flint.acb_mat([[flint.acb(float(z.real), float(z.imag)) for z in row] for row in values])


def _value(polynomial: Polynomial, x: list[flint.acb]) -> flint.acb:
    total = flint.acb(0)
    for monomial, coefficient in polynomial.items():
        term = flint.acb(coefficient)
        for a in monomial:
            term *= x[a]
        total += term
    return total
