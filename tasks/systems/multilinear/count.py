"""How many singular vector tuples a generic tensor has over the complex numbers."""

import itertools
from functools import cache

import numpy as np


@cache
def singular_tuples(sizes: tuple[int, ...]) -> int:
    """Number of complex singular vector tuples of a generic n_1 x ... x n_r tensor.

    Friedland and Ottaviani (arXiv:1210.8316, theorem 1) give it as the coefficient of prod t_i^{n_i - 1} in
    prod_i (s_i^{n_i} - t_i^{n_i})/(s_i - t_i), s_i the sum of the other t_j. Here it comes from the
    generating function prod_i x_i/(1 - x_i) / (1 - sum_{k>=2} (k-1) e_k(x)), with e_k the elementary
    symmetric polynomials (Ekhad and Zeilberger, arXiv:1605.00172): the denominator is a recurrence and the
    product a sum over the box. Tests hold one against the other.
    """
    series = np.zeros(sizes, dtype=object)
    series[(0,) * len(sizes)] = 1
    subsets = [
        (np.array([k in chosen for k in range(len(sizes))], dtype=int), size - 1)
        for size in range(2, len(sizes) + 1)
        for chosen in itertools.combinations(range(len(sizes)), size)
    ]
    for at in itertools.islice(itertools.product(*map(range, sizes)), 1, None):
        below = ((np.subtract(at, shift), weight) for shift, weight in subsets)
        series[at] = sum(weight * series[tuple(b)] for b, weight in below if b.min() >= 0)
    return int(series.sum())
