"""Quadrature over overlaps and radial derivatives, for `analysis.theory.models.spiked.finite_n`."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

Floats = NDArray[np.float64]

OVERLAP_EDGES = np.linspace(-1.0, 1.0, 21)
"""Bins of the overlap in which numbers are kept."""
RADIAL_ORDER = 6
"""Gauss-Legendre nodes for each panel of x."""


def overlap_panels(width: float) -> tuple[Floats, NDArray[np.int64]]:
    """Corners of panels in pi - phi, overlaps increasing, and the bin that holds each.

    A strong signal leaves points next to overlap -1, 0 and 1 alone, within ``width`` in angle: there bins are
    divided, by four again and again.
    """
    corners = np.arccos(-OVERLAP_EDGES)
    zero = len(corners) // 2
    found = list(corners)
    for place, other in ((0, 1), (zero, zero - 1), (zero, zero + 1), (-1, -2)):
        distance = (corners[other] - corners[place]) / 4
        while abs(distance) > 2 * width:
            found.append(corners[place] + distance)
            distance /= 4
    edges = np.sort(found)
    return edges, np.searchsorted(corners, edges[:-1], side="right") - 1


@dataclass(frozen=True, eq=False)
class Grid:
    """Pairs of an overlap and an x that matter, overlaps increasing: all but a_k.

    Attributes:
        overlap: of each pair.
        bin: of OVERLAP_EDGES that holds it.
        column: position of its x among the nodes.
        x: nodes, RADIAL_ORDER in each panel.
        edges: of the panels.
        weight: of each pair.
    """

    overlap: Floats
    bin: NDArray[np.int64]
    column: NDArray[np.int64]
    x: Floats
    edges: Floats
    weight: Floats

    def per_bin(self, values: Floats) -> Floats:
        """Sums over the pairs in each bin of the overlap, the last axis."""
        found = np.zeros((*values.shape[:-1], len(OVERLAP_EDGES) - 1))
        present, first = np.unique(self.bin, return_index=True)
        found[..., present] = np.add.reduceat(values, first, axis=-1)
        return found

    def share_left_of(self, end: Floats) -> Floats:
        """For each pair and end: the integral of the Lagrange polynomial of its x in its panel up to the end,
        over the whole one, shape (pairs,)."""
        unit, _ = legendre.leggauss(RADIAL_ORDER)
        panel, place = np.divmod(self.column, RADIAL_ORDER)
        low, high = self.edges[panel], self.edges[panel + 1]
        local = np.clip(2 * (end - low) / (high - low) - 1, -1.0, 1.0)
        # sum over degrees of (2l+1)/2 P_l(node) times the integral of P_l from -1
        degrees = np.arange(RADIAL_ORDER)
        at_nodes = legendre.legvander(unit, RADIAL_ORDER - 1) * (degrees + 0.5)
        value = legendre.legvander(local, RADIAL_ORDER)
        integral = [local + 1, *((value[:, k + 1] - value[:, k - 1]) / (2 * k + 1) for k in degrees[1:])]
        return np.einsum("il,li->i", at_nodes[place], np.array(integral))
