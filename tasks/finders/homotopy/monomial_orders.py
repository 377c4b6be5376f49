"""Partials of one order of a series for a form of any degree, for groups of paths.

High monomials (degrees 2 to p-1) get their partials by one convolution each, from the series of the monomial
without its largest index. One contraction of these partials gives the gradient's. See `series`.
"""

from morsecensus.tasks.finders.homotopy.algebra import contract, copied
from morsecensus.tasks.finders.homotopy.products import add_lower_orders, complete, product
from morsecensus.tasks.runtime.machine_code import compiled, inlined
from morsecensus.tasks.runtime.simd import multiply_add, subtract_product
from morsecensus.tasks.runtime.simd_wide import LANES, like, load, store


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
def start_form(system, partial, started):
    """Partials of ``d x^{p-1}``."""
    for a in range(system.n):
        wr, wi = like(started, system.weights[a].real), like(started, system.weights[a].imag)
        pr, pi = load(partial, 2 * system.powers[a]), load(partial, 2 * system.powers[a] + 1)
        store(started, 2 * a, subtract_product(wi, pi, wr * pr))
        store(started, 2 * a + 1, multiply_add(wi, pr, wr * pi))


@inlined
def prepare(packed, own, work):
    """As `orders.prepare`: the monomials at the point."""
    partial, low, _, _ = own
    copied(work[6], low.shape[0] // LANES, low)
    for part in range(partial.shape[0] // LANES):
        store(partial, part, like(partial, 0.0))


@inlined
def partials(packed, own, m, order, orders, contracted, started, squares):
    """As `orders.partials`."""
    partial, _, parents, linear = own
    system, n = packed.equations, packed.equations.n
    high = system.recurrence.shape[0]
    convolve_pairs(orders, n, m, order, partial)
    convolve_higher(system, orders, m, order, parents, linear.shape[0] // (2 * LANES), partial)
    contract(packed.gradient, partial, high - packed.gradient.shape[1], contracted)
    start_form(system, partial, started)
    diagonal(partial, n, squares)


@inlined
def finish(packed, own, m, order, last, orders):
    """As `orders.finish`: the series of parents."""
    partial, low, parents, linear = own
    if order < last:
        stride = linear.shape[0] // (2 * LANES)
        complete_parents(packed.equations, orders, m, order, low, parents, stride, partial, linear)
