"""Gauss-Legendre panels on an interval: nodes, weights, and interpolation from the nodes."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray


@lru_cache(maxsize=16)
def _rule(order: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights on [-1, 1], and the barycentric weights of the nodes."""
    nodes, weights = (np.asarray(part, dtype=np.float64) for part in leggauss(order))
    # Barycentric weights of Legendre nodes: H. Wang and S. Xiang, Math. Comp. 81 (2012) 861.
    signs = np.where(np.arange(order) % 2, -1.0, 1.0)
    barycentric = signs * np.sqrt((1 - nodes**2) * weights)
    return nodes, weights, barycentric


@dataclass(frozen=True, eq=False)
class Panels:
    """Consecutive panels with ``order`` Gauss-Legendre nodes each.

    Args:
        edges: increasing, shape (panels + 1,).
        order: nodes per panel.
    """

    edges: NDArray[np.float64]
    order: int

    @cached_property
    def nodes(self) -> NDArray[np.float64]:
        """All nodes, increasing, shape (panels * order,)."""
        half = np.diff(self.edges) / 2
        middle = (self.edges[1:] + self.edges[:-1]) / 2
        return (middle[:, None] + half[:, None] * _rule(self.order)[0]).ravel()

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        half = np.diff(self.edges) / 2
        return (half[:, None] * _rule(self.order)[1]).ravel()

    def interpolate(self, values: NDArray[np.float64], x: ArrayLike) -> NDArray[np.float64]:
        """Values at x of the polynomial through each panel's nodes.

        Args:
            values: shape (..., panels * order).
            x: points inside [edges[0], edges[-1]], shape (m,).

        Returns:
            shape (..., m).
        """
        points = np.asarray(x, dtype=np.float64)
        nodes, _, barycentric = _rule(self.order)
        panel = np.clip(np.searchsorted(self.edges, points, side="right") - 1, 0, len(self.edges) - 2)
        low, high = self.edges[panel], self.edges[panel + 1]
        local = (2 * points - low - high) / (high - low)
        gap = local[:, None] - nodes
        hit = gap == 0
        kernel = barycentric / np.where(hit, 1.0, gap)
        kernel = np.where(hit.any(axis=1, keepdims=True), hit, kernel)
        kernel /= kernel.sum(axis=1, keepdims=True)
        columns = panel[:, None] * self.order + np.arange(self.order)
        return np.einsum("...mo,mo->...m", values[..., columns], kernel)


def uniform_edges(low: float, high: float, width: float) -> NDArray[np.float64]:
    """Edges of equal panels, each at most ``width`` wide."""
    return np.linspace(low, high, max(1, int(np.ceil((high - low) / width))) + 1)
