"""The quadratic system along its paths, its Newton steps and its power series, for groups of eight paths.

Notation. Unknowns y = (x_1..x_n) and, on the sphere, the multiplier mu as y_{n+1}. With the target gradient
g(x) = A[x,x] + B x + b and the start form with complex weights d_a,

    F_a(y, t) = t g_a(x) + (1-t) d_a x_a^2 - mu x_a,    F_{n+1} = (r^2 - x.x)/2,

and for a pure form mu = 1 without the last line. F is the gradient of a cubic, so its Jacobian is
symmetric; F is quadratic in y, so with y(t0 + h) = sum_k y_k h^k each order needs one contraction of A with
the products p_k = sum_{0<i<k} x_i x_{k-i} and one solve with the Jacobian J at y_0:

    J y_k = -( t0 A[p_k] + (1-t0) d p_k - sum mu_i x_{k-i} + [g - d x^2]_{k-1} ).
"""

from tasks.homotopy.algebra import contract, factorise, multiply_symmetric, solve
from tasks.homotopy.simd import compiled, load, multiply_add, spread, store, subtract_product


@compiled
def assemble(jacobian, n, m, y, t, weights, matrix):
    """The packed Jacobian of F at (y, t) from that of the target, ``jacobian`` = 2 A[x] + B."""
    time, rest = load(t, 0), spread(2.0) * (spread(1.0) - load(t, 0))
    mr, mi = spread(1.0), spread(0.0)
    if m > n:
        mr, mi = load(y, 2 * n), load(y, 2 * n + 1)
    for entry in range(n * (n + 1)):
        store(matrix, entry, time * load(jacobian, entry))
    for a in range(n):
        entry = a * (a + 1) // 2 + a
        xr, xi = rest * load(y, 2 * a), rest * load(y, 2 * a + 1)
        wr, wi = spread(weights[a].real), spread(weights[a].imag)
        real = subtract_product(wi, xi, multiply_add(wr, xr, load(matrix, 2 * entry)))
        imaginary = multiply_add(wi, xr, multiply_add(wr, xi, load(matrix, 2 * entry + 1)))
        store(matrix, 2 * entry, real - mr)
        store(matrix, 2 * entry + 1, imaginary - mi)
    if m > n:
        entry = n * (n + 1) // 2
        for part in range(2 * n):
            store(matrix, 2 * entry + part, spread(0.0) - load(y, part))
        store(matrix, 2 * (entry + n), spread(0.0))
        store(matrix, 2 * (entry + n) + 1, spread(0.0))


@compiled
def target_gradient(jacobian, n, y, linear, field, gradient):
    """``g(x) = ((2 A[x] + B) x + B x)/2 + b``."""
    multiply_symmetric(jacobian, n, y, 0, gradient)
    half = spread(0.5)
    for a in range(n):
        real, imaginary = load(gradient, 2 * a), load(gradient, 2 * a + 1)
        if linear.shape[0] > 0:
            entry = a * (a + 1) // 2
            for b in range(n):
                s = spread(linear[entry])
                real = multiply_add(s, load(y, 2 * b), real)
                imaginary = multiply_add(s, load(y, 2 * b + 1), imaginary)
                entry += 1 if b < a else b + 1
            real = multiply_add(half, real, spread(field[a]))
        else:
            real = half * real
        store(gradient, 2 * a, real)
        store(gradient, 2 * a + 1, half * imaginary)


@compiled
def add_linear(linear, jacobian):
    """``jacobian += B``."""
    for entry in range(linear.shape[0]):
        store(jacobian, 2 * entry, load(jacobian, 2 * entry) + spread(linear[entry]))


@compiled
def newton(gradient, n, m, y, t, weights, radius2, factors, step):
    """``step = -J^{-1} F(y, t)``, with the target's gradient at y given."""
    time, rest = load(t, 0), spread(1.0) - load(t, 0)
    mr, mi = spread(1.0), spread(0.0)
    if m > n:
        mr, mi = load(y, 2 * n), load(y, 2 * n + 1)
    sr, si = spread(-radius2), spread(0.0)
    for a in range(n):
        xr, xi = load(y, 2 * a), load(y, 2 * a + 1)
        pr, pi = subtract_product(xi, xi, xr * xr), spread(2.0) * xr * xi
        sr, si = sr + pr, si + pi
        wr, wi = rest * spread(weights[a].real), rest * spread(weights[a].imag)
        real = subtract_product(mr, xr, multiply_add(mi, xi, time * load(gradient, 2 * a)))
        imaginary = subtract_product(mr, xi, subtract_product(mi, xr, time * load(gradient, 2 * a + 1)))
        real = subtract_product(wi, pi, multiply_add(wr, pr, real))
        imaginary = multiply_add(wi, pr, multiply_add(wr, pi, imaginary))
        store(step, 2 * a, spread(0.0) - real)
        store(step, 2 * a + 1, spread(0.0) - imaginary)
    if m > n:
        store(step, 2 * n, spread(0.5) * sr)
        store(step, 2 * n + 1, spread(0.5) * si)
    solve(factors, m, step, 0)


@compiled
def correct(cubic, linear, field, n, m, y, t, weights, radius2, work):
    """Two Newton steps from the prediction y, the second with a new Jacobian; y becomes the corrected point.

    The steps stay in ``work`` so that their lengths can be judged; the Jacobian's factors belong to the point
    after the first.
    """
    jacobian, matrix, gradient, first, second, row, change = work
    contract(cubic, y, jacobian)
    add_linear(linear, jacobian)
    target_gradient(jacobian, n, y, linear, field, gradient)
    assemble(jacobian, n, m, y, t, weights, matrix)
    factorise(matrix, m, row)
    newton(gradient, n, m, y, t, weights, radius2, matrix, first)
    for part in range(2 * m):
        store(y, part, load(y, part) + load(first, part))
    contract(cubic, first, change)
    for part in range(n * (n + 1)):
        store(jacobian, part, load(jacobian, part) + load(change, part))
    target_gradient(jacobian, n, y, linear, field, gradient)
    assemble(jacobian, n, m, y, t, weights, matrix)
    factorise(matrix, m, row)
    newton(gradient, n, m, y, t, weights, radius2, matrix, second)
    for part in range(2 * m):
        store(y, part, load(y, part) + load(second, part))


@compiled
def convolve(series, n, m, order, products):
    """``products = sum over 0 < i < order of x_i x_{order-i}``, packed."""
    entry = 0
    for a in range(n):
        for b in range(a + 1):
            real = imaginary = spread(0.0)
            for i in range(1, order):
                one, two = 2 * (i * m + a), 2 * ((order - i) * m + b)
                ar, ai = load(series, one), load(series, one + 1)
                br, bi = load(series, two), load(series, two + 1)
                real = subtract_product(ai, bi, multiply_add(ar, br, real))
                imaginary = multiply_add(ai, br, multiply_add(ar, bi, imaginary))
            store(products, 2 * entry, real)
            store(products, 2 * entry + 1, imaginary)
            entry += 1


@compiled
def multiplier_terms(series, n, m, order, products, right):
    """What the sphere adds to the right-hand side of one order: ``-sum mu_i x_{order-i}`` and the
    constraint."""
    sr = si = spread(0.0)
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
        entry = a * (a + 1) // 2 + a
        sr, si = sr + load(products, 2 * entry), si + load(products, 2 * entry + 1)
    store(right, 2 * n, spread(-0.5) * sr)
    store(right, 2 * n + 1, spread(-0.5) * si)


@compiled
def first_drive(gradient, n, y, weights, drive):
    """``drive = g - d x^2`` at the expansion point: the derivative of F by t."""
    for a in range(n):
        xr, xi = load(y, 2 * a), load(y, 2 * a + 1)
        pr, pi = subtract_product(xi, xi, xr * xr), spread(2.0) * xr * xi
        wr, wi = spread(weights[a].real), spread(weights[a].imag)
        store(drive, 2 * a, multiply_add(wi, pi, subtract_product(wr, pr, load(gradient, 2 * a))))
        imaginary = subtract_product(wi, pr, subtract_product(wr, pi, load(gradient, 2 * a + 1)))
        store(drive, 2 * a + 1, imaginary)


@compiled
def next_drive(series, n, m, order, weights, products, contracted, image, drive):
    """``drive = [g - d x^2]_order`` from the partial sums and ``image`` = (2 A[x_0] + B) x_order."""
    two = spread(2.0)
    for a in range(n):
        entry = a * (a + 1) // 2 + a
        xr, xi = two * load(series, 2 * a), two * load(series, 2 * a + 1)
        yr, yi = load(series, 2 * (order * m + a)), load(series, 2 * (order * m + a) + 1)
        pr = subtract_product(xi, yi, multiply_add(xr, yr, load(products, 2 * entry)))
        pi = multiply_add(xi, yr, multiply_add(xr, yi, load(products, 2 * entry + 1)))
        wr, wi = spread(weights[a].real), spread(weights[a].imag)
        real = load(contracted, 2 * a) + load(image, 2 * a)
        imaginary = load(contracted, 2 * a + 1) + load(image, 2 * a + 1)
        store(drive, 2 * a, multiply_add(wi, pi, subtract_product(wr, pr, real)))
        store(drive, 2 * a + 1, subtract_product(wi, pr, subtract_product(wr, pi, imaginary)))


@compiled
def right_side(n, t, weights, products, contracted, drive, order, right):
    """``-(t0 A[p_k] + (1-t0) d p_k + drive)`` without the sphere's terms and before its sign."""
    time, rest = load(t, 0), spread(1.0) - load(t, 0)
    for a in range(n):
        real, imaginary = load(drive, 2 * a), load(drive, 2 * a + 1)
        if order > 1:
            entry = a * (a + 1) // 2 + a
            pr, pi = rest * load(products, 2 * entry), rest * load(products, 2 * entry + 1)
            wr, wi = spread(weights[a].real), spread(weights[a].imag)
            real = multiply_add(time, load(contracted, 2 * a), real)
            imaginary = multiply_add(time, load(contracted, 2 * a + 1), imaginary)
            real = subtract_product(wi, pi, multiply_add(wr, pr, real))
            imaginary = multiply_add(wi, pr, multiply_add(wr, pi, imaginary))
        store(right, 2 * a, real)
        store(right, 2 * a + 1, imaginary)


@compiled
def expand(packed, n, m, order, t, weights, work, series, room):
    """Fill ``series`` (row k m + a is component a of order k) from its order 0 and the corrected Jacobian."""
    jacobian, matrix, gradient = work[0], work[1], work[2]
    products, contracted, image, drive, right = room
    first_drive(gradient, n, series, weights, drive)
    for k in range(1, order + 1):
        if k > 1:
            convolve(series, n, m, k, products)
            contract(packed, products, contracted)
        else:
            for part in range(2 * n):
                store(contracted, part, spread(0.0))
            for part in range(n * (n + 1)):
                store(products, part, spread(0.0))
        right_side(n, t, weights, products, contracted, drive, k, right)
        if m > n:
            multiplier_terms(series, n, m, k, products, right)
        for part in range(2 * m):
            store(series, 2 * k * m + part, spread(0.0) - load(right, part))
        solve(matrix, m, series, k * m)
        if k < order:
            multiply_symmetric(jacobian, n, series, k * m, image)
            next_drive(series, n, m, k, weights, products, contracted, image, drive)
