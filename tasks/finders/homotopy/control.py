"""How far a step may go: the Pade predictor and its error, for groups of eight paths.

The predictor is the series divided by a quadratic common denominator q(h) = 1 - a h - b h^2 that
annihilates the last two orders in the sense of least squares: the two nearest singularities of a path,
mostly a conjugate pair or a pole where a solution passes near infinity, no longer limit the step. The
residual of this fit, times a factor that each path learns from the lengths of its own Newton corrections,
is the error that the step size is chosen by.
"""

import math

from morsecensus.tasks.runtime.simd import (
    LANES,
    compiled,
    inlined,
    load,
    multiply_add,
    spread,
    store,
    subtract_product,
)

LEAST_DENOMINATOR = 0.1
"""Steps end before |q| falls below this: beyond lies a pole, and the prediction with it."""


@inlined
def _inner(series, m, one, two, target, row):
    """``target[row] = <series_one, series_two>``, conjugate-linear in the first."""
    real = imaginary = spread(0.0)
    for a in range(m):
        ar, ai = load(series, 2 * (one * m + a)), load(series, 2 * (one * m + a) + 1)
        br, bi = load(series, 2 * (two * m + a)), load(series, 2 * (two * m + a) + 1)
        real = multiply_add(ai, bi, multiply_add(ar, br, real))
        imaginary = subtract_product(ai, br, multiply_add(ar, bi, imaginary))
    store(target, 2 * row, real)
    store(target, 2 * row + 1, imaginary)


@inlined
def _entry(products, row, lane):
    return complex(products[2 * row * LANES + lane], products[(2 * row + 1) * LANES + lane])


@compiled
def fit_denominators(series, m, order, products, pade, tail):
    """The coefficients a, b of every lane, and in ``tail`` the norm of what they leave of the last order."""
    k = order
    _inner(series, m, k - 1, k - 1, products, 0)
    _inner(series, m, k - 2, k - 2, products, 1)
    _inner(series, m, k - 3, k - 3, products, 2)
    _inner(series, m, k - 1, k - 2, products, 3)
    _inner(series, m, k - 2, k - 3, products, 4)
    _inner(series, m, k - 1, k, products, 5)
    _inner(series, m, k - 2, k, products, 6)
    _inner(series, m, k - 3, k - 1, products, 7)
    _inner(series, m, k, k, products, 8)
    for lane in range(LANES):
        # Orders k and k - 1 weigh alike: the natural scale of h is where they are equally long.
        last, before = _entry(products, 0, lane).real, _entry(products, 1, lane).real
        older = _entry(products, 2, lane).real
        near, far = _entry(products, 3, lane), _entry(products, 4, lane)
        scale = before / (last + 1e-300)
        top = _entry(products, 8, lane).real
        aa = scale * last + before
        bb = scale * before + older
        ab = scale * near + far
        ra = scale * _entry(products, 5, lane) + near.conjugate()
        rb = scale * _entry(products, 6, lane) + _entry(products, 7, lane)
        determinant = aa * bb - abs(ab) ** 2
        a, b = 0j, 0j
        if determinant > 1e-10 * aa * bb:
            a = (bb * ra - ab * rb) / determinant
            b = (aa * rb - ab.conjugate() * ra) / determinant
        elif last > 0.0:
            a = _entry(products, 5, lane) / last
        left = top + abs(a) ** 2 * last + abs(b) ** 2 * before
        left -= (
            2 * (a.conjugate() * _entry(products, 5, lane) + b.conjugate() * _entry(products, 6, lane)).real
        )
        left += 2 * (a.conjugate() * b * near).real
        # The fit may annihilate the last order by accident, or to round-off.
        tail[lane] = math.sqrt(max(left, 1e-4 * top))
        pade[lane], pade[LANES + lane] = a.real, a.imag
        pade[2 * LANES + lane], pade[3 * LANES + lane] = b.real, b.imag


@inlined
def denominator(pade, lane, h):
    a = complex(pade[lane], pade[LANES + lane])
    b = complex(pade[2 * LANES + lane], pade[3 * LANES + lane])
    return abs(1.0 - a * h - b * (h * h))


@inlined
def predicted_error(pade, tail, order, lane, h):
    return tail[lane] * h**order / max(denominator(pade, lane, h), 1e-3)


@compiled
def choose_step(pade, tail, order, lane, factor, tolerance, most):
    """The longest step up to ``most`` whose predicted error is at most ``tolerance`` (a length)."""
    h = most
    if tail[lane] > 0.0:
        h = min(most, (tolerance / (factor * tail[lane])) ** (1.0 / order))
    for _ in range(60):
        allowed = factor * predicted_error(pade, tail, order, lane, h) <= tolerance
        if allowed and denominator(pade, lane, h) >= LEAST_DENOMINATOR:
            break
        h *= 0.9
    return h


@compiled
def predict(series, m, order, pade, h, y):
    """``y = (sum_k p_k h^k)/q(h)`` from partial sums of the series."""
    step = load(h, 0)
    ar, ai = load(pade, 0) * step, load(pade, 1) * step
    br, bi = load(pade, 2) * step * step, load(pade, 3) * step * step
    qr, qi = spread(1.0) - ar - br, spread(0.0) - ai - bi
    scale = spread(1.0) / multiply_add(qr, qr, qi * qi)
    vr, vi = qr * scale, (spread(0.0) - qi) * scale
    for a in range(m):
        row = 2 * ((order - 2) * m + a)
        sr, si = load(series, row), load(series, row + 1)
        for k in range(order - 3, -1, -1):
            row = 2 * (k * m + a)
            sr, si = multiply_add(sr, step, load(series, row)), multiply_add(si, step, load(series, row + 1))
        power = step
        for _ in range(order - 2):
            power = power * step
        row = 2 * ((order - 1) * m + a)
        tr, ti = multiply_add(power, load(series, row), sr), multiply_add(power, load(series, row + 1), si)
        power = power * step
        row = 2 * (order * m + a)
        ur, ui = multiply_add(power, load(series, row), tr), multiply_add(power, load(series, row + 1), ti)
        ur = multiply_add(ai, ti, subtract_product(ar, tr, ur))
        ui = subtract_product(ai, tr, subtract_product(ar, ti, ui))
        ur = multiply_add(bi, si, subtract_product(br, sr, ur))
        ui = subtract_product(bi, sr, subtract_product(br, si, ui))
        store(y, 2 * a, subtract_product(ui, vi, ur * vr))
        store(y, 2 * a + 1, multiply_add(ui, vr, ur * vi))


@compiled
def lengths(rows, m, target):
    """Euclidean norm of m complex rows in every lane."""
    total = spread(0.0)
    for part in range(2 * m):
        value = load(rows, part)
        total = multiply_add(value, value, total)
    store(target, 0, total)
    for lane in range(LANES):
        target[lane] = math.sqrt(target[lane])
