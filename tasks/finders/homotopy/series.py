"""The polynomial system along its paths, its Newton steps and its power series, for groups of paths.

Notation. Unknowns y = (x_1..x_n, mu). With the target gradient
g(x) of top degree p-1 and the start form with complex weights d_a,

    F_a(y, t) = t g_a(x) + (1-t) d_a x_a^{p-1} - mu x_a,    F_{n+1} = (r^2 - x.x)/2,

with r^2 = n. F is the gradient of a polynomial, so its Jacobian is
symmetric: t G + (1-t)(p-1) diag(d x^{p-2}) - mu, bordered by -x, with G = Hess H of degree p-2.

Pivots. For a pure form (G - mu) x = (p-2) mu x, so that this block is singular where mu = 0, at critical
points of energy 0. So the last row, -x.y = s, is taken i kappa x_a times from row a: the block is then
G - mu + i kappa x x^T, regular where the whole Jacobian is, and the right-hand side has -i kappa x_a s more.

Low monomials (degrees 0 to p-2) give G by one contraction, and g = G x/(p-1) + what the lower degrees lack.
Series: with y(t0 + h) = sum_k y_k h^k and everything of lower order known, the coefficient of order k of a
monomial is what it would be for x_k = 0, called *partial*, plus a linear term in x_k. High monomials
(degrees 2 to p-1) get their partials by one convolution each, from the series of the monomial without its
largest index. One contraction of these partials and one solve with the Jacobian J at y_0 give order k:

    J y_k = -( t0 [g]_k + (1-t0) d [x^{p-1}]_k - sum mu_i x_{k-i} + [g - d x^{p-1}]_{k-1} ),

with partials on the right for order k.
"""

from morsecensus.tasks.finders.homotopy.algebra import (
    accumulate,
    contract,
    factorise,
    multiply_symmetric,
    solve,
)
from morsecensus.tasks.finders.homotopy.products import add_lower_orders, complete, product
from morsecensus.tasks.runtime.machine_code import compiled, inlined
from morsecensus.tasks.runtime.simd import multiply_add, subtract_product, widen
from morsecensus.tasks.runtime.simd_wide import LANES, like, load, spread, store


@compiled
def low_monomials(system, y, low, heads):
    """Monomials of degrees 0 to p-2 at x, and ``heads`` = d_a x_a^{p-2}."""
    n = system.n
    store(low, 0, spread(1.0))
    store(low, 1, spread(0.0))
    for part in range(2 * n):
        store(low, 2 + part, load(y, part))
    for row in range(n + 1, low.shape[0] // (2 * LANES)):
        parent, variable = system.recurrence[row - n - 1, 0], system.recurrence[row - n - 1, 1]
        # Parents of pairs are counted among the variables, later ones from the first pair on.
        above = 1 if row < 1 + n + n * (n + 1) // 2 else 1 + n
        real, imaginary = product(low, above + parent, y, variable)
        store(low, 2 * row, real)
        store(low, 2 * row + 1, imaginary)
    for a in range(n):
        pr, pi = spread(system.weights[a].real), spread(system.weights[a].imag)
        xr, xi = load(y, 2 * a), load(y, 2 * a + 1)
        for _ in range(system.degree - 2):
            pr, pi = subtract_product(pi, xi, pr * xr), multiply_add(pi, xr, pr * xi)
        store(heads, 2 * a, pr)
        store(heads, 2 * a + 1, pi)


@compiled
def assemble(hessian, system, m, y, t, heads, matrix):
    """The packed Jacobian of F at (y, t) from the Hessian of H; G - mu has i kappa x x^T
    added, see above."""
    n = system.n
    time, rest = load(t, 0), spread(system.degree - 1.0) * (spread(1.0) - load(t, 0))
    mr, mi = load(y, 2 * n), load(y, 2 * n + 1)
    kappa = spread(1.0 / system.radius2)
    entry = 0
    for a in range(n):
        # i kappa x_a times x_b
        kr, ki = spread(0.0) - kappa * load(y, 2 * a + 1), kappa * load(y, 2 * a)
        for b in range(a + 1):
            xr, xi = load(y, 2 * b), load(y, 2 * b + 1)
            real = subtract_product(ki, xi, multiply_add(kr, xr, time * load(hessian, 2 * entry)))
            imaginary = multiply_add(ki, xr, multiply_add(kr, xi, time * load(hessian, 2 * entry + 1)))
            if b == a:
                real = multiply_add(rest, load(heads, 2 * a), real) - mr
                imaginary = multiply_add(rest, load(heads, 2 * a + 1), imaginary) - mi
            store(matrix, 2 * entry, real)
            store(matrix, 2 * entry + 1, imaginary)
            entry += 1
    for part in range(2 * n):
        store(matrix, 2 * entry + part, spread(0.0) - load(y, part))
    store(matrix, 2 * (entry + n), spread(0.0))
    store(matrix, 2 * (entry + n) + 1, spread(0.0))


@compiled
def solve_at(system, factors, m, y, x, first):
    """Overwrite ``x[first:]`` by the solution of ``J x = x``, J the matrix that `assemble` made at y."""
    n = system.n
    kappa = like(x, 1.0 / system.radius2)
    sr, si = kappa * load(x, 2 * (first + n)), kappa * load(x, 2 * (first + n) + 1)
    for a in range(n):
        # x_a -= i kappa s y_a
        yr, yi = load(y, 2 * a), load(y, 2 * a + 1)
        xr, xi = load(x, 2 * (first + a)), load(x, 2 * (first + a) + 1)
        store(x, 2 * (first + a), multiply_add(sr, yi, multiply_add(si, yr, xr)))
        store(
            x,
            2 * (first + a) + 1,
            multiply_add(si, yi, subtract_product(sr, yr, xi)),
        )
    solve(factors, m, x, first)


@compiled
def target(system, y, low, hessian, gradient):
    """The Hessian of H and its gradient ``g = G x/(p-1) + rest``."""
    n = system.n
    first = low.shape[0] // (2 * LANES) - system.hessian.shape[1]
    contract(system.hessian, low, first, hessian)
    multiply_symmetric(hessian, n, y, 0, gradient)
    share = spread(1.0 / (system.degree - 1.0))
    for part in range(2 * n):
        store(gradient, part, share * load(gradient, part))
    accumulate(system.rest, n, low, gradient)


@compiled
def newton(gradient, system, m, y, t, heads, factors, step):
    """``step = -J^{-1} F(y, t)``, with the target's gradient at y given."""
    n = system.n
    time, rest = load(t, 0), spread(1.0) - load(t, 0)
    mr, mi = load(y, 2 * n), load(y, 2 * n + 1)
    sr, si = spread(-system.radius2), spread(0.0)
    for a in range(n):
        xr, xi = load(y, 2 * a), load(y, 2 * a + 1)
        sr = subtract_product(xi, xi, multiply_add(xr, xr, sr))
        si = multiply_add(spread(2.0) * xr, xi, si)
        # Everything but the target's part is (heads (1-t) - mu) x.
        wr = multiply_add(rest, load(heads, 2 * a), spread(0.0) - mr)
        wi = multiply_add(rest, load(heads, 2 * a + 1), spread(0.0) - mi)
        real = subtract_product(wi, xi, multiply_add(wr, xr, time * load(gradient, 2 * a)))
        imaginary = multiply_add(wi, xr, multiply_add(wr, xi, time * load(gradient, 2 * a + 1)))
        store(step, 2 * a, spread(0.0) - real)
        store(step, 2 * a + 1, spread(0.0) - imaginary)
    store(step, 2 * n, spread(0.5) * sr)
    store(step, 2 * n + 1, spread(0.5) * si)
    solve_at(system, factors, m, y, step, 0)


@compiled
def correct(packed, m, y, t, work):
    """Two Newton steps from the prediction y, the second with a new Jacobian; y becomes the corrected point.

    The steps stay in ``work`` so that their lengths can be judged; monomials, derivatives and factors belong
    to the point after the first.
    """
    _correct(packed.equations, m, y, t, work)


@compiled
def _correct(system, m, y, t, work):
    hessian, matrix, gradient, first, second, row, low, heads = work
    low_monomials(system, y, low, heads)
    target(system, y, low, hessian, gradient)
    assemble(hessian, system, m, y, t, heads, matrix)
    factorise(matrix, m, row)
    newton(gradient, system, m, y, t, heads, matrix, first)
    for part in range(2 * m):
        store(y, part, load(y, part) + load(first, part))
    low_monomials(system, y, low, heads)
    target(system, y, low, hessian, gradient)
    assemble(hessian, system, m, y, t, heads, matrix)
    factorise(matrix, m, row)
    newton(gradient, system, m, y, t, heads, matrix, second)
    for part in range(2 * m):
        store(y, part, load(y, part) + load(second, part))


@compiled
def convolve_pairs(series, n, m, order, partial):
    """Partials of the pairs: ``sum over 0 < i < order of x_i x_{order-i}``."""
    entry = 0
    for a in range(n):
        for b in range(a + 1):
            none = like(partial, 0.0)
            real, imaginary = add_lower_orders(none, none, series, m, a, series, m, b, order)
            store(partial, 2 * entry, real)
            store(partial, 2 * entry + 1, imaginary)
            entry += 1


@compiled
def convolve_higher(system, series, m, order, parents, stride, partial):
    """Partials of the monomials of degree 3 and more, from those of their parents and the parents' series."""
    n = system.n
    for entry in range(n * (n + 1) // 2, system.recurrence.shape[0]):
        parent, variable = system.recurrence[entry, 0], system.recurrence[entry, 1]
        real, imaginary = product(partial, parent, series, variable)
        real, imaginary = add_lower_orders(
            real, imaginary, parents, stride, parent, series, m, variable, order
        )
        store(partial, 2 * entry, real)
        store(partial, 2 * entry + 1, imaginary)


@compiled
def complete_parents(system, series, m, order, low, parents, stride, partial, linear):
    """The series of the monomials that others come from: partials plus their linear terms in x_order."""
    n = system.n
    pairs = n * (n + 1) // 2
    for entry in range(stride):
        parent, variable = system.recurrence[entry, 0], system.recurrence[entry, 1]
        # m = parent * x: the linear term is m_parent,0 x_k + linear(parent) x_0.
        if entry < pairs:
            real, imaginary = product(series, parent, series, order * m + variable)
            more, again = product(series, order * m + parent, series, variable)
        else:
            real, imaginary = product(low, 1 + n + parent, series, order * m + variable)
            more, again = product(linear, parent, series, variable)
        complete(partial, linear, entry, real, imaginary, more, again, parents, order * stride + entry)


@compiled
def diagonal(partial, n, squares):
    """The partials of ``x_a^2`` among those of all pairs."""
    for a in range(n):
        entry = a * (a + 1) + 2 * a
        store(squares, 2 * a, load(partial, entry))
        store(squares, 2 * a + 1, load(partial, entry + 1))


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
def start_form(system, partial, started):
    """Partials of ``d x^{p-1}``."""
    for a in range(system.n):
        wr, wi = like(started, system.weights[a].real), like(started, system.weights[a].imag)
        pr, pi = load(partial, 2 * system.powers[a]), load(partial, 2 * system.powers[a] + 1)
        store(started, 2 * a, subtract_product(wi, pi, wr * pr))
        store(started, 2 * a + 1, multiply_add(wi, pr, wr * pi))


@compiled
def right_side(n, t, contracted, started, drive, right):
    """``t0 [g]_k + (1-t0) d [x^{p-1}]_k + drive``: without the sphere's terms and before its sign."""
    time, rest = load(t, 0), like(right, 1.0) - load(t, 0)
    for part in range(2 * n):
        value = multiply_add(time, load(contracted, part), load(drive, part))
        store(right, part, multiply_add(rest, load(started, part), value))


@inlined
def copied(source, parts, target):
    """Rounded to the target's precision."""
    for part in range(parts):
        store(target, part, load(source, part))


@inlined
def begin_series(
    n, m, t, h, work, series, contracted, drive, started, squares, orders, slope, factors, start, time
):
    """What a series needs of the corrected point, in the precision that it is made in."""
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
def add_order(
    system,
    m,
    k,
    last,
    unscale,
    series,
    contracted,
    image,
    drive,
    right,
    started,
    squares,
    orders,
    slope,
    factors,
    start,
    time,
):
    """Order k from its partials, and the drive of the next one. ``orders`` holds the series in units of h:
    single precision has no room for y_k alone.

    Arrays one by one: to unpack a tuple of them counts references, in each order as dear as a solve."""
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
    common, (partial, low, parents, linear) = room
    system, n = packed.equations, packed.equations.n
    high = system.recurrence.shape[0]
    stride = linear.shape[0] // (2 * LANES)
    contracted, image, drive, right, started, squares, orders, slope, factors, start, time = common
    begin_series(
        n, m, t, h, work, series, contracted, drive, started, squares, orders, slope, factors, start, time
    )
    copied(work[6], low.shape[0] // LANES, low)
    for part in range(2 * high):
        store(partial, part, like(partial, 0.0))
    unit, unscale = spread(1.0) / load(h, 0), spread(1.0)
    for k in range(1, order + 1):
        if k > 1:
            convolve_pairs(orders, n, m, k, partial)
            convolve_higher(system, orders, m, k, parents, stride, partial)
            contract(packed.gradient, partial, high - packed.gradient.shape[1], contracted)
            start_form(system, partial, started)
            diagonal(partial, n, squares)
        unscale = unscale * unit
        add_order(
            system,
            m,
            k,
            order,
            unscale,
            series,
            contracted,
            image,
            drive,
            right,
            started,
            squares,
            orders,
            slope,
            factors,
            start,
            time,
        )
        if k < order:
            complete_parents(system, orders, m, k, low, parents, stride, partial, linear)
