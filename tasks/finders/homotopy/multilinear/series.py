"""Singular vector tuples along the segment between two tensors: Newton steps and power series, eight paths at
a time.

Notation. H_0 and H are multilinear forms with real couplings, c a complex number, G = Hess H and g = grad H =
G x/(r-1). On the way from c H_0 to H

    F(x, t) = t g(x) + (1-t) c g_0(x) - x,      J = t G + (1-t) c G_0 - 1,

whose solutions other than 0 are the singular tuples: x_i.grad_i H is the same for every factor, so all
x_i.x_i are equal. With the *drive* D = G - c G_0, the derivative of F by t is D x/(r-1).

Series as in `tasks.finders.homotopy.series`: with y(t0 + h) = sum_k y_k h^k, the coefficient of order k of a
monomial is its *partial*, of lower orders alone, plus a linear term in y_k, and

    J y_k = -( t0 [g]_k + (1-t0) c [g_0]_k + [g - c g_0]_{k-1} )

with partials on the right for order k.

Pivots. (J + 1) x = (r-1) x, and restricted to two factors of a solution J maps (x_i, x_j) to 0, for any i and
j: without pivoting, elimination must not begin with two whole factors. So J is kept with the first variable
moved behind the last one, *rolled*.
"""

from morsecensus.tasks.finders.homotopy.algebra import factorise, multiply_symmetric, solve
from morsecensus.tasks.finders.homotopy.products import add_lower_orders, complete, product
from morsecensus.tasks.runtime.machine_code import compiled
from morsecensus.tasks.runtime.simd import multiply_add, subtract_product
from morsecensus.tasks.runtime.simd_wide import LANES, load, spread, store


@compiled
def contract_pair(start, target, shapes, source, from_start, from_target):
    """Contract two tensors of one shape with the same monomials: two rows of each are eight chains of fused
    multiply-adds."""
    for matrix in range(shapes.shape[0]):
        rows, columns, entry = shapes[matrix, 0], shapes[matrix, 1], shapes[matrix, 2]
        first, image = shapes[matrix, 3], shapes[matrix, 4]
        for a in range(0, rows, 2):
            r0 = r1 = r2 = r3 = spread(0.0)
            i0 = i1 = i2 = i3 = spread(0.0)
            one = entry + a * columns
            two = one + columns
            for k in range(columns):
                real = load(source, 2 * (first + k))
                imaginary = load(source, 2 * (first + k) + 1)
                s = spread(start[one + k])
                r0 = multiply_add(s, real, r0)
                i0 = multiply_add(s, imaginary, i0)
                s = spread(start[two + k])
                r1 = multiply_add(s, real, r1)
                i1 = multiply_add(s, imaginary, i1)
                s = spread(target[one + k])
                r2 = multiply_add(s, real, r2)
                i2 = multiply_add(s, imaginary, i2)
                s = spread(target[two + k])
                r3 = multiply_add(s, real, r3)
                i3 = multiply_add(s, imaginary, i3)
            row = 2 * (image + a)
            store(from_start, row, r0)
            store(from_start, row + 1, i0)
            store(from_start, row + 2, r1)
            store(from_start, row + 3, i1)
            store(from_target, row, r2)
            store(from_target, row + 1, i2)
            store(from_target, row + 2, r3)
            store(from_target, row + 3, i3)


@compiled
def low_monomials(system, y, monomials):
    """The monomials of at most r - 2 factors at y: those of the Hessian."""
    n = system.n
    for part in range(2 * n):
        store(monomials, part, load(y, part))
    for row in range(n, monomials.shape[0] // (2 * LANES)):
        parent, variable = system.recurrence[row - n, 0], system.recurrence[row - n, 1]
        real, imaginary = product(monomials, parent, y, variable)
        store(monomials, 2 * row, real)
        store(monomials, 2 * row + 1, imaginary)


@compiled
def assemble(system, t, from_start, from_target, matrix, drive):
    """The packed J, rolled, and D, from the blocks of both Hessians."""
    n = system.n
    time, rest = load(t, 0), spread(1.0) - load(t, 0)
    cr, ci = spread(system.weight.real), spread(system.weight.imag)
    for part in range(n * (n + 1)):
        store(matrix, part, spread(0.0))
        store(drive, part, spread(0.0))
    for entry in range(system.places.shape[0]):
        sr, si = load(from_start, 2 * entry), load(from_start, 2 * entry + 1)
        gr, gi = load(from_target, 2 * entry), load(from_target, 2 * entry + 1)
        pr, pi = subtract_product(ci, si, cr * sr), multiply_add(ci, sr, cr * si)
        place = 2 * system.rolled_places[entry]
        store(matrix, place, multiply_add(rest, pr, time * gr))
        store(matrix, place + 1, multiply_add(rest, pi, time * gi))
        place = 2 * system.places[entry]
        store(drive, place, gr - pr)
        store(drive, place + 1, gi - pi)
    for a in range(n):
        store(matrix, a * (a + 1) + 2 * a, spread(-1.0))


@compiled
def roll(source, n, target):
    """Move the first variable behind the last one."""
    for part in range(2, 2 * n):
        store(target, part - 2, load(source, part))
    store(target, 2 * n - 2, load(source, 0))
    store(target, 2 * n - 1, load(source, 1))


@compiled
def unroll(x, n, first):
    """Move the last of the n rows from ``first`` on before them."""
    start, end = 2 * first, 2 * (first + n)
    real, imaginary = load(x, end - 2), load(x, end - 1)
    for part in range(end - 1, start + 1, -1):
        store(x, part, load(x, part - 2))
    store(x, start, real)
    store(x, start + 1, imaginary)


@compiled
def newton(system, y, t, work, step):
    """``step = -J^{-1} F(y, t)``; what it was made of stays in ``work``."""
    from_start, matrix, from_target, _, _, row, monomials, drive = work
    n, share = system.n, spread(1.0 / (system.degree - 1.0))
    low_monomials(system, y, monomials)
    contract_pair(
        system.start_hessian, system.hessian, system.hessian_shapes, monomials, from_start, from_target
    )
    assemble(system, t, from_start, from_target, matrix, drive)
    roll(y, n, row)
    # F = (J + 1) y/(r-1) - y
    multiply_symmetric(matrix, n, row, 0, step)
    rest = spread(1.0) - share
    for part in range(2 * n):
        store(step, part, subtract_product(share, load(step, part), rest * load(row, part)))
    factorise(matrix, n, row)
    solve(matrix, n, step, 0)
    unroll(step, n, 0)


@compiled
def correct(system, m, y, t, work):
    """Two Newton steps from the prediction y, the second with a new Jacobian; y becomes the corrected point.

    The steps stay in ``work`` so that their lengths can be judged; monomials, drive and factors belong to the
    point after the first.
    """
    first, second = work[3], work[4]
    newton(system, y, t, work, first)
    for part in range(2 * m):
        store(y, part, load(y, part) + load(first, part))
    newton(system, y, t, work, second)
    for part in range(2 * m):
        store(y, part, load(y, part) + load(second, part))


@compiled
def convolve(system, orders, stride, order, partial):
    """Partials of all monomials, from the series of their parents and of the variables."""
    n = system.n
    for entry in range(system.recurrence.shape[0]):
        parent, variable = system.recurrence[entry, 0], system.recurrence[entry, 1]
        real = imaginary = spread(0.0)
        if parent >= n:
            real, imaginary = product(partial, parent, orders, variable)
        real, imaginary = add_lower_orders(
            real, imaginary, orders, stride, parent, orders, stride, variable, order
        )
        store(partial, 2 * (n + entry), real)
        store(partial, 2 * (n + entry) + 1, imaginary)


@compiled
def complete_parents(system, series, order, orders, stride, partial, linear):
    """The series of the variables, and of the monomials that others come from: partials plus linear terms."""
    n = system.n
    for part in range(2 * n):
        value = load(series, 2 * order * n + part)
        store(orders, 2 * order * stride + part, value)
        store(linear, part, value)
    for row in range(n, stride):
        parent, variable = system.recurrence[row - n, 0], system.recurrence[row - n, 1]
        real, imaginary = product(orders, parent, series, order * n + variable)
        more, again = product(linear, parent, orders, variable)
        complete(partial, linear, row, real, imaginary, more, again, orders, order * stride + row)


@compiled
def combine(system, t, from_start, from_target, image, right):
    """``right = -(t [g] + (1-t) c [g_0] + right)`` for the partials of one order; ``image`` becomes
    ``[g - c g_0]`` of them."""
    time, rest = load(t, 0), spread(1.0) - load(t, 0)
    cr, ci = spread(system.weight.real), spread(system.weight.imag)
    for a in range(system.n):
        sr, si = load(from_start, 2 * a), load(from_start, 2 * a + 1)
        gr, gi = load(from_target, 2 * a), load(from_target, 2 * a + 1)
        pr, pi = subtract_product(ci, si, cr * sr), multiply_add(ci, sr, cr * si)
        real = multiply_add(time, gr, load(right, 2 * a))
        imaginary = multiply_add(time, gi, load(right, 2 * a + 1))
        store(right, 2 * a, spread(0.0) - multiply_add(rest, pr, real))
        store(right, 2 * a + 1, spread(0.0) - multiply_add(rest, pi, imaginary))
        store(image, 2 * a, gr - pr)
        store(image, 2 * a + 1, gi - pi)


@compiled
def expand(system, m, order, t, work, series, room, h):
    """Fill ``series`` (row k m + a is component a of order k) from its order 0 and the corrected Jacobian."""
    matrix, monomials, drive = work[1], work[6], work[7]
    partial, from_start, from_target, image, right, moved, orders, linear = room
    n, stride = system.n, linear.shape[0] // (2 * LANES)
    for part in range(2 * n):
        store(orders, part, load(series, part))
        store(partial, part, spread(0.0))
        store(from_start, part, spread(0.0))
        store(from_target, part, spread(0.0))
    for part in range(2 * n, 2 * stride):
        store(orders, part, load(monomials, part))
    multiply_symmetric(drive, n, series, 0, right)
    share = spread(1.0 / (system.degree - 1.0))
    for part in range(2 * n):
        store(right, part, share * load(right, part))
    for part in range(2 * n, 2 * partial.shape[0] // (2 * LANES)):
        store(partial, part, spread(0.0))
    for k in range(1, order + 1):
        # Nothing is nonlinear in the first order.
        if k > 1:
            convolve(system, orders, stride, k, partial)
            contract_pair(
                system.start_gradient,
                system.gradient,
                system.gradient_shapes,
                partial,
                from_start,
                from_target,
            )
        combine(system, t, from_start, from_target, image, right)
        roll(right, n, moved)
        for part in range(2 * m):
            store(series, 2 * k * m + part, load(moved, part))
        solve(matrix, m, series, k * m)
        unroll(series, n, k * m)
        if k < order:
            multiply_symmetric(drive, n, series, k * m, moved)
            for part in range(2 * n):
                store(right, part, load(image, part) + load(moved, part))
            complete_parents(system, series, k, orders, stride, partial, linear)
