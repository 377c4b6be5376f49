"""Vectors over the direct sum of Sym^{k-1}, k the degrees of a field: as a list, one packed array a degree.

Phi(x) = (sqrt(k c_k) x^{k-1})_k has the inner products xi'(x.y): a look at x shows, of every direction i, the
inner product of Phi(x) with the slab of i, and nothing else.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from morsecensus.tasks.dynamics.fields.packing import Joins, packed_size, power, power_slope

Features = list[Float[np.ndarray, " packed"]]
Terms = tuple[tuple[int, float], ...]
"""Degrees and coefficients of a covariance polynomial."""

ROWS = 32
"""Vectors of a block of `Orthonormal`. Larger blocks hold more zeros, smaller ones need more calls."""


def of_point(terms: Terms, x: Float[np.ndarray, " d"], room: int) -> Features:
    """Phi(x)."""
    powers = power(x, terms[-1][0] - 1, room)
    return [math.sqrt(k * c) * powers[k - 1] for k, c in terms]


def of_slope(terms: Terms, x: Float[np.ndarray, " d"], u: Float[np.ndarray, " d"], room: int) -> Features:
    """The derivative of Phi at x along u: what a Hessian product shows."""
    slopes = power_slope(x, u, terms[-1][0] - 1, room)
    return [math.sqrt(k * c) * slopes[k - 1] for k, c in terms]


def norm(vector: Features) -> float:
    return math.sqrt(sum(float(part @ part) for part in vector))


class Orthonormal:
    """An orthonormal basis of the features of all looks so far.

    Each vector is as long as the span was when it was added, so that they are held in blocks of few vectors,
    each block as wide as its last: a third of a rectangle for p = 3.
    """

    def __init__(self) -> None:
        self.count = 0
        self._blocks: list[Features] = []

    @property
    def bytes(self) -> int:
        return sum(part.nbytes for block in self._blocks for part in block)

    def _parts(self) -> list[tuple[slice, Features]]:
        """The rows of each block that are in use, and their places."""
        found = []
        for number, block in enumerate(self._blocks):
            used = min(self.count - number * ROWS, ROWS)
            rows = slice(number * ROWS, number * ROWS + used)
            found.append((rows, [part[:used] for part in block]))
        return found

    def coefficients(self, vector: Features) -> Float[np.ndarray, " count"]:
        """Inner products with all basis vectors."""
        found = np.zeros(self.count)
        for rows, block in self._parts():
            for part, whole in zip(block, vector, strict=True):
                found[rows] += part @ whole[: part.shape[1]]
        return found

    def add_combination(self, vector: Features, coefficients: Float[np.ndarray, " count"]) -> None:
        """Add a combination of the basis vectors to a vector that is at least as long as they are."""
        for rows, block in self._parts():
            for part, whole in zip(block, vector, strict=True):
                whole[: part.shape[1]] += coefficients[rows] @ part

    def append(self, vector: Features) -> None:
        """Take in a vector of length 1 that is orthogonal to all others."""
        row = self.count % ROWS
        if row == 0:
            self._blocks.append([np.zeros((ROWS, len(part))) for part in vector])
        block = self._blocks[-1]
        for place, part in enumerate(vector):
            width = block[place].shape[1]
            if len(part) > width:
                narrow, block[place] = block[place], np.zeros((ROWS, len(part)))
                block[place][:row, :width] = narrow[:row]
            block[place][row, : len(part)] = part
        self.count += 1


class Explicit:
    """The entries of a field with all indices in its span, as a row a direction: a gradient's coordinates are
    the products of the rows with Phi(x).

    With Z_gamma independent standard normal for each packed multi-index gamma of order k, and n_i(gamma) the
    number of i in gamma, row i has the entry sqrt(n_i(gamma)) Z_gamma at gamma without one i; Z_gamma is
    sqrt(multiplicity) times the entry of the symmetric tensor.
    """

    def __init__(self, degrees: tuple[int, ...], room: int) -> None:
        self.degrees = degrees
        self.directions = 0
        self._rows = [np.empty((room, packed_size(room, k - 1))) for k in degrees]

    def make_room(self, room: int) -> None:
        """Hold as many directions; pages that are never written take no memory."""
        d = self.directions
        for place, (k, old) in enumerate(zip(self.degrees, self._rows, strict=True)):
            width = packed_size(d, k - 1)
            self._rows[place] = np.empty((room, packed_size(room, k - 1)))
            self._rows[place][:d, :width] = old[:d, :width]

    def products(self, vector: Features) -> list[Float[np.ndarray, " d"]]:
        """Of each degree's rows with that part of the vector."""
        d = self.directions
        return [rows[:d, : len(part)] @ part for rows, part in zip(self._rows, vector, strict=True)]

    def append(
        self,
        slab: Features,
        joined: Sequence[tuple[Joins, np.ndarray] | None],
        draw: np.random.Generator,
    ) -> None:
        """Take a direction in: its slab over the directions before; what has it twice or oftener is drawn.

        Args:
            joined: for each degree the `Joins` of order k-2, for k >= 2, and the repeats of order k-1.
        """
        f, self.directions = self.directions, self.directions + 1
        for k, rows, part, known in zip(self.degrees, self._rows, slab, joined, strict=True):
            old, new = len(part), packed_size(f + 1, k - 1)
            rows[f, :old] = part
            if known is None:
                continue
            (places, roots), repeats = known
            times = repeats[old:new]
            rows[f, old:new] = draw.standard_normal(new - old) * np.sqrt(1.0 + times)
            if f:
                width = new - old
                # Of gamma = i + beta + f; f occurs `times` times in it, for i is another direction.
                rows[:f, old:new] = rows[f, places[:f, :width]] * (roots[:f, :width] / np.sqrt(times))
