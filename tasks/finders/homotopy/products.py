"""Products of complex numbers and of power series, for groups of eight paths: the recurrences of all systems.

A monomial is an earlier one, its *parent*, times a variable. The coefficient of order k of a product of two
series has its terms with both orders below k, which lower orders know, and two that are linear in order k.
"""

from morsecensus.tasks.runtime.machine_code import inlined
from morsecensus.tasks.runtime.simd import multiply_add, subtract_product
from morsecensus.tasks.runtime.simd_wide import load, store


@inlined
def product(one, i, two, j):
    """The complex product of rows i and j of two arrays."""
    ar, ai = load(one, 2 * i), load(one, 2 * i + 1)
    br, bi = load(two, 2 * j), load(two, 2 * j + 1)
    return subtract_product(ai, bi, ar * br), multiply_add(ai, br, ar * bi)


@inlined
def add_lower_orders(real, imaginary, one, height, i, two, width, j, order):
    """Add the sum over 0 < k < order of [one_i]_k [two_j]_{order-k}: series in whose arrays an order takes
    ``height`` and ``width`` rows."""
    for k in range(1, order):
        first, second = 2 * (k * height + i), 2 * ((order - k) * width + j)
        ar, ai = load(one, first), load(one, first + 1)
        br, bi = load(two, second), load(two, second + 1)
        real = subtract_product(ai, bi, multiply_add(ar, br, real))
        imaginary = multiply_add(ai, br, multiply_add(ar, bi, imaginary))
    return real, imaginary


@inlined
def complete(partial, linear, i, real, imaginary, more, again, series, row):
    """Write a product's coefficient, from its partial and its two linear terms, and these by themselves."""
    store(linear, 2 * i, real + more)
    store(linear, 2 * i + 1, imaginary + again)
    store(series, 2 * row, load(partial, 2 * i) + real + more)
    store(series, 2 * row + 1, load(partial, 2 * i + 1) + imaginary + again)
