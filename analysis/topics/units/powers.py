"""Roots of counting polynomials: what K units without coupling make of the points of one.

Points of H are then K-tuples of points of h with indices that add up, landscape by landscape: with n_k points
of index k, sum_k n_k z^k is the K-th power of such a polynomial of one unit.
"""

from collections.abc import Sequence


def power(series: Sequence[int], exponent: int) -> list[int]:
    """Coefficients of a polynomial's power, lowest degree first."""
    found = [1]
    for _ in range(exponent):
        longer = [0] * (len(found) + len(series) - 1)
        for i, left in enumerate(found):
            for j, right in enumerate(series):
                longer[i + j] += left * right
        found = longer
    return found


def root(counts: Sequence[int], exponent: int) -> list[int] | None:
    """The polynomial with whole coefficients whose power these are; None if there is none.

    Args:
        counts: coefficients, of degree ``exponent`` times that of the root, the first one not 0.
    """
    degree, rest = divmod(len(counts) - 1, exponent)
    first = round(counts[0] ** (1 / exponent))
    if rest or first < 1 or first**exponent != counts[0]:
        return None
    found = [first] + [0] * degree
    for k in range(1, degree + 1):
        lacking, left = divmod(
            counts[k] - power(found[: k + 1], exponent)[k], exponent * first ** (exponent - 1)
        )
        if left:
            return None
        found[k] = lacking
    return found if power(found, exponent) == list(counts) else None
