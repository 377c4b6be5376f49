"""Power series along the paths of a polynomial system, for groups of paths.

Notation as in `equations`. With y(t0 + h) = sum_k y_k h^k and everything of lower order known, the
coefficient of order k of a monomial is what it would be for x_k = 0, called *partial*, plus a linear term in
x_k. One solve with the Jacobian J at y_0 gives order k:

    J y_k = -( t0 [g]_k + (1-t0) d [x^{p-1}]_k - sum mu_i x_{k-i} + [g - d x^{p-1}]_{k-1} ),

with partials on the right for order k, which `orders` knows by the kind of system.

A series predicts, and Newton's steps in doubles correct and judge what it predicts: it may be made in single
precision, in units of the last step h, since single precision has no room for y_k alone.
"""

from morsecensus.tasks.finders.homotopy.algebra import copied, multiply_symmetric
from morsecensus.tasks.finders.homotopy.equations import solve_at
from morsecensus.tasks.finders.homotopy.orders import finish, partials, prepare
from morsecensus.tasks.finders.homotopy.products import product
from morsecensus.tasks.runtime.machine_code import compiled, inlined
from morsecensus.tasks.runtime.simd import multiply_add, subtract_product, widen
from morsecensus.tasks.runtime.simd_wide import like, load, spread, store


@compiled
def multiplier_terms(series, n, m, order, squares, right):
    """What the sphere adds to the right-hand side of one order: ``-sum mu_i x_{order-i}`` and the
    constraint."""
    sr = si = like(right, 0.0)
    for a in range(n):
        real, imaginary = load(right, 2 * a), load(right, 2 * a + 1)
        for i in range(1, order):
            one, two = 2 * (i * m + n), 2 * ((order - i) * m + a)
            ar, ai = load(series, one), load(series, one + 1)
            br, bi = load(series, two), load(series, two + 1)
            real = multiply_add(ai, bi, subtract_product(ar, br, real))
            imaginary = subtract_product(ai, br, subtract_product(ar, bi, imaginary))
        store(right, 2 * a, real)
        store(right, 2 * a + 1, imaginary)
        sr, si = sr + load(squares, 2 * a), si + load(squares, 2 * a + 1)
    store(right, 2 * n, like(right, -0.5) * sr)
    store(right, 2 * n + 1, like(right, -0.5) * si)


@compiled
def first_drive(gradient, n, y, heads, drive):
    """``drive = g - d x^{p-1}`` at the expansion point: the derivative of F by t."""
    for a in range(n):
        real, imaginary = product(heads, a, y, a)
        store(drive, 2 * a, load(gradient, 2 * a) - real)
        store(drive, 2 * a + 1, load(gradient, 2 * a + 1) - imaginary)


@compiled
def next_drive(system, series, m, order, heads, contracted, image, started, drive):
    """``drive = [g - d x^{p-1}]_order`` from the partials and ``image`` = G x_order."""
    factor = like(drive, system.degree - 1.0)
    for a in range(system.n):
        real, imaginary = product(heads, a, series, order * m + a)
        real = multiply_add(factor, real, load(started, 2 * a))
        imaginary = multiply_add(factor, imaginary, load(started, 2 * a + 1))
        store(drive, 2 * a, load(contracted, 2 * a) + load(image, 2 * a) - real)
        store(drive, 2 * a + 1, load(contracted, 2 * a + 1) + load(image, 2 * a + 1) - imaginary)


@compiled
def right_side(n, t, contracted, started, drive, right):
    """``t0 [g]_k + (1-t0) d [x^{p-1}]_k + drive``: without the sphere's terms and before its sign."""
    time, rest = load(t, 0), like(right, 1.0) - load(t, 0)
    for part in range(2 * n):
        value = multiply_add(time, load(contracted, part), load(drive, part))
        store(right, part, multiply_add(rest, load(started, part), value))


@inlined
def begin_series(n, m, t, h, work, series, common):
    """What a series needs of the corrected point, in the precision that it is made in."""
    contracted, _, drive, _, started, squares, orders, slope, factors, start, time = common
    hessian, matrix, gradient, heads = work[0], work[1], work[2], work[7]
    first_drive(gradient, n, series, heads, drive)
    copied(series, 2 * m, orders)
    copied(hessian, n * (n + 1), slope)
    copied(matrix, m * (m + 1), factors)
    copied(heads, 2 * n, start)
    store(time, 0, load(t, 0))
    store(time, 1, load(h, 0))
    # Nothing is nonlinear in the first order.
    for part in range(2 * n):
        store(contracted, part, like(contracted, 0.0))
        store(started, part, like(started, 0.0))
        store(squares, part, like(squares, 0.0))


@compiled
def add_order(system, m, k, last, unscale, series, common):
    """Order k from its partials, and the drive of the next one. ``orders`` holds the series in units of h:
    single precision has no room for y_k alone."""
    contracted, image, drive, right, started, squares, orders, slope, factors, start, time = common
    n = system.n
    scale = load(time, 1)
    for part in range(2 * n):
        store(drive, part, scale * load(drive, part))
    right_side(n, time, contracted, started, drive, right)
    multiplier_terms(orders, n, m, k, squares, right)
    for part in range(2 * m):
        store(orders, 2 * k * m + part, like(right, 0.0) - load(right, part))
    solve_at(system, factors, m, orders, orders, k * m)
    for part in range(2 * m):
        store(series, 2 * k * m + part, unscale * widen(load(orders, 2 * k * m + part)))
    if k < last:
        multiply_symmetric(slope, n, orders, k * m, image)
        next_drive(system, orders, m, k, start, contracted, image, started, drive)


@compiled
def expand(packed, m, order, t, work, series, room, h):
    """Fill ``series`` (row k m + a is component a of order k) from its order 0 and the corrected Jacobian,
    in units of the last step h and in the precision of ``room``."""
    common, own = room
    contracted, started, squares, orders = common[0], common[4], common[5], common[6]
    begin_series(packed.equations.n, m, t, h, work, series, common)
    prepare(packed, own, work)
    unit, unscale = spread(1.0) / load(h, 0), spread(1.0)
    for k in range(1, order + 1):
        if k > 1:
            partials(packed, own, m, k, orders, contracted, started, squares)
        unscale = unscale * unit
        add_order(packed.equations, m, k, order, unscale, series, common)
        finish(packed, own, m, k, order, orders)
