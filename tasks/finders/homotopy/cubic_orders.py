"""Partials of one order of a series for a cubic form, for groups of paths.

Its gradient is of second degree, so with G_i = Hess H_3 at x_i, the coefficient of order i,

    [g]_k = G x_k + 1/2 sum over 0 < i < k of G_i x_{k-i},      G = Hess H at x_0:

half of these products are each other's twins, so G_1 .. G_{K/2} give every order up to K. One contraction of
the couplings for every second order, where `monomial_orders`, for any degree, takes one for each and
convolves all pairs of variables before.
"""

from morsecensus.tasks.finders.homotopy.algebra import add_row, add_two_rows, contract, put_sum
from morsecensus.tasks.finders.homotopy.products import add_lower_orders
from morsecensus.tasks.runtime.machine_code import compiled, inlined
from morsecensus.tasks.runtime.simd import multiply_add, subtract_product
from morsecensus.tasks.runtime.simd_wide import LANES, like, store


@inlined
def _half(sums, target):
    half = like(target, 0.5)
    rr, ii, ri, ir = sums
    return half * rr, half * ii, half * ri, half * ir


@compiled
def lower_products(slopes, size, n, m, order, orders, target):
    """``target = 1/2 sum over 0 < i < order of G_i x_{order-i}``, twins once."""
    none = like(target, 0.0)
    nothing = none, none, none, none
    middle = order // 2
    for a in range(0, n - 1, 2):
        one, two = nothing, nothing
        if order % 2 == 0:
            one, two = add_two_rows(slopes, (middle - 1) * size, a, n, orders, middle * m, one, two)
            one, two = _half(one, target), _half(two, target)
        for i in range(1, (order + 1) // 2):
            one, two = add_two_rows(slopes, (i - 1) * size, a, n, orders, (order - i) * m, one, two)
        put_sum(one, target, a)
        put_sum(two, target, a + 1)
    if n % 2 == 1:
        one = nothing
        if order % 2 == 0:
            one = _half(add_row(slopes, (middle - 1) * size, n - 1, n, orders, middle * m, one), target)
        for i in range(1, (order + 1) // 2):
            one = add_row(slopes, (i - 1) * size, n - 1, n, orders, (order - i) * m, one)
        put_sum(one, target, n - 1)


@compiled
def squared(system, orders, m, order, squares, started):
    """Partials of ``x^2`` and of ``d x^2``, component by component."""
    for a in range(system.n):
        none = like(squares, 0.0)
        pr, pi = add_lower_orders(none, none, orders, m, a, orders, m, a, order)
        wr, wi = like(squares, system.weights[a].real), like(squares, system.weights[a].imag)
        store(squares, 2 * a, pr)
        store(squares, 2 * a + 1, pi)
        store(started, 2 * a, subtract_product(wi, pi, wr * pr))
        store(started, 2 * a + 1, multiply_add(wi, pr, wr * pi))


@inlined
def prepare(packed, own, work):
    """As `orders.prepare`: nothing."""


@inlined
def _size(n):
    """Rows of one G_i: pairs of variables, and what contractions by fours write beyond them."""
    return n * (n + 1) // 2 + 4


@inlined
def partials(packed, own, m, order, orders, contracted, started, squares):
    """As `orders.partials`."""
    system, (slopes,) = packed.equations, own
    lower_products(slopes, _size(system.n), system.n, m, order, orders, contracted)
    squared(system, orders, m, order, squares, started)


@inlined
def finish(packed, own, m, order, last, orders):
    """As `orders.finish`: G_order, if later orders take it."""
    if 2 * order <= last:
        (slopes,) = own
        first = 2 * LANES * (order - 1) * _size(packed.equations.n)
        contract(packed.slope, orders, order * m, slopes[first:])
