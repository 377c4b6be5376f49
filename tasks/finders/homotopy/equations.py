"""The polynomial system along its paths, and its Newton steps, for groups of paths.

Notation. Unknowns y = (x_1..x_n, mu). With the target gradient
g(x) of top degree p-1 and the start form with complex weights d_a,

    F_a(y, t) = t g_a(x) + (1-t) d_a x_a^{p-1} - mu x_a,    F_{n+1} = (r^2 - x.x)/2,

with r^2 = n. F is the gradient of a polynomial, so its Jacobian is
symmetric: t G + (1-t)(p-1) diag(d x^{p-2}) - mu, bordered by -x, with G = Hess H of degree p-2.

Pivots. For a pure form (G - mu) x = (p-2) mu x, so that this block is singular where mu = 0, at critical
points of energy 0. So the last row, -x.y = s, is taken i kappa x_a times from row a: the block is then
G - mu + i kappa x x^T, regular where the whole Jacobian is, and the right-hand side has -i kappa x_a s more.

Low monomials (degrees 0 to p-2) give G by one contraction, and g = G x/(p-1) + what the lower degrees lack.
"""

from morsecensus.tasks.finders.homotopy.algebra import (
    accumulate,
    contract,
    factorise,
    multiply_symmetric,
    solve,
)
from morsecensus.tasks.finders.homotopy.products import product
from morsecensus.tasks.runtime.machine_code import compiled, inlined
from morsecensus.tasks.runtime.simd import multiply_add, subtract_product
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


@inlined
def _step(system, m, y, t, work, step):
    """Move y by a Newton step of its own Jacobian."""
    hessian, matrix, gradient, _, _, row, low, heads = work
    low_monomials(system, y, low, heads)
    target(system, y, low, hessian, gradient)
    assemble(hessian, system, m, y, t, heads, matrix)
    factorise(matrix, m, row)
    newton(gradient, system, m, y, t, heads, matrix, step)
    for part in range(2 * m):
        store(y, part, load(y, part) + load(step, part))


@compiled
def correct(packed, m, y, t, work):
    """Two Newton steps from the prediction y, the second with a new Jacobian; y becomes the corrected point.

    The steps stay in ``work`` so that their lengths can be judged; monomials, derivatives and factors belong
    to the point after the first.
    """
    _step(packed.equations, m, y, t, work, work[3])
    _step(packed.equations, m, y, t, work, work[4])
