"""Curves between training runs: how their bend moves, their length, and what they end in."""

import numpy as np
import pytest

from morsecensus.tasks.networks.curve import curve_length, on_curve, train_bend
from morsecensus.tasks.networks.evaluate import mean_cost, one_hot
from morsecensus.tasks.networks.options import NetworkOptions
from morsecensus.tasks.networks.record import runs_of

RUN = {
    "layers": [5, 8, 3],
    "count": 200,
    "rate": 0.2,
    "batch": 20,
    "steps": 500,
    "activation": "tanh",
    "precision": "float64",
    "pairs": True,
}


def test_a_step_goes_down_the_cost_at_its_place():
    """Against differences of the cost at the place and over the examples that the same draws give."""
    options = NetworkOptions(**RUN, curve=1)
    source, net = np.random.default_rng(3), options.net
    one, two = source.standard_normal((2, net.weights))
    x, targets = source.standard_normal((200, 5)), one_hot(source.integers(3, size=200), 3)
    moved = train_bend(options, one, two, x, targets, np.random.default_rng(9)) - (one + two) / 2
    draws = np.random.default_rng(9)
    chosen = draws.integers(200, size=(1, 20))[0]
    (t,) = draws.random(1)

    def cost(bend):
        return mean_cost(net, on_curve(one, bend, two, t), x[chosen], targets[chosen])

    for place in range(0, net.weights, 7):
        h = np.zeros(net.weights)
        h[place] = 1e-5
        slope = (cost((one + two) / 2 + h) - cost((one + two) / 2 - h)) / 2e-5
        assert moved[place] == pytest.approx(-0.2 * slope, rel=1e-5, abs=1e-10)


def test_lengths_are_those_of_chords():
    one, bend, two = np.random.default_rng(4).standard_normal((3, 6))
    points = np.array([on_curve(one, bend, two, t) for t in np.linspace(0, 1, 20001)])
    chords = np.linalg.norm(np.diff(points, axis=0), axis=1).sum() / np.linalg.norm(two - one)
    assert curve_length(one, bend, two) == pytest.approx(chords, rel=1e-6)
    assert curve_length(one, (one + two) / 2, two) == pytest.approx(1, rel=1e-12)
    assert np.isnan(curve_length(one, bend, one))


def test_a_trained_bend_goes_round_the_barrier_and_one_that_stands_still_does_not():
    row, last = runs_of(NetworkOptions(**RUN, curve=5000), 1, [0, 1])
    straight = row["barrier"][0]
    assert straight > 0.05
    assert row["curve_barrier"] < straight / 3
    assert row["curve_length"] > 1.01
    np.testing.assert_allclose(row["curve_cost"][[0, -1]], row["path_cost"][0, [0, -1]], rtol=1e-12)
    assert np.isnan(last["curve_barrier"]), "the second run of a pair begins none"
    still = NetworkOptions(**RUN | {"steps": 1, "rate": 1e-300}, curve=10)
    (row, _) = runs_of(still, 1, [0, 1])
    np.testing.assert_allclose(row["curve_cost"], row["path_cost"][0], rtol=1e-12)
    assert row["curve_errors"] == row["midpoint_errors"][0]
    assert row["curve_length"] == pytest.approx(1, rel=1e-12)


def test_a_curve_needs_a_pair():
    with pytest.raises(ValueError, match=r"^curve: got 5 without pairs, allowed: with pairs = true$"):
        NetworkOptions(**RUN | {"pairs": False}, curve=5)
    with pytest.raises(ValueError, match=r"^pairs: got true with batchnorm"):
        NetworkOptions(**RUN, batchnorm=True, curve=5)
