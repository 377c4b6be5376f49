"""Small complex linear algebra on groups of paths.

Row r of a complex array lies in the vectors 2r (real parts) and 2r + 1 (imaginary parts) of a flat array, of
doubles or of single precision. Symmetric matrices are packed by rows of the lower triangle: (i, j), j <= i,
has row i(i+1)/2 + j. Coefficients that all paths share are real scalars in plain arrays.
"""

from morsecensus.tasks.runtime.machine_code import compiled, inlined
from morsecensus.tasks.runtime.simd import multiply_add, subtract_product
from morsecensus.tasks.runtime.simd_wide import like, load, spread, store


@inlined
def copied(source, parts, target):
    """So many vectors, rounded to the target's precision."""
    for part in range(parts):
        store(target, part, load(source, part))


@compiled
def contract(matrix, source, first, target):
    """``target = matrix @ source[first:]`` for a real matrix whose number of rows is a multiple of 4.

    Four rows by two parts are eight independent chains of fused multiply-adds: enough to hide their latency.
    """
    rows, columns = matrix.shape
    for a in range(0, rows, 4):
        r0 = r1 = r2 = r3 = like(target, 0.0)
        i0 = i1 = i2 = i3 = like(target, 0.0)
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


@inlined
def add_term(matrix, entry, xr, xi, rr, ii, ri, ir):
    """Add the four parts of a complex product, each to a chain of its own: of two chains each would wait for
    its last multiply-add twice as long."""
    mr, mi = load(matrix, 2 * entry), load(matrix, 2 * entry + 1)
    return (
        multiply_add(mr, xr, rr),
        multiply_add(mi, xi, ii),
        multiply_add(mr, xi, ri),
        multiply_add(mi, xr, ir),
    )


@inlined
def add_row(matrix, first, a, n, source, row, sums):
    """Add row a of a packed symmetric matrix times a vector."""
    rr, ii, ri, ir = sums
    entry = first + a * (a + 1) // 2
    for b in range(n):
        xr, xi = load(source, 2 * (row + b)), load(source, 2 * (row + b) + 1)
        rr, ii, ri, ir = add_term(matrix, entry, xr, xi, rr, ii, ri, ir)
        entry += 1 if b < a else b + 1
    return rr, ii, ri, ir


@inlined
def add_two_rows(matrix, first, a, n, source, row, one, two):
    """The same for rows a and a + 1: eight chains, and half the loads of the vector."""
    rr, ii, ri, ir = one
    ss, jj, sj, js = two
    here = first + a * (a + 1) // 2
    below = here + a + 1
    for b in range(a + 1):
        xr, xi = load(source, 2 * (row + b)), load(source, 2 * (row + b) + 1)
        rr, ii, ri, ir = add_term(matrix, here + b, xr, xi, rr, ii, ri, ir)
        ss, jj, sj, js = add_term(matrix, below + b, xr, xi, ss, jj, sj, js)
    entry = below + a
    for b in range(a + 1, n):
        xr, xi = load(source, 2 * (row + b)), load(source, 2 * (row + b) + 1)
        rr, ii, ri, ir = add_term(matrix, entry, xr, xi, rr, ii, ri, ir)
        ss, jj, sj, js = add_term(matrix, entry + 1, xr, xi, ss, jj, sj, js)
        entry += b + 1
    return (rr, ii, ri, ir), (ss, jj, sj, js)


@inlined
def put_sum(sums, target, a):
    rr, ii, ri, ir = sums
    store(target, 2 * a, rr - ii)
    store(target, 2 * a + 1, ri + ir)


@compiled
def multiply_symmetric(matrix, n, source, first, target):
    """``target = matrix @ source[first:]`` for a packed symmetric matrix."""
    none = like(target, 0.0)
    nothing = none, none, none, none
    for a in range(0, n - 1, 2):
        one, two = add_two_rows(matrix, 0, a, n, source, first, nothing, nothing)
        put_sum(one, target, a)
        put_sum(two, target, a + 1)
    if n % 2 == 1:
        put_sum(add_row(matrix, 0, n - 1, n, source, first, nothing), target, n - 1)


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
            vr = vi = spread(0.0)
            for k in range(j):
                ar, ai = load(row, 2 * k), load(row, 2 * k + 1)
                br, bi = load(matrix, 2 * (other + k)), load(matrix, 2 * (other + k) + 1)
                ur, vr = subtract_product(ar, br, ur), multiply_add(ai, bi, vr)
                ui, vi = subtract_product(ar, bi, ui), subtract_product(ai, br, vi)
            ur, ui = ur + vr, ui + vi
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


@compiled
def solve(factors, n, x, first):
    """Overwrite ``x[first:]`` by the solution of ``L D L^T x = x``.

    By inner products: a row's sum waits for the row before only at its end, and nothing is stored on the way.
    """
    for i in range(1, n):
        rr, ri = load(x, 2 * (first + i)), load(x, 2 * (first + i) + 1)
        ii = ir = like(x, 0.0)
        entry = i * (i + 1) // 2
        for j in range(i):
            lr, li = load(factors, 2 * (entry + j)), load(factors, 2 * (entry + j) + 1)
            xr, xi = load(x, 2 * (first + j)), load(x, 2 * (first + j) + 1)
            rr, ii = subtract_product(lr, xr, rr), multiply_add(li, xi, ii)
            ri, ir = subtract_product(lr, xi, ri), subtract_product(li, xr, ir)
        store(x, 2 * (first + i), rr + ii)
        store(x, 2 * (first + i) + 1, ri + ir)
    for i in range(n - 1, -1, -1):
        xr, xi = load(x, 2 * (first + i)), load(x, 2 * (first + i) + 1)
        pivot = i * (i + 1) // 2 + i
        pr, pi = load(factors, 2 * pivot), load(factors, 2 * pivot + 1)
        rr, ri = subtract_product(xi, pi, xr * pr), multiply_add(xi, pr, xr * pi)
        ii = ir = like(x, 0.0)
        entry = (i + 1) * (i + 2) // 2 + i
        for j in range(i + 1, n):
            lr, li = load(factors, 2 * entry), load(factors, 2 * entry + 1)
            xr, xi = load(x, 2 * (first + j)), load(x, 2 * (first + j) + 1)
            rr, ii = subtract_product(lr, xr, rr), multiply_add(li, xi, ii)
            ri, ir = subtract_product(lr, xi, ri), subtract_product(li, xr, ir)
            entry += j + 1
        store(x, 2 * (first + i), rr + ii)
        store(x, 2 * (first + i) + 1, ri + ir)
