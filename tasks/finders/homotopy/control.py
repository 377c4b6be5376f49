"""How far a step may go: the Pade predictor and its error, for groups of paths.

The predictor is the series divided by a common denominator q(h) = 1 - a_1 h - ... - a_M h^M that annihilates
the last two orders in the sense of least squares: the nearest singularities of a path, branch points or a
pole where a solution passes near infinity, no longer limit the step. The residual of this fit in the last
order, times a factor that each path learns from the lengths of its own Newton corrections, is the error that
the step size is chosen by.
"""

import math

from morsecensus.tasks.runtime.machine_code import compiled, inlined
from morsecensus.tasks.runtime.simd import anywhere, choose, less, multiply_add, root, subtract_product
from morsecensus.tasks.runtime.simd_wide import LANES, load, spread, store

DEGREE = 4
"""Of the denominator, and one less than the order of a short series."""
FIT = (DEGREE + 2) * (DEGREE + 3) + (DEGREE + 1) * (DEGREE + 2)
"""Vectors for both kinds of inner products of a fit."""
PADE = 4 * DEGREE
"""Vectors for a denominator, and for its terms at a step."""
LEAST_DENOMINATOR = 0.1
"""Steps end before |q| falls below this: beyond lies a pole, and the prediction with it."""
SHORTER = 0.9
"""A step that is too long is tried this much shorter."""
RIDGE = 1e-10
"""Of a fit's normal equations, relative to their diagonal: two orders may be multiples of each other."""
TINY = 1e-300


@inlined
def degree_of(order):
    return min(DEGREE, order - 1)


@inlined
def _place(i, j):
    """Row of <c_{K-i}, c_{K-j}>, i >= j, and of entry (i, j) of the normal equations."""
    return i * (i + 1) // 2 + j


@inlined
def _inner(series, m, one, two, weight, target, row):
    """``target[row] = weight <series_one, series_two>``, conjugate-linear in the first."""
    rr = ii = ri = ir = spread(0.0)
    for a in range(m):
        ar, ai = load(series, 2 * (one * m + a)), load(series, 2 * (one * m + a) + 1)
        br, bi = load(series, 2 * (two * m + a)), load(series, 2 * (two * m + a) + 1)
        rr, ii = multiply_add(ar, br, rr), multiply_add(ai, bi, ii)
        ri, ir = multiply_add(ar, bi, ri), multiply_add(ai, br, ir)
    store(target, 2 * row, weight * (rr + ii))
    store(target, 2 * row + 1, weight * (ri - ir))


@inlined
def _products(series, m, order, degree, products):
    """The inner products of the last orders, at the scale 1/s of h where the last two are equally long.
    Returns 1/s."""
    one = spread(1.0)
    _inner(series, m, order, order, one, products, _place(0, 0))
    _inner(series, m, order - 1, order - 1, one, products, _place(1, 1))
    last, before = load(products, 2 * _place(0, 0)), load(products, 2 * _place(1, 1))
    scale = root((last + spread(TINY)) / (before + spread(TINY)))
    power = one
    for i in range(degree + 2):
        weight = power
        for j in range(i + 1):
            _inner(series, m, order - i, order - j, weight, products, _place(i, j))
            weight = weight * scale
        power = power * scale
    return scale


@inlined
def _normal_equations(products, degree, matrix):
    """A_ij, summed over the last two orders, at (i, j), j >= 1, and the right-hand side in column 0."""
    ridge = spread(1.0 + RIDGE)
    for i in range(1, degree + 1):
        for j in range(i + 1):
            here, next_ = 2 * _place(i, j), 2 * _place(i + 1, j + 1)
            real = load(products, here) + load(products, next_)
            imaginary = load(products, here + 1) + load(products, next_ + 1)
            if i == j:
                real = multiply_add(ridge, real, spread(TINY))
            store(matrix, here, real)
            store(matrix, here + 1, imaginary)


@inlined
def _solve_normal(matrix, degree):
    """Overwrite column 0 by the solution, through ``L D L^H`` in place."""
    one = spread(1.0)
    for j in range(1, degree + 1):
        d = load(matrix, 2 * _place(j, j))
        inverse = one / d
        for i in range(j + 1, degree + 1):
            place = 2 * _place(i, j)
            store(matrix, place, inverse * load(matrix, place))
            store(matrix, place + 1, inverse * load(matrix, place + 1))
        for i in range(j + 1, degree + 1):
            lr, li = d * load(matrix, 2 * _place(i, j)), d * load(matrix, 2 * _place(i, j) + 1)
            for k in range(j + 1, i + 1):
                # A_ik -= d l_i conj(l_k)
                vr, vi = load(matrix, 2 * _place(k, j)), load(matrix, 2 * _place(k, j) + 1)
                place = 2 * _place(i, k)
                store(matrix, place, load(matrix, place) - multiply_add(lr, vr, li * vi))
                store(matrix, place + 1, load(matrix, place + 1) - subtract_product(lr, vi, li * vr))
    for i in range(1, degree + 1):
        xr, xi = load(matrix, 2 * _place(i, 0)), load(matrix, 2 * _place(i, 0) + 1)
        for j in range(1, i):
            lr, li = load(matrix, 2 * _place(i, j)), load(matrix, 2 * _place(i, j) + 1)
            yr, yi = load(matrix, 2 * _place(j, 0)), load(matrix, 2 * _place(j, 0) + 1)
            xr, xi = (
                multiply_add(li, yi, subtract_product(lr, yr, xr)),
                subtract_product(li, yr, subtract_product(lr, yi, xi)),
            )
        store(matrix, 2 * _place(i, 0), xr)
        store(matrix, 2 * _place(i, 0) + 1, xi)
    for i in range(degree, 0, -1):
        d = load(matrix, 2 * _place(i, i))
        xr, xi = load(matrix, 2 * _place(i, 0)) / d, load(matrix, 2 * _place(i, 0) + 1) / d
        for j in range(i + 1, degree + 1):
            # x_i -= conj(l_ji) x_j
            lr, li = load(matrix, 2 * _place(j, i)), load(matrix, 2 * _place(j, i) + 1)
            yr, yi = load(matrix, 2 * _place(j, 0)), load(matrix, 2 * _place(j, 0) + 1)
            xr = subtract_product(li, yi, subtract_product(lr, yr, xr))
            xi = multiply_add(li, yr, subtract_product(lr, yi, xi))
        store(matrix, 2 * _place(i, 0), xr)
        store(matrix, 2 * _place(i, 0) + 1, xi)


@inlined
def _left(products, matrix, degree, tail):
    """The norm of what the fit leaves of the last order."""
    top = load(products, 2 * _place(0, 0))
    total = top
    two = spread(2.0)
    for i in range(1, degree + 1):
        xr, xi = load(matrix, 2 * _place(i, 0)), load(matrix, 2 * _place(i, 0) + 1)
        gr, gi = load(products, 2 * _place(i, 0)), load(products, 2 * _place(i, 0) + 1)
        total = total - two * multiply_add(xr, gr, xi * gi)
        total = multiply_add(multiply_add(xr, xr, xi * xi), load(products, 2 * _place(i, i)), total)
        for j in range(1, i):
            # 2 Re conj(a_i) a_j <c_i, c_j>
            yr, yi = load(matrix, 2 * _place(j, 0)), load(matrix, 2 * _place(j, 0) + 1)
            pr, pi = multiply_add(xr, yr, xi * yi), subtract_product(xi, yr, xr * yi)
            gr, gi = load(products, 2 * _place(i, j)), load(products, 2 * _place(i, j) + 1)
            total = multiply_add(two, subtract_product(pi, gi, pr * gr), total)
    store(tail, 0, total)
    for lane in range(LANES):
        # The fit may annihilate the last order by accident, or to round-off.
        tail[lane] = math.sqrt(max(tail[lane], 1e-4 * products[lane]))


@compiled
def fit_denominators(series, m, order, products, pade, tail):
    """The coefficients a_1 .. a_M of every lane, and in ``tail`` the norm of what they leave of the last
    order; ``products`` has room for both kinds of inner products."""
    degree = degree_of(order)
    matrix = products[2 * LANES * _place(degree + 2, 0) :]
    scale = _products(series, m, order, degree, products)
    _normal_equations(products, degree, matrix)
    _solve_normal(matrix, degree)
    _left(products, matrix, degree, tail)
    power = scale
    for j in range(1, degree + 1):
        store(pade, 2 * j - 2, power * load(matrix, 2 * _place(j, 0)))
        store(pade, 2 * j - 1, power * load(matrix, 2 * _place(j, 0) + 1))
        power = power * scale


@inlined
def _denominator(pade, degree, h):
    """|q(h)|^2."""
    real = imaginary = spread(0.0)
    for j in range(degree - 1, -1, -1):
        real = (real + load(pade, 2 * j)) * h
        imaginary = (imaginary + load(pade, 2 * j + 1)) * h
    real = spread(1.0) - real
    return multiply_add(real, real, imaginary * imaginary)


@inlined
def _power(h, order):
    power = h
    for _ in range(order - 1):
        power = power * h
    return power


@compiled
def choose_steps(pade, tail, order, factor, tolerance, h, guess):
    """Shorten every lane's step ``h`` until its predicted error, times its ``factor``, is at most
    ``tolerance`` (a length); ``guess`` is the error then predicted, without the factor."""
    degree = degree_of(order)
    for lane in range(LANES):
        error = factor[lane] * tail[lane]
        if error > 0.0:
            h[lane] = min(h[lane], math.exp(math.log(tolerance[lane] / error) / order))
    step, most = load(h, 0), load(tolerance, 0)
    share = load(factor, 0) * load(tail, 0)
    least, shorter = spread(LEAST_DENOMINATOR * LEAST_DENOMINATOR), spread(SHORTER)
    error = share * _power(step, order)
    for _ in range(60):
        q = _denominator(pade, degree, step)
        far = choose(less(q, least), spread(1.0), less(most * most * q, error * error))
        if not anywhere(far):
            break
        step = choose(far, shorter * step, step)
        error = share * _power(step, order)
    store(h, 0, step)
    q = _denominator(pade, degree, step)
    floor = spread(1e-6)
    q = choose(less(q, floor), floor, q)
    store(guess, 0, load(tail, 0) * _power(step, order) / root(q))


@inlined
def _scaled(pade, degree, step):
    """Write a_j h^j behind the a_j, and return 1/q(h)."""
    qr, qi = spread(1.0), spread(0.0)
    power = step
    for j in range(degree):
        ar, ai = power * load(pade, 2 * j), power * load(pade, 2 * j + 1)
        store(pade, 2 * (DEGREE + j), ar)
        store(pade, 2 * (DEGREE + j) + 1, ai)
        qr, qi = qr - ar, qi - ai
        power = power * step
    scale = spread(1.0) / multiply_add(qr, qr, qi * qi)
    return qr * scale, (spread(0.0) - qi) * scale


@compiled
def predict(series, m, order, pade, h, y):
    """``y = (S_K - sum_j a_j h^j S_{K-j})/q(h)``, S_k the series' partial sum to order k; ``pade`` has room
    for twice its coefficients."""
    degree = degree_of(order)
    step = load(h, 0)
    vr, vi = _scaled(pade, degree, step)
    shortest = spread(1.0)
    for _ in range(order - degree):
        shortest = shortest * step
    for a in range(m):
        row = 2 * ((order - degree) * m + a)
        sr, si = load(series, row), load(series, row + 1)
        for k in range(order - degree - 1, -1, -1):
            row = 2 * (k * m + a)
            sr, si = multiply_add(sr, step, load(series, row)), multiply_add(si, step, load(series, row + 1))
        ur = ui = spread(0.0)
        power = shortest
        for j in range(degree, 0, -1):
            ar, ai = load(pade, 2 * (DEGREE + j - 1)), load(pade, 2 * (DEGREE + j - 1) + 1)
            ur = multiply_add(ai, si, subtract_product(ar, sr, ur))
            ui = subtract_product(ai, sr, subtract_product(ar, si, ui))
            power = power * step
            row = 2 * ((order - j + 1) * m + a)
            sr, si = (
                multiply_add(power, load(series, row), sr),
                multiply_add(power, load(series, row + 1), si),
            )
        ur, ui = ur + sr, ui + si
        store(y, 2 * a, subtract_product(ui, vi, ur * vr))
        store(y, 2 * a + 1, multiply_add(ui, vr, ur * vi))


@compiled
def lengths(rows, m, target):
    """Euclidean norm of m complex rows in every lane."""
    total = spread(0.0)
    for part in range(2 * m):
        value = load(rows, part)
        total = multiply_add(value, value, total)
    store(target, 0, root(total))
