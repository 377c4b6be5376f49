"""Which products of components a multilinear form needs, and where its couplings meet them.

The products of one component from each of two or more factors are the *monomials*. For every set S of factors
with |S| < r they are kept together, the last factor's index running fastest; sets come by size, and single
factors, the variables themselves, first. Then a monomial is an earlier one times a variable, and a
contraction of the tensor with all factors but one (a part of the gradient) or two (a block of the Hessian) is
a matrix times the monomials of one set.
"""

import math
from collections.abc import Iterator
from functools import cached_property
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

Factors = tuple[int, ...]

NOTHING = -1
"""In place of the first monomial where nothing is contracted: the Hessian of two factors is constant."""


class Contraction(NamedTuple):
    """Matrices, one after the other, by which monomials are multiplied; each row below is one of them.

    Rows of a matrix are padded to an even number, and what the padding writes is overwritten by the next one.
    """

    entries: Float[np.ndarray, " entries"]
    shapes: Int[np.ndarray, "matrices five"]
    """Rows, columns, first entry, first monomial, first row of the image."""


class Tables:
    """The monomials of a multilinear form on spaces of the given dimensions."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.sizes, self.factors = sizes, len(sizes)
        self.sets = [s for size in range(1, self.factors) for s in combinations(range(self.factors), size)]
        counts = [math.prod(sizes[i] for i in s) for s in self.sets]
        ends = np.cumsum(counts)
        self.first = {s: int(end) - count for s, end, count in zip(self.sets, ends, counts, strict=True)}
        self.monomials = int(ends[-1])

    @cached_property
    def parents(self) -> int:
        """Monomials of fewer than r - 1 factors: the others come from them."""
        return self.first[tuple(range(self.factors - 1))]

    @cached_property
    def recurrence(self) -> Int[np.ndarray, "products two"]:
        """For each monomial after the variables: the one without its last factor, and this factor's
        variable."""
        rows = []
        for s in self.sets:
            if len(s) > 1:
                before, last = self.first[s[:-1]], s[-1]
                count = math.prod(self.sizes[i] for i in s[:-1])
                rows += list(product(range(before, before + count), self._variables(last)))
        return np.array(rows, dtype=np.int64).reshape(-1, 2)

    def _variables(self, factor: int) -> range:
        start = self.first[(factor,)]
        return range(start, start + self.sizes[factor])

    def _pairs(self) -> Iterator[Factors]:
        return combinations(range(self.factors), 2)

    @cached_property
    def hessian_places(self) -> Int[np.ndarray, " entries"]:
        """Where the entries of the Hessian's blocks stand in a packed lower triangle."""
        return self._places(0)

    @cached_property
    def rolled_places(self) -> Int[np.ndarray, " entries"]:
        """The same with the first variable moved behind the last one."""
        return self._places(1)

    def _places(self, shift: int) -> Int[np.ndarray, " entries"]:
        order, places = np.roll(np.arange(sum(self.sizes)), shift), []
        for i, j in self._pairs():
            one, two = order[self._variables(i)][:, None], order[self._variables(j)][None, :]
            row, column = np.maximum(one, two), np.minimum(one, two)
            places.append((row * (row + 1) // 2 + column).ravel())
        return np.concatenate(places)

    def gradient(self, tensor: Float[np.ndarray, "..."]) -> Contraction:
        return self._contraction(tensor, [(i,) for i in range(self.factors)])

    def hessian(self, tensor: Float[np.ndarray, "..."]) -> Contraction:
        return self._contraction(tensor, list(self._pairs()))

    def _contraction(self, tensor: Float[np.ndarray, "..."], left: list[Factors]) -> Contraction:
        """All factors but those ``left`` are contracted."""
        entries, shapes, entry, target = [], [], 0, 0
        for kept in left:
            others = tuple(i for i in range(self.factors) if i not in kept)
            rows = math.prod(self.sizes[i] for i in kept)
            matrix = np.transpose(tensor, kept + others).reshape(rows, -1)
            columns = matrix.shape[1]
            shapes.append((rows, columns, entry, self.first.get(others, NOTHING), target))
            entries += [matrix.ravel(), np.zeros(columns * (rows % 2))]
            entry += columns * (rows + rows % 2)
            target += rows
        return Contraction(np.concatenate(entries), np.array(shapes, dtype=np.int64))
