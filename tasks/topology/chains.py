"""Chains over Z/2: boundary matrices as lists of their ones, their ranks and products."""

from collections import Counter

import numpy as np
from jaxtyping import Int

Arcs = Int[np.ndarray, "arcs 2"]


def odd_arcs(upper: Int[np.ndarray, " lines"], lower: Int[np.ndarray, " lines"]) -> Arcs:
    """The pairs that an odd number of lines joins, sorted, each once."""
    counts = Counter(zip(upper.tolist(), lower.tolist(), strict=True))
    odd = sorted(pair for pair, count in counts.items() if count % 2)
    return np.array(odd, dtype=np.int64).reshape(-1, 2)


def columns(arcs: Arcs) -> dict[int, int]:
    """Upper row -> its boundary, a set of lower rows as the bits of an integer."""
    found: dict[int, int] = {}
    for upper, lower in arcs.tolist():
        found[upper] = found.get(upper, 0) ^ (1 << lower)
    return found


def rank(arcs: Arcs) -> int:
    """Rank of a boundary matrix: columns are reduced by those with the same highest bit."""
    reduced: dict[int, int] = {}
    for column in columns(arcs).values():
        while column:
            pivot = column.bit_length()
            if pivot not in reduced:
                reduced[pivot] = column
                break
            column ^= reduced[pivot]
    return len(reduced)


def composes_to_zero(lower: Arcs, upper: Arcs) -> bool:
    """Whether the boundary by ``lower`` of every boundary by ``upper`` vanishes."""
    below = columns(lower)
    for boundary in columns(upper).values():
        total = 0
        for row, column in below.items():
            total ^= column if boundary >> row & 1 else 0
        if total:
            return False
    return True
