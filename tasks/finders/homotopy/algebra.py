"""Small complex linear algebra on groups of eight paths.

Row r of a complex array lies in the vectors 2r (real parts) and 2r + 1 (imaginary parts) of a flat float64
array. Symmetric matrices are packed by rows of the lower triangle: (i, j), j <= i, has row i(i+1)/2 + j.
Coefficients that all paths share are real scalars in plain arrays.
"""

from morsecensus.tasks.runtime.simd import (
    compiled,
    inlined,
    load,
    multiply_add,
    spread,
    store,
    subtract_product,
)


@compiled
def contract(matrix, source, first, target):
    """``target = matrix @ source[first:]`` for a real matrix whose number of rows is a multiple of 4.

    Four rows by two parts are eight independent chains of fused multiply-adds: enough to hide their latency.
    """
    rows, columns = matrix.shape
    for a in range(0, rows, 4):
        r0 = r1 = r2 = r3 = spread(0.0)
        i0 = i1 = i2 = i3 = spread(0.0)
        for k in range(columns):
            real = load(source, 2 * (first + k))
            imaginary = load(source, 2 * (first + k) + 1)
            s = spread(matrix[a, k])
            r0 = multiply_add(s, real, r0)
            i0 = multiply_add(s, imaginary, i0)
            s = spread(matrix[a + 1, k])
            r1 = multiply_add(s, real, r1)
            i1 = multiply_add(s, imaginary, i1)
            s = spread(matrix[a + 2, k])
            r2 = multiply_add(s, real, r2)
            i2 = multiply_add(s, imaginary, i2)
            s = spread(matrix[a + 3, k])
            r3 = multiply_add(s, real, r3)
            i3 = multiply_add(s, imaginary, i3)
        store(target, 2 * a, r0)
        store(target, 2 * a + 1, i0)
        store(target, 2 * a + 2, r1)
        store(target, 2 * a + 3, i1)
        store(target, 2 * a + 4, r2)
        store(target, 2 * a + 5, i2)
        store(target, 2 * a + 6, r3)
        store(target, 2 * a + 7, i3)


@compiled
def accumulate(matrix, rows, source, target):
    """``target += matrix @ source`` for the first rows of a real matrix."""
    for a in range(rows):
        real, imaginary = load(target, 2 * a), load(target, 2 * a + 1)
        for k in range(matrix.shape[1]):
            s = spread(matrix[a, k])
            real = multiply_add(s, load(source, 2 * k), real)
            imaginary = multiply_add(s, load(source, 2 * k + 1), imaginary)
        store(target, 2 * a, real)
        store(target, 2 * a + 1, imaginary)


@compiled
def multiply_symmetric(matrix, n, source, first, target):
    """``target = matrix @ source[first:]`` for a packed symmetric matrix."""
    for a in range(n):
        real = imaginary = spread(0.0)
        entry = a * (a + 1) // 2
        for b in range(n):
            mr, mi = load(matrix, 2 * entry), load(matrix, 2 * entry + 1)
            xr, xi = load(source, 2 * (first + b)), load(source, 2 * (first + b) + 1)
            real = subtract_product(mi, xi, multiply_add(mr, xr, real))
            imaginary = multiply_add(mi, xr, multiply_add(mr, xi, imaginary))
            entry += 1 if b < a else b + 1
        store(target, 2 * a, real)
        store(target, 2 * a + 1, imaginary)


@compiled
def factorise(matrix, n, row):
    """``L D L^T`` in place, the diagonal inverted; ``row`` is room for n rows.

    Without pivoting: over the complex numbers a pivot that vanishes to 1e-6 has probability 1e-12, Newton's
    method corrects what it spoils, and the step control sees what it doesn't correct.
    """
    one = spread(1.0)
    for i in range(n):
        start = i * (i + 1) // 2
        dr, di = load(matrix, 2 * (start + i)), load(matrix, 2 * (start + i) + 1)
        for j in range(i):
            ur, ui = load(matrix, 2 * (start + j)), load(matrix, 2 * (start + j) + 1)
            other = j * (j + 1) // 2
            for k in range(j):
                ar, ai = load(row, 2 * k), load(row, 2 * k + 1)
                br, bi = load(matrix, 2 * (other + k)), load(matrix, 2 * (other + k) + 1)
                ur = multiply_add(ai, bi, subtract_product(ar, br, ur))
                ui = subtract_product(ai, br, subtract_product(ar, bi, ui))
            store(row, 2 * j, ur)
            store(row, 2 * j + 1, ui)
            pr, pi = load(matrix, 2 * (other + j)), load(matrix, 2 * (other + j) + 1)
            lr = subtract_product(ui, pi, ur * pr)
            li = multiply_add(ui, pr, ur * pi)
            store(matrix, 2 * (start + j), lr)
            store(matrix, 2 * (start + j) + 1, li)
            dr = multiply_add(ui, li, subtract_product(ur, lr, dr))
            di = subtract_product(ui, lr, subtract_product(ur, li, di))
        scale = one / multiply_add(dr, dr, di * di)
        store(matrix, 2 * (start + i), dr * scale)
        store(matrix, 2 * (start + i) + 1, (spread(0.0) - di) * scale)


@inlined
def _eliminate(factors, entry, xr, xi, x, row):
    """``x[row] -= factors[entry] * (xr + i xi)``."""
    lr, li = load(factors, 2 * entry), load(factors, 2 * entry + 1)
    yr, yi = load(x, 2 * row), load(x, 2 * row + 1)
    store(x, 2 * row, multiply_add(li, xi, subtract_product(lr, xr, yr)))
    store(x, 2 * row + 1, subtract_product(li, xr, subtract_product(lr, xi, yi)))


@compiled
def solve(factors, n, x, first):
    """Overwrite ``x[first:]`` by the solution of ``L D L^T x = x``."""
    for j in range(n):
        xr, xi = load(x, 2 * (first + j)), load(x, 2 * (first + j) + 1)
        entry = (j + 1) * (j + 2) // 2 + j
        for i in range(j + 1, n):
            _eliminate(factors, entry, xr, xi, x, first + i)
            entry += i + 1
        pivot = j * (j + 1) // 2 + j
        pr, pi = load(factors, 2 * pivot), load(factors, 2 * pivot + 1)
        store(x, 2 * (first + j), subtract_product(xi, pi, xr * pr))
        store(x, 2 * (first + j) + 1, multiply_add(xi, pr, xr * pi))
    for j in range(n - 1, 0, -1):
        xr, xi = load(x, 2 * (first + j)), load(x, 2 * (first + j) + 1)
        entry = j * (j + 1) // 2
        for i in range(j):
            _eliminate(factors, entry + i, xr, xi, x, first + i)
