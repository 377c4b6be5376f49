"""Counts, quotients and characteristics, by hand and on random complexes."""

import numpy as np
import pytest

from morsecensus.analysis.topics.topology.barcodes import betti_curve
from morsecensus.analysis.topics.topology.morse import (
    characteristic_above,
    characteristic_below,
    characteristic_steps,
    counts_below,
    inequalities,
    quotient,
)
from morsecensus.tasks.topology.complex import MorseComplex
from morsecensus.tasks.topology.persistence import ESSENTIAL, diagram, pairs


@pytest.fixture(scope="module")
def two_bumps():
    """S^2 with minima at -2 and -1, saddles at 0 and 1, maxima at 2 and 3: saddle 0 joins the minima, and
    saddle 1 closes a loop that the lower maximum fills."""
    energy = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
    index = np.array([0, 0, 1, 1, 2, 2])
    d_1 = np.array([[2, 0], [2, 1]])
    d_2 = np.array([[4, 3], [5, 3]])
    return MorseComplex(energy, index, 2, {1: d_1, 2: d_2})


def test_by_hand(two_bumps):
    levels = np.array([-3.0, -2.0, -1.0, -0.5, 0.0, 1.0, 2.0, 3.0])
    counts = counts_below(two_bumps.energy, two_bumps.index, 2, levels)
    assert counts.T.tolist() == [[0, 1, 2, 2, 2, 2, 2, 2], [0, 0, 0, 0, 1, 2, 2, 2], [0, 0, 0, 0, 0, 0, 1, 2]]
    assert characteristic_below(counts).tolist() == [0, 1, 2, 2, 1, 0, 1, 2]
    above = characteristic_above(two_bumps.energy, two_bumps.index, 2, levels)
    assert above.tolist() == [2, 2, 1, 0, 0, 1, 2, 1]
    at, value = characteristic_steps(two_bumps.energy, two_bumps.index)
    assert at.tolist() == two_bumps.energy.tolist()
    assert value.tolist() == [1, 2, 1, 0, 1, 2]
    betti = np.array([[0, 1, 2, 2, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1]]).T
    assert quotient(counts, betti)[-1].tolist() == [1, 1, 0]
    assert quotient(counts, betti)[4].tolist() == [1, 0, 0]
    assert inequalities(counts, betti).hold


def curves(complex, levels):
    found = pairs(complex)
    return np.stack(
        [betti_curve(diagram(complex, found, k), levels) for k in range(complex.dimension + 1)], axis=1
    )


def test_q_counts_the_classes_that_died(two_bumps):
    """q_k(u) of M_t - P_t against the pairs of degree k with a death at or below u: two routes."""
    found = pairs(two_bumps)
    levels = np.linspace(-3, 4, 15)
    q = quotient(counts_below(two_bumps.energy, two_bumps.index, 2, levels), curves(two_bumps, levels))
    for k in range(3):
        death = two_bumps.energy[found.death[(found.dim == k) & (found.death != ESSENTIAL)]]
        assert q[:, k].tolist() == [(death <= level).sum() for level in levels]


@pytest.mark.parametrize(
    ("counts", "betti", "weak", "strong", "euler"),
    [
        ((3, 4, 3), (1, 0, 1), True, True, True),
        ((3, 4, 4), (1, 0, 1), True, True, False),
        ((3, 1, 0), (1, 0, 0), True, False, False),
        ((3, 4, 3), (4, 0, 1), False, False, False),
        ((3, 1, 3), (1, 0, 5), False, False, False),
        ((3, 4, 3), (1, 0, 2), True, False, False),
    ],
)
def test_wrong_numbers_break_the_inequalities(counts, betti, weak, strong, euler):
    found = inequalities(np.array(counts), np.array(betti))
    assert (bool(found.weak.all()), bool(found.strong.all()), bool(found.euler)) == (weak, strong, euler)
    assert found.hold == (weak and strong and euler)


def test_low_degrees_alone_are_compared_as_far_as_they_go():
    found = inequalities(np.array([3, 4, 3]), np.array([1, 0]))
    assert found.euler is None
    assert found.hold
    assert not inequalities(np.array([3, 1, 3]), np.array([1, 0])).hold


def test_an_index_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"0\.\.2"):
        counts_below(np.zeros(1), np.array([3]), 2, np.zeros(1))
