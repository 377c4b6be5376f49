"""Straight lines between ends of descents: how high the loss rises, with units matched or as they are.

The loss over Gaussian inputs is known in closed form (Cho and Saul, 2009; `tasks.landscapes.relu_units`),
so a barrier has no error but that over pairs. Which unit of one run is which of the other is an assignment
problem, the one that brings the weights closest (S. K. Ainsworth et al., arXiv:2209.04836).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import linear_sum_assignment

from morsecensus.analysis.arrays import Floats
from morsecensus.analysis.topics.shares.read import SETTLED, SharesCell

PLACES = np.linspace(0, 1, 25)
MOST_PAIRS = 100
"""Of a cell: the first ones."""
FEWEST = 3
"""Pairs of a cell that is shown, and widths of a figure."""


@dataclass(frozen=True, eq=False)
class Lines:
    """Runs 0 and 1, 2 and 3, ... of a cell, where both settled.

    Attributes:
        cell: of the body shares.
        ends: weights of each pair, shape (pairs, 2, students, inputs).
    """

    cell: SharesCell
    ends: Floats

    @cached_property
    def barriers(self) -> Floats:
        """With units matched, and as they are; shape (pairs, 2)."""
        return np.array([[barrier(one, matched(one, two)), barrier(one, two)] for one, two in self.ends])


def lines_of(cell: SharesCell) -> Lines:
    """Its lines."""
    number = cell.data["landscape"].values
    settled = dict(zip(number.tolist(), cell.data["status"].values == SETTLED, strict=True))
    first = [k for k in number.tolist() if k % 2 == 0 and settled[k] and settled.get(k + 1)][:MOST_PAIRS]
    pairs = [cell.data["weights"].sel(landscape=[k, k + 1]).values for k in first]
    return Lines(cell, np.array(pairs).reshape(-1, 2, cell.units, cell.k))


def matched(one: Floats, two: Floats) -> Floats:
    """The second network with its students in the order that brings it closest to the first."""
    return two[linear_sum_assignment(one @ two.T, maximize=True)[1]]


def barrier(one: Floats, two: Floats) -> float:
    """Largest loss on the line above the line between the losses at its ends."""
    losses = np.array([loss((1 - t) * one + t * two) for t in PLACES])
    return float((losses - (1 - PLACES) * losses[0] - PLACES * losses[-1]).max())


def loss(weights: Floats) -> float:
    """Of students, shape (m, k), whose teachers are the k unit vectors."""
    teachers = np.eye(weights.shape[1])
    own, mixed = _overlaps(weights, weights), _overlaps(weights, teachers)
    return (own - 2 * mixed + _overlaps(teachers, teachers)) / 2


def _overlaps(p: Floats, q: Floats) -> float:
    """Sum over all pairs of E relu(p.x) relu(q.x)."""
    lengths = np.linalg.norm(p, axis=1)[:, None] * np.linalg.norm(q, axis=1)[None]
    cosine = np.clip(p @ q.T / np.where(lengths > 0, lengths, 1), -1, 1)
    angle = np.arccos(cosine)
    return float((lengths * (np.sin(angle) + (np.pi - angle) * cosine)).sum() / (2 * np.pi))
